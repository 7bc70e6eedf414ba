// Multilayer perceptrons.
#pragma once

#include <cstddef>
#include <vector>

#include <xgrad/core/dtype.hpp>
#include <xgrad/nn/activation.hpp>
#include <xgrad/nn/initialise.hpp>
#include <xgrad/nn/linear.hpp>
#include <xgrad/nn/outline.hpp>
#include <xgrad/random/key.hpp>
#include <xgrad/tree/fields.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::nn {

/// Linear layers with an activation between them: [..., sizes[0]] -> [..., sizes.back()].
struct Mlp {
  std::vector<Linear> layers;
  Activation activation = Activation::Relu;
  Activation last = Activation::Identity;  ///< behind the last layer
  Var operator()(const Var& x) const;
  void outline(detail::Outline& outline) const;
};
XGRAD_FIELDS(Mlp, layers, activation, last)

struct MlpOptions {
  Activation activation = Activation::Relu;
  Activation last = Activation::Identity;
  bool bias = true;
  Initialiser weights = lecun_normal();
  Initialiser biases = constant(0.0);
  DType dtype = DType::Float32;
};

/// `nn::mlp(key, {4, 32, 16, 4}, {.activation = nn::Activation::Tanh})`: from 4 inputs by 32 and 16 to 4 outputs.
/// \throws ValueError  for less than two sizes.
/// \throws TypeError   unless the element type is a floating-point one.
[[nodiscard]] Mlp mlp(const random::Key& key, const std::vector<std::size_t>& sizes, const MlpOptions& options = {});

}  // namespace xgrad::nn

#pragma GCC visibility pop
