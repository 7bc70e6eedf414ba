// What numbers come by: ranges of activations, from some batches of data.
#pragma once

#include <cstddef>
#include <cstdint>

#include <xgrad/compression/quantise.hpp>
#include <xgrad/core/dtype.hpp>
#include <xgrad/tree/fields.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::compression {

/// MinMax: the extrema of all that came by. MovingAverage: of the extrema of batches, the first of which counts whole.
/// Percentile: what leaves out a share of all numbers at both ends, which may be outliers.
enum class Calibration : std::uint8_t { MinMax, MovingAverage, Percentile };

/// What an observer remembers.
struct Observation {
  Var low;     ///< []; infinity before anything came by
  Var high;    ///< []; minus infinity
  Var values;  ///< [n], of Percentile all numbers so far, else [0]
};
XGRAD_FIELDS(Observation, state(low), state(high), state(values))

/// Watches arrays and says what range they have. Its state is carried along, as that of a metric.
///
///     const xg::compression::Observer observer{.method = xg::compression::Calibration::Percentile, .percentile
///     = 99.9}; auto seen = observer.init(); for (const xg::Var& batch : batches) seen = observer.update(seen, batch);
///     const auto q = xg::compression::quantisation(observer.range(seen), {.scheme = xg::compression::Scheme::Affine});
struct Observer {
  Calibration method = Calibration::MinMax;
  double rate = 0.01;        ///< of MovingAverage: average = average + rate (extremum - average)
  double percentile = 99.9;  ///< of Percentile: the range is from quantile 100 - percentile to quantile percentile

  /// \param dtype  that of the arrays to come.
  [[nodiscard]] Observation init(DType dtype = DType::Float32) const;
  /// \throws ValueError  of nothing; unless the rate is > 0 and <= 1, the percentile > 50 and <= 100.
  /// \throws TypeError   unless x is floating-point.
  [[nodiscard]] Observation update(const Observation& seen, const Var& x) const;
  /// That of nothing is refused by quantisation().
  [[nodiscard]] Range range(const Observation& seen) const;
};
XGRAD_FIELDS(Observer, method, rate, percentile)

}  // namespace xgrad::compression

#pragma GCC visibility pop
