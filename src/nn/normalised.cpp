#include <xgrad/nn/normalised.hpp>

#include <string>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/linalg.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/ops/rearrange.hpp>
#include <xgrad/ops/reduce.hpp>
#include <xgrad/random/continuous.hpp>

#include "ops/axes.hpp"

namespace xgrad::nn::detail {
namespace {

/// [outputs, all else].
Var as_matrix(const Var& weight, int axis) {
  if (weight.dimension() < 2) {
    throw ShapeError("SpectralNorm: the weight has the shape " + to_string(weight.shape()) +
                     "; it must have two axes at least, one of which is that of the outputs");
  }
  const std::size_t outputs = xgrad::detail::normalize_axis("SpectralNorm", axis, weight);
  return reshape(moveaxis(weight, static_cast<std::ptrdiff_t>(outputs), 0), {weight.shape()[outputs], -1});
}

/// With the length 1. What is shorter than 1e-12 is divided by that, as torch does it, so that 0 stays 0.
Var unit(const Var& x) { return x / maximum(norm(x), 1e-12); }

void require_iterations(int iterations) {
  if (iterations < 1) {
    throw ValueError("SpectralNorm: " + std::to_string(iterations) + " iterations; there must be one at least");
  }
}

void require_vector(const Var& u, const Var& matrix) {
  if (u.shape() != Shape{matrix.shape()[0]}) {
    throw ShapeError("SpectralNorm: its vector has the shape " + to_string(u.shape()) + ", with a weight of " +
                     std::to_string(matrix.shape()[0]) + " outputs; it must have an element for each");
  }
}

}  // namespace

void throw_without_weight(std::string_view layer) {
  throw TypeError("AnyLayer: " + std::string(layer) + " has no weight that could be normalised");
}

Var lengths(const Var& weight, int axis) {
  const std::size_t outputs = xgrad::detail::normalize_axis("WeightNorm", axis, weight);
  Strides others;
  for (std::size_t each = 0; each < weight.dimension(); ++each) {
    if (each != outputs) others.push_back(static_cast<std::ptrdiff_t>(each));
  }
  return others.empty() ? abs(weight) : norm(weight, Axes(others), keep_dims);
}

Var with_lengths(const Var& weight, const Var& wanted, int axis) {
  const Var found = lengths(weight, axis);
  if (found.shape() != wanted.shape()) {
    throw ShapeError("WeightNorm: its lengths have the shape " + to_string(wanted.shape()) + ", with a weight of " +
                     to_string(weight.shape()) + "; they must have " + to_string(found.shape()));
  }
  return weight * (wanted / where(equal(found, 0.0), 1.0, found));
}

Var divided(const Var& weight, const Var& u, int axis) {
  const Var matrix = as_matrix(weight, axis);
  require_vector(u, matrix);
  // With v = W^T u / |W^T u|, u^T W v is the length of W^T u.
  return weight / maximum(norm(matmul(u, matrix)), 1e-12);
}

Var divided_in_training(const Var& weight, Var& u, int axis, int iterations) {
  require_iterations(iterations);
  const Var matrix = as_matrix(weight, axis);
  require_vector(u, matrix);
  const Var fixed = stop_gradient(matrix);
  Var v;
  for (int i = 0; i < iterations; ++i) {
    v = unit(matmul(stop_gradient(u), fixed));
    u = unit(matmul(fixed, v));
  }
  return weight / maximum(matmul(u, matmul(matrix, v)), 1e-12);
}

Var first_vector(const random::Key& key, const Var& weight, int axis, int iterations) {
  require_iterations(iterations);
  const Var matrix = as_matrix(weight, axis);
  Var u = unit(random::normal(key, {matrix.shape()[0]}, matrix.dtype()));
  for (int i = 0; i < iterations; ++i) u = unit(matmul(matrix, unit(matmul(u, matrix))));
  return u;
}

}  // namespace xgrad::nn::detail
