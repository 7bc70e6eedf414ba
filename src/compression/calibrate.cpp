#include <xgrad/compression/calibrate.hpp>

#include <limits>
#include <string>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/create.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/ops/quantile.hpp>
#include <xgrad/ops/rearrange.hpp>

#include "core/text.hpp"
#include "ops/internal.hpp"

namespace xgrad::compression {

Observation Observer::init(DType dtype) const {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  return {cast(full({}, infinity), dtype), cast(full({}, -infinity), dtype), cast(zeros({0}), dtype)};
}

Observation Observer::update(const Observation& seen, const Var& x) const {
  xgrad::detail::require_usable(x, "Observer");
  if (!is_floating(x.dtype())) {
    throw TypeError("Observer: an array of " + std::string(name(x.dtype())) + "; it must be floating-point");
  }
  if (!(rate > 0.0 && rate <= 1.0)) {
    throw ValueError("Observer: the rate is " + core::text_of(rate) + "; it must be above 0 and at most 1");
  }
  if (!(percentile > 50.0 && percentile <= 100.0)) {
    throw ValueError("Observer: the percentile is " + core::text_of(percentile) +
                     "; it must be above 50 and at most 100");
  }
  const Range now = range_of(x);
  Observation next = seen;
  switch (method) {
    case Calibration::MinMax:
      next.low = minimum(seen.low, now.low);
      next.high = maximum(seen.high, now.high);
      break;
    case Calibration::MovingAverage: {
      const Var first = seen.low > seen.high;
      next.low = where(first, now.low, seen.low + rate * (now.low - seen.low));
      next.high = where(first, now.high, seen.high + rate * (now.high - seen.high));
      break;
    }
    case Calibration::Percentile:
      next.values = concatenate({seen.values, ravel(x)}, 0);
      break;
  }
  return next;
}

Range Observer::range(const Observation& seen) const {
  if (method != Calibration::Percentile || seen.values.size() == 0) return {seen.low, seen.high};
  const double share = percentile / 100.0;
  return {quantile(seen.values, 1.0 - share), quantile(seen.values, share)};
}

}  // namespace xgrad::compression
