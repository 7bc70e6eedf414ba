#include "recurrent.hpp"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

#include "libtorch.hpp"

namespace libtorch {
namespace {

using Tensors = std::vector<at::Tensor>;

at::Tensor tensor_of(const Doubles& x) { return at::tensor(x.values, at::kDouble).reshape(x.shape); }

Doubles doubles_of(const at::Tensor& x) {
  const at::Tensor dense = x.detach().contiguous();
  return {dense.sizes().vec(), {dense.data_ptr<double>(), dense.data_ptr<double>() + dense.numel()}};
}

at::Tensor cotangent_like(const at::Tensor& x, std::size_t which) {
  at::Tensor result = at::empty(x.sizes(), at::kDouble);
  for (std::int64_t i = 0; i < x.numel(); ++i) {
    result.data_ptr<double>()[i] = weight(which, static_cast<std::size_t>(i));
  }
  return result;
}

Tensors run(const RecurrentNet& net, const at::Tensor& x, const Tensors& hx, const Tensors& weights) {
  const auto pair = [](const auto& result) { return Tensors{std::get<0>(result), std::get<1>(result)}; };
  if (net.kind == "lstm") {
    const auto [outputs, h, c] = at::lstm(x, hx, weights, net.bias, net.layers, 0.0, true, net.bidirectional, true);
    return {outputs, h, c};
  }
  if (net.kind == "gru") {
    return pair(at::gru(x, hx[0], weights, net.bias, net.layers, 0.0, true, net.bidirectional, true));
  }
  if (net.kind == "rnn_relu") {
    return pair(at::rnn_relu(x, hx[0], weights, net.bias, net.layers, 0.0, true, net.bidirectional, true));
  }
  return pair(at::rnn_tanh(x, hx[0], weights, net.bias, net.layers, 0.0, true, net.bidirectional, true));
}

Tensors run_packed(const RecurrentNet& net, const at::Tensor& x, const Tensors& hx, const Tensors& weights,
                   const at::Tensor& sizes) {
  const auto pair = [](const auto& result) { return Tensors{std::get<0>(result), std::get<1>(result)}; };
  if (net.kind == "lstm") {
    const auto [outputs, h, c] = at::lstm(x, sizes, hx, weights, net.bias, net.layers, 0.0, true, net.bidirectional);
    return {outputs, h, c};
  }
  if (net.kind == "gru") {
    return pair(at::gru(x, sizes, hx[0], weights, net.bias, net.layers, 0.0, true, net.bidirectional));
  }
  if (net.kind == "rnn_relu") {
    return pair(at::rnn_relu(x, sizes, hx[0], weights, net.bias, net.layers, 0.0, true, net.bidirectional));
  }
  return pair(at::rnn_tanh(x, sizes, hx[0], weights, net.bias, net.layers, 0.0, true, net.bidirectional));
}

/// As torch.nn.utils.rnn packs sequences that are not sorted by length.
Tensors packed(const RecurrentNet& net, const at::Tensor& x, const Tensors& hx, const Tensors& weights,
               const std::vector<std::int64_t>& lengths) {
  const auto [sorted, order] = at::tensor(lengths, at::kLong).sort(0, true);
  const at::Tensor back = order.argsort();
  const auto [data, sizes] = at::_pack_padded_sequence(x.index_select(0, order), sorted, true);
  Tensors ordered;
  for (const at::Tensor& state : hx) ordered.push_back(state.index_select(1, order));
  Tensors results = run_packed(net, data, ordered, weights, sizes);
  results[0] = std::get<0>(at::_pad_packed_sequence(results[0], sizes, true, 0.0, x.size(1))).index_select(0, back);
  for (std::size_t k = 1; k < results.size(); ++k) results[k] = results[k].index_select(1, back);
  return results;
}

}  // namespace

RecurrentDerivatives recurrent(const RecurrentNet& net, const std::vector<Doubles>& arguments,
                               const std::vector<std::int64_t>& lengths) {
  Tensors all;
  for (const Doubles& argument : arguments) all.push_back(tensor_of(argument).requires_grad_(true));
  const std::ptrdiff_t states = net.kind == "lstm" ? 2 : 1;
  const Tensors hx(all.begin() + 1, all.begin() + 1 + states);
  const Tensors weights(all.begin() + 1 + states, all.end());
  const Tensors results = lengths.empty() ? run(net, all[0], hx, weights) : packed(net, all[0], hx, weights, lengths);
  Tensors cotangents;
  for (std::size_t k = 0; k < results.size(); ++k) cotangents.push_back(cotangent_like(results[k], k));
  RecurrentDerivatives derivatives;
  for (const at::Tensor& each : results) derivatives.values.push_back(doubles_of(each));
  for (const at::Tensor& each : torch::autograd::grad(results, all, cotangents)) {
    derivatives.gradients.push_back(doubles_of(each));
  }
  return derivatives;
}

}  // namespace libtorch
