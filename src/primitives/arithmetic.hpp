// Scalar functions for which processors have instructions, and what chooses between numbers.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "kinds.hpp"
#include "rule_declarations.hpp"

namespace xgrad::primitives {

/// Whether it is true of all numbers of a batch.
constexpr bool every(bool condition) { return condition; }

/// `select(c, a, b)` is `c ? a : b` for numbers; batches bring their own.
template <class T>
constexpr T select(bool condition, T a, T b) {
  return condition ? a : b;
}

/// Integer arithmetic wraps around instead of being undefined.
template <class T>
using Wrapping = std::conditional_t<std::is_same_v<T, std::int64_t>, std::uint64_t, T>;

template <class T>
struct NumberOf {
  using type = T;
};
template <class Pack>
requires requires { typename Pack::value_type; }
struct NumberOf<Pack> {
  using type = typename Pack::value_type;
};
/// T itself, or what is in a pack.
template <class T>
using NumberIn = typename NumberOf<T>::type;

// ---- arithmetic

struct Add : Arithmetic<2, Operands::Numbers, Cost::Cheap> {
  static constexpr std::string_view name = "add";
  static constexpr bool commutative = true;
  template <class T>
  static T eval(T a, T b) {
    return static_cast<T>(Wrapping<T>(a) + Wrapping<T>(b));
  }
  static One partial(auto, const auto&...) { return {}; }
};

struct Subtract : Arithmetic<2, Operands::Numbers, Cost::Cheap> {
  static constexpr std::string_view name = "subtract";
  static constexpr bool commutative = false;
  template <class T>
  static T eval(T a, T b) {
    return static_cast<T>(Wrapping<T>(a) - Wrapping<T>(b));
  }
  static One partial(Arg<0>, const auto&...) { return {}; }
  static MinusOne partial(Arg<1>, const auto&...) { return {}; }
};

/// a - b, and 0 between equal infinities: how far a is below a largest element b that may be infinite.
struct Offset : Arithmetic<2, Operands::Floats, Cost::Moderate> {
  static constexpr std::string_view name = "offset";
  static constexpr bool commutative = false;
  template <class T>
  static T eval(T a, T b) {
    return select(a == b, T(NumberIn<T>(0)), a - b);
  }
  static One partial(Arg<0>, const auto&...) { return {}; }
  static MinusOne partial(Arg<1>, const auto&...) { return {}; }
};

struct Multiply : Arithmetic<2, Operands::Numbers, Cost::Cheap> {
  static constexpr std::string_view name = "multiply";
  static constexpr bool commutative = true;
  static constexpr bool is_bilinear = true;
  template <class T>
  static T eval(T a, T b) {
    return static_cast<T>(Wrapping<T>(a) * Wrapping<T>(b));
  }
  static auto partial(Arg<0>, const auto&, const auto& b, const auto&) { return b; }
  static auto partial(Arg<1>, const auto& a, const auto&, const auto&) { return a; }
};

struct Divide : Arithmetic<2, Operands::Floats, Cost::Moderate> {
  static constexpr std::string_view name = "divide";
  static constexpr bool commutative = false;
  static constexpr bool is_quotient = true;
  static auto eval(auto a, auto b) { return a / b; }
  static auto partial(Arg<0>, const auto&, const auto& b, const auto&) { return 1.0 / b; }
  static auto partial(Arg<1>, const auto&, const auto& b, const auto& y) { return -(y / b); }
};

struct Negate : Arithmetic<1, Operands::Numbers, Cost::Cheap> {
  static constexpr std::string_view name = "negate";
  template <class T>
  static T eval(T x) {
    if constexpr (std::is_same_v<T, std::int64_t>) return Subtract::eval(T(0), x);
    return -x;
  }
  static MinusOne partial(Arg<0>, const auto&...) { return {}; }
};

// ---- choice

struct Where : Masking {  // not a scalar function: its derivative selects where a partial derivative would multiply
  static constexpr std::string_view name = "where";
  static constexpr bool commutative = false;
  static constexpr bool has_constant_derivative = true;
  static constexpr auto cost = Cost::Cheap;
  static constexpr bool selects = true;
  template <class T>
  static T eval(bool condition, T a, T b) {
    return condition ? a : b;
  }
  XGRAD_DETAIL_RULES
};

/// g p, and 0 wherever g is 0, whatever p is. Reverse mode multiplies so once a `where` has set cotangents to 0, so
/// that an infinite partial derivative in the branch not taken cannot make them NaN.
struct AbsorbingMultiply : Masking {
  static constexpr std::string_view name = "absorbing_multiply";
  static constexpr bool commutative = false;
  static constexpr bool is_bilinear = true;
  static constexpr auto cost = Cost::Moderate;
  static constexpr bool selects = false;
  template <class T>
  static T eval(T g, T p) {
    return select(g == T(0), T(0), g * p);
  }
  XGRAD_DETAIL_RULES
};

struct Maximum : Arithmetic<2, Operands::Numbers, Cost::Cheap> {
  static constexpr std::string_view name = "maximum";
  static constexpr bool commutative = false;  // of 0 and -0 it is the first
  template <class T>
  static T eval(T a, T b) {
    return select(b != b || b > a, b, a);
  }
  static auto partial(Arg<0>, const auto& a, const auto& b, const auto&) { return share_of_larger(a, b); }
  static auto partial(Arg<1>, const auto& a, const auto& b, const auto&) { return share_of_larger(b, a); }
};

struct Minimum : Arithmetic<2, Operands::Numbers, Cost::Cheap> {
  static constexpr std::string_view name = "minimum";
  static constexpr bool commutative = false;  // of 0 and -0 it is the first
  template <class T>
  static T eval(T a, T b) {
    return select(b != b || b < a, b, a);
  }
  static auto partial(Arg<0>, const auto& a, const auto& b, const auto&) { return share_of_larger(b, a); }
  static auto partial(Arg<1>, const auto& a, const auto& b, const auto&) { return share_of_larger(a, b); }
};

struct Absolute : Arithmetic<1, Operands::Numbers, Cost::Cheap> {
  static constexpr std::string_view name = "abs";
  template <class T>
  static T eval(T x) {
    if constexpr (std::is_same_v<T, std::int64_t>) return x < 0 ? Negate::eval(x) : x;
    using std::abs;
    return abs(x);
  }
  static auto partial(Arg<0>, const auto& x, const auto&) { return sign(x); }
};

struct Sign : Arithmetic<1, Operands::Numbers, Cost::Moderate> {
  static constexpr std::string_view name = "sign";
  template <class T>
  static T eval(T x) {
    return select(x > T(0), T(1), select(x < T(0), T(-1), x));  // x itself: 0, -0 or NaN
  }
  static Zero partial(Arg<0>, const auto&...) { return {}; }
};

struct Relu : Arithmetic<1, Operands::Numbers, Cost::Moderate> {
  static constexpr std::string_view name = "relu";
  template <class T>
  static T eval(T x) {
    return select(x <= T(0), T(0), x);  // NaN stays NaN
  }
  static auto partial(Arg<0>, const auto& x, const auto&) { return one_where(x > 0.0, x); }
};

struct Square : Arithmetic<1, Operands::Numbers, Cost::Cheap> {
  static constexpr std::string_view name = "square";
  static auto eval(auto x) { return Multiply::eval(x, x); }
  static auto partial(Arg<0>, const auto& x, const auto&) { return 2.0 * x; }
};

struct Sqrt : Arithmetic<1, Operands::Floats, Cost::Moderate> {
  static constexpr std::string_view name = "sqrt";
  static auto eval(auto x) {
    using std::sqrt;
    return sqrt(x);
  }
  static auto partial(Arg<0>, const auto&, const auto& y) { return 0.5 / y; }
};

// ---- predicates

struct Less : Predicate<2, Operands::Any> {
  static constexpr std::string_view name = "less";
  static constexpr bool commutative = false;
  static auto eval(auto a, auto b) { return a < b; }
};

struct LessEqual : Predicate<2, Operands::Any> {
  static constexpr std::string_view name = "less_equal";
  static constexpr bool commutative = false;
  static auto eval(auto a, auto b) { return a <= b; }
};

struct Equal : Predicate<2, Operands::Any> {
  static constexpr std::string_view name = "equal";
  static constexpr bool commutative = true;
  static auto eval(auto a, auto b) { return a == b; }
};

struct NotEqual : Predicate<2, Operands::Any> {
  static constexpr std::string_view name = "not_equal";
  static constexpr bool commutative = true;
  static auto eval(auto a, auto b) { return a != b; }
};

struct LogicalAnd : Predicate<2, Operands::Booleans> {
  static constexpr std::string_view name = "logical_and";
  static constexpr bool commutative = true;
  static auto eval(auto a, auto b) { return a && b; }
};

struct LogicalOr : Predicate<2, Operands::Booleans> {
  static constexpr std::string_view name = "logical_or";
  static constexpr bool commutative = true;
  static auto eval(auto a, auto b) { return a || b; }
};

struct LogicalNot : Predicate<1, Operands::Booleans> {
  static constexpr std::string_view name = "logical_not";
  static auto eval(auto x) { return !x; }
};

}  // namespace xgrad::primitives
