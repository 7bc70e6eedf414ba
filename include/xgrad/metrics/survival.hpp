// Times until something happens, of which some are only known to be longer than the time of observation.
#pragma once

#include <string_view>

#include <xgrad/metrics/state.hpp>
#include <xgrad/tree/fields.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::metrics {

/// Concordance index of Harrell: which part of the comparable pairs is predicted in the right order, ties half. A pair
/// is comparable if it is known which of both lives longer: the other has an event, and that before the time of the
/// first, or at the same time without an event of the first. Time of `value` grows with the square of the samples.
///
///     sum w_i w_j ([r_i > r_j] + [r_i = r_j] / 2) / sum w_i w_j,   over pairs with (t_i < t_j or t_i = t_j, not e_j),
///     e_i
///
/// \param prediction  risks r, any shape: who has more shall live shorter. Of predicted times give the negative.
/// \param time        t, of the same shape.
/// \param event       e, of the same shape: whether it happened (1), or observation ended (0); int64 or bool.
/// \throws TypeError   for events in floating-point.
/// \throws ValueError  for a risk or time that is NaN, an event that is neither 0 nor 1, and if no pair is comparable
///                     (raised when evaluated).
/// \source  F. E. Harrell et al., Evaluating the yield of medical tests, 1982; equal times as scikit-survival,
///          concordance_index_censored.
struct ConcordanceIndex {
  static constexpr std::string_view name = "ConcordanceIndex";
  [[nodiscard]] Samples init() const;
  [[nodiscard]] Samples update(const Samples& state, const Var& prediction, const Var& time, const Var& event,
                               const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Samples& state) const;
};
XGRAD_FIELDS(ConcordanceIndex)

}  // namespace xgrad::metrics

#pragma GCC visibility pop
