// Linear layers as products of two narrow ones.
#pragma once

#include <cstddef>

#include <xgrad/nn/linear.hpp>
#include <xgrad/tree/fields.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::compression {

/// y = U (V x) + b, of rank r: `down` [r, inputs] without bias, `up` [outputs, r]. Trained like any other layer.
struct LowRank {
  nn::Linear down, up;
  Var operator()(const Var& x) const { return up(down(x)); }
};
XGRAD_FIELDS(LowRank, down, up)

/// Exactly one of both.
struct LowRankOptions {
  std::size_t rank = 0;  ///< how many singular values are kept
  double energy = 0.0;   ///< the least share of the sum of their squares that is kept: the fewest with that
};

/// The best approximation of a linear layer of some rank (C. Eckart and G. Young 1936), by its singular values; both
/// factors get their roots. It has rank (inputs + outputs) weights in place of inputs outputs.
/// \throws ValueError   unless one option is set, 1 <= rank <= min(inputs, outputs), 0 < energy <= 1.
/// \throws ShapeError   unless the weight is a matrix that is not empty.
/// \throws MatrixError  for weights that are not finite.
[[nodiscard]] LowRank low_rank(const nn::Linear& layer, const LowRankOptions& options);

}  // namespace xgrad::compression

#pragma GCC visibility pop
