#include <xgrad/ops/signal.hpp>

#include <algorithm>
#include <cmath>
#include <string>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/differences.hpp>
#include <xgrad/ops/pad.hpp>
#include <xgrad/ops/rearrange.hpp>

#include "axes.hpp"
#include "core/text.hpp"
#include "internal.hpp"
#include "reductions.hpp"

namespace xgrad {
namespace {

void require_samples(std::string_view operation, const Var& x) {
  detail::require_usable(x, operation);
  if (x.dimension() == 1 && x.size() > 0) return;
  throw ShapeError(std::string(operation) + ": the samples have the shape " + to_string(x.shape()) +
                   "; there must be one axis, with one element at least");
}

/// The sums of products of a kernel with the parts of x, which is not shorter.
Var sliding(const Var& x, const Var& kernel, Overlap overlap) {
  const std::size_t n = kernel.size();
  const std::size_t before = overlap == Overlap::Full ? n - 1 : overlap == Overlap::Same ? n / 2 : 0;
  const std::size_t after = overlap == Overlap::Full ? n - 1 : overlap == Overlap::Same ? n - 1 - n / 2 : 0;
  const Var padded = pad(x, {before, after});
  const std::size_t count = padded.size() - n + 1;
  require_addressable({count, n});
  const Var places = reshape(detail::iota(count), {-1, 1}) + detail::iota(n);
  return matmul(take(padded, places, 0), kernel);
}

}  // namespace

Var convolve(const Var& x, const Var& y, Overlap overlap) {
  require_samples("convolve", x);
  require_samples("convolve", y);
  return x.size() < y.size() ? sliding(y, flip(x), overlap) : sliding(x, flip(y), overlap);
}

Var correlate(const Var& x, const Var& y, Overlap overlap) {
  require_samples("correlate", x);
  require_samples("correlate", y);
  return x.size() < y.size() ? flip(sliding(y, x, overlap)) : sliding(x, y, overlap);
}

Var unwrap(const Var& x, const UnwrapOptions& options) {
  const std::size_t along = detail::normalize_axis("unwrap", options.axis, x);
  if (!(options.period > 0.0) || std::isinf(options.period)) {
    throw ValueError("unwrap: the period is " + core::text_of(options.period) + "; it must be positive and finite");
  }
  const Var angles = detail::floats_of(x);
  const std::size_t count = angles.shape()[along];
  if (count < 2) return angles;
  const auto axis = static_cast<std::ptrdiff_t>(along);
  const double half = 0.5 * options.period;
  const Var step = stop_gradient(diff(angles, 1, axis));
  const Var rest = remainder(step + half, options.period) - half;
  // Half a period up stays up.
  const Var nearest = where(equal(rest, -half) && step > 0.0, half, rest);
  const double ignored = std::max(half, options.discontinuity.value_or(half));
  const Var correction = where(abs(step) < ignored, 0.0, nearest - step);
  const Var first = detail::part_along(angles, along, 0, 1);
  const Var others = detail::part_along(angles, along, 1, count - 1);
  return concatenate({first, others + cumsum(correction, axis)}, axis);
}

}  // namespace xgrad
