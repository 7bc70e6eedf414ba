#include <xgrad/nn/normalised.hpp>

#include <cmath>
#include <string>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/create.hpp>
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

/// x with the length 1; where x is 0, which has no direction, another vector. An iteration that came to 0 would stay
/// there for ever.
Var direction(const Var& x, const Var& otherwise) {
  const Var length = norm(x);
  return where(length > 0.0, x / length, otherwise);
}

/// What is as good as any other vector of inputs: [n], of length 1.
Var any_direction(const Var& matrix) {
  const std::size_t inputs = matrix.shape()[1];
  return cast(full({inputs}, 1.0 / std::sqrt(static_cast<double>(inputs))), matrix.dtype());
}

/// A weight by its singular value; that of 0 is 0, whatever it is divided by.
Var over(const Var& weight, const Var& value) { return weight / where(equal(value, 0.0), 1.0, value); }

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

void require_iterations(int iterations) {
  if (iterations < 1) {
    throw ValueError("SpectralNorm: " + std::to_string(iterations) + " iterations; there must be one at least");
  }
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
  return over(weight, norm(matmul(u, matrix)));
}

Var divided_in_training(const Var& weight, Var& u, int axis, int iterations) {
  require_iterations(iterations);
  const Var matrix = as_matrix(weight, axis);
  require_vector(u, matrix);
  const Var fixed = stop_gradient(matrix);
  Var v;
  for (int i = 0; i < iterations; ++i) {
    const Var before = stop_gradient(u);
    v = direction(matmul(before, fixed), any_direction(fixed));
    u = direction(matmul(fixed, v), before);
  }
  return over(weight, matmul(u, matmul(matrix, v)));
}

Var first_vector(const random::Key& key, const Var& weight, int axis, int iterations) {
  require_iterations(iterations);
  const Var matrix = as_matrix(weight, axis);
  const Var random = random::normal(key, {matrix.shape()[0]}, matrix.dtype());
  Var u = random / norm(random);
  for (int i = 0; i < iterations; ++i) {
    u = direction(matmul(matrix, direction(matmul(u, matrix), any_direction(matrix))), u);
  }
  return u;
}

}  // namespace xgrad::nn::detail
