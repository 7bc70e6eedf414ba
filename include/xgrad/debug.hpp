// Finding out where numbers go wrong: debug::nan_guard, debug::Region, debug::explain, debug::label, debug::observe,
// debug::print.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <xgrad/transform/explain.hpp>
#include <xgrad/transform/trace.hpp>

#pragma GCC visibility push(default)

namespace xgrad {

namespace detail {

class Regions;

/// The scope in which a function is recorded whose results shall be finite.
class Guarded {
 public:
  /// \throws TapeError  inside of another recording, where there are no values.
  explicit Guarded(Trace& trace);
  ~Guarded();
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;
  /// \param inputs  the arguments on the tape; paths: their names.
  /// \throws ValueError  if a result has NaN or infinities.
  void check(std::span<const Var> inputs, std::span<const Var> outputs, const Paths& paths);
  /// Throws the error that is handled now. If it is of values (a requirement, a solver, a host function), and one of
  /// those that what failed was made of has NaN or infinities, it says first what made these.
  [[noreturn]] void rethrow(std::span<const Var> inputs, const Paths& paths) const;

 private:
  Trace& trace_;
  bool has_reported_ = false;
  std::unique_ptr<Regions> regions_;
};

template <class R, class Held>
auto guarded(FunctionOf<R, Held&> f, Held& arguments) {
  static_assert(tree::Tree<R>, "nan_guard: the function returns a Var or a tree of Vars");
  const std::vector<Var> arrays = arguments.arrays();
  Trace trace(arrays);
  Guarded guard(trace);
  arguments.enter(trace);
  const std::vector<Var> inputs = arguments.arrays();
  const Paths paths = array_paths_of(arguments);
  try {
    const R result = f(arguments);
    const std::vector<Var> outputs = trace.nodes(tree::arrays(result));
    guard.check(inputs, outputs, paths);
    return finished(trace, tree::with_arrays(result, outputs));
  } catch (...) {
    guard.rethrow(inputs, paths);
  }
}

template <class F>
class NanGuard {
 public:
  explicit NanGuard(F f) : f_(std::move(f)) {}

  template <class... A>
  requires CallableWith<const F&, array_positions_t<A...>, A...>
  [[nodiscard]] auto operator()(A&&... a) const {
    auto arguments = make_arguments(array_positions_t<A...>(), std::forward<A>(a)...);
    using Held = decltype(arguments);
    using R = typename Held::template Result<const F>;
    const auto f = as_function_of<R, Held>(f_);
    return guarded(FunctionOf<R, Held&>(f), arguments);
  }
  template <class... A>
  Misfit operator()(A&&... a) const {
    refuse_call<F>(array_positions_t<A...>(), a...);
    return {};
  }

 private:
  F f_;
};

}  // namespace detail

namespace debug {

/// f, which says what made the first NaN or infinity of a result: the operation, its shape, the elements, the values
/// that it was made of, and the way from there to the result by the names that label() gave.
///
///     auto [value, gradient] = xg::debug::nan_guard(xg::value_and_grad(loss))(model, x, y);
///
/// f may be any function of trees, transforms among them: what a gradient computes is looked at as well. If all results
/// are finite it costs what f does without compile; otherwise each operation on the way is computed by itself. What
/// is not finite but does not reach a result is no matter. Loops, branches and calls are looked into: "log in run [2]
/// of scan made -inf" is of the run that gets the elements at 2. A loop that would take more than 200000 operations,
/// laid out one run behind the other, is named itself. Of what a Region was recorded in, the line of that is said, too.
///
/// \throws ValueError  if a result has NaN or infinities.
/// \throws TapeError   inside of another transform, where there are no values: it is the outermost.
template <class F>
[[nodiscard]] auto nan_guard(F f) {
  return detail::NanGuard<F>(std::move(f));
}

/// What is recorded while it lives belongs to its line of the source, which nan_guard() names.
///
///     const xg::debug::Region here("attention");                     // "... recorded at model.cpp:17, 'attention'"
///     xg::Var y = (xg::debug::Region(), log(x) / norm(x));           // this line alone
///
/// Of regions in regions the innermost is named; of what derivatives compute, that of the values which they use. What a
/// loop, a branch or a rule runs belongs to the region around it. Outside of nan_guard() it does nothing.
class Region {
 public:
  /// \param file, line  where it is made (not a std::source_location, which clang 14 does not have with libstdc++ 12).
  explicit Region(const std::string& name = {}, const char* file = __builtin_FILE(), int line = __builtin_LINE());
  ~Region();
  Region(const Region&) = delete;
  Region& operator=(const Region&) = delete;

 private:
  std::optional<std::size_t> number_;
};

/// x itself, under a name for messages of nan_guard(). It costs what recording an operation costs, and nothing when
/// values are computed.
Var label(const Var& x, const std::string& name);

/// x itself. Whenever its value is computed, in compiled functions too, `look` is called with it; in vmap() for each
/// example. The derivative is that of x.
Var observe(const Var& x, std::function<void(const Var& value)> look);

/// x itself. Whenever its value is computed it is printed to standard error, behind a name.
Var print(const Var& x, const std::string& name);

}  // namespace debug
}  // namespace xgrad

#pragma GCC visibility pop
