#include <xgrad/solve/solutions.hpp>

#include <cmath>
#include <memory>
#include <optional>
#include <utility>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/create.hpp>
#include <xgrad/ops/elementwise.hpp>
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
    if (const auto* set = std::get_if<Interval>(&proximal->term)) {
      const auto side = [](double at) { return std::isinf(at) ? Bound() : Bound(at); };
      return {operation, side(set->lower), side(set->upper)};
    }
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
