// Layers that leave parts out while a net is trained.
#pragma once

#include <vector>

#include <xgrad/nn/layer.hpp>
#include <xgrad/tree/fields.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::nn {

/// In training each element is 0 with the probability `rate`, and the others are divided by 1 - rate, so that the mean
/// stays. Afterwards x itself.
/// \source N. Srivastava et al., Dropout: A Simple Way to Prevent Neural Networks from Overfitting, 2014.
struct Dropout {
  double rate = 0.5;
  /// Axes along which all or nothing is left out: {2, 3} leaves out whole channels of [n, channels, height, width], as
  /// torch's Dropout2d.
  std::vector<int> together = {};

  Var operator()(const Var& x) const { return x; }
  /// \throws ValueError  unless 0 <= rate <= 1.
  /// \throws ShapeError  if x has not those axes.
  Var operator()(const Var& x, const Training& training) const;
  [[nodiscard]] bool differs_in_training() const noexcept { return rate != 0.0; }
};
XGRAD_FIELDS(Dropout, rate, together)

/// Stochastic depth: in training each sample, along the first axis, is 0 with the probability `rate`, and the others
/// are divided by 1 - rate. It is the end of a branch that is added to what it branched off from:
/// `residual(sequential(f, DropPath{0.1}))`.
/// \source G. Huang et al., Deep Networks with Stochastic Depth, 2016.
struct DropPath {
  double rate = 0.1;

  Var operator()(const Var& x) const { return x; }
  /// \throws ValueError  unless 0 <= rate <= 1.
  /// \throws ShapeError  if x has no axis.
  Var operator()(const Var& x, const Training& training) const;
  [[nodiscard]] bool differs_in_training() const noexcept { return rate != 0.0; }
};
XGRAD_FIELDS(DropPath, rate)

}  // namespace xgrad::nn

#pragma GCC visibility pop
