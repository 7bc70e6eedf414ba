// Schedules: numbers that depend on the step, which is 0 at the first update.
//
// All are functions of one step or of an array of them. Where they have ended they keep their last value. All throw
// ValueError for numbers that are not finite, lengths of 0 steps, and what each says; the message names the rule.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <xgrad/optim/setting.hpp>

#pragma GCC visibility push(default)

namespace xgrad::optim {

/// The same at each step.
[[nodiscard]] Schedule constant(double value);

/// From `start` to `end` in so many steps, evenly: start + (end - start) min(t, steps) / steps. A warm-up is
/// linear(0, rate, 1000).
[[nodiscard]] Schedule linear(double start, double end, std::size_t steps);

/// end + (start - end) (1 - min(t, steps) / steps)^power.
/// \throws ValueError  unless power is positive.
[[nodiscard]] Schedule polynomial(double start, double end, std::size_t steps, double power);

struct Exponential {
  double factor = 0.5;    ///< for each `steps` steps, > 0
  std::size_t steps = 1;  ///< so many
  bool stairs = false;    ///< only when they are full
  double least = 0.0;     ///< the value never is below
};
/// start factor^(t / steps).
[[nodiscard]] Schedule exponential(double start, const Exponential& settings);

/// start factor^floor(t / every).
[[nodiscard]] Schedule stepwise(double start, double factor, std::size_t every);

/// start times the factor for each boundary that has been reached, t >= boundary.
/// \throws ValueError  unless the boundaries rise.
[[nodiscard]] Schedule multi_step(double start, double factor, std::vector<std::size_t> boundaries);

/// values[k] from boundary k - 1 (included) to boundary k.
/// \throws ValueError  unless the boundaries rise and there is one value more.
[[nodiscard]] Schedule piecewise(std::vector<std::size_t> boundaries, std::vector<double> values);

struct Cosine {
  double end = 0.0;        ///< the last value
  std::size_t warmup = 0;  ///< steps before, from `start` to the peak, evenly
  double start = 0.0;
};
/// Half a cosine from the peak to the end in so many steps, which those of the warm-up are not among:
/// end + (peak - end) (1 + cos(pi min(t / steps, 1))) / 2.
/// \source  I. Loshchilov and F. Hutter, SGDR: stochastic gradient descent with warm restarts, 2017.
[[nodiscard]] Schedule cosine(double peak, std::size_t steps, const Cosine& settings = {});

struct CosineRestarts {
  double end = 0.0;
  double longer = 1.0;  ///< each period is so many times as long as the one before, >= 1
  double lower = 1.0;   ///< and starts so many times as high, > 0
};
/// A cosine that starts again at the peak after `steps` steps, and so on.
/// \source  I. Loshchilov and F. Hutter, SGDR: stochastic gradient descent with warm restarts, 2017.
/// \throws ValueError  unless longer is at least 1 and lower positive.
[[nodiscard]] Schedule cosine_restarts(double peak, std::size_t steps, const CosineRestarts& settings = {});

struct OneCycle {
  double rising = 0.3;         ///< the part of the steps in which it rises, between 0 and 1
  double divisor = 25.0;       ///< it starts with peak / divisor
  double final_divisor = 1e4;  ///< and ends with peak / divisor / final_divisor
};
/// Up and down by half cosines.
/// \source  L. N. Smith and N. Topin, Super-convergence: very fast training of neural networks using large learning
///          rates, 2018.
[[nodiscard]] Schedule one_cycle(double peak, std::size_t steps, const OneCycle& settings = {});
/// Up and down by straight lines: up in the first part of the steps, down to the start in the same time, and to the end
/// in the rest.
/// \throws ValueError  also if rising is more than 1/2.
[[nodiscard]] Schedule one_cycle_linear(double peak, std::size_t steps, const OneCycle& settings = {});

/// start / (1 + rate t / steps); with stairs the quotient t / steps is rounded down.
[[nodiscard]] Schedule inverse_time(double start, double rate, std::size_t steps = 1, bool stairs = false);

/// peak min((t + 1) / warmup, sqrt(warmup / (t + 1))): rises evenly, then falls as 1 / sqrt(t).
/// \source  A. Vaswani et al., Attention is all you need, 2017, section 5.3.
[[nodiscard]] Schedule inverse_square_root(double peak, std::size_t warmup = 1);

enum class Cycle : unsigned char {
  triangular,   ///< each as high as the first
  triangular2,  ///< each half as high as the one before
  exponential,  ///< times gamma^t
};
struct Cyclic {
  std::size_t down = 0;  ///< steps down; 0: as many as up
  Cycle form = Cycle::triangular;
  double gamma = 1.0;  ///< of Cycle::exponential
};
/// From low to high in `up` steps and down again, by straight lines, for ever.
/// \source  L. N. Smith, Cyclical learning rates for training neural networks, 2017.
[[nodiscard]] Schedule cyclic(double low, double high, std::size_t up, const Cyclic& settings = {});

/// One after another: each starts from its step 0 at its boundary.
/// \throws ValueError  unless the boundaries rise and there is one schedule more.
[[nodiscard]] Schedule join(std::vector<Schedule> schedules, std::vector<std::size_t> boundaries);

/// The decay of the slow average of ademamix, which rises so that its half-life grows evenly:
/// exp(ln a ln b / ((1 - s) ln b + s ln a)), s = min(t / steps, 1), for a = start, b = end.
/// \source  M. Pagliardini, P. Ablin and D. Grangier, The AdEMAMix optimizer: better, faster, older, 2024.
/// \throws ValueError  unless both are between 0 and 1.
[[nodiscard]] Schedule rising_half_life(double start, double end, std::size_t steps);

}  // namespace xgrad::optim

#pragma GCC visibility pop
