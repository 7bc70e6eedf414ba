// Optimisers that look at whole arrays: their norms, their rows and columns.
//
// Below, g is the gradient, p a parameter, |x| the norm of an array, t the number of the step, 1 at the first.
//
// All throw ValueError, naming setting, rule and paper: for a number that is NaN or infinite, or below 0; for betas and
// momenta of 1 or more (that of lars: above 1); for a `trust`, `decay_power`, `clipping` or `least_axis` of 0, and an
// eps of 0 in novograd and adafactor. What schedules and recorded Vars give is not checked.
#pragma once

#include <cstddef>
#include <optional>

#include <xgrad/optim/combine.hpp>
#include <xgrad/optim/transformation.hpp>

#pragma GCC visibility push(default)

namespace xgrad::optim {

struct Lamb {
  Setting rate = 1e-3;
  Setting beta1 = 0.9;
  Setting beta2 = 0.999;
  Setting eps = 1e-6;
  Setting decay = 0.0;
  Selector decayed = "*";
};
/// The step d of adamw, for each array as long as that is: p -= rate |p| / |d| d; rate d where one of both is 0.
/// \source  Y. You et al., Large batch optimization for deep learning: training BERT in 76 minutes, 2020.
[[nodiscard]] Optimiser lamb(const Lamb& settings = {});

struct Lars {
  Setting rate = 0.1;
  Setting momentum = 0.9;
  Setting decay = 1e-4;
  Setting trust = 1e-3;
};
/// r = trust |p| / (|g| + decay |p|), 1 where that is 0; b = momentum b + rate r (g + decay p); p -= b. (Optax divides
/// by |g + decay p| instead.)
/// \source  Y. You, I. Gitman and B. Ginsburg, Large batch training of convolutional networks, 2017.
[[nodiscard]] Optimiser lars(const Lars& settings = {});

struct NovoGrad {
  Setting rate = 1e-2;
  Setting beta1 = 0.95;
  Setting beta2 = 0.98;
  Setting eps = 1e-8;
  Setting decay = 0.0;
};
/// For each array v = beta2 v + (1 - beta2) |g|^2, |g|^2 at first; m = beta1 m + (g / (sqrt(v) + eps) + decay p),
/// without the first term at first; p -= rate m.
/// \source  B. Ginsburg et al., Stochastic gradient methods with layer-wise adaptive moments for training of deep
///          networks, 2019.
[[nodiscard]] Optimiser novograd(const NovoGrad& settings = {});

/// p = (p - rate |p| / |g| g) / sqrt(1 + rate^2), for each array; one of norm 0 makes the step rate g, so that it does
/// not stay there. Without a gradient nothing is moved, where the authors' own still divides by the root.
/// \source  J. Bernstein et al., On the distance between two neural networks and the stability of learning, 2020.
[[nodiscard]] Optimiser fromage(const Setting& rate = 1e-2);

struct Sm3 {
  Setting rate = 0.1;
  Setting momentum = 0.9;
};
/// Sums for rows and columns in the place of elements: v = min over the axes of the sums that hold it, + g^2; the sum
/// of a row is the largest v in it. m = momentum m + (1 - momentum) g / sqrt(v), 0 where v is; p -= rate m.
/// \source  R. Anil et al., Memory-efficient adaptive optimization, 2019, SM3-II.
[[nodiscard]] Optimiser sm3(const Sm3& settings = {});

struct Adafactor {
  /// Relative to the size of the parameters; without one it is min(0.01, 1 / sqrt(t)). One that is given is taken as it
  /// is, where PyTorch takes min(rate, 1 / sqrt(t)).
  std::optional<Setting> rate = {};
  Setting decay_power = 0.8;     ///< decay of the mean square, 1 - t^-power
  Setting clipping = 1.0;        ///< of the root mean square of a step
  Setting eps = 1e-30;           ///< added to g^2
  Setting least_scale = 1e-3;    ///< of the parameters' root mean square
  std::size_t least_axis = 128;  ///< matrices are factored if their last two axes are at least so long
  Setting momentum = 0.0;
};
/// The mean square of a matrix is kept as means of its rows r and columns c, v = r c / mean(r), with decay 1 - t^-0.8.
/// d = g / sqrt(v), divided by max(1, rms(d) / clipping); p -= rate max(least_scale, rms(p)) d.
/// \source  N. Shazeer and M. Stern, Adafactor: adaptive learning rates with sublinear memory cost, 2018.
[[nodiscard]] Optimiser adafactor(const Adafactor& settings = {});

}  // namespace xgrad::optim

#pragma GCC visibility pop
