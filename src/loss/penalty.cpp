#include <xgrad/loss/penalty.hpp>

#include <cmath>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/create.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/linalg.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/ops/reduce.hpp>

#include "arguments.hpp"

namespace xgrad::loss {
namespace {

/// The sum of f(leaf) over the floating-point leaves.
template <class F>
Var total(std::string_view penalty, std::span<const Var> leaves, F f) {
  std::optional<Var> result;
  for (const Var& leaf : leaves) {
    detail::require_usable(penalty, leaf);
    if (is_floating(leaf.dtype())) result = result ? *result + f(leaf) : f(leaf);
  }
  if (!result && !leaves.empty()) {
    throw TypeError(std::string(penalty) + ": no leaf of the tree is floating-point; cast the integers, or hand over " +
                    "what shall be penalised");
  }
  return result.value_or(Var(0.0));
}

/// The floating-point leaves of two or more axes, as matrices [first extent, all others].
std::vector<Var> matrices(std::string_view penalty, std::span<const Var> leaves) {
  std::vector<Var> result;
  for (const Var& leaf : leaves) {
    detail::require_usable(penalty, leaf);
    if (!is_floating(leaf.dtype()) || leaf.dimension() < 2) continue;
    std::size_t columns = 1;
    for (std::size_t axis = 1; axis < leaf.dimension(); ++axis) columns *= leaf.shape()[axis];
    result.push_back(leaf.dimension() == 2 ? leaf : reshape(leaf, {leaf.shape()[0], columns}));
  }
  if (result.empty()) {
    throw ShapeError(std::string(penalty) + ": no leaf is a floating-point matrix (two axes or more)");
  }
  return result;
}

/// Where power iterations start: without a pattern, which a singular vector could be orthogonal to, and not of mean 0,
/// because the leading singular vector of positive weights is positive.
Var start(std::size_t extent, DType dtype) {
  auto result = Array<double>::from_shape({extent});
  std::mt19937_64 bits(1);  // the same numbers each time
  for (double& value : result) value = 2.0 * static_cast<double>(bits() >> 11U) * 0x1p-53 - 0.5;
  return cast(Var(std::move(result)), dtype);
}

/// x / |x|, and 0 for 0.
Var unit(const Var& x) {
  const Var length = norm(x);
  return where(length > 0.0, x / length, 0.0);
}

Var largest_singular_value(const Var& matrix, std::int64_t iterations, bool second_order) {
  // Derivatives of directions go through squares of lengths, which vanish for small matrices. Directions have no unit.
  const bool scaled = second_order && matrix.size() > 0;
  const Var seen = scaled ? matrix / detail::unwieldy(amax(abs(matrix))) : stop_gradient(matrix);
  const Var transposed = transpose(seen);
  Var v = start(matrix.shape(1), matrix.dtype());
  for (std::int64_t i = 0; i < iterations; ++i) v = unit(matmul(transposed, unit(matmul(seen, v))));
  return norm(matmul(matrix, v));
}

/// All axes but one, which is in range.
Axes other_axes(std::size_t dimension, std::size_t axis) {
  Strides result;
  for (std::size_t i = 0; i < dimension; ++i) {
    if (i != axis) result.push_back(static_cast<std::ptrdiff_t>(i));
  }
  return {result};
}

Var group_norms(const Var& leaf, std::optional<std::ptrdiff_t> axis, bool weigh_by_size) {
  const auto dimension = static_cast<std::ptrdiff_t>(leaf.dimension());
  if (!axis || *axis >= dimension || *axis < -dimension) {
    return (weigh_by_size ? std::sqrt(static_cast<double>(leaf.size())) : 1.0) * norm(leaf);
  }
  const auto along = static_cast<std::size_t>(*axis < 0 ? *axis + dimension : *axis);
  std::size_t size = 1;
  for (std::size_t i = 0; i < leaf.dimension(); ++i) size *= i == along ? 1 : leaf.shape()[i];
  const Var norms = norm(leaf, other_axes(leaf.dimension(), along));
  return (weigh_by_size ? std::sqrt(static_cast<double>(size)) : 1.0) * sum(norms);
}

}  // namespace

Var L1::of_leaves(std::span<const Var> leaves) const {
  return total(name, leaves, [](const Var& leaf) { return sum(abs(leaf)); });
}

Var L2::of_leaves(std::span<const Var> leaves) const {
  return total(name, leaves, [](const Var& leaf) { return sum(square(leaf)); });
}

Var ElasticNet::of_leaves(std::span<const Var> leaves) const {
  require_setting(name, "l1_ratio", l1_ratio, l1_ratio >= 0.0 && l1_ratio <= 1.0, "it must be in [0, 1]");
  return total(name, leaves, [this](const Var& leaf) {
    // A part that does not count is left out, infinite as it may be.
    if (l1_ratio == 1.0) return sum(abs(leaf));
    if (l1_ratio == 0.0) return sum(square(leaf));
    return sum(l1_ratio * abs(leaf) + (1.0 - l1_ratio) * square(leaf));
  });
}

Var GroupLasso::of_leaves(std::span<const Var> leaves) const {
  return total(name, leaves, [this](const Var& leaf) { return group_norms(leaf, axis, weigh_by_size); });
}

Var Orthogonality::of_leaves(std::span<const Var> leaves) const {
  const std::vector<Var> all = matrices(name, leaves);
  return total(name, all, [](const Var& matrix) {
    const bool tall = matrix.shape(0) >= matrix.shape(1);
    const Var products = tall ? matmul(transpose(matrix), matrix) : matmul(matrix, transpose(matrix));
    return sum(square(products - identity(products.shape(0), matrix.dtype())));
  });
}

Var SpectralNorm::of_leaves(std::span<const Var> leaves) const {
  detail::require_iterations(name, iterations, 1);
  const std::vector<Var> all = matrices(name, leaves);
  return total(name, all,
               [this](const Var& matrix) { return largest_singular_value(matrix, iterations, second_order); });
}

Var Lipschitz::of_leaves(std::span<const Var> leaves) const {
  detail::require_iterations(name, iterations, 1);
  std::optional<Var> result;
  for (const Var& matrix : matrices(name, leaves)) {
    const Var sigma = largest_singular_value(matrix, iterations, second_order);
    result = result ? *result * sigma : sigma;
  }
  return *result;
}

Var EntropyBonus::operator()(const Var& logits) const {
  detail::require_usable(name, logits);
  if (!is_floating(logits.dtype())) {
    throw TypeError("EntropyBonus: the logits are " + std::string(xgrad::name(logits.dtype())) +
                    "; they must be floating-point");
  }
  if (logits.dimension() == 0) throw ShapeError("EntropyBonus: a scalar has no axis of classes; use [..., classes]");
  const Var p = softmax(logits);
  return sum(where(p > 0.0, p * log_softmax(logits), 0.0), -1);
}

}  // namespace xgrad::loss
