// Directions of descent.
#pragma once

#include <deque>
#include <memory>

#include "search.hpp"

namespace xgrad::solve::detail {

/// Where to go from a point, from what is remembered of the way there.
class Direction {
 public:
  Direction() = default;
  Direction(const Direction&) = delete;
  Direction& operator=(const Direction&) = delete;
  virtual ~Direction() = default;

  virtual Vector from(Objective& objective, const Iterate& at) = 0;
  /// A step s was made from one point to another, along p.
  virtual void moved(const Iterate&, const Iterate&, const Vector&) {}
  /// Forgets; returns false if there was nothing to forget.
  virtual bool restart() { return false; }
  /// Whether the length of a direction says how far it is to the minimum, so that 1 is tried first.
  [[nodiscard]] virtual bool has_length() const = 0;
};

std::unique_ptr<Direction> direction_of(const Minimiser& method, std::size_t n);

/// The last pairs of steps and changes of the gradient.
struct Pairs {
  std::size_t memory;
  std::deque<Vector> s, y;

  /// Keeps a pair whose curvature is positive; whether it did.
  bool add(Vector step, Vector change);
  /// -H g by two loops.
  [[nodiscard]] Vector direction(const Vector& gradient) const;
};

Vector difference(const Vector& a, const Vector& b);
Vector negative(const Vector& g);

}  // namespace xgrad::solve::detail
