// What each elementwise primitive means: its plain formula, and how far from that results may be. Nothing of the
// library computes here.
#pragma once

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "gamma.hpp"
#include "primitives/list.hpp"
#include "references.hpp"

namespace semantics {

using namespace xgrad::primitives;

/// Numbers at which a function is tried beside special values.
enum class Domain {
  Any,     ///< of all signs and sizes
  Powers,  ///< bases with exponents of which most powers are in range
  Sides,   ///< pairs of which most are of one size
  Orders,  ///< small integers beside numbers
  Shapes,  ///< positive numbers of ordinary size
};

/// Largest errors in units of the last digit.
struct Bounds {
  double float64, float32;
  double one_exponent = 0;  ///< of pow with one exponent for all elements, which is computed in another way
  Domain domain = Domain::Any;
};

/// The formula gives the very bits. It is computed in the element type, for integers in one that holds all results, of
/// which the lowest 64 bits remain.
template <class F>
struct Exact {
  F formula;
};
template <class F>
constexpr Exact<F> exact(F formula) {
  return {formula};
}

/// The formula in long double, and how far from it results may be.
template <class F>
struct Rounded {
  Bounds bounds;
  F formula;
};
template <class F>
constexpr Rounded<F> within(Bounds bounds, F formula) {
  return {bounds, formula};
}
template <class F>
constexpr Rounded<F> within(double ulp, F formula) {
  return {{.float64 = ulp, .float32 = ulp}, formula};
}

inline Total log_gamma(Real x) {
  const Real value = std::lgamma(x);
  return {value, x < 0 ? std::lgamma(1 - x) : value};
}
inline Total log_add_exp(Real a, Real b) {
  if (std::isnan(a) || std::isnan(b)) return {a + b, 1};
  const Real larger = std::max(a, b);
  if (a == b) return {larger + std::log(Real(2)), std::abs(larger)};
  const Real difference = std::abs(a - b);
  const Real rest = std::log1p(std::exp(-difference));
  // What a rounded difference makes of the rest is no error that a sum could do without.
  const Real slope = 1 / (1 + std::exp(difference));
  return {larger + rest, std::max(std::abs(larger), slope == 0 ? 0 : difference * slope)};
}

/// x / hypot(x, y); an infinite side counts as 1, and a finite one beside it as 0.
inline Real direction_cosine(Real x, Real y) {
  if (std::isinf(x) && std::isinf(y)) return std::copysign(std::sqrt(Real(0.5)), x);
  if (std::isinf(x)) return std::isnan(y) ? y : std::copysign(Real(1), x);
  return x == 0 && y == 0 ? x : x / std::sqrt(x * x + y * y);
}
inline Real log_cosh(Real x) {
  const Real size = std::abs(x);
  return size < 20 ? std::log1p(2 * std::pow(std::sinh(size / 2), Real(2)))
                   : size + std::log1p(std::exp(-2 * size)) - std::log(Real(2));
}
inline Real softplus(Real x) { return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x)); }

template <class T>
T absolute(T x) {
  if constexpr (std::is_floating_point_v<T>) return std::copysign(x, T(1));
  else return x < 0 ? -x : x;
}

// clang-format off
constexpr auto meaning_of(Type<Add>) { return exact([](auto a, auto b) { return a + b; }); }
constexpr auto meaning_of(Type<Subtract>) { return exact([](auto a, auto b) { return a - b; }); }
constexpr auto meaning_of(Type<Multiply>) { return exact([](auto a, auto b) { return a * b; }); }
constexpr auto meaning_of(Type<Divide>) { return exact([](auto a, auto b) { return a / b; }); }
constexpr auto meaning_of(Type<Negate>) { return exact([](auto x) { return -x; }); }
constexpr auto meaning_of(Type<Square>) { return exact([](auto x) { return x * x; }); }
constexpr auto meaning_of(Type<Sqrt>) { return exact([](auto x) { return std::sqrt(x); }); }
constexpr auto meaning_of(Type<Absolute>) { return exact([](auto x) { return absolute(x); }); }
constexpr auto meaning_of(Type<Offset>) { return exact([](auto a, auto b) { return a == b ? 0 : a - b; }); }
constexpr auto meaning_of(Type<AbsorbingMultiply>) { return exact([](auto g, auto p) { return g == 0 ? 0 : g * p; }); }
// Of 0 and -0 the one that comes first; NaN of any NaN.
constexpr auto meaning_of(Type<Maximum>) { return exact([](auto a, auto b) { return b <= a || a != a ? a : b; }); }
constexpr auto meaning_of(Type<Minimum>) { return exact([](auto a, auto b) { return a <= b || a != a ? a : b; }); }
// sign(-0) is -0, and relu(-0) is 0; NaN of NaN.
constexpr auto meaning_of(Type<Sign>) { return exact([](auto x) { return x > 0 ? 1 : x < 0 ? -1 : x; }); }
constexpr auto meaning_of(Type<Relu>) { return exact([](auto x) { return x <= 0 ? 0 : x; }); }
constexpr auto meaning_of(Type<Where>) { return exact([](bool condition, auto a, auto b) { return condition ? a : b; }); }
constexpr auto meaning_of(Type<Less>) { return exact([](auto a, auto b) { return a < b; }); }
constexpr auto meaning_of(Type<LessEqual>) { return exact([](auto a, auto b) { return a <= b; }); }
constexpr auto meaning_of(Type<Equal>) { return exact([](auto a, auto b) { return a == b; }); }
constexpr auto meaning_of(Type<NotEqual>) { return exact([](auto a, auto b) { return a != b; }); }
constexpr auto meaning_of(Type<LogicalAnd>) { return exact([](auto a, auto b) { return a && b; }); }
constexpr auto meaning_of(Type<LogicalOr>) { return exact([](auto a, auto b) { return a || b; }); }
constexpr auto meaning_of(Type<LogicalNot>) { return exact([](auto x) { return !x; }); }

// The bounds are those that kernels/simd/math.hpp documents.
constexpr auto meaning_of(Type<Exp>) { return within(0.8, [](Real x) { return std::exp(x); }); }
constexpr auto meaning_of(Type<Expm1>) { return within(1.4, [](Real x) { return std::expm1(x); }); }
constexpr auto meaning_of(Type<Log>) { return within(0.9, [](Real x) { return std::log(x); }); }
constexpr auto meaning_of(Type<Log1p>) { return within(1.5, [](Real x) { return std::log1p(x); }); }
constexpr auto meaning_of(Type<Sin>) { return within(0.95, [](Real x) { return std::sin(x); }); }
constexpr auto meaning_of(Type<Cos>) { return within(0.95, [](Real x) { return std::cos(x); }); }
constexpr auto meaning_of(Type<Tan>) { return within(1.2, [](Real x) { return std::tan(x); }); }
constexpr auto meaning_of(Type<Atan>) { return within(1.9, [](Real x) { return std::atan(x); }); }
constexpr auto meaning_of(Type<Sinh>) { return within(1.7, [](Real x) { return std::sinh(x); }); }
constexpr auto meaning_of(Type<Cosh>) { return within(1.3, [](Real x) { return std::cosh(x); }); }
constexpr auto meaning_of(Type<Tanh>) { return within(1.9, [](Real x) { return std::tanh(x); }); }
constexpr auto meaning_of(Type<SlopeOfLogCosh>) { return within(1.9, [](Real x) { return std::tanh(x); }); }
constexpr auto meaning_of(Type<LogCosh>) { return within(4.5, [](Real x) { return log_cosh(x); }); }
constexpr auto meaning_of(Type<Erf>) { return within(1.5, [](Real x) { return std::erf(x); }); }
constexpr auto meaning_of(Type<Sigmoid>) { return within(1.8, [](Real x) { return 1 / (1 + std::exp(-x)); }); }
constexpr auto meaning_of(Type<Softplus>) { return within(1.8, [](Real x) { return softplus(x); }); }
constexpr auto meaning_of(Type<Power>) {
  return within({.float64 = 1.7, .float32 = 1.3, .one_exponent = 2, .domain = Domain::Powers}, [](Real a, Real b) { return std::pow(a, b); });
}
constexpr auto meaning_of(Type<Hypot>) {
  return within({.float64 = 1.3, .float32 = 1.3, .domain = Domain::Sides}, [](Real a, Real b) { return std::hypot(a, b); });
}
constexpr auto meaning_of(Type<DirectionCosine>) {
  return within({.float64 = 2.3, .float32 = 2.3, .domain = Domain::Sides}, [](Real a, Real b) { return direction_cosine(a, b); });
}
constexpr auto meaning_of(Type<LogAddExp>) {
  return within({.float64 = 1.8, .float32 = 1.8, .domain = Domain::Sides}, [](Real a, Real b) { return log_add_exp(a, b); });
}
// Of random numbers: computed in double, one number at a time.
constexpr auto meaning_of(Type<AlikeExp>) {
  return within({.float64 = 1.1, .float32 = 0.51}, [](Real x) { return std::exp(x); });
}
// Computed by Boost.Math in double, one number at a time. The bounds are a little above what 200,000 numbers gave, and
// hold for orders to 6; from there to 20 polygamma loses up to 50 units of the last digit, and beyond many more.
constexpr auto meaning_of(Type<LogGamma>) {
  return within({.float64 = 3.5, .float32 = 0.51}, [](Real x) { return log_gamma(x); });
}
constexpr auto meaning_of(Type<Digamma>) {
  return within({.float64 = 2.5, .float32 = 0.51}, [](Real x) { return digamma(x); });
}
constexpr auto meaning_of(Type<Polygamma>) {
  return within({.float64 = 25, .float32 = 0.51, .domain = Domain::Orders}, [](Real n, Real x) { return polygamma(n, x); });
}

constexpr auto meaning_of(Type<Floor>) { return exact([](auto x) { return std::floor(x); }); }
constexpr auto meaning_of(Type<Ceil>) { return exact([](auto x) { return std::ceil(x); }); }
constexpr auto meaning_of(Type<Round>) { return exact([](auto x) { return std::nearbyint(x); }); }
constexpr auto meaning_of(Type<Trunc>) { return exact([](auto x) { return std::trunc(x); }); }
constexpr auto meaning_of(Type<CopySign>) { return exact([](auto a, auto b) { return std::copysign(a, b); }); }
constexpr auto meaning_of(Type<Fmod>) { return exact([](auto a, auto b) { return rest_of_division(a, b); }); }
constexpr auto meaning_of(Type<Remainder>) { return exact([](auto a, auto b) { return floored_rest(a, b); }); }
constexpr auto meaning_of(Type<FloorDivide>) { return exact([](auto a, auto b) { return floored_quotient(a, b); }); }
constexpr auto meaning_of(Type<BitwiseAnd>) { return exact([](auto a, auto b) { return a & b; }); }
constexpr auto meaning_of(Type<BitwiseOr>) { return exact([](auto a, auto b) { return a | b; }); }
constexpr auto meaning_of(Type<BitwiseXor>) { return exact([](auto a, auto b) { return a ^ b; }); }
constexpr auto meaning_of(Type<LeftShift>) { return exact([](auto a, auto b) { return shifted_left(a, b); }); }
constexpr auto meaning_of(Type<RightShift>) { return exact([](auto a, auto b) { return shifted_right(a, b); }); }

constexpr auto meaning_of(Type<Softsign>) { return within(1.5, [](Real x) { return softsign(x); }); }
constexpr auto meaning_of(Type<Erfc>) { return within(2.2, [](Real x) { return std::erfc(x); }); }
constexpr auto meaning_of(Type<Ndtr>) { return within(2.2, [](Real x) { return ndtr(x); }); }

// By the standard library or Boost.Math in double, one number at a time.
constexpr auto meaning_of(Type<Cbrt>) { return within(0.51, [](Real x) { return std::cbrt(x); }); }
constexpr auto meaning_of(Type<Exp2>) { return within(1, [](Real x) { return std::exp2(x); }); }
constexpr auto meaning_of(Type<Log2>) { return within(1, [](Real x) { return std::log2(x); }); }
constexpr auto meaning_of(Type<Log10>) { return within(2, [](Real x) { return std::log10(x); }); }
constexpr auto meaning_of(Type<Asin>) { return within(1, [](Real x) { return std::asin(x); }); }
constexpr auto meaning_of(Type<Acos>) { return within(1, [](Real x) { return std::acos(x); }); }
constexpr auto meaning_of(Type<Asinh>) { return within(2, [](Real x) { return std::asinh(x); }); }
constexpr auto meaning_of(Type<Acosh>) { return within(2, [](Real x) { return std::acosh(x); }); }
constexpr auto meaning_of(Type<Atanh>) { return within(2, [](Real x) { return std::atanh(x); }); }
constexpr auto meaning_of(Type<Atan2>) {
  return within({.float64 = 1, .float32 = 0.51, .domain = Domain::Sides}, [](Real y, Real x) { return std::atan2(y, x); });
}
constexpr auto meaning_of(Type<Sinc>) { return within(2, [](Real x) { return sinc(x); }); }
constexpr auto meaning_of(Type<SphericalBessel>) {
  return within({.float64 = 10, .float32 = 0.51, .domain = Domain::Orders}, [](Real n, Real x) { return spherical_bessel(n, x); });
}
constexpr auto meaning_of(Type<ScaledBesselI>) {
  return within({.float64 = 25, .float32 = 0.51, .domain = Domain::Orders}, [](Real n, Real x) { return scaled_bessel_i(n, x); });
}
constexpr auto meaning_of(Type<Erfinv>) { return within(3, [](Real x) { return erfinv(x); }); }
constexpr auto meaning_of(Type<LogNdtr>) { return within(3, [](Real x) { return log_ndtr(x); }); }
constexpr auto meaning_of(Type<SlopeOfLogNdtr>) { return within(5, [](Real x) { return slope_of_log_ndtr(x); }); }
constexpr auto meaning_of(Type<Beta>) {
  return within({.float64 = 2000, .float32 = 0.51, .domain = Domain::Shapes}, [](Real a, Real b) { return beta(a, b); });
}
constexpr auto meaning_of(Type<BetaLn>) {
  return within({.float64 = 10, .float32 = 0.51, .domain = Domain::Shapes}, [](Real a, Real b) { return betaln(a, b); });
}
constexpr auto meaning_of(Type<GammaInc>) {
  return within({.float64 = 400, .float32 = 0.51, .domain = Domain::Shapes}, [](Real a, Real x) { return gammainc(a, x); });
}
constexpr auto meaning_of(Type<GammaIncC>) {
  return within({.float64 = 400, .float32 = 0.51, .domain = Domain::Shapes}, [](Real a, Real x) { return gammaincc(a, x); });
}
constexpr auto meaning_of(Type<GammaDensity>) {
  return within({.float64 = 400, .float32 = 0.51, .domain = Domain::Shapes}, [](Real a, Real x) { return gamma_density(a, x); });
}
// clang-format on

}  // namespace semantics
