// How far two correct executions of a recorded program may be apart: running error analysis.
//
// Every node is evaluated by itself, so that nothing can be fused, and its value checked against a plain loop over the
// values of its inputs. Beside the value goes a bound of how far another correct execution may come out, element by
// element:
//
// - Leaves, constants, views, choices and integer arithmetic are exact: bound 0, where even the signs of zeros must
//   agree. So are sums, differences, products and quotients by powers of two of exact numbers that need no rounding.
// - Other arithmetic adds 2 units in the last place of its result, functions 8 (pow: 16). So a * b + c may be rounded
//   once, and a / b computed as a * (1 / b); but no term may be lost.
// - Sums and matrix products add a rounding of the sum of the *magnitudes* of the terms, whatever the order.
// - The bounds of the inputs go through a function by evaluating it at both ends.
// - Where rounding can decide a discontinuous function (comparisons, sign, argmax, casts to integers, 1 / x around 0,
//   overflow), the result is undecided: infinite bound, nothing is compared. Exact operands decide. So does
//   `equal(x, amax(x))`, on which derivatives rest, at the largest element: whoever computes x twice must get the
//   same bits.
#pragma once

#include <array>
#include <limits>
#include <string>
#include <vector>

#include "ir/state.hpp"
#include "primitives/list.hpp"

namespace random_graphs {

inline constexpr double undecided = std::numeric_limits<double>::infinity();
/// The bound of a zero whose sign is open.
inline constexpr double any_zero = std::numeric_limits<double>::denorm_min();

/// Bounds of the elements of a node; empty: all are 0.
using Bounds = std::vector<double>;

/// One number for each primitive.
using Counts = std::array<std::size_t, xgrad::primitives::list_size>;

class Analysis {
 public:
  /// Evaluates and bounds all nodes of a tape, none of which may be evaluated yet.
  /// \param wanted  the nodes whose bounds are asked for afterwards.
  Analysis(xgrad::ir::TapeState& tape, const std::vector<xgrad::ir::NodeId>& wanted);

  [[nodiscard]] const Bounds& bounds(xgrad::ir::NodeId id) const { return nodes_[id].bounds; }
  /// How many nodes there are of each primitive.
  [[nodiscard]] const Counts& counts() const { return counts_; }
  /// The largest magnitude of all floating-point values; infinity where one is not finite.
  [[nodiscard]] double largest_magnitude() const { return largest_; }
  /// What is wrong with a node's value; empty if nothing is.
  [[nodiscard]] const std::string& complaint() const { return complaint_; }

 private:
  struct Known {
    std::vector<double> values;
    Bounds bounds;
    [[nodiscard]] double bound(std::size_t i) const { return bounds.empty() ? 0.0 : bounds[i]; }
  };
  class Step;

  xgrad::ir::TapeState& tape_;
  std::vector<Known> nodes_;
  Counts counts_{};
  double largest_ = 0.0;
  std::string complaint_;
};

}  // namespace random_graphs
