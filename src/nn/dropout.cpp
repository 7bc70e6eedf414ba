#include <xgrad/nn/dropout.hpp>

#include <algorithm>
#include <string_view>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/random/continuous.hpp>

#include "nn/checks.hpp"
#include "ops/axes.hpp"

namespace xgrad::nn {
namespace {

/// x where random numbers of a shape that broadcasts to it let it stay.
Var with_gaps(std::string_view layer, const Var& x, double rate, const Shape& shape, const random::Key& key) {
  require_rate(layer, rate);
  if (rate == 0.0) return x;
  if (rate == 1.0) return zeros_like(x);
  const double kept = 1.0 - rate;
  // 24 bits of a number are enough to say so, and half the work of 53, unless one of both is rare.
  const DType digits = std::min(kept, rate) < 1e-3 ? DType::Float64 : DType::Float32;
  return where(random::uniform(key, shape, digits) < kept, x * (1.0 / kept), 0.0);
}

}  // namespace

Var Dropout::operator()(const Var& x, const Training& training) const {
  Shape shape = x.shape();
  for (const int axis : together) shape[xgrad::detail::normalize_axis("Dropout", axis, x)] = 1;
  return with_gaps("Dropout", x, rate, shape, training.key);
}

Var DropPath::operator()(const Var& x, const Training& training) const {
  if (x.dimension() == 0)
    throw ShapeError("DropPath: called with a number; it leaves out samples, along the first axis");
  Shape shape(x.dimension(), 1);
  shape[0] = x.shape()[0];
  return with_gaps("DropPath", x, rate, shape, training.key);
}

}  // namespace xgrad::nn
