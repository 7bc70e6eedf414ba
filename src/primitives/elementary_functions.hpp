// Scalar functions of <cmath> that are computed one number at a time, by the standard library in double.
#pragma once

#include <numbers>

#include "scalar_functions.hpp"

namespace xgrad::primitives {

/// A function that has no kernel for packs.
template <std::size_t arity>
struct SpecialFunction : ScalarFunction<arity, Operands::Floats> {
  static constexpr bool is_special = true;
};

struct Cbrt : SpecialFunction<1> {
  static constexpr std::string_view name = "cbrt";
  static double eval(double x) { return special::cbrt(x); }
  static auto partial(Arg<0>, const auto&, const auto& y) { return (1.0 / 3.0) / square(y); }
};

struct Exp2 : SpecialFunction<1> {
  static constexpr std::string_view name = "exp2";
  static double eval(double x) { return std::exp2(x); }
  static auto partial(Arg<0>, const auto&, const auto& y) { return std::numbers::ln2 * y; }
};

struct Log2 : SpecialFunction<1> {
  static constexpr std::string_view name = "log2";
  static double eval(double x) { return std::log2(x); }
  static auto partial(Arg<0>, const auto& x, const auto&) { return std::numbers::log2e / x; }
};

struct Log10 : SpecialFunction<1> {
  static constexpr std::string_view name = "log10";
  static double eval(double x) { return std::log10(x); }
  static auto partial(Arg<0>, const auto& x, const auto&) { return std::numbers::log10e / x; }
};

// The factors 1 - x and 1 + x are exact where 1 - x^2 would have lost its digits.

struct Asin : SpecialFunction<1> {
  static constexpr std::string_view name = "asin";
  static double eval(double x) { return std::asin(x); }
  static auto partial(Arg<0>, const auto& x, const auto&) { return 1.0 / sqrt((1.0 - x) * (1.0 + x)); }
};

struct Acos : SpecialFunction<1> {
  static constexpr std::string_view name = "acos";
  static double eval(double x) { return std::acos(x); }
  static auto partial(Arg<0>, const auto& x, const auto&) { return -1.0 / sqrt((1.0 - x) * (1.0 + x)); }
};

struct Atan2 : SpecialFunction<2> {
  static constexpr std::string_view name = "atan2";
  static constexpr bool commutative = false;
  static double eval(double y, double x) { return std::atan2(y, x); }
  static auto partial(Arg<0>, const auto& y, const auto& x, const auto&) {
    return direction_cosine(x, y) / infinite_where_zero(hypot(x, y));
  }
  static auto partial(Arg<1>, const auto& y, const auto& x, const auto&) {
    return -direction_cosine(y, x) / infinite_where_zero(hypot(x, y));
  }
};

struct Asinh : SpecialFunction<1> {
  static constexpr std::string_view name = "asinh";
  static double eval(double x) { return std::asinh(x); }
  static auto partial(Arg<0>, const auto& x, const auto&) { return 1.0 / hypot(x, ones_like(x)); }
};

struct Acosh : SpecialFunction<1> {
  static constexpr std::string_view name = "acosh";
  static double eval(double x) { return std::acosh(x); }
  static auto partial(Arg<0>, const auto& x, const auto&) { return 1.0 / (sqrt(x - 1.0) * sqrt(x + 1.0)); }
};

struct Atanh : SpecialFunction<1> {
  static constexpr std::string_view name = "atanh";
  static double eval(double x) { return std::atanh(x); }
  static auto partial(Arg<0>, const auto& x, const auto&) { return 1.0 / ((1.0 - x) * (1.0 + x)); }
};

/// sin(pi x) / (pi x).
struct Sinc : SpecialFunction<1> {
  static constexpr std::string_view name = "sinc";
  static double eval(double x) { return special::sinc(x); }
  static auto partial(Arg<0>, const auto& x, const auto&) {
    return -std::numbers::pi * spherical_bessel(ones_like(x), std::numbers::pi * x);
  }
};

/// The spherical Bessel function of the first kind, of an integer order from 0 to 100: what the derivatives of sinc are
/// made of, in which no terms cancel at 0.
struct SphericalBessel : SpecialFunction<2> {
  static constexpr std::string_view name = "spherical_bessel";
  static constexpr bool commutative = false;
  static double eval(double n, double x) { return special::spherical_bessel(n, x); }
  static Zero partial(Arg<0>, const auto&...) { return {}; }
  static auto partial(Arg<1>, const auto& n, const auto& x, const auto&) {
    return (n * spherical_bessel(n - 1.0, x) - (n + 1.0) * spherical_bessel(n + 1.0, x)) / (2.0 * n + 1.0);
  }
};

/// x / (1 + |x|), of which derivatives keep their digits.
struct Softsign : ScalarFunction<1, Operands::Floats> {
  static constexpr std::string_view name = "softsign";
  template <class T>
  static T eval(T x) {
    const T size = Absolute::eval(x);
    const T infinity = T(std::numeric_limits<NumberIn<T>>::infinity());
    return select(size == infinity, Sign::eval(x), x / (T(NumberIn<T>(1)) + size));
  }
  static auto partial(Arg<0>, const auto& x, const auto&) { return 1.0 / square(1.0 + abs(x)); }
};

}  // namespace xgrad::primitives
