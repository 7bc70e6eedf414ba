// Optimisers of gradients alone, without moments of second order: descent with momentum, signs, averages.
//
// Below, g is the gradient, p a parameter, t the number of the step, 1 at the first. Settings that may depend on the
// step are of the type Setting.
//
// All throw ValueError, naming setting, rule and paper: for a number that is NaN or infinite, or below 0; for momenta,
// `dampening` and schedule_free_sgd's `beta` above 1, other betas of 1 or more; for `nesterov` without a momentum or
// with dampening; for a `bound` of 0, and `every` 0; in rprop for a rate of 0, `down` not between 0 and 1, `up` not
// above 1 and `most` below `least`. What schedules and recorded Vars give is not checked. An update without the extra
// that svrg, sarah and sam ask for is a ValueError, too.
#pragma once

#include <cstddef>

#include <xgrad/optim/links.hpp>
#include <xgrad/optim/transformation.hpp>

#pragma GCC visibility push(default)

namespace xgrad::optim {

struct Sgd {
  Setting rate = 1e-2;
  Setting momentum = 0.0;
  bool nesterov = false;
  Setting dampening = 0.0;
};
/// Stochastic gradient descent: p -= rate g; with momentum p -= rate b, see momentum().
/// \source  H. Robbins and S. Monro, A stochastic approximation method, 1951.
[[nodiscard]] Optimiser sgd(const Sgd& settings = {});

struct NoisySgd {
  Setting rate = 1e-2;
  Setting variance = 0.01;
  Setting gamma = 0.55;
  random::Key key = random::Key(0);
};
/// Descent along gradients with noise: add_noise, then sgd.
/// \source  A. Neelakantan et al., Adding gradient noise improves learning for very deep networks, 2015.
[[nodiscard]] Optimiser noisy_sgd(const NoisySgd& settings = {});

/// p -= rate sign(g).
/// \source  J. Bernstein et al., signSGD: compressed optimisation for non-convex problems, 2018.
[[nodiscard]] Optimiser sign_sgd(const Setting& rate = 1e-3);

struct Signum {
  Setting rate = 1e-3;
  Setting beta = 0.9;
};
/// m = beta m + (1 - beta) g; p -= rate sign(m).
/// \source  J. Bernstein et al., signSGD: compressed optimisation for non-convex problems, 2018, algorithm 2.
[[nodiscard]] Optimiser signum(const Signum& settings = {});

struct Lion {
  Setting rate = 1e-4;
  Setting beta1 = 0.9;
  Setting beta2 = 0.99;
  Setting decay = 0.0;  ///< of the weights, decoupled
  Selector decayed = "*";
};
/// p -= rate (sign(beta1 m + (1 - beta1) g) + decay p), then m = beta2 m + (1 - beta2) g.
/// \source  X. Chen et al., Symbolic discovery of optimization algorithms, 2023.
[[nodiscard]] Optimiser lion(const Lion& settings = {});

struct OptimisticGradient {
  Setting rate = 1e-2;
  Setting optimism = 1.0;
};
/// p -= rate (g + optimism (g - g before)), the first step being p -= rate g. For games, where plain descent goes
/// round.
/// \source  C. Daskalakis et al., Training GANs with optimism, 2018.
[[nodiscard]] Optimiser optimistic_gradient(const OptimisticGradient& settings = {});

struct Rprop {
  double rate = 1e-2;  ///< the first step size
  Setting down = 0.5;  ///< between 0 and 1
  Setting up = 1.2;    ///< more than 1
  Setting least = 1e-6;
  Setting most = 50.0;
};
/// A step size d for each element, which grows by `up` while the sign of the gradient stays and shrinks by `down` when
/// it changes; then there is no step: p -= d sign(g). For gradients of all data.
/// \source  M. Riedmiller and H. Braun, A direct adaptive method for faster backpropagation learning: the RPROP
///          algorithm, 1993; the variant iRprop- of C. Igel and M. Hüsken, 2000.
[[nodiscard]] Optimiser rprop(const Rprop& settings = {});

struct Asgd {
  Setting rate = 1e-2;
  Setting lambda = 1e-4;
  Setting alpha = 0.75;
  Setting start = 1e6;  ///< steps before the average begins
};
/// Averaged descent: with eta = rate / (1 + lambda rate (t - 1))^alpha
///
///     p = (1 - lambda eta) p - eta g;  average += (p - average) / max(1, t - 1 - start)
///
/// \source  B. T. Polyak and A. B. Juditsky, Acceleration of stochastic approximation by averaging, 1992; rates as by
///          L. Bottou, Stochastic gradient descent tricks, 2012.
[[nodiscard]] Optimiser asgd(const Asgd& settings = {});

struct ScheduleFreeSgd {
  Setting rate = 1.0;
  Setting beta = 0.9;
  Setting decay = 0.0;
};
/// No schedule needed: gradients are taken between z, which descends, and its average x. The parameters are y:
///
///     z -= rate (g + decay y);  x += c (z - x), c = rate^2 / sum of rate^2;  y = (1 - beta) z + beta x
///
/// x is average(state, model), the model to use. The weights are those of the paper; the authors' own code takes the
/// largest rate so far, which is the same unless the rate falls.
/// \source  A. Defazio et al., The road less scheduled, 2024.
[[nodiscard]] Optimiser schedule_free_sgd(const ScheduleFreeSgd& settings = {});

struct DpSgd {
  Setting rate = 1e-2;
  Setting bound = 1.0;  ///< of the norm of a sample's gradient
  Setting noise = 1.0;  ///< sigma: deviation noise * bound / samples
  random::Key key = random::Key(0);
};
/// Differentially private descent: gradients of single samples (an axis in front, vmap(grad(loss))) are clipped, summed
/// with normal noise of deviation noise * bound, and divided by their number.
/// \source  M. Abadi et al., Deep learning with differential privacy, 2016.
[[nodiscard]] Optimiser dp_sgd(const DpSgd& settings = {});

struct Svrg {
  Setting rate = 1e-2;
  std::size_t every = 100;  ///< steps between snapshots
};
/// Reduced variance: with a snapshot s of the parameters and the gradient G(s) of all data there,
/// p -= rate (g - gradient(s) + G(s)). Needs extras `gradient` (of this batch) and `full_gradient`.
/// \source  R. Johnson and T. Zhang, Accelerating stochastic gradient descent using predictive variance reduction, 2013.
[[nodiscard]] Optimiser svrg(const Svrg& settings = {});

/// The same with a recursive estimate: v = g - gradient(p before) + v, and G(p) instead at every so many steps;
/// p -= rate v.
/// \source  L. M. Nguyen et al., SARAH: a novel method for machine learning problems using stochastic recursive
///          gradient, 2017.
[[nodiscard]] Optimiser sarah(const Svrg& settings = {});

struct Sam {
  Setting rho = 0.05;     ///< radius
  bool adaptive = false;  ///< scaled by the parameters: ASAM
};
/// Sharpness-aware: the inner optimiser gets the gradient at p + rho g / |g|, the worst point of a ball. Needs the
/// extra `gradient`. Adaptive: p + rho p^2 g / |p g|, element by element.
/// \source  P. Foret et al., Sharpness-aware minimization for efficiently improving generalization, 2021; J. Kwon et al.,
///          ASAM, 2021.
[[nodiscard]] Optimiser sam(const Optimiser& inner, const Sam& settings = {});

}  // namespace xgrad::optim

#pragma GCC visibility pop
