// Divergences between distributions that are given by their probabilities or their parameters.
//
// Probabilities may be exactly 0. Derivatives with respect to a probability that is 0, which may be infinite, are taken
// as 0 unless something else is said. Nothing is normalised, and no sum is checked to be 1.
#pragma once

#include <string_view>

#include <xgrad/tree/fields.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::loss {

/// Terms of the Kullback-Leibler divergence of the target from the prediction, as torch's KLDivLoss; element by
/// element, not reduced: their sum over the classes is KL(target || prediction).
///
///     t (ln t - z), 0 where t = 0        or, with log_target,        e^t (t - z), 0 where t = -infinity
///
/// \param prediction  z, logarithms of probabilities (log_softmax of logits), any shape.
/// \param target      t, probabilities of the same shape; with log_target their logarithms.
/// \return            the shape of the prediction, nats; single terms may be negative.
/// \throws ShapeError  unless both shapes are equal.
/// \throws ValueError  for a target that is negative or NaN, but with log_target (raised when evaluated).
/// \derivative  -t with respect to z; smooth to every order where t > 0.
/// \source  S. Kullback and R. A. Leibler, On information and sufficiency, 1951; PyTorch, KLDivLoss.
struct KlDivergence {
  static constexpr std::string_view name = "KlDivergence";
  bool log_target = false;  ///< targets are logarithms
  bool check_targets = true;
  Var operator()(const Var& prediction, const Var& target) const;
};
XGRAD_FIELDS(KlDivergence, log_target, check_targets)

/// Generalised Kullback-Leibler divergence, for numbers >= 0 that need not add up to 1 (counts, intensities, spectra),
/// also called I-divergence; element by element, not reduced.
///
///     t ln(t / p) - t + p        p where t = 0, infinity where p = 0 < t
///
/// \param prediction  p >= 0, any shape.
/// \param target      t >= 0, of the same shape.
/// \return            the shape of the prediction, >= 0.
/// \throws ShapeError  unless both shapes are equal.
/// \throws ValueError  for a prediction or target that is negative or NaN (raised when evaluated).
/// \derivative  1 - t / p with respect to p, also where t = 0; smooth to every order where both are positive.
/// \source  I. Csiszar, Why least squares and maximum entropy?, Annals of Statistics 19, 1991; D. D. Lee and H. S.
///          Seung, Algorithms for non-negative matrix factorization, 2001, equation 3.
struct GeneralizedKl {
  static constexpr std::string_view name = "GeneralizedKl";
  bool check_targets = true;  ///< and predictions
  Var operator()(const Var& prediction, const Var& target) const;
};
XGRAD_FIELDS(GeneralizedKl, check_targets)

/// Jensen-Shannon divergence: the mean of the divergences of two distributions from their mean; not reduced.
///
///     loss[n] = sum_k (p ln(p / m) + t ln(t / m)) / 2,        m = (p + t) / 2
///
/// \param prediction  p, [..., K] probabilities, which are summed over.
/// \param target      t, [..., K] probabilities; both can be exchanged.
/// \return            [...], nats in [0, ln 2]; its square root is a metric.
/// \throws ShapeError  unless both shapes are equal and have an axis.
/// \throws ValueError  for a probability that is negative or NaN (raised when evaluated).
/// \derivative  ln(p / m) / 2 with respect to p, 0 where p = 0.
/// \source  J. Lin, Divergence measures based on the Shannon entropy, IEEE Transactions on Information Theory 37, 1991.
struct JensenShannon {
  static constexpr std::string_view name = "JensenShannon";
  bool check_targets = true;  ///< and predictions
  Var operator()(const Var& prediction, const Var& target) const;
};
XGRAD_FIELDS(JensenShannon, check_targets)

/// Renyi's divergence of order alpha of the target from the prediction; not reduced.
///
///     loss[n] = ln(sum_k t^alpha p^(1 - alpha) / sum_k t) / (alpha - 1)
///     alpha = 1, its limit:    sum_k t ln(t / p) / sum_k t
///
/// It grows with alpha. alpha = 1/2 is symmetric, and -2 ln(1 - h^2) for the Hellinger distance h. Exact also for
/// alpha very near 1.
///
/// \param prediction  p, [..., K] probabilities, which are summed over.
/// \param target      t, [..., K] probabilities.
/// \return            [...], nats, >= 0 if both add up to 1; infinite where alpha >= 1 and a p is 0 whose t is not, or
///                    where p and t have no class in common; 0 where all t are 0.
/// \throws ShapeError  unless both shapes are equal and have an axis of extent > 0.
/// \throws ValueError  unless alpha is positive and finite; for a probability that is negative or NaN (raised when
///                     evaluated).
/// \derivative  smooth to every order where both are positive; 0 where the divergence is infinite.
/// \source  A. Renyi, On measures of entropy and information, 1961; T. van Erven and P. Harremoes, Renyi divergence and
///          Kullback-Leibler divergence, IEEE Transactions on Information Theory 60, 2014.
struct Renyi {
  static constexpr std::string_view name = "Renyi";
  double alpha = 0.5;         ///< the order, > 0
  bool check_targets = true;  ///< and predictions
  Var operator()(const Var& prediction, const Var& target) const;
};
XGRAD_FIELDS(Renyi, alpha, check_targets)

/// Hellinger distance; not reduced.
///
///     loss[n] = sqrt(sum_k (sqrt(p) - sqrt(t))^2 / 2)        squared: without the outer root
///
/// \param prediction  p, [..., K] probabilities, which are summed over.
/// \param target      t, [..., K] probabilities; both can be exchanged.
/// \return            [...], in [0, 1] if both add up to 1.
/// \throws ShapeError  unless both shapes are equal and have an axis.
/// \throws ValueError  for a probability that is negative or NaN (raised when evaluated).
/// \derivative  0 where the distance is 0, which is a kink unless it is squared; 0 with respect to a probability of 0.
/// \source  L. Le Cam and G. L. Yang, Asymptotics in Statistics, 2nd edition, 2000, chapter 3.
struct Hellinger {
  static constexpr std::string_view name = "Hellinger";
  bool squared = false;
  bool check_targets = true;  ///< and predictions
  Var operator()(const Var& prediction, const Var& target) const;
};
XGRAD_FIELDS(Hellinger, squared, check_targets)

/// Total variation distance: the largest difference of the probabilities of any event; not reduced.
///
///     loss[n] = sum_k abs(p - t) / 2
///
/// \param prediction  p, [..., K] probabilities, which are summed over.
/// \param target      t, [..., K] probabilities; both can be exchanged.
/// \return            [...], in [0, 1] if both add up to 1.
/// \throws ShapeError  unless both shapes are equal and have an axis.
/// \throws ValueError  for a probability that is negative or NaN (raised when evaluated).
/// \derivative  sign(p - t) / 2, 0 where they are equal; second derivative 0.
/// \source  D. A. Levin, Y. Peres and E. L. Wilmer, Markov Chains and Mixing Times, 2009, proposition 4.2.
struct TotalVariation {
  static constexpr std::string_view name = "TotalVariation";
  bool check_targets = true;  ///< and predictions
  Var operator()(const Var& prediction, const Var& target) const;
};
XGRAD_FIELDS(TotalVariation, check_targets)

/// Kullback-Leibler divergence of a normal distribution from the standard normal, or from another, in closed form: the
/// second term of a variational autoencoder's loss. Element by element, not reduced: a sum over the axis of latent
/// variables gives the divergence of a diagonal Gaussian.
///
///     KL(N(m, e^l) || N(0, 1)) = (e^l - 1 - l + m^2) / 2
///     KL(N(m, e^l) || N(m', e^l')) = (e^(l - l') - 1 - (l - l') + (m - m')^2 e^-l') / 2
///
/// \param mean, log_variance    m and l, any shape.
/// \param mean2, log_variance2  m' and l', of the same shape.
/// \return            the shape of the mean, nats, >= 0.
/// \throws ShapeError  unless all shapes are equal.
/// \derivative  m and (e^l - 1) / 2; smooth to every order. Where l' < -88 in float or -709 in double, it counts as
///              these in the last term, so that equal means cost nothing.
/// \source  D. P. Kingma and M. Welling, Auto-encoding variational Bayes, 2014, appendix B.
struct GaussianKl {
  static constexpr std::string_view name = "GaussianKl";
  Var operator()(const Var& mean, const Var& log_variance) const;
  Var operator()(const Var& mean, const Var& log_variance, const Var& mean2, const Var& log_variance2) const;
};
XGRAD_FIELDS(GaussianKl)

}  // namespace xgrad::loss

#pragma GCC visibility pop
