#include <xgrad/nn/positions.hpp>

#include <cmath>
#include <string>
#include <string_view>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/check.hpp>
#include <xgrad/ops/create.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/index.hpp>
#include <xgrad/ops/manipulate.hpp>

#include "checks.hpp"
#include "core/text.hpp"
#include "ops/internal.hpp"
#include "sequences.hpp"

namespace xgrad::nn {

using detail::length_of;

namespace {

/// places / base^(2i / width), for i below half of the width, in float64: places are large, and waves short.
Var phases(const Var& places, std::size_t width, double base) {
  const Var rates = exp(arange(0.0, static_cast<double>(width), 2.0) * (-std::log(base) / static_cast<double>(width)));
  return expand_dims(cast(places, DType::Float64), -1) * rates;
}

[[noreturn]] void refuse_rotary(const Var& x, std::string_view requirement) {
  throw ShapeError("rotary: x has the shape " + to_string(x.shape()) + "; " + std::string(requirement));
}

void require_sequence(const PositionalEmbedding& embedding, const Var& x) {
  const Shape weight = embedding.weight.shape();
  const Shape shape = x.shape();
  if (weight.size() != 2 || shape.size() < 2 || shape.back() != weight[1] || shape[shape.size() - 2] > weight[0]) {
    throw ShapeError("PositionalEmbedding: called with the shape " + to_string(shape) + ", with a weight of " +
                     to_string(weight) + "; they must be [..., t, width] and [length, width], t not above the length");
  }
}

}  // namespace

Var sinusoidal_positions(const Var& places, std::size_t width, double base, DType dtype) {
  require_base("sinusoidal_positions", base);
  if (width % 2 != 0) {
    throw ValueError("sinusoidal_positions: the width " + std::to_string(width) +
                     "; it must be even, for each wave has a sine and a cosine");
  }
  if (!is_floating(dtype)) {
    throw TypeError("sinusoidal_positions: waves of " + std::string(name(dtype)) + "; they must be floating-point");
  }
  const Var angles = phases(places, width, base);
  Shape shape = places.shape();
  shape.push_back(width);
  return cast(reshape(xgrad::stack({sin(angles), cos(angles)}, -1), Strides(shape)), dtype);
}

Var rotary(const Var& x, double base) {
  if (x.dimension() < 2) refuse_rotary(x, "it must have two axes or more, [..., t, d]");
  return rotary(x, arange(length_of(x)), base);
}

Var rotary(const Var& x, const Var& places, double base) {
  require_base("rotary", base);
  if (x.dimension() < 2) refuse_rotary(x, "it must have two axes or more, [..., t, d]");
  const auto width = static_cast<std::ptrdiff_t>(x.shape(-1));
  if (width % 2 != 0) refuse_rotary(x, "the last axis is of pairs, and must have an even number of elements");
  const Var angles = phases(places, static_cast<std::size_t>(width), base);
  Shape halves = x.shape();
  halves.back() /= 2;
  if (!xgrad::detail::broadcasts_to(angles.shape(), halves)) {
    refuse_rotary(x, "places of the shape " + to_string(places.shape()) + " do not broadcast to its axes but the last");
  }
  const DType dtype = is_floating(x.dtype()) ? x.dtype() : DType::Float64;
  const Var cosine = cast(cos(angles), dtype);
  const Var sine = cast(sin(angles), dtype);
  const Var a = view(x, xt::ellipsis(), xt::range(0, width / 2));
  const Var b = view(x, xt::ellipsis(), xt::range(width / 2, width));
  return xgrad::concatenate({a * cosine - b * sine, b * cosine + a * sine}, -1);
}

Var PositionalEmbedding::operator()(const Var& x) const {
  require_sequence(*this, x);
  return x + view(weight, xt::range(0, length_of(x)));
}

Var PositionalEmbedding::operator()(const Var& x, const Var& first) const {
  require_sequence(*this, x);
  static const Requirement known("PositionalEmbedding: the place {}; there are {}");
  if (is_floating(first.dtype()) || first.dtype() == DType::Bool) {
    throw TypeError("PositionalEmbedding: a first place of " + std::string(name(first.dtype())) +
                    "; it must be an integer");
  }
  const auto length = static_cast<std::int64_t>(weight.shape(0));
  const Var places = expand_dims(first, -1) + arange(length_of(x));
  if (!xgrad::detail::broadcasts_to(places.shape(), Shape(x.shape().begin(), x.shape().end() - 1))) {
    throw ShapeError("PositionalEmbedding: first places of the shape " + to_string(first.shape()) +
                     " for sequences of " + to_string(x.shape()) + "; there must be one, or one for each sequence");
  }
  return x + take(weight, checked(places, places >= 0 && places < length, known, length), 0);
}

PositionalEmbedding positional_embedding(const random::Key& key, std::size_t length, std::size_t width,
                                         const PositionalEmbeddingOptions& options) {
  require_floating("positional_embedding", options.dtype);
  return {options.weights(key, {length, width}, options.dtype)};
}

}  // namespace xgrad::nn
