// Sets, and the l1 norm: nearest points and corners.
#pragma once

#include <xgrad/solve/proximal.hpp>

#include "flat.hpp"

namespace xgrad::solve::detail {

/// A term with its settings checked.
class Proximal {
 public:
  /// \throws ValueError, ShapeError  for settings out of range, and trees that do not fit.
  Proximal(const Leaves& leaves, const Term& term);

  /// The nearest point, weighed by the step where the term is no set.
  [[nodiscard]] Vector nearest(Vector x, double step) const;
  /// What the term adds to the objective.
  [[nodiscard]] double value(const Vector& x) const;
  /// Whether the set is the hull of corners; and whether these are finitely many.
  [[nodiscard]] bool has_corners() const;
  [[nodiscard]] bool is_polytope() const;
  /// The point of the set whose product with a vector is least.
  [[nodiscard]] Vector corner(const Vector& gradient) const;

 private:
  const Term& term_;
  Vector normal_;
  Box box_;
};

}  // namespace xgrad::solve::detail
