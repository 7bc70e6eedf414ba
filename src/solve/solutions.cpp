#include <xgrad/solve/solutions.hpp>

#include <memory>
#include <optional>
#include <utility>

#include <xgrad/core/errors.hpp>
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

void require_converged(std::string_view operation, const Report& report) {
  if (report.converged()) return;
  core::TextStream message;
  message << operation << ": the solver has not converged: " << report;
  throw ValueError(message.str());
}

}  // namespace xgrad::solve::detail
