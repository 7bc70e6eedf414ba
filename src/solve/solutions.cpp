#include <xgrad/solve/solutions.hpp>

#include <memory>
#include <optional>
#include <utility>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/create.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/reduce.hpp>
#include <xgrad/transform/host_call.hpp>

#include "core/text.hpp"

namespace xgrad::solve::detail {

std::vector<Var> solve_later(std::string_view operation, std::span<const Var> like, std::span<const Var> given,
                             std::function<std::vector<Var>(std::span<const Var>)> solver) {
  auto body = std::make_shared<xgrad::detail::HostBody>();
  body->name = std::string(operation);
  body->parameters.assign(given.size(), std::nullopt);
  std::vector<Shape> shapes;
  for (const Var& leaf : like) {
    body->results.push_back(leaf.dtype());
    shapes.push_back(leaf.shape());
  }
  body->call = std::move(solver);
  xgrad::detail::require_usable(*body, given);
  return xgrad::detail::record_host_call(body, given, shapes);
}

Var weighed(std::span<const Var> multipliers, std::span<const Var> above) {
  Var total(0.0);
  for (std::size_t k = 0; k < above.size(); ++k) total = total + sum(multipliers[k] * above[k]);
  return total;
}

std::vector<Var> complementary(std::span<const Var> multipliers, std::span<const Var> above,
                               std::span<const Relation> relations) {
  std::vector<Var> result;
  for (std::size_t k = 0; k < above.size(); ++k) {
    result.push_back(relations[k] == Relation::Equal ? above[k] : multipliers[k] * above[k]);
  }
  return result;
}

std::vector<Var> complementary_to_bound(std::span<const Var> multipliers, std::span<const Var> x, const Bound& bound) {
  std::vector<Var> result;
  for (std::size_t k = 0; k < x.size(); ++k) {
    if (!bound.given()) {
      result.push_back(multipliers[k]);
      continue;
    }
    const Var at = bound.all() ? Var(*bound.all()) : bound.leaves().at(k);
    const Var is_bound = isfinite(at);
    result.push_back(multipliers[k] * where(is_bound, x[k] - where(is_bound, at, 0.0), 1.0));
  }
  return result;
}

std::vector<Var> pushed(std::span<const Var> slopes, std::span<const Var> lower, std::span<const Var> upper) {
  std::vector<Var> result;
  for (std::size_t k = 0; k < slopes.size(); ++k) result.push_back(slopes[k] - lower[k] + upper[k]);
  return result;
}

Holding::Holding(std::string_view operation, Bound lower, Bound upper)
    : operation_(operation), lower_(std::move(lower)), upper_(std::move(upper)) {
  for (const Bound& bound : {lower_, upper_}) {
    for (const Var& each : bound.leaves()) {
      if (!each.recorded()) continue;
      throw TapeError(operation_ +
                      ": a bound is recorded; bounds are values and have no derivatives. Give them before, or change "
                      "variables so that they do not depend on parameters");
    }
  }
}

std::vector<Var> Holding::held(std::span<const Var> at, std::span<const Var> gradient) const {
  const auto side = [&](const Bound& bound, std::size_t k) -> Var {
    if (bound.all()) return *bound.all();
    if (bound.leaves().size() == at.size() && bound.leaves()[k].shape() == at[k].shape()) {
      return cast(bound.leaves()[k], at[k].dtype());
    }
    throw ShapeError(operation_ + ": the bounds are no tree like the solution; they must be that, or a number");
  };
  std::vector<Var> result;
  for (std::size_t k = 0; k < at.size(); ++k) {
    const Var& x = at[k];
    Var held = zeros(x.shape(), DType::Bool);
    if (lower_.given()) held = held || (x <= side(lower_, k) && gradient[k] > 0.0);
    if (upper_.given()) held = held || (x >= side(upper_, k) && gradient[k] < 0.0);
    result.push_back(held);
  }
  return result;
}

Holding holding_of(std::string_view operation, const Minimiser& method, const MinimiseOptions& options) {
  if (const auto* proximal = std::get_if<ProximalGradient>(&method)) {
    if (const auto* set = std::get_if<Interval>(&proximal->term)) return {operation, set->lower, set->upper};
  }
  return {operation, options.lower, options.upper};
}

std::vector<Var> stopped_where(std::span<const Var> held, std::span<const Var> x, std::span<const Var> y) {
  std::vector<Var> result;
  for (std::size_t k = 0; k < x.size(); ++k) result.push_back(where(held[k], stop_gradient(x[k]), y[k]));
  return result;
}

std::vector<Var> gradient_or_rest(std::span<const Var> held, std::span<const Var> x, std::span<const Var> gradient) {
  std::vector<Var> result;
  for (std::size_t k = 0; k < x.size(); ++k) {
    result.push_back(where(held[k], x[k] - stop_gradient(x[k]), gradient[k]));
  }
  return result;
}

void require_converged(std::string_view operation, const Report& report) {
  if (report.converged()) return;
  core::TextStream message;
  message << operation << ": the solver has not converged: " << report;
  throw ValueError(message.str());
}

}  // namespace xgrad::solve::detail
