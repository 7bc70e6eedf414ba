// What minimisers share: their limits, and searches along a line.
#pragma once

#include <limits>
#include <optional>

#include <xgrad/solve/minimise.hpp>

#include "flat.hpp"

namespace xgrad::solve::detail {

inline constexpr std::string_view minimise_name = "solve::minimise";

/// Options with their defaults.
struct Limits {
  double gradient;
  double step;
  double reduction;
  std::size_t iterations;
  std::size_t evaluations;
  const Observer* observer;
};

/// A point with its gradient.
struct Iterate {
  Vector x;
  Objective::Point point;
};

/// What a search along x + t p found: a lower value, or nothing.
struct Found {
  bool lower = false;
  double t = 0.0;
  Iterate next;
};

/// The objective at the start, for what takes no gradients. \throws ValueError  unless it is finite.
double value_at_start(Objective& objective, const Vector& start);

/// \param first  the step that is tried first.
Found search_along(const LineSearch& search, Objective& objective, const Iterate& from, const Vector& p, double first);
/// The same by one of the searches.
Found search_by_secants(const HagerZhang& rules, Objective& objective, const Iterate& from, const Vector& p,
                        double first);
/// Keeps the lowest point of a search.
void keep(Found& found, double value_before, double t, Iterate&& next);

/// The same within a box. \param longest  the step to its boundary.
Found search_in_box(const StrongWolfe& rules, Objective& objective, const Iterate& from, const Vector& p, double first,
                    double longest, const Box& box);

/// Whether the value falls as that of an objective without a least one does, as fast as the parameters grow: that
/// steps do not change so large a number is no convergence.
inline bool falls_without_end(double value_before, const Iterate& at) {
  const double value = at.point.value;
  return value < 0.0 && value_before - value > -0.5 * value && dot(at.point.gradient, at.x) < 0.5 * value;
}

/// Counts an iteration that went from one point to the next, tells the observer, and says whether to end.
/// \param free_gradient  the largest |component| there.
bool ends_after(Objective& objective, const Limits& limits, double value_before, double value, double step,
                double length, double free_gradient);

/// The start, told to the observer; whether to end at once.
bool ends_at_start(Objective& objective, const Limits& limits, double value, double free_gradient);

// Each ends at its best point, and leaves in the report of the objective why.
Iterate descend(const Minimiser& method, Objective& objective, Iterate start, const Limits& limits);
Iterate descend_in_box(const LBFGSB& method, Objective& objective, Iterate start, const Box& box, const Limits& limits);
Iterate descend_in_region(const TrustRegion& method, Objective& objective, Iterate start, const Limits& limits);
Vector descend_to_set(const ProximalGradient& method, Objective& objective, const Vector& start, const Limits& limits);
Vector evolve(const CMAES& method, Objective& objective, const Vector& start, const Limits& limits);
Vector perturb(const SPSA& method, Objective& objective, const Vector& start, const Limits& limits);
Vector shrink_simplex(const NelderMead& method, Objective& objective, const Vector& start, const Limits& limits);

Vector descend_to_corners(const FrankWolfe& method, Objective& objective, const Vector& start, const Limits& limits);
Vector descend_in_mirror(const MirrorDescent& method, Objective& objective, const Vector& start, const Limits& limits);

/// \throws ValueError  where the objective or its gradient is not finite.
Iterate start_of_descent(Objective& objective, const Vector& from);
/// Tells the observer; whether to end, the duality gap being what is to be small.
bool ends_at(Objective& objective, const Limits& limits, double value, double gap, double least_gap, double step);
/// The gap that is asked for, with its default.
double least_gap(const Objective& objective, const std::optional<double>& asked, double value);

/// \throws ValueError  for settings out of range; for bounds with a method that knows none.
void require_method(const Minimiser& method, bool has_bounds);
/// The box of bounds, infinite where there are none.
Box box_or_space(const Leaves& leaves, const Bound& lower, const Bound& upper);
/// Any of the methods, from a start.
Vector minimise_from(const Vector& start, const Minimiser& method, Objective& objective, const Box& box,
                     const Limits& limits);

}  // namespace xgrad::solve::detail
