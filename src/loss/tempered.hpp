// Tempered exponentials and the probabilities made of them: what Tsallis entropies have in the place of exp and
// softmax.
//
//     log_t(x) = (x^(1 - t) - 1) / (1 - t),   exp_t(x) = [1 + (1 - t) x]_+^(1 / (1 - t)),   log_1 = ln, exp_1 = exp
//
// With t > 1 the tails are heavy, with t < 1 numbers below -1 / (1 - t) get exactly 0.
#pragma once

#include <xgrad/var.hpp>

namespace xgrad::loss::tempered {

/// 1 + (1 - t) x: where it is positive, exp_t(x) is, too.
Var base(const Var& x, double t);
/// exp_t(x) for x <= 0; u is base(x, t).
Var power(const Var& x, const Var& u, double t);
/// log_t(e^x).
Var log_of_exp(const Var& x, double t);
/// x log_t(x), and 0 with the derivative 0 where x = 0.
Var times_log(const Var& x, double t);

/// The number lambda >= 0 of each row with sum_k exp_t(x_k - lambda) = 1, along the last axis, which is kept.
///
/// Newton's method for (sum_k exp_t(x_k - lambda))^(1 - t) = 1, whose left side is convex or concave so that lambda
/// rises to the solution from 0, and linear for equal x. Seven steps give all digits, for every t.
///
/// The first steps count as a constant. n steps of Newton's method from the solution, as a function of x, have all
/// derivatives of the solution up to order 2^n - 1 (each step doubles the number of right terms), so the last ones are
/// differentiated instead of the whole iteration.
///
/// \param x                     [..., K], at most 0, and 0 somewhere in each row.
/// \param differentiated_steps  1 for first derivatives, 2 for third ones.
Var normaliser(const Var& x, double t, int constant_steps, int differentiated_steps);

}  // namespace xgrad::loss::tempered
