// Optimisers that find their rate: of the loss, of the way that was gone, of a game of bets.
//
// Below, g is the gradient, p a parameter, p0 that of init, f the loss (the extra `value`), t the number of the step, 1
// at the first. Norms and products are those of all parameters together. A `rate` is a factor, 1 unless a schedule is
// wanted.
//
// All throw ValueError, naming setting, rule and paper: for a number that is NaN or infinite, or below 0 (`lowest` may
// be); for betas of 1 or more (mechanize takes 1), or none of them; for `most`, `first`, `d0`, `alpha` and eps of 0
// (but polyak_sgd's). What schedules and recorded Vars give is not checked. polyak_sgd and momo need the extra `value`:
// an update without it is a ValueError.
#pragma once

#include <vector>

#include <xgrad/optim/combine.hpp>
#include <xgrad/optim/transformation.hpp>

#pragma GCC visibility push(default)

namespace xgrad::optim {

struct PolyakSgd {
  Setting lowest = 0.0;  ///< the least loss that there is, or a bound below it
  Setting most = 1.0;    ///< of the rate
  Setting eps = 0.0;     ///< added to |g|^2
  Setting rate = 1.0;
};
/// p -= rate min((f - lowest) / (|g|^2 + eps), most) g; no step where f is not above lowest.
/// \source  B. T. Polyak, Introduction to optimization, 1987; N. Loizou et al., Stochastic Polyak step-size for SGD,
///          2021.
[[nodiscard]] Optimiser polyak_sgd(const PolyakSgd& settings = {});

struct Momo {
  Setting rate = 1.0;  ///< the largest
  Setting beta = 0.9;
  Setting lowest = 0.0;
};
/// Means by beta, d of g, F of f, c of <g, p>, starting with the first;
/// p -= min(rate, max(F + <d, p> - c - lowest, 0) / |d|^2) d.
/// \source  F. Schaipp et al., MoMo: momentum models for adaptive learning rates, 2023.
[[nodiscard]] Optimiser momo(const Momo& settings = {});

struct Dog {
  Setting rate = 1.0;
  double first = 1e-6;  ///< the first distance, relative to 1 + |p0|
  double eps = 1e-8;    ///< the first |g|^2 of the sum
};
/// p -= rate r / sqrt(v) g, r the largest distance from p0 so far, v the sum of eps and all |g|^2.
/// \source  M. Ivgi, O. Hinder and Y. Carmon, DoG is SGD's best friend, 2023.
[[nodiscard]] Optimiser dog(const Dog& settings = {});
/// p -= rate r^2 / sqrt(v) g, v the sum of all r^2 |g|^2, eps being one of the |g|^2 with the first r. (Others add eps
/// to the root; beside a small r that is no small number, and the distance would hardly begin to grow.)
/// \source  A. Khaled, K. Mishchenko and C. Jin, DoWG unleashed, 2023.
[[nodiscard]] Optimiser dowg(const Dog& settings = {});

struct Prodigy {
  Setting rate = 1.0;
  Setting beta1 = 0.9;
  Setting beta2 = 0.999;
  Setting eps = 1e-8;
  double d0 = 1e-6;  ///< the first estimate of the distance to the solution
  Setting decay = 0.0;
};
/// Adam that estimates the distance d to the solution, b = sqrt(beta2):
///
///     m = beta1 m + (1 - beta1) d g;  v = beta2 v + (1 - beta2) d^2 g^2
///     r = b r + (1 - b) rate d^2 <g, p0 - p>;  s = b s + (1 - b) rate d^2 g
///     p -= rate d (m / (sqrt(v) + d eps) + decay p);  d = max(d, r / |s|_1)
///
/// Without corrections of bias, as the authors' own unless asked for them (Optax corrects).
/// \source  K. Mishchenko and A. Defazio, Prodigy: an expeditiously adaptive parameter-free learner, 2023.
[[nodiscard]] Optimiser prodigy(const Prodigy& settings = {});

struct DAdaptAdam {
  Setting rate = 1.0;
  Setting beta1 = 0.9;
  Setting beta2 = 0.999;
  Setting eps = 1e-8;
  double d0 = 1e-6;
  Setting decay = 0.0;
};
/// Adam by D-adaptation, with b = sqrt(beta2) and the v and s before in r:
///
///     r = b r + (1 - b) rate d <g, s / (sqrt(v) + eps)>
///     m = beta1 m + (1 - beta1) rate d g;  v = beta2 v + (1 - beta2) g^2;  s = b s + (1 - b) rate d g
///     p -= m / (sqrt(v) + eps) + rate d decay p;  d = max(d, r / ((1 - b) |s|_1))
///
/// Without corrections of bias, as the authors' own unless asked for them (Optax corrects); the decay is decoupled.
/// \source  A. Defazio and K. Mishchenko, Learning-rate-free learning by D-adaptation, 2023, algorithm 5.
[[nodiscard]] Optimiser dadapt_adam(const DAdaptAdam& settings = {});

struct Mechanize {
  std::vector<Setting> betas = {0.9, 0.99, 0.999, 0.9999, 0.99999, 0.999999};
  Setting decay = 1e-2;  ///< lambda
  Setting first = 1e-8;  ///< the first scale
  Setting eps = 1e-8;
};
/// Learns the factor of another optimiser's steps: p = p0 + s D, D the sum of these, s the sum of the scales that each
/// beta has bet:
///
///     h = <D, g + decay s |g| p / |p|>;  m = max(beta m, |h|);  v = beta^2 v + h^2
///     r = max(beta r - s_beta h, 0);  s_beta = (first / n m + r) / (sqrt(v) + eps)
///
/// As in the paper: s is 0 until there is an h, so the first step does nothing, and h is not clipped to the m before.
/// \source  A. Cutkosky, A. Defazio and H. Mehta, Mechanic: a learning rate tuner, 2023.
[[nodiscard]] Optimiser mechanize(const Optimiser& inner, const Mechanize& settings = {});

struct Cocob {
  Setting alpha = 100.0;
  double eps = 1e-8;  ///< the first L
  Setting rate = 1.0;
};
/// Bets on coins, each element by itself: L = max(L, |g|);  G += |g|;  r = max(r - g (p - p0), 0);  h -= g;
/// p = p0 + rate h (L + r) / (L max(G + L, alpha L)).
/// \source  F. Orabona and T. Tommasi, Training deep networks without learning rates through coin betting, 2017.
[[nodiscard]] Optimiser cocob(const Cocob& settings = {});

}  // namespace xgrad::optim

#pragma GCC visibility pop
