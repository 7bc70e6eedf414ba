// Vectors to Vars and back.
#pragma once

#include <algorithm>
#include <vector>

#include <xgrad/xgrad.hpp>

namespace bench {

template <xgrad::Element T>
xgrad::Var var(const std::vector<T>& values, const xgrad::Shape& shape) {
  auto array = xgrad::Array<T>::from_shape(shape);
  std::copy(values.begin(), values.end(), array.data());
  return {std::move(array)};
}

template <xgrad::Element T>
xgrad::Var var(const std::vector<T>& values) {
  return var(values, xgrad::Shape{values.size()});
}

inline std::vector<double> to_vector(const xgrad::Var& x) {
  const auto copy = [](const auto& array) { return std::vector<double>(array.data(), array.data() + array.size()); };
  return x.dtype() == xgrad::DType::Float32 ? copy(x.array<float>()) : copy(x.array<double>());
}

template <xgrad::tree::Tree T>
std::vector<std::vector<double>> to_vectors(const T& tree) {
  std::vector<std::vector<double>> result;
  xgrad::tree::for_each(tree, [&](const xgrad::Var& leaf) { result.push_back(to_vector(leaf)); });
  return result;
}

}  // namespace bench
