#include <xgrad/loss/regression.hpp>

#include <algorithm>
#include <cmath>

#include <xgrad/loss/contract.hpp>
#include <xgrad/ops/check.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/reduce.hpp>

#include "arguments.hpp"
#include "near_zero.hpp"
#include "ops/axes.hpp"
#include "residual.hpp"

namespace xgrad::loss {
namespace detail {

void require_positive(std::string_view loss, std::string_view setting, double value) {
  require_setting(loss, setting, value, value > 0.0 && std::isfinite(value), "it must be positive and finite");
}

}  // namespace detail

namespace {

using detail::as_floating;
using detail::require_positive;
using detail::residual;

void require_tolerance(std::string_view loss, double eps) {
  require_setting(loss, "eps", eps, eps >= 0.0 && std::isfinite(eps), "it must be finite and not negative");
}

void require_fraction(std::string_view loss, double tau) {
  require_setting(loss, "tau", tau, tau > 0.0 && tau < 1.0, "it must be between 0 and 1");
}

}  // namespace

Var Mse::operator()(const Var& prediction, const Var& target) const {
  return square(residual(name, prediction, target));
}

Var HalfSquared::operator()(const Var& prediction, const Var& target) const {
  return 0.5 * square(residual(name, prediction, target));
}

Var Rmse::operator()(const Var& prediction, const Var& target) const {
  const Var e = residual(name, prediction, target);
  const std::size_t along = xgrad::detail::normalize_axis(name, axis, e);
  const auto count = static_cast<double>(std::max<std::size_t>(e.shape()[along], 1));
  return norm(e, axis) * (1.0 / std::sqrt(count));  // unlike sqrt(mean), with a derivative where all errors are 0
}

Var Mae::operator()(const Var& prediction, const Var& target) const { return abs(residual(name, prediction, target)); }

Var LogCosh::operator()(const Var& prediction, const Var& target) const {
  return log_cosh(residual(name, prediction, target));
}

Var Mape::operator()(const Var& prediction, const Var& target) const {
  require_positive(name, "eps", eps);
  const Var e = residual(name, prediction, target);
  return 100.0 * abs(e) / maximum(abs(as_floating(target, prediction)), eps);
}

Var Smape::operator()(const Var& prediction, const Var& target) const {
  require_positive(name, "eps", eps);
  const Var e = residual(name, prediction, target);
  return 200.0 * abs(e) / maximum(abs(as_floating(prediction, target)) + abs(as_floating(target, prediction)), eps);
}

Var Msle::operator()(const Var& prediction, const Var& target) const {
  static const Requirement requirement("Msle: the target {} is not greater than -1");
  require_same_shape(name, prediction, target);
  const Var t = check_targets ? checked(target, target > -1.0, requirement) : target;
  return square(log1p(as_floating(prediction, target)) - log1p(as_floating(t, prediction)));
}

Var Pinball::operator()(const Var& prediction, const Var& target) const {
  require_fraction(name, tau);
  const Var e = residual(name, prediction, target);
  return maximum(-tau * e, (1.0 - tau) * e);
}

Var Expectile::operator()(const Var& prediction, const Var& target) const {
  require_fraction(name, tau);
  const Var e = residual(name, prediction, target);
  const auto number = [&e](double x) { return full_like(e, x); };
  return square(e) * where(e > 0.0, number(1.0 - tau), where(e < 0.0, number(tau), number(0.5)));
}

Var EpsilonInsensitive::operator()(const Var& prediction, const Var& target) const {
  require_tolerance(name, eps);
  return relu(abs(residual(name, prediction, target)) - eps);
}

Var SquaredEpsilonInsensitive::operator()(const Var& prediction, const Var& target) const {
  require_tolerance(name, eps);
  return square(relu(abs(residual(name, prediction, target)) - eps));
}

Var Linex::operator()(const Var& prediction, const Var& target) const {
  require_setting(name, "a", a, a != 0.0 && std::isfinite(a), "it must be finite and not 0");
  return detail::exp_less_line(a * residual(name, prediction, target));
}

Var CosineDistance::operator()(const Var& prediction, const Var& target) const {
  require_positive(name, "eps", eps);
  require_same_shape(name, prediction, target);
  (void)xgrad::detail::normalize_axis(name, axis, prediction);
  const Var p = as_floating(prediction, target);
  const Var t = as_floating(target, prediction);
  const auto direction = [this](const Var& x) { return x / maximum(norm(x, axis, keep_dims), eps); };
  return 1.0 - sum(direction(p) * direction(t), axis);
}

}  // namespace xgrad::loss
