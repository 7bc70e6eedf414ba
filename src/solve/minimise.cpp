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
void require_rules(const HagerZhang& rules) {
  require_between("the decrease of a search", rules.decrease, 0.0, 0.5);
  require_between("the curvature of a search", rules.curvature, 0.0, 1.0);
  if (rules.curvature < rules.decrease) {
    throw ValueError(std::string(minimise_name) + ": the curvature of a search is below its decrease");
  }
  require_above(minimise_name, "the rounding of a search", rules.rounding, 0.0, true);
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
void require_settings(const M& method) {
  if constexpr (requires { method.search; }) require_rules(method.search);
  if constexpr (requires { method.memory; }) {
    require_above(minimise_name, "memory", static_cast<double>(method.memory), 0.0, false);
  }
  if constexpr (requires { method.radius; }) require_above(minimise_name, "radius", method.radius, 0.0, false);
  if constexpr (requires { method.size; }) require_above(minimise_name, "size", method.size, 0.0, false);
  if constexpr (requires { method.difference; }) {
    require_above(minimise_name, "difference", method.difference, 0.0, false);
  }
  if constexpr (requires { method.population; }) {
    if (method.population != 0) {
      require_above(minimise_name, "population", static_cast<double>(method.population), 4.0, true);
    }
  }
}

/// Whether a method takes values only.
bool takes_values(const Minimiser& method) {
  return std::holds_alternative<NelderMead>(method) || std::holds_alternative<CMAES>(method) ||
         std::holds_alternative<SPSA>(method);
}

Limits limits_of(const MinimiseOptions& options, double rounding, bool values_only) {
  if (options.gradient) require_above(minimise_name, "gradient", *options.gradient, 0.0, true);
  if (options.step) require_above(minimise_name, "step", *options.step, 0.0, true);
  if (options.reduction) require_above(minimise_name, "reduction", *options.reduction, 0.0, true);
  return {options.gradient.value_or(4500.0 * rounding),
          options.step.value_or(values_only ? std::sqrt(rounding) : rounding),
          options.reduction.value_or(rounding),
          options.iterations,
          options.evaluations,
          &options.observer};
}

}  // namespace

Iterate start_of_descent(Objective& objective, const Vector& from) {
  Iterate start{from, {}};
  start.point = objective.at(start.x);
  if (!std::isfinite(start.point.value) || !all_finite(start.point.gradient)) {
    throw ValueError(std::string(minimise_name) +
                     ": the objective or its gradient is not finite at the start; start where they are");
  }
  return start;
}

void require_method(const Minimiser& method, bool has_bounds) {
  std::visit([](const auto& each) { require_settings(each); }, method);
  if (has_bounds && std::get_if<LBFGSB>(&method) == nullptr) {
    throw ValueError(std::string(minimise_name) + ": this method knows no bounds; LBFGSB does");
  }
}

Box box_or_space(const Leaves& leaves, const Bound& lower, const Bound& upper) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  Box box = box_of(leaves, lower, upper);
  if (box.empty()) box = {Vector(leaves.size(), -infinity), Vector(leaves.size(), infinity)};
  return box;
}

Vector minimise_from(const Vector& start, const Minimiser& method, Objective& objective, const Box& box,
                     const Limits& limits) {
  if (const auto* simplex = std::get_if<NelderMead>(&method)) return shrink_simplex(*simplex, objective, start, limits);
  if (const auto* evolution = std::get_if<CMAES>(&method)) return evolve(*evolution, objective, start, limits);
  if (const auto* signs = std::get_if<SPSA>(&method)) return perturb(*signs, objective, start, limits);
  if (const auto* proximal = std::get_if<ProximalGradient>(&method)) {
    return descend_to_set(*proximal, objective, start, limits);
  }
  if (const auto* corners = std::get_if<FrankWolfe>(&method)) {
    return descend_to_corners(*corners, objective, start, limits);
  }
  if (const auto* mirror = std::get_if<MirrorDescent>(&method)) {
    return descend_in_mirror(*mirror, objective, start, limits);
  }
  Iterate from = start_of_descent(objective, start);
  if (const auto* region = std::get_if<TrustRegion>(&method)) {
    return descend_in_region(*region, objective, std::move(from), limits).x;
  }
  if (const auto* bounded = std::get_if<LBFGSB>(&method)) {
    return descend_in_box(*bounded, objective, std::move(from), box, limits).x;
  }
  return descend(method, objective, std::move(from), limits).x;
}

double value_at_start(Objective& objective, const Vector& start) {
  const double value = objective.value(start);
  if (std::isfinite(value)) return value;
  throw ValueError(std::string(minimise_name) + ": the objective is not finite at the start; start where it is");
}

Minimised minimise(const LeavesFunction& objective, const Start& start, const Minimiser& method,
                   const MinimiseOptions& options) {
  require_method(method, options.lower.given() || options.upper.given());
  const Leaves leaves(minimise_name, start);
  const Box box = box_or_space(leaves, options.lower, options.upper);
  const Limits limits = limits_of(options, leaves.rounding(), takes_values(method));
  Objective compiled(leaves, objective);
  const Vector x = minimise_from(leaves.start(), method, compiled, box, limits);
  Report& report = compiled.report;
  // What has fallen to the end of numbers stands still there.
  const bool has_no_bottom = report.value < -1e-3 * std::numeric_limits<double>::max();
  if (report.converged() && has_no_bottom) report.ended = Ended::Diverged;
  return {leaves.arrays(x), report};
}

}  // namespace xgrad::solve::detail
