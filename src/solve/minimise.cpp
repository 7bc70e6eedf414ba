#include <xgrad/solve/minimise.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include <xgrad/core/errors.hpp>

#include "search.hpp"

namespace xgrad::solve::detail {
namespace {

void require_between(std::string_view option, double value, double least, double most) {
  require_above(minimise_name, option, value, least, false);
  if (value < most) return;
  throw ValueError(std::string(minimise_name) + ": " + std::string(option) + " is " + std::to_string(value) +
                   "; it must be below " + std::to_string(most));
}

void require_rules(const StrongWolfe& rules) {
  require_between("the decrease of a search", rules.decrease, 0.0, 1.0);
  require_between("the curvature of a search", rules.curvature, rules.decrease, 1.0);
  require_above(minimise_name, "the trials of a search", static_cast<double>(rules.trials), 0.0, false);
}
void require_rules(const Armijo& rules) {
  require_between("the decrease of a search", rules.decrease, 0.0, 1.0);
  require_between("what a search shrinks by", rules.shrink, 0.0, 1.0);
  require_above(minimise_name, "the trials of a search", static_cast<double>(rules.trials), 0.0, false);
}
void require_rules(const LineSearch& search) {
  std::visit([](const auto& rules) { require_rules(rules); }, search);
}

template <class M>
void require_method(const M& method) {
  if constexpr (requires { method.search; }) require_rules(method.search);
  if constexpr (requires { method.memory; }) {
    require_above(minimise_name, "memory", static_cast<double>(method.memory), 0.0, false);
  }
  if constexpr (requires { method.radius; }) require_above(minimise_name, "radius", method.radius, 0.0, false);
  if constexpr (requires { method.size; }) require_above(minimise_name, "size", method.size, 0.0, false);
}

Limits limits_of(const MinimiseOptions& options, double rounding, bool simplex) {
  if (options.gradient) require_above(minimise_name, "gradient", *options.gradient, 0.0, true);
  if (options.step) require_above(minimise_name, "step", *options.step, 0.0, true);
  if (options.reduction) require_above(minimise_name, "reduction", *options.reduction, 0.0, true);
  return {options.gradient.value_or(4500.0 * rounding),
          options.step.value_or(simplex ? std::sqrt(rounding) : rounding),
          options.reduction.value_or(rounding),
          options.iterations,
          options.evaluations,
          &options.observer};
}

Iterate start_of_descent(Objective& objective) {
  Iterate start{objective.leaves().start(), {}};
  start.point = objective.at(start.x);
  if (!std::isfinite(start.point.value) || !all_finite(start.point.gradient)) {
    throw ValueError(std::string(minimise_name) +
                     ": the objective or its gradient is not finite at the start; start where they are");
  }
  return start;
}

}  // namespace

Minimised minimise(const LeavesFunction& objective, const Start& start, const Minimiser& method,
                   const MinimiseOptions& options) {
  std::visit([](const auto& each) { require_method(each); }, method);
  const Leaves leaves(minimise_name, start);
  Box box = box_of(leaves, options.lower, options.upper);
  const auto* bounded = std::get_if<LBFGSB>(&method);
  if (!box.empty() && bounded == nullptr) {
    throw ValueError(std::string(minimise_name) + ": this method knows no bounds; LBFGSB does");
  }
  if (box.empty()) {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    box = {Vector(leaves.size(), -infinity), Vector(leaves.size(), infinity)};
  }
  const auto* simplex = std::get_if<NelderMead>(&method);
  const Limits limits = limits_of(options, leaves.rounding(), simplex != nullptr);
  Objective compiled(leaves, objective);
  Vector x;
  if (simplex != nullptr) {
    x = shrink_simplex(*simplex, compiled, leaves.start(), limits);
  } else if (const auto* proximal = std::get_if<ProximalGradient>(&method)) {
    x = descend_to_set(*proximal, compiled, limits);
  } else {
    Iterate from = start_of_descent(compiled);
    const auto* region = std::get_if<TrustRegion>(&method);
    if (region != nullptr) x = descend_in_region(*region, compiled, std::move(from), limits).x;
    else if (bounded != nullptr) x = descend_in_box(*bounded, compiled, std::move(from), box, limits).x;
    else x = descend(method, compiled, std::move(from), limits).x;
  }
  Report& report = compiled.report;
  // What has fallen to the end of numbers stands still there.
  const bool has_no_bottom = report.value < -1e-3 * std::numeric_limits<double>::max();
  if (report.converged() && has_no_bottom) report.ended = Ended::Diverged;
  return {leaves.arrays(x), report};
}

}  // namespace xgrad::solve::detail
