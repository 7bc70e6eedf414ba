// Signals beside those that they should be.
#pragma once

#include <string_view>

#include <xgrad/metrics/state.hpp>
#include <xgrad/tree/fields.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::metrics {

/// Mean cosine of the angle between rows; 0 where one is 0.
///
///     p . t / (|p| |t|)
///
/// \param prediction  p, [..., T].
/// \param target      t, of the same shape.
/// \source  scikit-learn 1.2, sklearn.metrics.pairwise.cosine_similarity.
struct CosineSimilarity {
  static constexpr std::string_view name = "CosineSimilarity";
  [[nodiscard]] Sums init() const;
  [[nodiscard]] Sums update(const Sums& state, const Var& prediction, const Var& target,
                            const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Sums& state) const;
};
XGRAD_FIELDS(CosineSimilarity)

/// Mean signal to noise ratio of rows, in dB; infinite without noise.
///
///     10 log10(|t|^2 / |t - p|^2)
///
/// \param prediction  p, [..., T].
/// \param target      t, of the same shape.
/// \throws ValueError  for a target that is 0 (raised when evaluated).
/// \source  torchmetrics, SignalNoiseRatio.
struct Snr {
  static constexpr std::string_view name = "Snr";
  [[nodiscard]] Sums init() const;
  [[nodiscard]] Sums update(const Sums& state, const Var& prediction, const Var& target,
                            const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Sums& state) const;
};
XGRAD_FIELDS(Snr)

/// Mean scale-invariant signal to distortion ratio of rows, in dB.
///
///     10 log10(|a t|^2 / |a t - p|^2),   a = p . t / |t|^2
///
/// \param prediction  p, [..., T].
/// \param target      t, of the same shape.
/// \throws ValueError  for a target that is 0 (raised when evaluated).
/// \source  J. Le Roux et al., SDR - half-baked or well done?, 2019.
struct SiSdr {
  static constexpr std::string_view name = "SiSdr";
  bool zero_mean = false;  ///< whether the means of the rows are taken away before
  [[nodiscard]] Sums init() const;
  [[nodiscard]] Sums update(const Sums& state, const Var& prediction, const Var& target,
                            const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Sums& state) const;
};
XGRAD_FIELDS(SiSdr, zero_mean)

/// Peak signal to noise ratio of all elements together, in dB; infinite without errors.
///
///     10 log10(range^2 / mean((p - t)^2))
///
/// \param prediction  p, any shape.
/// \param target      t, of the same shape.
/// \throws ValueError  unless the range is positive and finite.
/// \source  Q. Huynh-Thu and M. Ghanbari, Scope of validity of PSNR in image/video quality assessment, 2008.
struct Psnr {
  static constexpr std::string_view name = "Psnr";
  double range = 1.0;  ///< of the values
  [[nodiscard]] Sums init() const;
  [[nodiscard]] Sums update(const Sums& state, const Var& prediction, const Var& target,
                            const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Sums& state) const;
};
XGRAD_FIELDS(Psnr, range)

}  // namespace xgrad::metrics

#pragma GCC visibility pop
