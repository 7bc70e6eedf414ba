// Scalar functions of statistics and physics: error functions, the normal distribution, beta and gamma, Bessel.
#pragma once

#include <numbers>

#include "elementary_functions.hpp"

namespace xgrad::primitives {

// ---- error functions and the normal distribution

struct Erfc : ScalarFunction<1, Operands::Floats> {
  static constexpr std::string_view name = "erfc";
  static auto eval(auto x) {
    using std::erfc;
    return erfc(x);
  }
  static auto partial(Arg<0>, const auto& x, const auto&) { return -2.0 * std::numbers::inv_sqrtpi * exp(-square(x)); }
};

struct Erfinv : SpecialFunction<1> {
  static constexpr std::string_view name = "erfinv";
  static double eval(double x) { return special::erfinv(x); }
  static auto partial(Arg<0>, const auto&, const auto& y) { return 0.5 / std::numbers::inv_sqrtpi * exp(square(y)); }
};

inline constexpr double inv_sqrt_two_pi = std::numbers::inv_sqrtpi / std::numbers::sqrt2;

struct Ndtr : ScalarFunction<1, Operands::Floats> {
  static constexpr std::string_view name = "ndtr";
  template <class T>
  static T eval(T x) {
    if constexpr (std::is_floating_point_v<T>) return static_cast<T>(special::ndtr(static_cast<double>(x)));
    else return ndtr(x);
  }
  static auto partial(Arg<0>, const auto& x, const auto&) { return inv_sqrt_two_pi * exp(-0.5 * square(x)); }
};

struct LogNdtr : SpecialFunction<1> {
  static constexpr std::string_view name = "log_ndtr";
  static double eval(double x) { return special::log_ndtr(x); }
  static auto partial(Arg<0>, const auto& x, const auto&) { return slope_of_log_ndtr(x); }
};

/// The density of the normal distribution over its distribution function: about -x far below 0, where both vanish.
struct SlopeOfLogNdtr : SpecialFunction<1> {
  static constexpr std::string_view name = "slope_of_log_ndtr";
  static double eval(double x) { return special::slope_of_log_ndtr(x); }
  static auto partial(Arg<0>, const auto& x, const auto& y) { return -(y * (x + y)); }
};

// ---- beta and gamma

struct Beta : SpecialFunction<2> {
  static constexpr std::string_view name = "beta";
  static constexpr bool commutative = false;  // not to the last bit
  static double eval(double a, double b) { return special::beta(a, b); }
  static auto partial(Arg<0>, const auto& a, const auto& b, const auto& y) { return y * (digamma(a) - digamma(a + b)); }
  static auto partial(Arg<1>, const auto& a, const auto& b, const auto& y) { return y * (digamma(b) - digamma(a + b)); }
};

struct BetaLn : SpecialFunction<2> {
  static constexpr std::string_view name = "betaln";
  static constexpr bool commutative = false;  // not to the last bit
  static double eval(double a, double b) { return special::betaln(a, b); }
  static auto partial(Arg<0>, const auto& a, const auto& b, const auto&) { return digamma(a) - digamma(a + b); }
  static auto partial(Arg<1>, const auto& a, const auto& b, const auto&) { return digamma(b) - digamma(a + b); }
};

struct GammaInc : SpecialFunction<2> {
  static constexpr std::string_view name = "gammainc";
  static constexpr bool commutative = false;
  static double eval(double a, double x) { return special::gammainc(a, x); }
  static auto partial(Arg<0>, const auto& a, const auto&, const auto&) { return without_derivative(name, "a", a); }
  static auto partial(Arg<1>, const auto& a, const auto& x, const auto&) { return gamma_density(a, x); }
};

struct GammaIncC : SpecialFunction<2> {
  static constexpr std::string_view name = "gammaincc";
  static constexpr bool commutative = false;
  static double eval(double a, double x) { return special::gammaincc(a, x); }
  static auto partial(Arg<0>, const auto& a, const auto&, const auto&) { return without_derivative(name, "a", a); }
  static auto partial(Arg<1>, const auto& a, const auto& x, const auto&) { return -gamma_density(a, x); }
};

/// x^(a - 1) e^-x / Gamma(a), the density of the gamma distribution.
struct GammaDensity : SpecialFunction<2> {
  static constexpr std::string_view name = "gamma_density";
  static constexpr bool commutative = false;
  static double eval(double a, double x) { return special::gamma_density(a, x); }
  static auto partial(Arg<0>, const auto& a, const auto& x, const auto& y) { return y * (log(x) - digamma(a)); }
  static auto partial(Arg<1>, const auto& a, const auto& x, const auto& y) {
    return gamma_density(a - 1.0, x) - y;  // y (a - 1) / x would be 0 times infinity at 0
  }
};

// ---- Bessel

/// e^-|x| times the modified Bessel function of the first kind, of an integer order from -100 to 100.
struct ScaledBesselI : SpecialFunction<2> {
  static constexpr std::string_view name = "scaled_bessel_i";
  static constexpr bool commutative = false;
  static double eval(double n, double x) { return special::scaled_bessel_i(n, x); }
  static Zero partial(Arg<0>, const auto&...) { return {}; }
  static auto partial(Arg<1>, const auto& n, const auto& x, const auto& y) {
    return 0.5 * (scaled_bessel_i(n - 1.0, x) + scaled_bessel_i(n + 1.0, x)) - sign(x) * y;
  }
};

}  // namespace xgrad::primitives
