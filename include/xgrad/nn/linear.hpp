// Layers of products.
#pragma once

#include <cstddef>
#include <optional>

#include <xgrad/core/dtype.hpp>
#include <xgrad/nn/initialise.hpp>
#include <xgrad/random/key.hpp>
#include <xgrad/tree/fields.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::nn {

/// y = x W^T + b, for the last axis of x: [..., inputs] -> [..., outputs].
struct Linear {
  Var weight;               ///< [outputs, inputs], as torch's
  std::optional<Var> bias;  ///< [outputs]
  /// \throws ShapeError  unless the last axis of x has as many elements as there are inputs, and the bias one for each
  ///                     output.
  Var operator()(const Var& x) const;
};
XGRAD_FIELDS(Linear, weight, bias)

struct LinearOptions {
  bool bias = true;
  Initialiser weights = lecun_normal();
  Initialiser biases = constant(0.0);
  DType dtype = DType::Float32;
};

/// A linear layer with weights made of a key.
/// \throws TypeError  unless the element type is a floating-point one.
[[nodiscard]] Linear linear(const random::Key& key, std::size_t inputs, std::size_t outputs,
                            const LinearOptions& options = {});

}  // namespace xgrad::nn

#pragma GCC visibility pop
