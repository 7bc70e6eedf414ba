// Penalties on parameters: numbers that a training adds to its loss so that the weights stay small, few or well
// conditioned. Each acts on a tree, such as a model, or on one Var, and weighs nothing: write 1e-4 * l2(model).
//
// Leaves that are not floating-point are skipped. To leave out biases, hand over what shall be penalised:
// l2(std::tuple{m.hidden.weight, m.out.weight}).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>

#include <xgrad/loss/contract.hpp>
#include <xgrad/tree/tree.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::loss {

/// Sum of the absolute values of all elements: drives weights to exactly 0 (with a method that can reach it).
///
///     sum over leaves and elements of abs(w)
///
/// \return  a number, >= 0; 0 for a tree without leaves.
/// \throws TypeError  if the tree has leaves, but no floating-point one.
/// \derivative  sign(w), 0 at 0.
/// \source  R. Tibshirani, Regression shrinkage and selection via the lasso, 1996.
struct L1 {
  static constexpr std::string_view name = "L1";
  Var operator()(const Var& x) const { return of_leaves({&x, 1}); }
  template <tree::Tree T>
  Var operator()(const T& model) const {
    return of_leaves(tree::leaves(model));
  }
  Var of_leaves(std::span<const Var> leaves) const;
};
XGRAD_FIELDS(L1)

/// Sum of the squares of all elements: ridge regression, weight decay. Not halved, as in Keras; the weight_decay d of
/// an optimiser of torch is the factor d/2 here.
///
///     sum over leaves and elements of w^2
///
/// \return  a number, >= 0; 0 for a tree without leaves.
/// \throws TypeError  if the tree has leaves, but no floating-point one.
/// \derivative  2 w; smooth to every order.
/// \source  A. E. Hoerl and R. W. Kennard, Ridge regression: biased estimation for nonorthogonal problems, 1970.
struct L2 {
  static constexpr std::string_view name = "L2";
  Var operator()(const Var& x) const { return of_leaves({&x, 1}); }
  template <tree::Tree T>
  Var operator()(const T& model) const {
    return of_leaves(tree::leaves(model));
  }
  Var of_leaves(std::span<const Var> leaves) const;
};
XGRAD_FIELDS(L2)

/// A mixture of L1 and L2: sparse as the former, but weights that do the same job share it.
///
///     l1_ratio sum abs(w) + (1 - l1_ratio) sum w^2
///
/// scikit-learn and glmnet halve the second term.
/// \return  a number, >= 0; 0 for a tree without leaves.
/// \throws ValueError  unless l1_ratio is in [0, 1]; TypeError if the tree has leaves, but no floating-point one.
/// \derivative  l1_ratio sign(w) + 2 (1 - l1_ratio) w, 0 at 0.
/// \source  H. Zou and T. Hastie, Regularization and variable selection via the elastic net, 2005, equation 3.
struct ElasticNet {
  static constexpr std::string_view name = "ElasticNet";
  double l1_ratio = 0.5;  ///< 1 is L1, 0 is L2
  Var operator()(const Var& x) const { return of_leaves({&x, 1}); }
  template <tree::Tree T>
  Var operator()(const T& model) const {
    return of_leaves(tree::leaves(model));
  }
  Var of_leaves(std::span<const Var> leaves) const;
};
XGRAD_FIELDS(ElasticNet, l1_ratio)

/// Sum of the Euclidean norms of groups of weights: whole groups become 0, such as all that one input feeds.
///
///     sum over groups of sqrt(size of the group) norm(group)
///
/// A group is a leaf, or, with `axis`, each slice of a leaf at one index of that axis (0 of a weight [in, out]: one
/// group for each input). A leaf without such an axis is one group.
/// \return  a number, >= 0; 0 for a tree without leaves.
/// \throws TypeError  if the tree has leaves, but no floating-point one.
/// \derivative  sqrt(size) w / norm(group), 0 where the group is 0.
/// \source  M. Yuan and Y. Lin, Model selection and estimation in regression with grouped variables, 2006, section 2.
struct GroupLasso {
  static constexpr std::string_view name = "GroupLasso";
  std::optional<std::ptrdiff_t> axis = {};  ///< negative ones count from the end
  bool weigh_by_size = true;                ///< the factor sqrt(size), without which large groups are spared
  Var operator()(const Var& x) const { return of_leaves({&x, 1}); }
  template <tree::Tree T>
  Var operator()(const T& model) const {
    return of_leaves(tree::leaves(model));
  }
  Var of_leaves(std::span<const Var> leaves) const;
};
XGRAD_FIELDS(GroupLasso, axis, weigh_by_size)

/// How far the rows or columns of matrices, whichever are fewer, are from orthonormal.
///
///     sum over matrices of |W^T W - I|^2       (W W^T if W has fewer rows than columns; Frobenius norm)
///
/// The two forms differ by a constant; the one taken is 0 at best. A leaf of more than two axes counts as the matrix
/// [first extent, all others]; leaves of fewer axes (biases) are skipped.
/// \return  a number, >= 0.
/// \throws ShapeError  if no floating-point leaf has two axes or more.
/// \derivative  4 W (W^T W - I); smooth to every order.
/// \source  N. Bansal, X. Chen, Z. Wang, Can we gain more from orthogonality regularizations in training deep CNNs?,
///          2018, equation 1.
struct Orthogonality {
  static constexpr std::string_view name = "Orthogonality";
  Var operator()(const Var& x) const { return of_leaves({&x, 1}); }
  template <tree::Tree T>
  Var operator()(const T& model) const {
    return of_leaves(tree::leaves(model));
  }
  Var of_leaves(std::span<const Var> leaves) const;
};
XGRAD_FIELDS(Orthogonality)

/// Sum of the largest singular values of matrices: how much each can stretch a vector.
///
///     sum over matrices of sigma(W) = |W v|,   v by power iteration: v <- W^T W v / |W^T W v|
///
/// The iteration starts at a fixed vector, so equal arguments give equal results; its error shrinks as
/// (sigma_2 / sigma_1)^(4 iterations), and the result is never above the true norm. Matrices are taken from the leaves
/// as in Orthogonality. Yoshida and Miyato penalise squares: write 0.5 * square(SpectralNorm{}(w)) for each matrix.
/// \return  a number, >= 0.
/// \throws ValueError  unless iterations is in [1, 10000]; ShapeError if no floating-point leaf has two axes or more.
/// \derivative  u v^T with u = W v / |W v|, 0 for W = 0. v is a constant to it: exact where the iteration has converged
///              (and the largest singular value is single), at the cost of one product. The derivative of this
///              derivative is not that of u v^T; with `second_order` the iteration itself is differentiated and all
///              orders are right, at about three times the cost.
/// \source  Y. Yoshida and T. Miyato, Spectral norm regularization for improving the generalizability of deep learning,
///          2017, section 3.
struct SpectralNorm {
  static constexpr std::string_view name = "SpectralNorm";
  std::int64_t iterations = 20;  ///< from 1 to 10000
  bool second_order = false;     ///< differentiate the iteration too
  Var operator()(const Var& x) const { return of_leaves({&x, 1}); }
  template <tree::Tree T>
  Var operator()(const T& model) const {
    return of_leaves(tree::leaves(model));
  }
  Var of_leaves(std::span<const Var> leaves) const;
};
XGRAD_FIELDS(SpectralNorm, iterations, second_order)

/// Product of the largest singular values of all matrices: an upper bound of the Lipschitz constant of layers in a row,
/// with activations between them (relu, tanh, ...) that stretch nothing.
///
///     product over matrices of sigma(W)       sigma as in SpectralNorm
///
/// A convolution's kernel counts as the matrix [first extent, all others], which bounds it only up to a factor.
/// \return  a number, >= 0; its logarithm is the milder penalty for deep models.
/// \throws ValueError  unless iterations is in [1, 10000]; ShapeError if no floating-point leaf has two axes or more.
/// \derivative  (product of the other sigmas) u v^T; see SpectralNorm, also about `second_order`.
/// \source  C. Szegedy et al., Intriguing properties of neural networks, 2014, section 4.3.
struct Lipschitz {
  static constexpr std::string_view name = "Lipschitz";
  std::int64_t iterations = 20;  ///< from 1 to 10000
  bool second_order = false;     ///< differentiate the iteration too
  Var operator()(const Var& x) const { return of_leaves({&x, 1}); }
  template <tree::Tree T>
  Var operator()(const T& model) const {
    return of_leaves(tree::leaves(model));
  }
  Var of_leaves(std::span<const Var> leaves) const;
};
XGRAD_FIELDS(Lipschitz, iterations, second_order)

/// Minus the entropy of the classes or actions that logits describe; not reduced. Added to a loss with a small factor,
/// it keeps a policy or classifier from being certain too soon.
///
///     loss[n] = sum_k p[n, k] ln p[n, k],   p = softmax(logits)
///
/// \param logits  [..., K] unnormalised log-probabilities; -infinity rules a class out.
/// \return        [...] nats, from -ln K (all equal) to 0 (certain).
/// \throws ShapeError  for a scalar; TypeError unless logits are floating-point.
/// \derivative  p (ln p - loss); smooth to every order.
/// \source  R. J. Williams and J. Peng, Function optimization using connectionist reinforcement learning algorithms,
///          1991; V. Mnih et al., Asynchronous methods for deep reinforcement learning, 2016, section 4.
struct EntropyBonus {
  static constexpr std::string_view name = "EntropyBonus";
  Var operator()(const Var& logits) const;
};
XGRAD_FIELDS(EntropyBonus)

}  // namespace xgrad::loss

namespace xgrad {

/// Sum of the absolute values of all elements of a tree; see loss::L1.
template <class T>
requires std::is_invocable_v<const loss::L1&, const T&> Var l1(const T& model) { return loss::L1{}(model); }

/// Sum of the squares of all elements of a tree; see loss::L2.
template <class T>
requires std::is_invocable_v<const loss::L2&, const T&> Var l2(const T& model) { return loss::L2{}(model); }

/// l1_ratio l1(model) + (1 - l1_ratio) l2(model); see loss::ElasticNet.
template <class T>
requires std::is_invocable_v<const loss::ElasticNet&, const T&> Var elastic_net(const T& model, double l1_ratio = 0.5) {
  return loss::ElasticNet{.l1_ratio = l1_ratio}(model);
}

}  // namespace xgrad

#pragma GCC visibility pop
