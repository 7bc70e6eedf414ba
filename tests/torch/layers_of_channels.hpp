// Convolutions, pools, normalisation and the nets that are made of them in libtorch, by the names of the rows in
// test_torch_layers.cpp. Arguments are x and the weights, in the order of the layer's members.
#pragma once

#include <ATen/ATen.h>

#include <optional>
#include <vector>

#include "counterparts_functions.hpp"

namespace libtorch {
namespace layers {

using Numbers = std::vector<std::int64_t>;

inline void add_convolutions(Counterparts& table) {
  table["conv1d"] = [](const Tensors& x) { return at::conv1d(x[0], x[1], x[2], 2, 1); };
  table["conv2d"] = [](const Tensors& x) {
    return at::conv2d(x[0], x[1], x[2], Numbers{2, 1}, Numbers{1, 2}, Numbers{1, 1}, 2);
  };
  table["conv2d.same"] = [](const Tensors& x) { return at::conv2d(x[0], x[1], {}, Numbers{1}, "same"); };
  table["conv3d"] = [](const Tensors& x) {
    return at::conv3d(x[0], x[1], x[2], Numbers{1, 1, 1}, Numbers{0, 1, 0}, Numbers{1, 2, 1});
  };
  table["conv_transpose1d"] = [](const Tensors& x) {
    return at::conv_transpose1d(x[0], x[1], x[2], Numbers{2}, Numbers{1}, Numbers{1}, 2, Numbers{1});
  };
  table["conv_transpose2d"] = [](const Tensors& x) {
    return at::conv_transpose2d(x[0], x[1], x[2], Numbers{2, 3}, Numbers{1, 0}, Numbers{0, 1}, 1, Numbers{1, 2});
  };
  table["conv_transpose3d"] = [](const Tensors& x) { return at::conv_transpose3d(x[0], x[1]); };
  table["separable_conv2d"] = [](const Tensors& x) {
    const Tensor apart = at::conv2d(x[0], x[1], {}, Numbers{1}, Numbers{1}, Numbers{1}, x[0].size(1));
    return at::conv2d(apart, x[2], x[3]);
  };
}

inline void add_pools(Counterparts& table) {
  table["MaxPool"] = [](const Tensors& x) { return at::max_pool2d(x[0], {3, 3}, {2, 2}, {1, 1}); };
  table["AveragePool"] = [](const Tensors& x) { return at::avg_pool2d(x[0], {3, 2}, {2, 1}, {1, 1}, false, false); };
  table["AdaptiveMaxPool"] = [](const Tensors& x) { return std::get<0>(at::adaptive_max_pool2d(x[0], {2, 3})); };
  table["AdaptiveAveragePool"] = [](const Tensors& x) { return at::adaptive_avg_pool2d(x[0], {2, 3}); };
  table["GlobalMaxPool"] = [](const Tensors& x) { return at::amax(x[0], {2, 3}); };
  table["GlobalAveragePool"] = [](const Tensors& x) { return at::adaptive_avg_pool2d(x[0], {1, 1}); };
  table["Flatten"] = [](const Tensors& x) { return at::flatten(x[0], 1, -1) * at::flatten(x[0], 1); };
}

/// Normalisation by running numbers that are no arguments, as they have no derivatives.
inline Tensor batch_norm(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  const std::int64_t channels = x.size(1);
  const Tensor mean = at::arange(channels, at::kDouble) * 0.25 - 0.5;
  const Tensor variance = at::arange(channels, at::kDouble) * 0.5 + 0.75;
  return at::batch_norm(x, weight, bias, mean, variance, false, 0.1, 1e-5, false);
}

inline Tensor batch_norm_in_training(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  const std::int64_t channels = x.size(1);
  return at::batch_norm(x, weight, bias, at::zeros(channels, at::kDouble), at::ones(channels, at::kDouble), true, 0.1,
                        1e-5, false);
}

/// Running numbers after the batches x[0][0], x[0][1] ..., as torch's modules hand them on: [2, channels].
inline Tensor running_numbers(const Tensor& batches, std::optional<double> momentum) {
  const std::int64_t channels = batches.size(2);
  Tensor mean = at::zeros(channels, at::kDouble);
  Tensor variance = at::ones(channels, at::kDouble);
  for (std::int64_t i = 0; i < batches.size(0); ++i) {
    at::batch_norm(batches[i], {}, {}, mean, variance, true, momentum.value_or(1.0 / static_cast<double>(i + 1)), 1e-5,
                   false);
  }
  return at::stack({mean, variance});
}

inline void add_normalisation(Counterparts& table) {
  table["BatchNorm"] = [](const Tensors& x) { return batch_norm(x[0], x[1], x[2]); };
  table["BatchNorm.training"] = [](const Tensors& x) { return batch_norm_in_training(x[0], x[1], x[2]); };
  table["BatchNorm.alone"] = [](const Tensors& x) { return batch_norm_in_training(x[0], {}, {}); };
  table["BatchNorm.running"] = [](const Tensors& x) { return running_numbers(x[0], 0.3); };
  table["BatchNorm.averages"] = [](const Tensors& x) { return running_numbers(x[0], std::nullopt); };
  table["LayerNorm"] = [](const Tensors& x) { return at::layer_norm(x[0], x[1].sizes(), x[1], x[2]); };
  table["LayerNorm.alone"] = [](const Tensors& x) { return at::layer_norm(x[0], x[0].sizes().slice(1)); };
  table["RmsNorm"] = [](const Tensors& x) {  // which libtorch 1.13 has not
    return x[0] * at::rsqrt(x[0].pow(2).mean(-1, true) + 1e-6) * x[1];
  };
  table["GroupNorm"] = [](const Tensors& x) { return at::group_norm(x[0], 2, x[1], x[2]); };
  table["GroupNorm.alone"] = [](const Tensors& x) { return at::group_norm(x[0], 2); };
  table["InstanceNorm"] = [](const Tensors& x) {
    return at::instance_norm(x[0], x[1], x[2], {}, {}, true, 0.1, 1e-5, false);
  };
}

/// The blocks of torchvision, with numbers of batches: x, then weight, norm.weight, norm.bias of each convolution, that
/// of the projection last.
template <class Norm>
Tensor residual_block(const Tensors& x, Norm norm) {
  Tensor y = at::relu(norm(at::conv2d(x[0], x[1], {}, Numbers{2}, Numbers{1}), x[2], x[3]));
  y = norm(at::conv2d(y, x[4], {}, Numbers{1}, Numbers{1}), x[5], x[6]);
  return at::relu(y + norm(at::conv2d(x[0], x[7], {}, Numbers{2}), x[8], x[9]));
}

template <class Norm>
Tensor bottleneck(const Tensors& x, Norm norm) {
  Tensor y = at::relu(norm(at::conv2d(x[0], x[1]), x[2], x[3]));
  y = at::relu(norm(at::conv2d(y, x[4], {}, Numbers{1}, Numbers{1}, Numbers{1}, 2), x[5], x[6]));
  y = norm(at::conv2d(y, x[7]), x[8], x[9]);
  return at::relu(y + x[0]);
}

inline Tensor lenet(const Tensors& x) {
  Tensor y = at::max_pool2d(at::relu(at::conv2d(x[0], x[1], x[2])), {2, 2});
  y = at::max_pool2d(at::relu(at::conv2d(y, x[3], x[4])), {2, 2}).flatten(1);
  return at::linear(at::relu(at::linear(at::relu(at::linear(y, x[5], x[6])), x[7], x[8])), x[9], x[10]);
}

inline void add_nets(Counterparts& table) {
  table["ResNetBlock"] = [](const Tensors& x) { return residual_block(x, batch_norm); };
  table["ResNetBlock.training"] = [](const Tensors& x) { return residual_block(x, batch_norm_in_training); };
  table["ResNetBottleneck"] = [](const Tensors& x) { return bottleneck(x, batch_norm); };
  table["ResNetBottleneck.training"] = [](const Tensors& x) { return bottleneck(x, batch_norm_in_training); };
  table["LeNet5"] = lenet;
}

}  // namespace layers

inline Counterparts make_layers_of_channels() {
  Counterparts table;
  layers::add_convolutions(table);
  layers::add_pools(table);
  layers::add_normalisation(table);
  layers::add_nets(table);
  return table;
}

}  // namespace libtorch
