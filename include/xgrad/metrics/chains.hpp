// What draws of Markov chains are worth. Draws are [draws, chains, ...]: of each number behind these axes, one by one.
#pragma once

#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::metrics {

/// How much wider all chains together are than each by itself, R-hat: 1 if they have forgotten where they began; below
/// 1.01 is what the authors ask for. Chains are cut in halves and draws replaced by normal scores of their ranks, so
/// that it means something for heavy tails, too:
///
///     z = Phi^-1((rank - 3/8) / (N + 1/4))
///     sqrt(((n - 1) / n W + var of the means of z) / W),  W = mean of the variances of z in the M half chains of n
///
/// It is the larger one of that and the same of |draw - median|, which sees other widths.
///
/// \param draws  [draws, chains, ...]
/// \return [...], float64. NaN where all draws are equal.
/// \throws ShapeError  unless there are 4 draws and 1 chain at least
/// \throws ValueError  for NaN (raised when evaluated)
/// \source  A. Vehtari et al., Rank-normalization, folding, and localization: an improved R-hat, 2021.
[[nodiscard]] Var r_hat(const Var& draws);

/// As many independent draws as would know their middle as well: bulk effective sample size. Of the same normal scores
/// z, with means of the autocovariances over chains:
///
///     N / (-1 + 2 sum_k P_k),  P_k = rho(2k) + rho(2k + 1),  rho(t) = 1 - (W - autocovariance(t)) / var+
///
/// P ends where it becomes negative, and never rises (C. J. Geyer, 1992). At most N log10 N.
///
/// \param draws  [draws, chains, ...]
/// \return [...], float64. NaN where all draws are equal.
/// \throws ShapeError, ValueError  as r_hat
/// \source  A. Vehtari et al., 2021.
[[nodiscard]] Var effective_sample_size(const Var& draws);

}  // namespace xgrad::metrics

#pragma GCC visibility pop
