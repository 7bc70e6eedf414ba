// Layers of products, normalised weights and the like in libtorch, by the names of the rows in
// test_torch_layers_core.cpp. Arguments are those of the row.
#pragma once

#include <ATen/ATen.h>

#include <cmath>
#include <string>
#include <vector>

#include "counterparts_functions.hpp"

namespace libtorch {
namespace core_layers {

/// B-splines of an order on equal intervals, by the recursion of Cox and de Boor: [...] -> [..., intervals + order].
inline Tensor splines(const Tensor& x, std::int64_t intervals, std::int64_t order, double low, double high) {
  const double width = (high - low) / static_cast<double>(intervals);
  const auto numbers = at::arange(-order, intervals + order + 1, at::kDouble);
  const Tensor knots = numbers * width + low;
  const Tensor place = x.unsqueeze(-1);
  const std::int64_t all = knots.size(0);
  const auto part = [&](std::int64_t from, std::int64_t behind_end) { return knots.slice(0, from, all - behind_end); };
  Tensor bases = at::logical_and(place >= part(0, 1), place < part(1, 0)).to(at::kDouble);
  for (std::int64_t k = 1; k <= order; ++k) {
    const Tensor left = (place - part(0, k + 1)) / (part(k, 1) - part(0, k + 1));
    const Tensor right = (part(k + 1, 0) - place) / (part(k + 1, 0) - part(1, k));
    bases = left * bases.slice(-1, 0, -1) + right * bases.slice(-1, 1);
  }
  return bases;
}

/// x, base weights, spline weights, coefficients.
inline Tensor kan(const Tensors& x, std::int64_t order, double low, double high) {
  const Tensor bases = splines(x[0], x[3].size(-1) - order, order, low, high);
  return at::linear(at::silu(x[0]), x[1]) + at::einsum("nim,oim->no", {bases, x[2].unsqueeze(-1) * x[3]});
}

/// As at::_weight_norm, whose second derivatives are others in libtorch 1.13 than differences say.
inline Tensor with_lengths(const Tensors& x, std::int64_t others) {
  return at::linear(x[0], x[1] * (x[2] / x[1].square().sum({others}, true).sqrt()));
}

inline Tensor unit(const Tensor& x) { return x / x.norm().clamp_min(1e-12); }

/// As torch.nn.utils.parametrizations.spectral_norm in training: x, weight, u.
inline Tensor spectral(const Tensors& x, int iterations) {
  const Tensor fixed = x[1].detach();
  Tensor u = x[2].detach();
  Tensor v;
  for (int i = 0; i < iterations; ++i) {
    v = unit(at::mv(fixed.t(), u));
    u = unit(at::mv(fixed, v));
  }
  return at::linear(x[0], x[1] / at::dot(u, at::mv(x[1], v)));
}

}  // namespace core_layers

inline Counterparts make_layers_core() {
  using namespace core_layers;
  Counterparts table;
  table["linear"] = [](const Tensors& x) { return at::linear(x[0], x[1], x[2]); };
  table["bilinear"] = [](const Tensors& x) { return at::bilinear(x[0], x[1], x[2], x[3]); };
  table["embedding"] = [](const Tensors& x) { return at::embedding(x[0], x[1], 1); };
  table["p_relu"] = [](const Tensors& x) { return at::prelu(x[0], x[1]); };
  table["swish"] = [](const Tensors& x) { return x[0] * at::sigmoid(x[1] * x[0]); };
  table["glu"] = [](const Tensors& x) { return at::glu(x[0], 1); };
  table["glu.gelu"] = [](const Tensors& x) {
    const auto halves = at::chunk(x[0], 2, -1);
    return halves[0] * at::gelu(halves[1]);
  };
  table["mlp"] = [](const Tensors& x) {
    return at::linear(at::tanh(at::linear(at::tanh(at::linear(x[0], x[1], x[2])), x[3], x[4])), x[5], x[6]);
  };
  table["weight_norm"] = [](const Tensors& x) { return with_lengths(x, 1); };
  table["weight_norm.axis"] = [](const Tensors& x) { return with_lengths(x, 0); };
  table["spectral_norm"] = [](const Tensors& x) { return spectral(x, 1); };
  table["spectral_norm.iterations"] = [](const Tensors& x) { return spectral(x, 3); };
  table["kan"] = [](const Tensors& x) { return kan(x, 3, -1.0, 1.0); };
  table["kan.order2"] = [](const Tensors& x) { return kan(x, 2, -2.0, 1.0); };
  table["kan.order1"] = [](const Tensors& x) { return kan(x, 1, -1.0, 1.5); };
  table["fourier_features"] = [](const Tensors& x) {
    const Tensor angles = at::linear(x[0], x[1]) * (2.0 * 3.141592653589793);
    return at::cat({at::cos(angles), at::sin(angles)}, -1);
  };
  return table;
}

}  // namespace libtorch
