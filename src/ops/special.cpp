#include <xgrad/ops/special.hpp>

#include <limits>
#include <numbers>
#include <string>

#include <xgrad/core/errors.hpp>

#include "elementwise.hpp"

namespace xgrad {

Var erfc(const Var& x) { return detail::elementwise<primitives::Erfc>(x); }
Var erfinv(const Var& x) { return detail::elementwise<primitives::Erfinv>(x); }
Var ndtr(const Var& x) { return detail::elementwise<primitives::Ndtr>(x); }
Var log_ndtr(const Var& x) { return detail::elementwise<primitives::LogNdtr>(x); }
Var slope_of_log_ndtr(const Var& x) { return detail::elementwise<primitives::SlopeOfLogNdtr>(x); }

Var beta(const Var& a, const Var& b) { return detail::elementwise<primitives::Beta>(a, b); }
Var betaln(const Var& a, const Var& b) { return detail::elementwise<primitives::BetaLn>(a, b); }
Var gammainc(const Var& a, const Var& x) { return detail::elementwise<primitives::GammaInc>(a, x); }
Var gammaincc(const Var& a, const Var& x) { return detail::elementwise<primitives::GammaIncC>(a, x); }
Var gamma_density(const Var& a, const Var& x) { return detail::elementwise<primitives::GammaDensity>(a, x); }

Var scaled_bessel_i(const Var& n, const Var& x) { return detail::elementwise<primitives::ScaledBesselI>(n, x); }
Var i0(const Var& x) {
  detail::require_operands("i0", x);
  const auto of = [](const Var& a) {
    // Near 0 the power series in x^2 / 4, for elsewhere the slopes of both factors cancel. The exponential in two
    // parts, as it is larger than the result.
    const Var part = square(0.5 * a);
    Var series = ones_like(part);
    for (int k = 10; k > 0; --k) series = 1.0 + part * series / static_cast<double>(k * k);
    const Var half = exp(0.5 * abs(a));
    const Var far = where(isinf(a), square(a), half * i0e(a) * half);
    return where(abs(a) < 1.0, series, far);
  };
  return detail::computed_at_once("i0", of, x.dtype() == DType::Float32 ? x : cast(x, DType::Float64));
}
Var i0e(const Var& x) { return detail::elementwise_named<primitives::ScaledBesselI>("i0e", Var(0.0), x); }
Var i1e(const Var& x) { return detail::elementwise_named<primitives::ScaledBesselI>("i1e", Var(1.0), x); }
Var sinc(const Var& x) { return detail::elementwise<primitives::Sinc>(x); }
Var spherical_bessel(const Var& n, const Var& x) { return detail::elementwise<primitives::SphericalBessel>(n, x); }

Var without_derivative(std::string_view function, std::string_view argument, const Var&) {
  throw TypeError(std::string(function) + ": no derivative with respect to " + std::string(argument) +
                  ". Write stop_gradient(" + std::string(argument) + ") if it is constant");
}

Var xlogy(const Var& x, const Var& y) {
  detail::require_operands("xlogy", x, y);
  // Where the logarithm is no number, nothing of it may reach the product, nor its derivative.
  const auto of = [](const Var& a, const Var& b) {
    const Var vanishes = equal(a, 0.0) && (b <= 0.0 || equal(b, std::numeric_limits<double>::infinity()));
    return a * log(where(vanishes, 1.0, b));
  };
  return detail::computed_at_once("xlogy", of, x, y);
}

Var xlog1py(const Var& x, const Var& y) {
  detail::require_operands("xlog1py", x, y);
  const auto of = [](const Var& a, const Var& b) {
    const Var vanishes = equal(a, 0.0) && (b <= -1.0 || equal(b, std::numeric_limits<double>::infinity()));
    return a * log1p(where(vanishes, 0.0, b));
  };
  return detail::computed_at_once("xlog1py", of, x, y);
}

Var log1mexp(const Var& x) {
  detail::require_operands("log1mexp", x);
  const auto of = [](const Var& a) { return where(a > std::numbers::ln2, log1p(-exp(-a)), log(-expm1(-a))); };
  return detail::computed_at_once("log1mexp", of, x);
}

Var logit(const Var& x) {
  detail::require_operands("logit", x);
  const auto of = [](const Var& a) {
    const Var from_half = 2.0 * a - 1.0;  // exact where it is used
    return where(abs(from_half) < 0.5, log1p(from_half) - log1p(-from_half), log(a) - log1p(-a));
  };
  return detail::computed_at_once("logit", of, x);
}

}  // namespace xgrad
