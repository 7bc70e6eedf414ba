// Scalar functions of rounding: to integers, by division, and of bits.
#pragma once

#include "scalar_functions.hpp"

namespace xgrad::primitives {

// ---- to integers; their derivatives are 0, also at the jumps

struct Floor : Arithmetic<1, Operands::Floats, Cost::Cheap> {
  static constexpr std::string_view name = "floor";
  static auto eval(auto x) {
    using std::floor;
    return floor(x);
  }
  static Zero partial(Arg<0>, const auto&...) { return {}; }
};

struct Ceil : Arithmetic<1, Operands::Floats, Cost::Cheap> {
  static constexpr std::string_view name = "ceil";
  static auto eval(auto x) {
    using std::ceil;
    return ceil(x);
  }
  static Zero partial(Arg<0>, const auto&...) { return {}; }
};

struct Round : Arithmetic<1, Operands::Floats, Cost::Cheap> {
  static constexpr std::string_view name = "round";
  static auto eval(auto x) {
    using std::rint;  // halves to the even neighbour; std::round goes away from 0
    return rint(x);
  }
  static Zero partial(Arg<0>, const auto&...) { return {}; }
};

struct Trunc : Arithmetic<1, Operands::Floats, Cost::Cheap> {
  static constexpr std::string_view name = "trunc";
  static auto eval(auto x) {
    using std::trunc;
    return trunc(x);
  }
  static Zero partial(Arg<0>, const auto&...) { return {}; }
};

/// |a| with the sign of b, that of a zero or NaN too.
struct CopySign : Arithmetic<2, Operands::Floats, Cost::Moderate> {
  static constexpr std::string_view name = "copysign";
  static constexpr bool commutative = false;
  static auto eval(auto a, auto b) {
    using std::copysign;
    return copysign(a, b);
  }
  static auto partial(Arg<0>, const auto& a, const auto& b, const auto&) { return sign(a) * copysign(ones_like(b), b); }
  static Zero partial(Arg<1>, const auto&...) { return {}; }
};

// ---- by division. Rests are exact; one number at a time. A quotient of integers by 0 counts as 0 here: the public
// functions refuse it before.

/// Whether the quotient of two integers cannot be computed by the processor.
constexpr bool has_no_quotient(std::int64_t a, std::int64_t b) {
  return b == 0 || (b == -1 && a == std::numeric_limits<std::int64_t>::min());
}

/// a - b trunc(a / b): the sign is that of a.
struct Fmod : ScalarFunction<2, Operands::Numbers> {
  static constexpr std::string_view name = "fmod";
  static constexpr bool commutative = false;
  static constexpr bool is_special = true;
  static double eval(double a, double b) { return std::fmod(a, b); }
  static std::int64_t eval(std::int64_t a, std::int64_t b) { return has_no_quotient(a, b) ? 0 : a % b; }
  static One partial(Arg<0>, const auto&...) { return {}; }
  static auto partial(Arg<1>, const auto& a, const auto& b, const auto& y) { return -round((a - y) / b); }
};

/// a - b floor(a / b): the sign is that of b.
struct Remainder : ScalarFunction<2, Operands::Numbers> {
  static constexpr std::string_view name = "remainder";
  static constexpr bool commutative = false;
  static constexpr bool is_special = true;
  static double eval(double a, double b) {
    const double rest = std::fmod(a, b);
    if (rest == 0.0) return std::copysign(0.0, b);
    return (rest < 0.0) != (b < 0.0) ? rest + b : rest;  // NaN stays
  }
  static std::int64_t eval(std::int64_t a, std::int64_t b) {
    if (has_no_quotient(a, b)) return 0;
    const std::int64_t rest = a % b;
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
  }
  static One partial(Arg<0>, const auto&...) { return {}; }
  static auto partial(Arg<1>, const auto& a, const auto& b, const auto& y) { return -round((a - y) / b); }
};

/// floor(a / b), of the exact quotient.
struct FloorDivide : ScalarFunction<2, Operands::Numbers> {
  static constexpr std::string_view name = "floor_divide";
  static constexpr bool commutative = false;
  static constexpr bool is_special = true;
  static double eval(double a, double b) {
    if (b == 0.0) return a / b;
    const double rest = std::fmod(a, b);
    // In more digits, for quotients that a double just holds.
    long double quotient = std::rint((static_cast<long double>(a) - rest) / b);
    if (rest != 0.0 && (b < 0.0) != (rest < 0.0)) quotient -= 1;
    return quotient == 0 ? std::copysign(0.0, a / b) : static_cast<double>(quotient);
  }
  static std::int64_t eval(std::int64_t a, std::int64_t b) {
    if (has_no_quotient(a, b)) return b == 0 ? 0 : a;  // the smallest number wraps around to itself
    return a / b - static_cast<std::int64_t>(a % b != 0 && (a < 0) != (b < 0));
  }
  static Zero partial(auto, const auto&...) { return {}; }
};

// ---- of bits

struct BitwiseAnd : ScalarFunction<2, Operands::Integers> {
  static constexpr std::string_view name = "bitwise_and";
  static constexpr bool commutative = true;
  template <class T>
  static T eval(T a, T b) {
    return static_cast<T>(a & b);
  }
  static Zero partial(auto, const auto&...) { return {}; }
};

struct BitwiseOr : ScalarFunction<2, Operands::Integers> {
  static constexpr std::string_view name = "bitwise_or";
  static constexpr bool commutative = true;
  template <class T>
  static T eval(T a, T b) {
    return static_cast<T>(a | b);
  }
  static Zero partial(auto, const auto&...) { return {}; }
};

struct BitwiseXor : ScalarFunction<2, Operands::Integers> {
  static constexpr std::string_view name = "bitwise_xor";
  static constexpr bool commutative = true;
  template <class T>
  static T eval(T a, T b) {
    return static_cast<T>(a ^ b);
  }
  static Zero partial(auto, const auto&...) { return {}; }
};

/// Counts out of range shift everything out.
constexpr bool shifts_all(std::int64_t count) { return count < 0 || count > 63; }

struct LeftShift : ScalarFunction<2, Operands::Integers> {
  static constexpr std::string_view name = "left_shift";
  static constexpr bool commutative = false;
  static std::int64_t eval(std::int64_t a, std::int64_t count) {
    return shifts_all(count) ? 0 : static_cast<std::int64_t>(static_cast<std::uint64_t>(a) << count);
  }
  static bool eval(bool a, bool count) { return a && !count; }
  static Zero partial(auto, const auto&...) { return {}; }
};

/// Copies of the sign come in.
struct RightShift : ScalarFunction<2, Operands::Integers> {
  static constexpr std::string_view name = "right_shift";
  static constexpr bool commutative = false;
  static std::int64_t eval(std::int64_t a, std::int64_t count) { return a >> (shifts_all(count) ? 63 : count); }
  static bool eval(bool a, bool count) { return a && !count; }
  static Zero partial(auto, const auto&...) { return {}; }
};

}  // namespace xgrad::primitives
