#include <xgrad/ops/statistics.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

#include <xgrad/core/errors.hpp>

#include "axes.hpp"
#include "internal.hpp"
#include "reductions.hpp"

namespace xgrad {
namespace {

/// Weights that broadcast to x: those of the axes, in the order in which these are named, stand where the axes are.
Var weights_beside(const Var& x, const Var& weights, const Axes& axes, const Shape& normal) {
  if (weights.shape() == x.shape()) return weights;
  std::vector<std::size_t> named;
  if (axes.all()) named.assign(normal.begin(), normal.end());
  else
    for (const std::ptrdiff_t axis : axes.values()) named.push_back(detail::normalize_axis("average", axis, x));
  Shape expected;
  for (const std::size_t axis : named) expected.push_back(x.shape()[axis]);
  if (weights.shape() != expected) {
    throw ShapeError("average: the weights " + to_string(weights.shape()) + " do not fit the array " +
                     to_string(x.shape()) + "; they must have its shape, or the extents of the axes, " +
                     to_string(expected));
  }
  Shape order(named.size(), 0);
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return named[a] < named[b]; });
  Shape shape(x.dimension(), 1);
  for (const std::size_t axis : normal) shape[axis] = x.shape()[axis];
  return reshape(transpose(weights, Axes(order)), shape);
}

/// Rows minus their means.
Var centred_rows(const Var& x) {
  const Var values = detail::floats_of(x);
  return values - mean(values, -1, keep_dims);
}

/// Products of all rows with each other; of a single one, [], that with itself.
Var products_of_rows(const Var& rows) {
  return rows.dimension() == 1 ? sum(square(rows)) : matmul(rows, detail::matrix_transpose(rows));
}

/// Whether an element of a [count, count] matrix is on the diagonal.
Var on_diagonal(std::size_t count) {
  auto numbers = Array<std::int64_t>::from_shape(Shape{count});
  std::iota(numbers.data(), numbers.data() + count, std::int64_t{0});
  const Var index(std::move(numbers));
  return equal(expand_dims(index, 1), index);
}

/// a[..., i, :] - b[..., j, :].
Var differences_of_rows(const Var& a, const Var& b) { return expand_dims(a, -2) - expand_dims(b, -3); }

}  // namespace

Var average(const Var& x, const Var& weights, const Axes& axes, KeepDims keep) {
  const Shape normal = detail::normalize_axes("average", axes, x);
  detail::require_usable(weights, "average");
  detail::require_one_tape("average", std::array{&x, &weights});
  const Var beside = weights_beside(x, detail::floats_of(weights), axes, normal);
  const Var weighted = sum(detail::floats_of(x) * beside, axes, keep);
  return weighted / sum(detail::expand_to(beside, x.shape()), axes, keep);
}

Var cov(const Var& x, double ddof) {
  const std::size_t axis = detail::normalize_axis("cov", -1, x);
  if (!std::isfinite(ddof)) {
    throw ValueError("cov: ddof is " + std::to_string(ddof) + "; it must be finite");
  }
  return products_of_rows(centred_rows(x)) / std::max(static_cast<double>(x.shape()[axis]) - ddof, 0.0);
}

Var corrcoef(const Var& x) {
  (void)detail::normalize_axis("corrcoef", -1, x);
  const Var rows = centred_rows(x);
  const Var products = clip(products_of_rows(rows / norm(rows, -1, keep_dims)), -1.0, 1.0);
  // With itself a variable is correlated without a rounding error, and so is its derivative 0.
  const Var itself = x.dimension() == 1 ? Var(true) : on_diagonal(x.shape(-2));
  return where(itself && equal(products, products), ones_like(products), products);
}

Var cdist(const Var& a, const Var& b, Metric metric) {
  for (const Var* each : {&a, &b}) detail::require_usable(*each, "cdist");
  detail::require_one_tape("cdist", std::array{&a, &b});
  if (a.dimension() < 2 || b.dimension() < 2 || a.shape(-1) != b.shape(-1)) {
    throw ShapeError("cdist: the shapes " + to_string(a.shape()) + " and " + to_string(b.shape()) +
                     " are not two matrices, or stacks of them, with rows of the same length");
  }
  detail::require_rank("cdist", std::max(a.dimension(), b.dimension()) + 1);
  const auto distance = [&](const Var& first, const Var& second) {
    const Var apart = differences_of_rows(first, second);
    switch (metric) {
      case Metric::SqEuclidean:
        return sum(square(apart), -1);
      case Metric::Cityblock:
        return sum(abs(apart), -1);
      case Metric::Chebyshev:
        return first.shape(-1) == 0 ? sum(apart, -1) : amax(abs(apart), -1);
      case Metric::Euclidean:
        break;
    }
    return norm(apart, -1);
  };
  return detail::computed_at_once("cdist", distance, detail::floats_of(a), detail::floats_of(b));
}

}  // namespace xgrad
