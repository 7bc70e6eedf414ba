// Which class is taken for which. Binary tasks have K = 2.
#pragma once

#include <cstdint>
#include <string_view>

#include <xgrad/metrics/labels.hpp>
#include <xgrad/metrics/state.hpp>
#include <xgrad/tree/fields.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::metrics {

enum class Normalise : std::uint8_t { None, Target, Prediction, All };

/// How often each true class (rows) was taken for each class (columns), [K, K].
///
///     C_ij = sum(w [t = i] [p = j]), divided by the sum of the row, the column or all
///
/// \param prediction, target  see Labels.
/// \throws ValueError  for multilabel tasks. So do the others of this file.
/// \source  scikit-learn 1.2, sklearn.metrics.confusion_matrix.
struct ConfusionMatrix {
  static constexpr std::string_view name = "ConfusionMatrix";
  Labels labels = binary();
  Normalise normalise = Normalise::None;
  [[nodiscard]] Sums init() const;
  [[nodiscard]] Sums update(const Sums& state, const Var& prediction, const Var& target,
                            const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Sums& state) const;
};
XGRAD_FIELDS(ConfusionMatrix, labels, normalise)

/// Correlation of Matthews; 0 where all predictions or all targets are one class.
///
///     (n sum_k C_kk - sum_k t_k p_k) / sqrt((n^2 - sum_k p_k^2) (n^2 - sum_k t_k^2))
///
/// \param prediction, target  see Labels.
/// t_k and p_k are sums of rows and columns, n is that of all.
/// \source  scikit-learn 1.2, sklearn.metrics.matthews_corrcoef.
struct MatthewsCorrelation {
  static constexpr std::string_view name = "MatthewsCorrelation";
  Labels labels = binary();
  [[nodiscard]] Sums init() const;
  [[nodiscard]] Sums update(const Sums& state, const Var& prediction, const Var& target,
                            const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Sums& state) const;
};
XGRAD_FIELDS(MatthewsCorrelation, labels)

/// Kappa of Cohen, agreement beyond chance; power 1 and 2 are linear and quadratic weights.
///
///     1 - n sum_ij d_ij C_ij / sum_ij d_ij t_i p_j,   d_ij = |i - j|^power, with power 0: [i != j]
///
/// \param prediction, target  see Labels.
/// If all is one class: 1.
/// \throws ValueError  for a power below 0 or not finite.
/// \source  scikit-learn 1.2, sklearn.metrics.cohen_kappa_score.
struct CohenKappa {
  static constexpr std::string_view name = "CohenKappa";
  Labels labels = binary();
  double power = 0.0;
  [[nodiscard]] Sums init() const;
  [[nodiscard]] Sums update(const Sums& state, const Var& prediction, const Var& target,
                            const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Sums& state) const;
};
XGRAD_FIELDS(CohenKappa, labels, power)

}  // namespace xgrad::metrics

#pragma GCC visibility pop
