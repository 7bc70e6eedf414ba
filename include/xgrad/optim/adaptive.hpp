// Optimisers with a rate for each element: AdaGrad, RMSProp, Adam and their kin.
//
// Below, g is the gradient, p a parameter, t the number of the step, 1 at the first; m and v start as 0. A hat is a
// mean without the bias of that: m^ = m / (1 - beta1^t). Where beta depends on the step the divisor is the weight that
// has come together. `rate`, `beta1`, `eps` and so on may be numbers, schedules or Vars.
//
// All throw ValueError, naming setting, rule and paper: for a number that is NaN or infinite, or below 0 (only `nu1`
// may be); for betas, `rho`, madgrad's momentum and rmsprop's `decay` of 1 or more; for rmsprop's momentum and `nu2`
// above 1; for a `threshold` below 4; for an eps of 0 in adagrad, adadelta, rmsprop, madgrad and adopt, a rate of 0 in
// ftrl, and a `final_rate` or `gamma` of 0. What schedules and recorded Vars give is not checked.
#pragma once

#include <xgrad/optim/combine.hpp>
#include <xgrad/optim/transformation.hpp>

#pragma GCC visibility push(default)

namespace xgrad::optim {

struct Adagrad {
  Setting rate = 1e-2;
  double initial = 0.0;  ///< of the sums
  Setting eps = 1e-10;
};
/// s += g^2; p -= rate g / (sqrt(s) + eps).
/// \source  J. Duchi, E. Hazan and Y. Singer, Adaptive subgradient methods for online learning and stochastic
///          optimization, 2011.
[[nodiscard]] Optimiser adagrad(const Adagrad& settings = {});

struct Adadelta {
  Setting rate = 1.0;
  Setting rho = 0.95;
  Setting eps = 1e-6;
};
/// v = rho v + (1 - rho) g^2;  d = sqrt(u + eps) / sqrt(v + eps) g;  u = rho u + (1 - rho) d^2;  p -= rate d.
/// \source  M. D. Zeiler, ADADELTA: an adaptive learning rate method, 2012.
[[nodiscard]] Optimiser adadelta(const Adadelta& settings = {});

struct Rmsprop {
  Setting rate = 1e-2;
  Setting decay = 0.99;  ///< of the mean square
  Setting eps = 1e-8;
  Setting momentum = 0.0;
  bool nesterov = false;
  bool centred = false;  ///< divide by the deviation instead
};
/// v = decay v + (1 - decay) g^2;  p -= rate g / (sqrt(v) + eps); centred by sqrt(v - mean(g)^2) + eps. With momentum
/// the quotient goes through momentum().
/// \source  G. Hinton, Neural networks for machine learning, lecture 6e, 2012; centred: A. Graves, Generating sequences
///          with recurrent neural networks, 2013.
[[nodiscard]] Optimiser rmsprop(const Rmsprop& settings = {});

struct Adam {
  Setting rate = 1e-3;
  Setting beta1 = 0.9;
  Setting beta2 = 0.999;
  Setting eps = 1e-8;
};
/// m = beta1 m + (1 - beta1) g;  v = beta2 v + (1 - beta2) g^2;  p -= rate m^ / (sqrt(v^) + eps).
/// \source  D. P. Kingma and J. Ba, Adam: a method for stochastic optimization, 2015.
[[nodiscard]] Optimiser adam(const Adam& settings = {});
/// Adam with the largest v so far in the place of v; the bias is taken off of that.
/// \source  S. J. Reddi, S. Kale and S. Kumar, On the convergence of Adam and beyond, 2018.
[[nodiscard]] Optimiser amsgrad(const Adam& settings = {});
/// Adam with m = beta1 m^ (of the next step) + (1 - beta1) g^ in the place of m^.
/// \source  T. Dozat, Incorporating Nesterov momentum into Adam, 2016, with one beta1 for all steps.
[[nodiscard]] Optimiser nadam(const Adam& settings = {});
/// Adam with the largest size in the place of the root: u = max(beta2 u, |g|);  p -= rate m^ / (u + eps).
/// \source  D. P. Kingma and J. Ba, Adam: a method for stochastic optimization, 2015, section 7.1.
[[nodiscard]] Optimiser adamax(const Adam& settings = {});
/// Adam of rows: where all of a gradient's row (its first axis) is 0, parameters and moments stay as they are. For
/// embeddings, whose other rows were not looked up.
/// \source  D. P. Kingma and J. Ba 2015, as the "lazy" Adam of TensorFlow and PyTorch's SparseAdam.
[[nodiscard]] Optimiser sparse_adam(const Adam& settings = {});

struct AdamW {
  Setting rate = 1e-3;
  Setting beta1 = 0.9;
  Setting beta2 = 0.999;
  Setting eps = 1e-8;
  Setting decay = 1e-2;  ///< p -= rate decay p
  Selector decayed = "*";
};
/// adam with decoupled decay of the weights.
/// \source  I. Loshchilov and F. Hutter, Decoupled weight decay regularization, 2019.
[[nodiscard]] Optimiser adamw(const AdamW& settings = {});
/// nadam with decoupled decay of the weights.
[[nodiscard]] Optimiser nadamw(const AdamW& settings = {});
/// adamax with decoupled decay of the weights.
[[nodiscard]] Optimiser adamaxw(const AdamW& settings = {});

struct Radam {
  Setting rate = 1e-3;
  Setting beta1 = 0.9;
  Setting beta2 = 0.999;
  Setting eps = 1e-8;
  Setting threshold = 5.0;  ///< of rho, below which the variance is not to be trusted
};
/// With rho = r - 2 t beta2^t / (1 - beta2^t), r = 2 / (1 - beta2) - 1: where it is more than the threshold,
/// p -= rate c m^ / (sqrt(v^) + eps), c = sqrt((rho - 4)(rho - 2) r / ((r - 4)(r - 2) rho)); else p -= rate m^.
/// \source  L. Liu et al., On the variance of the adaptive learning rate and beyond, 2020.
[[nodiscard]] Optimiser radam(const Radam& settings = {});

struct AdaBelief {
  Setting rate = 1e-3;
  Setting beta1 = 0.9;
  Setting beta2 = 0.999;
  Setting eps = 1e-16;
};
/// s = beta2 s + (1 - beta2) (g - m)^2 + eps, m being the new one;  p -= rate m^ / (sqrt(s^) + eps).
/// \source  J. Zhuang et al., AdaBelief optimizer: adapting stepsizes by the belief in observed gradients, 2020.
[[nodiscard]] Optimiser adabelief(const AdaBelief& settings = {});

struct Yogi {
  Setting rate = 1e-2;
  Setting beta1 = 0.9;
  Setting beta2 = 0.999;
  Setting eps = 1e-3;
  double initial = 1e-6;  ///< of v
};
/// v -= (1 - beta2) sign(v - g^2) g^2;  p -= rate m / (sqrt(v) + eps). As in the paper there are no corrections of
/// bias (Optax and others correct both means as Adam does).
/// \source  M. Zaheer et al., Adaptive methods for nonconvex optimization, 2018.
[[nodiscard]] Optimiser yogi(const Yogi& settings = {});

struct Adan {
  Setting rate = 1e-3;
  Setting beta1 = 0.98;
  Setting beta2 = 0.92;
  Setting beta3 = 0.99;
  Setting eps = 1e-8;
  Setting decay = 0.0;
};
/// With d = g - g before (0 at the first step), m a mean of g by beta1, u of d by beta2, n of (g + beta2 d)^2 by beta3:
///
///     p = (p - rate (m^ + beta2 u^) / (sqrt(n^) + eps)) / (1 + rate decay)
///
/// Betas are one minus those of the paper.
/// \source  X. Xie et al., Adan: adaptive Nesterov momentum algorithm for faster optimizing deep models, 2022.
[[nodiscard]] Optimiser adan(const Adan& settings = {});

struct AdaBound {
  Setting rate = 1e-3;
  Setting beta1 = 0.9;
  Setting beta2 = 0.999;
  Setting eps = 1e-8;
  Setting final_rate = 0.1;  ///< that of the descent it ends as
  Setting gamma = 1e-3;
};
/// Adam whose rates rate sqrt(1 - beta2^t) / (1 - beta1^t) / (sqrt(v) + eps) are kept between
/// final (1 - 1 / (gamma t + 1)) and final (1 + 1 / (gamma t)), times m.
/// \source  L. Luo et al., Adaptive gradient methods with dynamic bound of learning rate, 2019.
[[nodiscard]] Optimiser adabound(const AdaBound& settings = {});

struct QhAdam {
  Setting rate = 1e-3;
  Setting beta1 = 0.995;
  Setting beta2 = 0.999;
  Setting nu1 = 0.7;
  Setting nu2 = 1.0;
  Setting eps = 1e-8;
};
/// p -= rate ((1 - nu1) g + nu1 m^) / (sqrt((1 - nu2) g^2 + nu2 v^) + eps).
/// \source  J. Ma and D. Yarats, Quasi-hyperbolic momentum and Adam for deep learning, 2019.
[[nodiscard]] Optimiser qhadam(const QhAdam& settings = {});

struct AdEmaMix {
  Setting rate = 1e-3;
  Setting beta1 = 0.9;
  Setting beta2 = 0.999;
  Setting beta3 = 0.9999;  ///< see rising_half_life()
  Setting alpha = 5.0;     ///< linear(0, alpha, steps) in the paper's runs
  Setting eps = 1e-8;
  Setting decay = 0.0;
};
/// Two means of the gradient: p -= rate ((m^ + alpha n) / (sqrt(v^) + eps) + decay p), n by beta3.
/// \source  M. Pagliardini, P. Ablin and D. Grangier, The AdEMAMix optimizer: better, faster, older, 2024.
[[nodiscard]] Optimiser ademamix(const AdEmaMix& settings = {});

struct Adopt {
  Setting rate = 1e-3;
  Setting beta1 = 0.9;
  Setting beta2 = 0.9999;
  Setting eps = 1e-6;
  bool clipped = true;  ///< the quotient between -t^(1/4) and t^(1/4), t being 1 at the second step
};
/// v starts as g^2 and the first step does nothing. Then m = beta1 m + (1 - beta1) g / max(sqrt(v), eps) with the v
/// before; p -= rate m; v = beta2 v + (1 - beta2) g^2.
/// \source  S. Taniguchi et al., ADOPT: modified Adam can converge with any beta2 with the optimal rate, 2024.
[[nodiscard]] Optimiser adopt(const Adopt& settings = {});

struct Madgrad {
  Setting rate = 1e-2;
  Setting momentum = 0.9;
  Setting eps = 1e-6;
};
/// Dual averaging: with l = rate sqrt(t), s += l g, v += l g^2, z = p0 - s / (cbrt(v) + eps),
/// p = momentum p + (1 - momentum) z.
/// \source  A. Defazio and S. Jelassi, Adaptivity without compromise: a momentumized, adaptive, dual averaged gradient
///          method for stochastic optimization, 2021.
[[nodiscard]] Optimiser madgrad(const Madgrad& settings = {});

struct Ftrl {
  Setting rate = 0.1;  ///< alpha
  Setting beta = 1.0;
  Setting l1 = 0.0;
  Setting l2 = 0.0;
};
/// Follow the regularised leader: n += g^2;  z += g - (sqrt(n) - sqrt(n before)) / alpha p;  p = 0 where |z| <= l1,
/// else -(z - sign(z) l1) / ((beta + sqrt(n)) / alpha + l2). Parameters become exactly 0. z starts so that parameters
/// stay what they are until there are gradients; n starts as 0. (Keras starts it as 0.1, and its l2 is half of this
/// one.) Where alpha or beta vary, z -= (growth of (beta + sqrt(n)) / alpha) p instead: what has no gradient stays.
/// \source  H. B. McMahan et al., Ad click prediction: a view from the trenches, 2013.
[[nodiscard]] Optimiser ftrl(const Ftrl& settings = {});

struct ScheduleFreeAdamW {
  Setting rate = 2.5e-3;
  Setting beta1 = 0.9;
  Setting beta2 = 0.999;
  Setting eps = 1e-8;
  Setting decay = 0.0;
};
/// schedule_free_sgd with g / (sqrt(v^) + eps) in the place of g. average(state, model) is the model to use. As in the
/// authors' own code, the weights of the average are the rates without the correction of bias.
/// \source  A. Defazio et al., The road less scheduled, 2024.
[[nodiscard]] Optimiser schedule_free_adamw(const ScheduleFreeAdamW& settings = {});

struct Swats {
  Setting rate = 1e-3;
  Setting beta1 = 0.9;
  Setting beta2 = 0.999;
  Setting eps = 1e-9;
};
/// Adam that goes over to descent with momentum beta1, when the rate of that has settled: gamma = |d|^2 / -(d g) for
/// the step d of Adam, its mean L = beta2 L + (1 - beta2) gamma, and |L / (1 - beta2^t) - gamma| < eps. All parameters
/// together, as in the paper; others decide for each array.
/// \source  N. S. Keskar and R. Socher, Improving generalization performance by switching from Adam to SGD, 2017.
[[nodiscard]] Optimiser swats(const Swats& settings = {});

}  // namespace xgrad::optim

#pragma GCC visibility pop
