#include "libtorch.hpp"

#include <ATen/Parallel.h>
#include <torch/csrc/autograd/autograd.h>

#include <cstring>
#include <stdexcept>

#include "counterparts.hpp"

namespace xgrad::testing::libtorch {
namespace {

const Counterparts& counterparts() {
  static const Counterparts table = [] {
    at::set_num_threads(1);
    return make_counterparts();
  }();
  return table;
}

template <class T>
at::Tensor copy_in(const Var& x, at::ScalarType type) {
  const std::vector<std::int64_t> shape(x.shape().begin(), x.shape().end());
  at::Tensor result = at::empty(shape, type);
  if (x.size() != 0) std::memcpy(result.data_ptr(), x.array<T>().data(), x.size() * sizeof(T));
  return result;
}

at::Tensor to_torch(const Var& x) {
  switch (x.dtype()) {
    case DType::Bool:
      return copy_in<bool>(x, at::kBool);
    case DType::Int64:
      return copy_in<std::int64_t>(x, at::kLong);
    case DType::Float32:
      return copy_in<float>(x, at::kFloat);
    case DType::Float64:
      break;
  }
  return copy_in<double>(x, at::kDouble);
}

template <class T>
Var copy_out(const at::Tensor& x) {
  auto result = Array<T>::from_shape(Shape(x.sizes()));
  if (x.numel() != 0) std::memcpy(result.data(), x.data_ptr(), static_cast<std::size_t>(x.numel()) * sizeof(T));
  return {std::move(result)};
}

Var from_torch(const at::Tensor& x) {
  if (x._is_zerotensor()) return from_torch(at::zeros(x.sizes(), x.scalar_type()));  // a zero without memory
  const at::Tensor dense = x.detach().contiguous();
  switch (dense.scalar_type()) {
    case at::kBool:
      return copy_out<bool>(dense);
    case at::kLong:
      return copy_out<std::int64_t>(dense);
    case at::kFloat:
      return copy_out<float>(dense);
    case at::kDouble:
      return copy_out<double>(dense);
    default:
      throw std::runtime_error("libtorch gave an element type that xgrad does not have");
  }
}

/// Derivatives of the sum of outputs * weights; zeros where nothing depends on an input.
Tensors gradients(const Tensors& outputs, const Tensors& inputs, bool create_graph) {
  Tensors active;
  Tensors cotangents;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (!outputs[i].requires_grad()) continue;
    active.push_back(outputs[i]);
    cotangents.push_back(to_torch(weights(from_torch(outputs[i]), i)));
  }
  Tensors result(inputs.size());
  if (!active.empty()) result = torch::autograd::grad(active, inputs, cotangents, true, create_graph, true);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (!result[i].defined()) result[i] = at::zeros_like(inputs[i]);
  }
  return result;
}

std::vector<Var> all_from_torch(const Tensors& all) {
  std::vector<Var> result;
  for (const at::Tensor& x : all) result.push_back(from_torch(x));
  return result;
}

}  // namespace

std::vector<std::string> keys() {
  std::vector<std::string> result;
  for (const auto& [key, counterpart] : counterparts()) result.push_back(key);
  return result;
}

Derivatives derivatives(const std::string& key, const std::vector<Var>& arguments, int order) {
  Tensors all;
  Tensors inputs;
  for (const Var& argument : arguments) {
    all.push_back(to_torch(argument));
    if (order > 0 && is_floating(argument.dtype())) inputs.push_back(all.back().requires_grad_(true));
  }
  const at::Tensor value = counterparts().at(key)(all);
  Derivatives result{.value = from_torch(value), .gradients = {}, .second = {}};
  if (order == 0) return result;
  const Tensors first = gradients({value}, inputs, order > 1);
  result.gradients = all_from_torch(first);
  if (order > 1) result.second = all_from_torch(gradients(first, inputs, false));
  return result;
}

}  // namespace xgrad::testing::libtorch
