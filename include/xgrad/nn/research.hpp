// Layers of recent research: Kolmogorov-Arnold layers and Fourier features.
#pragma once

#include <cstddef>

#include <xgrad/core/dtype.hpp>
#include <xgrad/nn/activation.hpp>
#include <xgrad/random/key.hpp>
#include <xgrad/tree/fields.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::nn {

/// Each output is a sum of trained functions of one input each: [..., inputs] -> [..., outputs],
///
///     y_j = sum_i base_weight_ji f(x_i) + spline_weight_ji sum_m coefficients_jim B_m(x_i),
///
/// f being the activation and B_m the B-splines of an order on equal intervals from `low` to `high`. Beyond these, the
/// splines end, and the base goes on.
/// \source Z. Liu et al., KAN: Kolmogorov-Arnold Networks, 2024.
struct Kan {
  Var base_weight;    ///< [outputs, inputs]
  Var spline_weight;  ///< [outputs, inputs]
  Var coefficients;   ///< [outputs, inputs, intervals + order]
  int order = 3;
  double low = -1.0;
  double high = 1.0;
  Activation activation = Activation::Silu;

  /// \throws ShapeError  unless the last axis of x has as many elements as there are inputs, and the weights fit.
  /// \throws ValueError  unless the order is from 1 to 10 and low < high.
  Var operator()(const Var& x) const;
  /// The B-splines at x: [...] -> [..., intervals + order].
  [[nodiscard]] Var splines(const Var& x) const;
};
XGRAD_FIELDS(Kan, base_weight, spline_weight, coefficients, order, low, high, activation)

struct KanOptions {
  std::size_t intervals = 5;
  int order = 3;
  double low = -1.0;
  double high = 1.0;
  Activation activation = Activation::Silu;
  double noise = 0.1;  ///< deviation of the coefficients
  DType dtype = DType::Float32;
};

/// Base weights by xavier_normal, spline weights 1, and coefficients that are noise.
/// \throws ValueError  unless there is an interval, the order is from 1 to 10, and low < high.
/// \throws TypeError   unless the element type is a floating-point one.
[[nodiscard]] Kan kan(const random::Key& key, std::size_t inputs, std::size_t outputs, const KanOptions& options = {});

/// The same functions on another number of intervals, to go on with finer ones: from `low` to `high` exactly the same
/// if each interval is cut into equal ones, else as near as they can be, in the sense of least squares.
/// \throws ValueError  unless there is an interval.
[[nodiscard]] Kan refined(const Kan& layer, std::size_t intervals);

/// cos(2 pi x B^T) and sin(2 pi x B^T), one behind the other: [..., inputs] -> [..., 2 features]. Nets of coordinates
/// learn fine structure of them. The frequencies are random and fixed: state, which is saved and never trained.
/// \source M. Tancik et al., Fourier Features Let Networks Learn High Frequency Functions in Low Dimensional Domains,
///         2020.
struct FourierFeatures {
  Var frequencies;  ///< B, [features, inputs]
  /// \throws ShapeError  unless the last axis of x has as many elements as there are inputs.
  Var operator()(const Var& x) const;
};
XGRAD_FIELDS(FourierFeatures, state(frequencies))

struct FourierOptions {
  double deviation = 1.0;  ///< of the frequencies: how fine the structure is
  DType dtype = DType::Float32;
};

/// \throws ValueError  unless the deviation is finite and not negative.
/// \throws TypeError   unless the element type is a floating-point one.
[[nodiscard]] FourierFeatures fourier_features(const random::Key& key, std::size_t inputs, std::size_t features,
                                               const FourierOptions& options = {});

}  // namespace xgrad::nn

#pragma GCC visibility pop
