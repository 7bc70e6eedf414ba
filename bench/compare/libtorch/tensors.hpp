// Vectors to tensors and back.
#pragma once

#include <torch/autograd.h>
#include <torch/types.h>

#include <vector>

#include "../program.hpp"

namespace bench::libtorch {

using torch::Tensor;

template <class T>
Tensor tensor(const std::vector<T>& values, torch::IntArrayRef shape) {
  return torch::from_blob(const_cast<T*>(values.data()), shape, torch::CppTypeToScalarType<T>::value).clone();
}

template <class T>
Tensor parameter(const std::vector<T>& values, torch::IntArrayRef shape) {
  return tensor(values, shape).requires_grad_(true);
}

inline std::vector<double> to_vector(const Tensor& x) {
  const Tensor flat = x.detach().to(torch::kDouble).contiguous();
  return {flat.data_ptr<double>(), flat.data_ptr<double>() + flat.numel()};
}

inline Arrays to_arrays(const std::vector<Tensor>& tensors) {
  Arrays result;
  for (const Tensor& x : tensors) result.push_back(to_vector(x));
  return result;
}

}  // namespace bench::libtorch
