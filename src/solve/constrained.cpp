#include <xgrad/solve/constrained.hpp>

#include <cmath>
#include <ostream>
#include <string>
#include <utility>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/reduce.hpp>

#include "core/text.hpp"
#include "program.hpp"
#include "search.hpp"
#include "var/access.hpp"

namespace xgrad::solve {

std::ostream& operator<<(std::ostream& out, const ConstrainedReport& report) {
  core::TextStream line;
  line << "; violation " << report.violation << ", complementarity " << report.complementarity;
  return out << static_cast<const Report&>(report) << line.str();
}

namespace detail {
namespace {

ConstrainedLimits limits_of(const ConstrainedOptions& options, double rounding) {
  if (options.gradient) require_above(constrained_name, "gradient", *options.gradient, 0.0, false);
  if (options.violation) require_above(constrained_name, "violation", *options.violation, 0.0, false);
  const double otherwise = std::sqrt(rounding);
  return {options.gradient.value_or(otherwise), options.violation.value_or(otherwise), options.iterations,
          options.evaluations, &options.observer};
}

void require_settings(const InteriorPoint& method, bool) {
  require_above(constrained_name, "the first weight of the barrier", method.weight, 0.0, false);
}
void require_settings(const AugmentedLagrangian& method, bool has_bounds) {
  require_method(method.inner, has_bounds);
  if (method.penalty) require_above(constrained_name, "the first penalty", *method.penalty, 0.0, false);
  require_above(constrained_name, "the growth of the penalty", method.growth, 1.0, false);
}

}  // namespace

std::vector<Var> beyond(std::span<const Var> values, Relation relation, const Var& limit) {
  const std::string operation(constrained_name);
  xgrad::detail::require_usable(limit, operation);
  if (!limit.recorded() && !all(isfinite(limit)).item<bool>()) {
    throw ValueError(operation + ": the limit of a constraint is not finite; leave out what has no limit");
  }
  std::vector<Var> result;
  for (const Var& value : values) {
    xgrad::detail::require_usable(value, operation);
    if (!is_floating(value.dtype())) {
      throw TypeError(operation + ", constraints: one returns " + std::string(name(value.dtype())) +
                      "; they must be floating-point");
    }
    if (!limit.shape().empty() && limit.shape() != value.shape()) {
      throw ShapeError(operation + ": the limit of a constraint has the shape " + to_string(limit.shape()) +
                       ", and its function returns " + to_string(value.shape()) +
                       "; a limit must be a number or have the same shape");
    }
    result.push_back(relation == Relation::AtLeast ? limit - value : value - limit);
  }
  return result;
}

ConstrainedMinimised minimise(const LeavesFunction& objective, const Start& start, const ConstraintLeaves& constraints,
                              const ConstrainedMethod& method, const ConstrainedOptions& options) {
  const bool has_bounds = options.lower.given() || options.upper.given();
  if (constraints.start.empty() && !has_bounds) {
    throw ValueError(std::string(constrained_name) +
                     ": there are neither constraints nor bounds; a Minimiser does without");
  }
  std::visit([&](const auto& each) { require_settings(each, has_bounds); }, method);
  const Leaves leaves(constrained_name, start);
  const Box box = box_or_space(leaves, options.lower, options.upper);
  const ConstrainedLimits limits = limits_of(options, leaves.rounding());
  Program program(leaves, objective, constraints);
  Solution found;
  if (const auto* interior = std::get_if<InteriorPoint>(&method)) {
    found = interior_point(*interior, program, box, limits);
  } else {
    found = augmented_lagrangian(std::get<AugmentedLagrangian>(method), program, objective, constraints.values, box,
                                 limits);
  }
  std::size_t row = 0;
  for (std::size_t k = 0; k < constraints.start.size(); ++k) {
    for (std::size_t i = 0; i < constraints.start[k].size(); ++i, ++row) {
      if (constraints.relations[k] == Relation::AtLeast) found.rows[row] = -found.rows[row];
    }
  }
  return {leaves.arrays(found.x), arrays_like(constraints.start, found.rows), leaves.arrays(found.lower),
          leaves.arrays(found.upper), program.report};
}

}  // namespace detail
}  // namespace xgrad::solve
