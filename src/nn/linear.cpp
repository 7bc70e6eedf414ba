#include <xgrad/nn/linear.hpp>

#include <string>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/linalg.hpp>
#include <xgrad/ops/manipulate.hpp>

#include "nn/checks.hpp"

namespace xgrad::nn {

Var Linear::operator()(const Var& x) const {
  const Shape shape = x.shape();
  const Shape of_weight = weight.shape();
  if (of_weight.size() != 2) {
    throw ShapeError("Linear: its weight has the shape " + to_string(of_weight) +
                     "; it must have two axes, [outputs, inputs]");
  }
  if (shape.empty() || shape.back() != of_weight[1]) {
    throw ShapeError("Linear: called with the shape " + to_string(shape) + ", with a weight of " +
                     to_string(of_weight) + "; the last axis must have the " + std::to_string(of_weight[1]) +
                     " inputs");
  }
  if (bias) require_weight("Linear", "bias", *bias, {of_weight[0]});
  const Var products = matmul(x, transpose(weight));
  return bias ? products + *bias : products;
}

Linear linear(const random::Key& key, std::size_t inputs, std::size_t outputs, const LinearOptions& options) {
  require_floating("linear", options.dtype);
  Linear layer{options.weights(key.fold_in(0), {outputs, inputs}, options.dtype), std::nullopt};
  if (options.bias) layer.bias = options.biases(key.fold_in(1), {outputs}, options.dtype);
  return layer;
}

}  // namespace xgrad::nn
