#include <xgrad/ops/reduce.hpp>

#include <algorithm>
#include <string>

#include <xgrad/core/errors.hpp>

#include "axes.hpp"
#include "internal.hpp"
#include "reductions.hpp"

namespace xgrad {
namespace {

using namespace primitives;
using detail::extent_along;
using detail::normalize_axes;

Var as_number(const Var& x) { return x.dtype() == DType::Bool ? cast(x, DType::Int64) : x; }

Var squeeze_unless(KeepDims keep, const Var& x, const Shape& axes) { return detail::squeezed(x, axes, keep); }

/// Of booleans their count, without a copy of them as integers.
Var sum_keeping(const Var& x, const Shape& axes) {
  if (axes.empty()) return as_number(x);
  return detail::record<Sum>(x.dtype() == DType::Bool ? DType::Int64 : x.dtype(),
                             detail::reduced_shape(x.shape(), axes), {&x}, detail::as_attributes(axes));
}

Var mean_keeping(const Var& x, const Shape& axes) {
  return sum_keeping(x, axes) / static_cast<double>(extent_along(x.shape(), axes));
}

template <class P>
Var extremum_keeping(const Var& x, const Shape& axes) {
  if (extent_along(x.shape(), axes) == 0) {
    throw ValueError(std::string(P::name) + ": nothing to reduce in the shape " + to_string(x.shape()) +
                     "; the extremum of no elements is undefined");
  }
  if (axes.empty()) return x;
  return detail::record<P>(x.dtype(), detail::reduced_shape(x.shape(), axes), {&x}, detail::as_attributes(axes));
}

/// The largest element, as a constant that keeps e^offset(x, largest) from overflowing.
Var largest_of(const Var& x, const Shape& axes) { return stop_gradient(extremum_keeping<MaxReduce>(x, axes)); }

/// ln(sum(e^shifted)), for numbers of which the largest is 0. Where the others are small, a sum of 1 and more would
/// have lost their digits.
Var log_of_sum(const Var& shifted, const Shape& axes) {
  const Var powers = exp(shifted);
  if (axes.empty()) return log(powers);
  return log1p(detail::record<SumButOne>(powers.dtype(), detail::reduced_shape(powers.shape(), axes), {&powers},
                                         detail::as_attributes(axes)));
}

Var argmax_keeping(const Var& x, std::size_t axis) {
  if (x.shape()[axis] == 0) {
    throw ValueError("argmax: nothing to search along axis " + std::to_string(axis) + " of the shape " +
                     to_string(x.shape()));
  }
  const std::array attributes{static_cast<std::int64_t>(axis)};
  return detail::record<ArgMax>(DType::Int64, detail::reduced_shape(x.shape(), Shape{axis}), {&x}, attributes);
}

}  // namespace

Var sum(const Var& x, const Axes& axes, KeepDims keep) {
  const Shape normal = normalize_axes("sum", axes, x);
  return squeeze_unless(keep, sum_keeping(x, normal), normal);
}

Var mean(const Var& x, const Axes& axes, KeepDims keep) {
  const Shape normal = normalize_axes("mean", axes, x);
  return squeeze_unless(keep, mean_keeping(x.dtype() == DType::Bool ? x : detail::floats_of(x), normal), normal);
}

Var prod(const Var& x, const Axes& axes, KeepDims keep) {
  const Shape normal = normalize_axes("prod", axes, x);
  if (x.dimension() == 0) return as_number(x);
  const Shape reduced = detail::reduced_shape(x.shape(), normal);
  const std::size_t count = extent_along(x.shape(), normal);
  // The reduced axes last and as one; then halves are multiplied. Derivatives of products need no division, so zeros
  // are as good as any other number. Balanced factors keep every part of the product in range that the whole is in.
  Shape order;
  for (std::size_t i = 0; i < x.dimension(); ++i) {
    if (std::find(normal.begin(), normal.end(), i) == normal.end()) order.push_back(i);
  }
  for (const std::size_t axis : normal) order.push_back(axis);
  const std::size_t outer = size_of(reduced);
  Var factors = transpose(as_number(x), Axes(order));
  factors = reshape(factors, {static_cast<std::ptrdiff_t>(outer), static_cast<std::ptrdiff_t>(count)});
  const auto part = [&](std::size_t first, std::size_t length) {
    const std::array<std::int64_t, 4> starts_and_steps{0, 1, static_cast<std::int64_t>(first), 1};
    return detail::slice(factors, {outer, length}, starts_and_steps);
  };
  if (count > 2 && is_floating(factors.dtype())) factors = detail::balance(factors, stop_gradient(factors));
  for (std::size_t n = count; n > 1; n = (n + 1) / 2) {
    const Var product = part(0, n / 2) * part(n / 2, n / 2);
    factors = n % 2 == 0 ? product : concatenate({product, part(n - 1, 1)}, 1);
  }
  if (count == 0) factors = ones_like(sum(factors, 1, keep_dims));
  return squeeze_unless(keep, reshape(factors, Strides(reduced)), normal);
}

Var amax(const Var& x, const Axes& axes, KeepDims keep) {
  const Shape normal = normalize_axes("amax", axes, x);
  return squeeze_unless(keep, extremum_keeping<MaxReduce>(x, normal), normal);
}

Var amin(const Var& x, const Axes& axes, KeepDims keep) {
  const Shape normal = normalize_axes("amin", axes, x);
  return squeeze_unless(keep, extremum_keeping<MinReduce>(x, normal), normal);
}

Var norm(const Var& x, const Axes& axes, KeepDims keep) {
  const Shape normal = normalize_axes("norm", axes, x);
  const Var values = detail::floats_of(x);
  const Var result = detail::record<Norm>(values.dtype(), detail::reduced_shape(x.shape(), normal), {&values},
                                          detail::as_attributes(normal));
  return squeeze_unless(keep, result, normal);
}

Var logsumexp(const Var& x, const Axes& axes, KeepDims keep) {
  const Shape normal = normalize_axes("logsumexp", axes, x);
  const Var values = detail::floats_of(x);
  if (extent_along(x.shape(), normal) == 0) return squeeze_unless(keep, log(sum_keeping(values, normal)), normal);
  const Var result = detail::computed_at_once(
      "logsumexp",
      [&](const Var& y) {
        const Var largest = largest_of(y, normal);
        return log_of_sum(offset(y, largest), normal) + largest;
      },
      values);
  return squeeze_unless(keep, result, normal);
}

Var softmax(const Var& x, const Axes& axes) {
  const Shape normal = normalize_axes("softmax", axes, x);
  const Var values = detail::floats_of(x);
  if (size_of(x.shape()) == 0) return values;
  return detail::computed_at_once(
      "softmax",
      [&](const Var& y) {
        const Var powers = exp(offset(y, largest_of(y, normal)));
        return powers / sum_keeping(powers, normal);
      },
      values);
}

Var log_softmax(const Var& x, const Axes& axes) {
  const Shape normal = normalize_axes("log_softmax", axes, x);
  const Var values = detail::floats_of(x);
  if (size_of(x.shape()) == 0) return values;
  return detail::computed_at_once(
      "log_softmax",
      [&](const Var& y) {
        const Var shifted = offset(y, largest_of(y, normal));
        return shifted - log_of_sum(shifted, normal);
      },
      values);
}

Var argmax(const Var& x) {
  detail::require_usable(x, ArgMax::name);
  return reshape(argmax_keeping(flatten(x), 0), {});
}

Var argmax(const Var& x, std::ptrdiff_t axis, KeepDims keep) {
  const std::size_t normal = detail::normalize_axis("argmax", axis, x);
  return squeeze_unless(keep, argmax_keeping(x, normal), Shape{normal});
}

namespace detail {

Var balance(const Var& x, const Var& factors) { return record<Balance>(x.dtype(), x.shape(), {&x, &factors}); }

Var sum_to(const Var& x, const Shape& shape) {
  Shape axes;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] != x.shape()[i]) axes.push_back(i);
  }
  return sum_keeping(x, axes);
}

}  // namespace detail
}  // namespace xgrad
