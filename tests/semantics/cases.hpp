// The table of meanings as data: a case for each elementwise primitive and element type.
#pragma once

#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include "meanings.hpp"

namespace semantics {

/// A primitive that takes T and gives R.
template <class T, class R>
struct Case {
  std::string name;
  std::uint8_t opcode;
  bool of_one;   ///< argument; the second one is ignored
  bool selects;  ///< by a truth value before the other two arguments; else that is ignored
  Bounds bounds;
  R (*eval)(bool condition, T a, T b);  ///< the primitive's own
  R (*exactly)(bool condition, T a, T b);
  Total (*nearly)(T a, T b);  ///< if there is no function `exactly`
};

namespace cases_detail {

__extension__ using Int128 = __int128;  // holds products of int64

template <class T>
using Computed = std::conditional_t<std::is_same_v<T, std::int64_t>, Int128, T>;

/// f of the arguments that it takes.
template <class F, class T>
constexpr auto apply(F f, [[maybe_unused]] bool condition, T a, [[maybe_unused]] T b) {
  if constexpr (std::is_invocable_v<F, bool, T, T>) return f(condition, a, b);
  else if constexpr (std::is_invocable_v<F, T, T>) return f(a, b);
  else return f(a);
}

template <class P>
constexpr auto eval = [](auto... arguments) -> decltype(P::eval(arguments...)) { return P::eval(arguments...); };

template <class P, class T>
constexpr bool takes() {
  if constexpr (IsSelection<P>) return true;
  else if constexpr (!IsScalarFunction<P>) return std::is_floating_point_v<T>;
  else if constexpr (P::operands == Operands::Floats) return std::is_floating_point_v<T>;
  else if constexpr (P::operands == Operands::Booleans) return std::is_same_v<T, bool>;
  else if constexpr (P::operands == Operands::Integers) return !std::is_floating_point_v<T>;
  else return P::operands == Operands::Any || !std::is_same_v<T, bool>;
}

inline Total as_total(Total sum) { return sum; }
inline Total as_total(Real value) { return {value, value}; }

template <class F, class T, class R>
void set_meaning(Case<T, R>& each, Exact<F>, auto meaning) {
  each.exactly = [](bool condition, T a, T b) {
    return static_cast<R>(apply(decltype(meaning)()().formula, condition, Computed<T>(a), Computed<T>(b)));
  };
}
template <class F, class T, class R>
void set_meaning(Case<T, R>& each, Rounded<F> row, auto meaning) {
  each.bounds = row.bounds;
  each.nearly = [](T a, T b) { return as_total(apply(decltype(meaning)()().formula, false, Real(a), Real(b))); };
}

}  // namespace cases_detail

template <class P, class T>
using ResultOf = std::conditional_t<IsPredicate<P>, bool, T>;

template <class P, class T>
Case<T, ResultOf<P, T>> case_of() {
  using namespace cases_detail;
  using R = ResultOf<P, T>;
  static_assert(
      requires { meaning_of(Type<P>()); }, "an elementwise primitive lacks its meaning in meanings.hpp");
  Case<T, R> each{.name = std::string(P::name),
                  .opcode = xgrad::primitives::opcode<P>,
                  .of_one = std::is_invocable_v<decltype(eval<P>), T>,
                  .selects = IsSelection<P>,
                  .bounds = {},
                  .eval = [](bool condition, T a, T b) { return static_cast<R>(apply(eval<P>, condition, a, b)); },
                  .exactly = nullptr,
                  .nearly = nullptr};
  constexpr auto meaning = [] { return meaning_of(Type<P>()); };
  set_meaning(each, meaning(), meaning);
  return each;
}

/// Calls f(case) for every elementwise primitive and every element type that it takes.
template <class F>
void for_each_case(F f) {
  const auto of_type = [&]<class P, class T>(P*, T*) {
    if constexpr (cases_detail::takes<P, T>()) f(case_of<P, T>());
  };
  const auto of_primitive = [&]<class P>(P* primitive) {
    if constexpr (IsElementwise<P>) {
      of_type(primitive, static_cast<float*>(nullptr));
      of_type(primitive, static_cast<double*>(nullptr));
      of_type(primitive, static_cast<std::int64_t*>(nullptr));
      of_type(primitive, static_cast<bool*>(nullptr));
    }
  };
  [&]<class... P>(boost::hana::tuple<boost::hana::basic_type<P>...>*) {
    (of_primitive(static_cast<P*>(nullptr)), ...);
  }(static_cast<AllPrimitives*>(nullptr));
}

}  // namespace semantics
