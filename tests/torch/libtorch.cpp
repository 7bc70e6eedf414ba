#include "libtorch.hpp"

#include <ATen/Parallel.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <stdexcept>

#include "counterparts.hpp"
#include "layers_core.hpp"
#include "layers_of_channels.hpp"
#include "losses.hpp"

namespace libtorch {
namespace {

const Counterparts& counterparts() {
  static const Counterparts table = [] {
    at::set_num_threads(1);
    Counterparts all = make_counterparts();
    for (auto& [name, counterpart] : make_losses()) all[loss_prefix + name] = std::move(counterpart);
    for (auto& [name, counterpart] : make_layers_of_channels())
      all[channel_layer_prefix + name] = std::move(counterpart);
    for (auto& [name, counterpart] : make_layers_core()) all[core_layer_prefix + name] = std::move(counterpart);
    return all;
  }();
  return table;
}

constexpr std::array types{at::kBool, at::kLong, at::kFloat, at::kDouble};  // in the order of Type

at::Tensor to_torch(const Dense& x) {
  at::Tensor result = at::empty(x.shape, types[static_cast<std::size_t>(x.type)]);
  if (!x.bytes.empty()) std::memcpy(result.data_ptr(), x.bytes.data(), x.bytes.size());
  return result;
}

Dense from_torch(const at::Tensor& x) {
  if (x._is_zerotensor()) return from_torch(at::zeros(x.sizes(), x.scalar_type()));  // a zero without memory
  const at::Tensor dense = x.detach().contiguous();
  const auto type = std::find(types.begin(), types.end(), dense.scalar_type());
  if (type == types.end()) throw std::runtime_error("libtorch gave an element type that xgrad does not have");
  Dense result{static_cast<Type>(type - types.begin()), dense.sizes().vec(), std::vector<std::byte>(dense.nbytes())};
  if (!result.bytes.empty()) std::memcpy(result.bytes.data(), dense.data_ptr(), result.bytes.size());
  return result;
}

at::Tensor weights_like(const at::Tensor& x, std::size_t which) {
  at::Tensor result = at::empty(x.sizes(), at::kDouble);
  const auto size = static_cast<std::size_t>(result.numel());
  for (std::size_t i = 0; i < size; ++i) result.data_ptr<double>()[i] = weight(which, i);
  return result.to(x.scalar_type());
}

/// Derivatives of the sum of outputs * weights; zeros where nothing depends on an input.
Tensors gradients(const Tensors& outputs, const Tensors& inputs, bool create_graph) {
  Tensors active;
  Tensors cotangents;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (!outputs[i].requires_grad()) continue;
    active.push_back(outputs[i]);
    cotangents.push_back(weights_like(outputs[i], i));
  }
  Tensors result(inputs.size());
  if (!active.empty()) result = torch::autograd::grad(active, inputs, cotangents, true, create_graph, true);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (!result[i].defined()) result[i] = at::zeros_like(inputs[i]);
  }
  return result;
}

std::vector<Dense> all_from_torch(const Tensors& all) {
  std::vector<Dense> result;
  for (const at::Tensor& x : all) result.push_back(from_torch(x));
  return result;
}

}  // namespace

double weight(std::size_t which, std::size_t i) {
  const double angle = 0.7 + static_cast<double>(which) + 2.4 * static_cast<double>(i + 1);
  return std::copysign(0.5 + std::abs(std::sin(angle)), std::sin(3.1 * angle));
}

std::vector<std::string> keys() {
  std::vector<std::string> result;
  for (const auto& [key, counterpart] : counterparts()) result.push_back(key);
  return result;
}

Derivatives derivatives(const std::string& key, const std::vector<Dense>& arguments, int order) {
  Tensors all;
  Tensors inputs;
  for (const Dense& argument : arguments) {
    all.push_back(to_torch(argument));
    if (order > 0 && all.back().is_floating_point()) inputs.push_back(all.back().requires_grad_(true));
  }
  const at::Tensor value = counterparts().at(key)(all);
  Derivatives result{from_torch(value), {}, {}};
  if (order == 0) return result;
  const Tensors first = gradients({value}, inputs, order > 1);
  result.gradients = all_from_torch(first);
  if (order > 1) result.second = all_from_torch(gradients(first, inputs, false));
  return result;
}

}  // namespace libtorch
