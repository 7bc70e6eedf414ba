// References to functions.
#pragma once

#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>

#pragma GCC visibility push(default)

namespace xgrad::detail {

/// A reference to a function R(A...), called through a pointer: what is done around a function that is given does not
/// depend on which one it is, and compiles once for all of the same arguments and result.
template <class R, class... A>
class FunctionOf {
 public:
  template <class F>
  requires(!std::same_as<std::remove_cv_t<F>, FunctionOf>)  //
      explicit FunctionOf(F& f)
      : object_(const_cast<void*>(static_cast<const void*>(std::addressof(f)))), call_(&call<F>) {}
  FunctionOf(void* object, R (*function)(void*, A...)) : object_(object), call_(function) {}
  R operator()(A... a) const { return call_(object_, std::forward<A>(a)...); }

 private:
  template <class F>
  static R call(void* object, A... a) {
    F& function = *static_cast<F*>(object);
    if constexpr (std::is_void_v<R>) static_cast<void>(function(std::forward<A>(a)...));
    else return function(std::forward<A>(a)...);
  }

  void* object_;
  R (*call_)(void*, A...);
};

}  // namespace xgrad::detail

#pragma GCC visibility pop
