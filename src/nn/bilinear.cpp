#include <xgrad/nn/bilinear.hpp>

#include <string>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/contract.hpp>
#include <xgrad/ops/elementwise.hpp>

#include "nn/checks.hpp"

namespace xgrad::nn {

Var Bilinear::operator()(const Var& a, const Var& b) const {
  const Shape& of_weight = weight.shape();
  if (of_weight.size() != 3) {
    throw ShapeError("Bilinear: its weight has the shape " + to_string(of_weight) +
                     "; it must have three axes, [outputs, first, second]");
  }
  const Shape& of_a = a.shape();
  const Shape& of_b = b.shape();
  if (of_a.empty() || of_b.empty() || of_a.back() != of_weight[1] || of_b.back() != of_weight[2]) {
    throw ShapeError("Bilinear: called with the shapes " + to_string(of_a) + " and " + to_string(of_b) +
                     ", with a weight of " + to_string(of_weight) + "; the last axes must have " +
                     std::to_string(of_weight[1]) + " and " + std::to_string(of_weight[2]) + " elements");
  }
  if (bias) require_weight("Bilinear", "bias", *bias, {of_weight[0]});
  const Var products = einsum("...i,kij,...j->...k", {a, weight, b});
  return bias ? products + *bias : products;
}

Bilinear bilinear(const random::Key& key, std::size_t first, std::size_t second, std::size_t outputs,
                  const BilinearOptions& options) {
  require_floating("bilinear", options.dtype);
  Bilinear layer{options.weights(key.fold_in(0), {outputs, first, second}, options.dtype), std::nullopt};
  if (options.bias) layer.bias = options.biases(key.fold_in(1), {outputs}, options.dtype);
  return layer;
}

}  // namespace xgrad::nn
