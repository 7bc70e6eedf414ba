// Losses of embeddings: of pairs and triplets of vectors, and of batches whose samples are contrasted with each other.
#pragma once

#include <concepts>
#include <functional>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>

#include <xgrad/tree/fields.hpp>
#include <xgrad/tree/tree.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::loss {

/// A distance of your own between vectors: any callable, [..., D], [..., D] -> [...]. Copies of one distance are equal
/// and others are not, so that a compiled function can tell them apart.
class Distance {
 public:
  Distance() = default;
  template <class F>
  requires(!std::same_as<std::remove_cvref_t<F>, Distance> &&
           std::is_invocable_r_v<Var, const F&, const Var&, const Var&>) Distance(F f) {
    std::function<Var(const Var&, const Var&)> function(std::move(f));
    if (function) function_ = std::make_shared<const decltype(function)>(std::move(function));
  }

  /// False for a default-constructed one, and for one made of an empty function.
  explicit operator bool() const noexcept { return function_ != nullptr; }
  Var operator()(const Var& a, const Var& b) const { return (*function_)(a, b); }
  bool operator==(const Distance&) const = default;

 private:
  std::shared_ptr<const std::function<Var(const Var&, const Var&)>> function_;
};

/// Pulls pairs of vectors to one direction, or pushes them apart; not reduced.
///
///     loss = 1 - cos(x1, x2)                if target = 1
///            max(0, cos(x1, x2) - margin)   if target = -1
///     cos(a, b) = a.b / sqrt((a.a + 1e-12) (b.b + 1e-12))    over the last axis
///
/// \param x1, x2  [..., D] vectors.
/// \param target  [...] -1 or 1, integers or floats.
/// \return        [...] >= 0.
/// \throws ShapeError  unless the shapes are as said; ValueError unless -1 <= margin <= 1.
/// \throws ValueError  for another target (raised when evaluated), unless check_targets is false.
/// \derivative  0 at cos = margin for target = -1; that of cos is finite (up to 1e6) for vectors that are 0.
/// \source  libtorch, CosineEmbeddingLoss.
struct CosineEmbedding {
  static constexpr std::string_view name = "CosineEmbedding";
  double margin = 0.0;        ///< the cosine up to which pairs with the target -1 cost nothing, in [-1, 1]
  bool check_targets = true;  ///< whether other targets are an error
  Var operator()(const Var& x1, const Var& x2, const Var& target) const;
};
XGRAD_FIELDS(CosineEmbedding, margin, check_targets)

/// A distance that shall be small for similar pairs and beyond the margin for others; not reduced.
///
///     loss = distance                     if target = 1
///            max(0, margin - distance)    if target = -1
///
/// \param distance  any shape; usually >= 0.
/// \param target    the same shape; -1 or 1, integers or floats.
/// \throws ShapeError  unless both shapes are equal; ValueError unless margin >= 0.
/// \throws ValueError  for another target (raised when evaluated), unless check_targets is false.
/// \derivative  1, or -1 below the margin and 0 from there on.
/// \source  libtorch, HingeEmbeddingLoss.
struct HingeEmbedding {
  static constexpr std::string_view name = "HingeEmbedding";
  double margin = 1.0;        ///< from where on dissimilar pairs cost nothing, >= 0
  bool check_targets = true;  ///< whether other targets are an error
  Var operator()(const Var& distance, const Var& target) const;
};
XGRAD_FIELDS(HingeEmbedding, margin, check_targets)

/// Which of two scores is to be larger; not reduced.
///
///     loss = max(0, margin - target (x1 - x2))
///
/// \param x1, x2  scores of one shape.
/// \param target  the same shape; 1 if x1 shall be larger, -1 if x2; integers or floats.
/// \throws ShapeError  unless the shapes are equal; ValueError unless margin >= 0.
/// \throws ValueError  for another target (raised when evaluated), unless check_targets is false.
/// \derivative  -target and target with respect to x1 and x2; 0 from where the margin is kept.
/// \source  libtorch, MarginRankingLoss; R. Herbrich et al., Large margin rank boundaries for ordinal regression, 2000.
struct MarginRanking {
  static constexpr std::string_view name = "MarginRanking";
  double margin = 0.0;        ///< how much larger the larger score shall be, >= 0
  bool check_targets = true;  ///< whether other targets are an error
  Var operator()(const Var& x1, const Var& x2, const Var& target) const;
};
XGRAD_FIELDS(MarginRanking, margin, check_targets)

/// An anchor shall be nearer to a positive than to a negative, by a margin; not reduced.
///
///     loss = max(0, margin + d(anchor, positive) - d(anchor, negative))
///     d(a, b) = (sum over the last axis of |a - b + eps|^p)^(1/p)        unless `distance` is given
///
/// \param anchor, positive, negative  [..., D] vectors.
/// \return                            [...] >= 0.
/// \throws ShapeError  unless the three shapes are equal and not [], and the distances have one shape.
/// \throws ValueError  unless margin >= 0, p > 0 and eps >= 0.
/// \derivative  0 from where the margin is kept. That of a norm of 0 is 0, and so are those of the elements that are 0
///              for p other than 2. For p infinite, equal largest differences share the derivative.
/// \source  V. Balntas et al., Learning local feature descriptors with triplets and shallow convolutional neural
///          networks, 2016 (swap); libtorch, TripletMarginLoss and TripletMarginWithDistanceLoss.
struct TripletMargin {
  static constexpr std::string_view name = "TripletMargin";
  double margin = 1.0;     ///< how much farther the negative shall be, >= 0
  double p = 2.0;          ///< of the norm, > 0, may be infinite
  bool swap = false;       ///< whether the distance of positive and negative counts too, if it is the smaller one
  double eps = 1e-6;       ///< added to the differences, >= 0
  Distance distance = {};  ///< instead of the p-norm; Vars that it captures are constants
  Var operator()(const Var& anchor, const Var& positive, const Var& negative) const;
};
XGRAD_FIELDS(TripletMargin, margin, p, swap, eps, distance)

/// Similar pairs are pulled together, others pushed beyond the margin; not reduced.
///
///     loss = d^2 / 2                     if same = 1
///            max(0, margin - d)^2 / 2    if same = 0
///
/// Of distances, or of two arrays of vectors whose Euclidean distance d over the last axis is taken.
///
/// \param distance  any shape.
/// \param x1, x2    [..., D] vectors.
/// \param same      in the shape of the distances; booleans, or numbers 0 and 1.
/// \return          in the shape of the distances, >= 0.
/// \throws ShapeError  unless the shapes are as said; ValueError unless margin > 0.
/// \throws ValueError  if `same` is another number (raised when evaluated), unless check_targets is false.
/// \derivative  Pairs of equal vectors that shall differ have no direction: the derivative is 0 there. The second one
///              jumps at d = margin and is 0 there.
/// \source  R. Hadsell, S. Chopra and Y. LeCun, Dimensionality reduction by learning an invariant mapping, 2006,
///          equation 4, where Y = 1 - same.
struct Contrastive {
  static constexpr std::string_view name = "Contrastive";
  double margin = 1.0;        ///< from where on dissimilar pairs cost nothing, > 0
  bool check_targets = true;  ///< whether other numbers than 0 and 1 are an error
  Var operator()(const Var& distance, const Var& same) const;
  Var operator()(const Var& x1, const Var& x2, const Var& same) const;
};
XGRAD_FIELDS(Contrastive, margin, check_targets)

/// Each anchor shall find its positive among those of all others, by inner products; not reduced.
///
///     loss[i] = logsumexp over j of (s[i, j]) - s[i, i],   s = anchor positive^T
///
/// \param anchor, positive  [N, D] vectors, which are not normalised; row i of both is a pair, of N different classes.
/// \return                  [N] nats, >= 0.
/// \throws ShapeError  unless both shapes are equal and [N, D].
/// \derivative  softmax(s) - identity with respect to s; smooth to every order.
/// \source  K. Sohn, Improved deep metric learning with multi-class N-pair loss objective, 2016, equation 7; without
///          its penalty on the norms, which is mean(square(...)) of the embeddings.
struct NPairs {
  static constexpr std::string_view name = "NPairs";
  Var operator()(const Var& anchor, const Var& positive) const;
};
XGRAD_FIELDS(NPairs)

// The following compare directions: rows are divided by their length, or by 1e-6 if they are shorter. The derivatives
// are right for rows longer than that; a row of zeros has a derivative of up to 1e6 / temperature.

/// Of each sample, which of the 2N - 1 others is its other view? SimCLR; not reduced.
///
///     loss[i] = logsumexp over k != i of (s[i, k]) - s[i, j],   s = cos(z[i], z[k]) / temperature
///
/// \param first, second  [N, D] embeddings of two views; row i of both is one sample. j is the other view of i.
/// \return               [2N] nats, first those of the first view, then those of the second.
/// \throws ShapeError  unless both shapes are equal and [N, D], and the temperature is one number.
/// \throws ValueError  unless the temperature is positive (raised when evaluated).
/// \derivative  smooth to every order, with respect to the temperature too.
/// \source  T. Chen et al., A simple framework for contrastive learning of visual representations, 2020, equation 1.
struct NtXent {
  static constexpr std::string_view name = "NtXent";
  Var temperature = 0.5;  ///< > 0, one number
  Var operator()(const Var& first, const Var& second) const;
};
XGRAD_FIELDS(NtXent, temperature)

/// Each query shall find its key among those of all others; not reduced.
///
///     loss[i] = logsumexp over j of (s[i, j]) - s[i, i],   s[i, j] = cos(query[i], key[j]) / temperature
///
/// \param query, key  [N, D] embeddings; row i of both is a pair.
/// \return            [N] nats, >= 0.
/// \throws ShapeError  unless both shapes are equal and [N, D], and the temperature is one number.
/// \throws ValueError  unless the temperature is positive (raised when evaluated).
/// \derivative  smooth to every order, with respect to the temperature too.
/// \source  A. van den Oord, Y. Li and O. Vinyals, Representation learning with contrastive predictive coding, 2018,
///          equation 4; cosines and temperature as in K. He et al., Momentum contrast, 2020, equation 1.
struct InfoNce {
  static constexpr std::string_view name = "InfoNce";
  Var temperature = 0.07;  ///< > 0, one number
  Var operator()(const Var& query, const Var& key) const;
};
XGRAD_FIELDS(InfoNce, temperature)

/// InfoNce in both directions: each image finds its text, and each text its image; not reduced.
///
///     loss[i] = (logsumexp over j of (s[i, j]) + logsumexp over j of (s[j, i])) / 2 - s[i, i]
///     s[i, j] = cos(image[i], text[j]) / temperature
///
/// \param image, text  [N, D] embeddings; row i of both is a pair.
/// \return             [N] nats, >= 0.
/// \throws ShapeError  unless both shapes are equal and [N, D], and the temperature is one number.
/// \throws ValueError  unless the temperature is positive (raised when evaluated).
/// \derivative  smooth to every order, with respect to the temperature too.
/// \source  A. Radford et al., Learning transferable visual models from natural language supervision, 2021, figure 3.
struct Clip {
  static constexpr std::string_view name = "Clip";
  Var temperature = 0.07;  ///< > 0, one number
  Var operator()(const Var& image, const Var& text) const;
};
XGRAD_FIELDS(Clip, temperature)

/// Each sample shall find all others of its class (L_out of the paper); not reduced.
///
///     loss[i] = logsumexp over a != i of (s[i, a]) - mean over p of (s[i, p]),   s = cos(z[i], z[a]) / temperature
///
/// where p != i are the samples with the label of i; 0, with the derivative 0, for samples that have none.
///
/// \param features  [N, D] embeddings of the whole batch, all views.
/// \param labels    [N] int64, any numbers.
/// \return          [N] nats, >= 0.
/// \throws ShapeError  unless features are [N, D], labels [N] and the temperature is one number.
/// \throws TypeError   unless the labels are int64.
/// \throws ValueError  unless the temperature is positive (raised when evaluated).
/// \derivative  smooth to every order, with respect to the temperature too.
/// \source  P. Khosla et al., Supervised contrastive learning, 2020, equation 2.
struct SupCon {
  static constexpr std::string_view name = "SupCon";
  Var temperature = 0.1;  ///< > 0, one number
  Var operator()(const Var& features, const Var& labels) const;
};
XGRAD_FIELDS(SupCon, temperature)

/// Similarities within classes beyond 1 - m and others below m, those that are farthest off first; not reduced.
///
///     loss[i] = softplus(N[i] + P[i]),   s[i, k] = cos(z[i], z[k])
///     N[i] = logsumexp over n of (gamma a[n] (s[i, n] - m)),       a[n] = max(0, s[i, n] + m)
///     P[i] = logsumexp over p of (gamma b[p] (1 - m - s[i, p])),   b[p] = max(0, 1 + m - s[i, p])
///
/// where p != i are the samples with the label of i and n those with another one; 0, with the derivative 0, for samples
/// that lack either.
///
/// \param features  [N, D] embeddings.
/// \param labels    [N] int64, any numbers.
/// \return          [N] >= 0.
/// \throws ShapeError  unless features are [N, D] and labels [N].
/// \throws TypeError   unless the labels are int64.
/// \throws ValueError  unless 0 <= m < 1 and gamma > 0.
/// \derivative  By default the weights a and b are constants, as in equation 10 of the paper, so what is returned as
///              gradient is not that of the value. With constant_weights = false it is.
/// \source  Y. Sun et al., Circle loss: a unified perspective of pair similarity optimization, 2020, equations 6 to 8.
struct Circle {
  static constexpr std::string_view name = "Circle";
  double m = 0.25;               ///< relaxation of both optima, in [0, 1)
  double gamma = 256.0;          ///< scale, > 0
  bool constant_weights = true;  ///< whether no derivative goes through the weights
  Var operator()(const Var& features, const Var& labels) const;
};
XGRAD_FIELDS(Circle, m, gamma, constant_weights)

/// The features of two views shall correlate each with itself and with no other: one number for a batch.
///
///     loss = sum over i of (1 - c[i, i])^2 + lambda sum over i != j of c[i, j]^2
///     c[i, j] = mean over the batch of (a[:, i] b[:, j]),   a and b with mean 0 and divided by sqrt(variance + eps)
///
/// \param first, second  [N, D] embeddings of two views; row i of both is one sample.
/// \return               [] >= 0; D for fewer than two samples, whose correlations count as 0.
/// \throws ShapeError  unless both shapes are equal and [N, D]; ValueError unless lambda >= 0 and eps > 0.
/// \derivative  smooth to every order; large where a feature hardly varies.
/// \source  J. Zbontar et al., Barlow twins: self-supervised learning via redundancy reduction, 2021, equations 1 and
///          2; eps is that of the batch normalisation used there.
struct BarlowTwins {
  static constexpr std::string_view name = "BarlowTwins";
  double lambda = 0.005;  ///< weight of the correlations between different features, >= 0
  double eps = 1e-5;      ///< added to the variances, > 0
  Var operator()(const Var& first, const Var& second) const;
};
XGRAD_FIELDS(BarlowTwins, lambda, eps)

/// Two views shall agree, each feature vary, and no two features correlate: one number for a batch.
///
///     loss = invariance mean((a - b)^2) + variance (v(a) + v(b)) + covariance (c(a) + c(b))
///     v(z) = mean over features j of max(0, 1 - sqrt(C(z)[j, j] + eps))
///     c(z) = sum over i != j of C(z)[i, j]^2 / D,   C(z) = covariance matrix of the features, divisor N - 1
///
/// \param first, second  [N, D] embeddings of two views; row i of both is one sample.
/// \return               [] >= 0; the covariances of fewer than two samples count as 0.
/// \throws ShapeError  unless both shapes are equal and [N, D]; ValueError unless the weights are >= 0 and eps > 0.
/// \derivative  0 of v where the deviation is 1 or more.
/// \source  A. Bardes, J. Ponce and Y. LeCun, VICReg: variance-invariance-covariance regularization for self-supervised
///          learning, 2022, equations 1 to 6; the mean of the squares is over N and D, as in its algorithm 1.
struct Vicreg {
  static constexpr std::string_view name = "Vicreg";
  double invariance = 25.0;  ///< weight of the agreement, >= 0
  double variance = 25.0;    ///< weight of the deviations, >= 0
  double covariance = 1.0;   ///< weight of the covariances, >= 0
  double eps = 1e-4;         ///< added to the variances, > 0
  Var operator()(const Var& first, const Var& second) const;
};
XGRAD_FIELDS(Vicreg, invariance, variance, covariance, eps)

}  // namespace xgrad::loss

#pragma GCC visibility pop

/// A distance is static in the tree that it is a member of: Vars that it captures are no leaves.
template <>
inline constexpr bool xgrad::tree::is_static<xgrad::loss::Distance> = true;
