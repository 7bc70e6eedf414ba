// Optimisers that need the diagonal of the Hessian, or an estimate of it: the extra `curvature`.
#pragma once

#include <utility>

#include <xgrad/optim/combine.hpp>
#include <xgrad/optim/transformation.hpp>
#include <xgrad/random/key.hpp>
#include <xgrad/transform/vjp.hpp>

#pragma GCC visibility push(default)

namespace xgrad::optim {

namespace detail {

/// For each leaf an array of -1 and 1.
std::vector<Var> random_signs(std::span<const Var> like, const random::Key& key);

}  // namespace detail

/// An estimate of the diagonal of the Hessian: z * (H z) for random signs z, exact in the mean, and exact at once if
/// the Hessian is diagonal. Costs a small multiple of a gradient.
///
///     auto [updates, next] = sophia.update(gradient, state, model, {.curvature = hutchinson(loss, model, key)});
///
/// \param f  of the tree and nothing else, to a scalar.
/// \source  M. F. Hutchinson, A stochastic estimator of the trace of the influence matrix, 1990.
template <class F, tree::Tree T>
[[nodiscard]] T hutchinson(const F& f, const T& at, const random::Key& key) {
  const T signs = tree::with_leaves(at, detail::random_signs(tree::leaves(at), key));
  return tree::map(hvp(f, at, signs), signs, [](const Var& h, const Var& z) { return h * z; });
}

struct Sophia {
  Setting rate = 1e-3;
  Setting beta1 = 0.96;
  Setting beta2 = 0.99;
  Setting gamma = 0.01;
  Setting eps = 1e-12;
  Setting decay = 0.0;
  Selector decayed = "*";
};
/// m = beta1 m + (1 - beta1) g;  h = beta2 h + (1 - beta2) curvature, where there is one, which the paper takes at
/// every tenth step;  p -= rate (clip(m / max(gamma h, eps), -1, 1) + decay p). At the first step there must be one.
/// As in the paper m has no correction of bias (Optax corrects it).
/// \source  H. Liu et al., Sophia: a scalable stochastic second-order optimizer for language model pre-training, 2023.
[[nodiscard]] Optimiser sophia(const Sophia& settings = {});

struct AdaHessian {
  Setting rate = 0.15;
  Setting beta1 = 0.9;
  Setting beta2 = 0.999;
  Setting eps = 1e-4;
  Setting power = 1.0;  ///< k, of the Hessian
};
/// Adam with the square of the curvature: v = beta2 v + (1 - beta2) curvature^2;  p -= rate m^ / (sqrt(v^)^k + eps).
/// Without the averages over blocks of the paper: average the curvature before.
/// \source  Z. Yao et al., ADAHESSIAN: an adaptive second order optimizer for machine learning, 2021.
[[nodiscard]] Optimiser adahessian(const AdaHessian& settings = {});

}  // namespace xgrad::optim

#pragma GCC visibility pop
