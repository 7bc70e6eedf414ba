#include <xgrad/loss/robust.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <optional>
#include <string>
#include <string_view>

#include <xgrad/core/errors.hpp>
#include <xgrad/loss/contract.hpp>
#include <xgrad/ops/check.hpp>
#include <xgrad/ops/elementwise.hpp>

#include "arguments.hpp"
#include "near_zero.hpp"
#include "ops/internal.hpp"
#include "residual.hpp"

namespace xgrad::loss {
namespace {

using detail::require_positive;
using detail::residual;

/// A loss of float32 errors; in float64 if its terms leave float32.
template <class Loss>
Var with_room(const Var& e, bool leaves_float, const Loss& loss) {
  if (!leaves_float || e.dtype() != DType::Float32) return loss(e);
  return cast(loss(cast(e, DType::Float64)), DType::Float32);
}

/// The square of a scale, as a factor, may leave float32, or take small errors out of it.
template <class Loss>
Var of_scale(const Var& e, double scale, const Loss& loss) {
  return with_room(e, scale < 0x1p-20 || scale > 0x1p20, loss);
}

/// e / c; the product is cheaper than the quotient.
Var ratio(const Var& e, double c) { return e * (1.0 / c); }
Var squared_ratio(const Var& e, double c) { return square(ratio(e, c)); }

/// sqrt(1 + z^2) - 1 without cancellation, given the root; z^2 is not used where it may be infinite.
Var root_less_one(const Var& z, const Var& root) {
  const Var squared = square(z);
  return where(squared < 1.0, squared / (root + 1.0), root - 1.0);
}

/// e^2 / 2 up to a limit, then a line: with c = e between -limit and limit, c (e - c / 2). The derivative is c, because
/// e = c wherever c moves. A factor must not find a product that left the range.
Var square_then_line(const Var& e, double limit, double factor = 1.0) {
  const Var c = clip(e, -limit, limit);
  return (factor == 1.0 ? c : factor * c) * (e - 0.5 * c);
}

}  // namespace

Var Huber::operator()(const Var& prediction, const Var& target) const {
  require_positive(name, "delta", delta);
  return square_then_line(residual(name, prediction, target), delta);
}

Var SmoothL1::operator()(const Var& prediction, const Var& target) const {
  require_setting(name, "beta", beta, beta >= 0.0 && std::isfinite(beta), "it must be finite and not negative");
  const Var e = residual(name, prediction, target);
  if (beta == 0.0) return abs(e);
  return square_then_line(e, beta, 1.0 / beta);
}

Var Charbonnier::operator()(const Var& prediction, const Var& target) const {
  require_positive(name, "eps", eps);
  return hypot(residual(name, prediction, target), eps);
}

Var PseudoHuber::operator()(const Var& prediction, const Var& target) const {
  require_positive(name, "delta", delta);
  return of_scale(residual(name, prediction, target), delta, [&](const Var& e) {
    const Var z = ratio(e, delta);
    return delta * delta * root_less_one(z, hypot(z, 1.0));
  });
}

Var Cauchy::operator()(const Var& prediction, const Var& target) const {
  require_positive(name, "c", c);
  return of_scale(residual(name, prediction, target), c,
                  [&](const Var& e) { return 0.5 * c * c * detail::log1p_square(ratio(e, c)); });
}

Var Welsch::operator()(const Var& prediction, const Var& target) const {
  require_positive(name, "c", c);
  return of_scale(residual(name, prediction, target), c,
                  [&](const Var& e) { return -0.5 * c * c * expm1(-squared_ratio(e, c)); });
}

Var GemanMcClure::operator()(const Var& prediction, const Var& target) const {
  require_positive(name, "c", c);
  return of_scale(residual(name, prediction, target), c, [&](const Var& e) {
    const Var u = squared_ratio(e, c);
    // Two forms, so that the derivative is no difference where u is large.
    const Var rest = 1.0 / (u + 4.0);
    return where(u < 1.0, 2.0 * u * rest, 2.0 - 8.0 * rest);
  });
}

Var Tukey::operator()(const Var& prediction, const Var& target) const {
  require_positive(name, "c", c);
  return of_scale(residual(name, prediction, target), c, [&](const Var& e) {
    const Var u = minimum(squared_ratio(e, c), 1.0);
    return c * c / 6.0 * u * (3.0 + u * (u - 3.0));  // 1 - (1 - u)^3 without cancellation
  });
}

Var Wing::operator()(const Var& prediction, const Var& target) const {
  require_positive(name, "w", w);
  require_positive(name, "eps", eps);
  return with_room(residual(name, prediction, target), w / eps > 1e30 || eps < 0x1p-120, [&](const Var& e) {
    const Var size = abs(e);
    const Var excess = relu(size - w);
    return w * log1p((size - excess) * (1.0 / eps)) + excess;
  });
}

// ---- Barron's loss

namespace {

/// Beyond it, alpha counts as infinite: no double differs.
constexpr double huge_alpha = 1e18;

/// The value of a setting that is known now and the same for all elements.
std::optional<double> known_number(const Var& setting) {
  if (setting.recorded() || setting.size() != 1) return std::nullopt;
  return cast<double>(setting).item<double>();
}

/// \throws ShapeError  unless the setting broadcasts to the shape of the loss.
void require_broadcast(std::string_view setting, const Shape& from, const Shape& to) {
  if (xgrad::detail::broadcasts_to(from, to)) return;
  throw ShapeError(std::string(Barron::name) + ": " + std::string(setting) + " is " + to_string(from) +
                   " and the loss is " + to_string(to) + "; a setting must broadcast to the shape of the loss");
}

/// (1 + z^2)^(quarters / 4) - 1 by square roots; no digits are lost for small z.
Var power_less_one(const Var& z, int quarters) {
  const bool whole = quarters % 4 == 0;
  Var root;
  Var first;  // root - 1
  int powers = quarters / 4;
  if (whole) {
    first = square(z);
    root = first + 1.0;
  } else {
    root = hypot(z, 1.0);
    first = root_less_one(z, root);
    powers = quarters / 2;
  }
  if (quarters % 2 != 0) {
    const Var half = root;
    root = sqrt(half);
    first = where(half < 2.0, first / (root + 1.0), root - 1.0);
    powers = quarters;
  }
  Var power = 1.0;
  Var series = 1.0;
  for (int i = 1; i < powers; ++i) {
    power = power * root;
    series = series + power;
  }
  return first * series;
}

/// Whether (1 + z^2)^(alpha / 2) is a root or a product.
bool has_roots(double alpha) { return alpha > 0.0 && alpha <= 8.0 && 2.0 * alpha == std::floor(2.0 * alpha); }

/// Beside alpha = 2, where b = |alpha - 2| vanishes and w^2 / b is large, the plain formula has the difference of large
/// numbers for derivatives. With d = alpha - 2, b exp(L) is w^2 + b.
constexpr double near_two = 0.125;

/// The binary logarithm of a w from which on 1 beside w^2 / b is less than the last digit, for alpha from 1 to 8. Up to
/// it the loss is in range, and so are the products of its parts.
struct FarError {
  double most;
  double times_alpha;
};
FarError far_error(DType type) { return type == DType::Float32 ? FarError{56.0, 120.0} : FarError{300.0, 1000.0}; }

/// The loss of an alpha that is no limit, where w is not huge.
Var barron_of_moderate(double alpha, const Var& w) {
  const double d = alpha - 2.0;
  const double b = std::abs(d);
  const Var z = w * (1.0 / std::sqrt(b));
  if (has_roots(alpha)) return b / alpha * power_less_one(z, static_cast<int>(2.0 * alpha));
  const Var logarithm = detail::log1p_square(z);
  if (b >= near_two) return b / alpha * expm1(0.5 * alpha * logarithm);
  const Var change = expm1(0.5 * d * logarithm);
  return (w * (w * (1.0 + change)) + b * change) * (1.0 / alpha);
}

/// For a known alpha, with the fewest operations. w = e / c.
///
/// Where the loss overflows before its derivatives do, no factor of it may be without a dimension: the derivative of
/// the loss by that is as large as the loss. Beside alpha = 2, for a large w, it is b^(1 - alpha / 2) |w|^alpha /
/// alpha, the square of a power of w.
Var barron_of_number(double alpha, const Var& w) {
  const double d = alpha - 2.0;
  const double b = std::abs(d);
  if (b == 0.0) return 0.5 * square(w);
  if (std::abs(alpha) < 1e-20) return detail::log1p_square(w * std::sqrt(0.5));
  if (alpha < -huge_alpha) return -expm1(-0.5 * square(w));
  if (alpha > huge_alpha) return expm1(0.5 * square(w));
  const Var moderate = barron_of_moderate(alpha, w);
  if (b >= near_two) return moderate;  // elsewhere that would take three times as long, for errors of 1e15 and more
  const FarError from = far_error(w.dtype());
  const Var size = abs(w);
  const Var far = square(std::pow(b, -0.25 * d) * pow(size, 0.5 * alpha)) * (1.0 / alpha);
  return where(size > std::exp2(std::min(from.most, from.times_alpha / alpha)), far, moderate);
}

/// sinh(y) / y from q = y^2, for |y| <= 1/4: exact to the last digit, and so are two derivatives.
Var sinh_ratio(const Var& q) {
  Var result = 1.0 / 6227020800.0;  // 1 / 13!
  for (const double coefficient : {1.0 / 39916800.0, 1.0 / 362880.0, 1.0 / 5040.0, 1.0 / 120.0, 1.0 / 6.0, 1.0}) {
    result = result * q + coefficient;
  }
  return result;
}

/// For an alpha that is trained or an array: derivatives with respect to alpha must survive at 0 and near 2, and the
/// regime is chosen element by element.
///
/// With L = ln(1 + w^2 / b) the loss is (b / alpha) expm1(alpha L / 2), and beside alpha = 2
/// (w^2 exp(d L / 2) + b expm1(d L / 2)) / alpha. Next to alpha = 0, expm1(2 y) / alpha needs the quotient expm1(2 y) /
/// y as a series; its factor exp(y) = E leaves an even one, sinh(y) / y, and elsewhere expm1(2 y) is E^2 - 1. Far
/// errors are those of a known alpha.
Var barron_of_var(const Var& any_alpha, const Var& w) {
  const bool single = w.dtype() == DType::Float32;
  const double tiny = single ? std::numeric_limits<float>::epsilon() : std::numeric_limits<double>::epsilon();
  const Var alpha = clip(any_alpha, -huge_alpha, huge_alpha);
  const Var d = alpha - 2.0;
  const Var distance = abs(d);
  const Var b = where(distance < tiny, tiny, distance);  // not a maximum: the next alpha is at this distance
  const Var beside_two = distance < near_two;
  const Var k = where(beside_two, d, alpha);
  const Var scale = where(beside_two, 0.5 * b * d / alpha, 0.5 * b);  // without division by 0

  const Var logarithm = detail::log1p_square(w / sqrt(b));
  const Var y = 0.25 * k * logarithm;
  const Var root = exp(y);
  const Var series = scale * logarithm * (root * sinh_ratio(square(y)));
  const Var direct = b / alpha * (square(root) - 1.0);
  const Var moderate = where(beside_two, square(w * root) / alpha, 0.0) + where(abs(y) < 0.25, series, direct);

  const FarError from = far_error(w.dtype());
  const Var fixed = stop_gradient(alpha);
  const Var overflows_first = fixed > 1.0 && fixed <= 8.0;
  const Var size = abs(w);
  const Var is_far = overflows_first && size > exp(std::numbers::ln2 * minimum(from.times_alpha / fixed, from.most));
  const Var power = pow(where(is_far, size, ones_like(size)), 0.5 * alpha);
  return where(is_far, square(exp(-0.25 * d * log(b)) * power) / alpha, moderate);
}

}  // namespace

Var Barron::operator()(const Var& prediction, const Var& target) const {
  detail::require_usable(name, alpha, c);
  static const Requirement positive("Barron: c is {}; it must be positive and finite");
  static const Requirement is_number("Barron: alpha is {}; it must be a number");
  const Var e = residual(name, prediction, target);
  require_broadcast("alpha", alpha.shape(), e.shape());
  require_broadcast("c", c.shape(), e.shape());

  const std::optional<double> scale = known_number(c);
  if (scale) require_positive(name, "c", *scale);
  const std::optional<double> number = known_number(alpha);
  if (number) require_setting(name, "alpha", *number, !std::isnan(*number), "it must be a number");
  if (scale && number) {
    return of_scale(e, *scale, [&](const Var& errors) { return barron_of_number(*number, ratio(errors, *scale)); });
  }
  // Settings take the type of the data: a trained float64 scale of float32 data must not make all of it float64.
  const auto scales = [&] { return checked(c, c > 0.0 && c < std::numeric_limits<double>::infinity(), positive); };
  const Var w = scale ? ratio(e, *scale) : e * (1.0 / cast(scales(), e.dtype()));
  if (number) return barron_of_number(*number, w);
  return barron_of_var(cast(checked(alpha, equal(alpha, alpha), is_number), e.dtype()), w);
}

}  // namespace xgrad::loss
