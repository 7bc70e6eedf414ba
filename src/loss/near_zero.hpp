// Functions that begin with a square at 0. Plain formulas, and still more their derivatives, are differences of large
// numbers there; near 0 these are series, whose derivatives keep all digits too.
#pragma once

#include <xgrad/var.hpp>

namespace xgrad::loss::detail {

/// e^x - 1 - x, with the derivative expm1(x).
Var exp_less_line(const Var& x);

/// ln(1 + x^2), where the square may overflow: 2 ln |x| for large x, also for its derivatives.
Var log1p_square(const Var& x);

}  // namespace xgrad::loss::detail
