// Activation functions, element by element, under the names of jax.nn. (relu, sigmoid, softplus and tanh are in
// elementwise.hpp.)
//
// Values and first derivatives are right at the infinities, too. At a kink the derivative is that of the constant side
// (the left one, for leaky_relu, elu and celu), unless it says otherwise. Slopes and scales may be arrays that are
// trained: ShapeError unless they broadcast with x. All throw TapeError for a Var that is empty or of a tape that has
// gone.
#pragma once

#include <cstdint>

#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad {

Var relu6(const Var& x);  ///< min(max(x, 0), 6); derivative 0 at 0 and 6
/// x where x > 0, else slope x; derivative `slope` at 0. With a slope for each channel this is PReLU (He et al. 2015).
Var leaky_relu(const Var& x, const Var& slope = 0.01);
/// x where x > 0, else alpha (e^x - 1); derivative `alpha` at 0. (Clevert et al. 2016)
Var elu(const Var& x, const Var& alpha = 1.0);
/// x where x > 0, else alpha (e^(x / alpha) - 1), without a kink. (Barron 2017)
Var celu(const Var& x, const Var& alpha = 1.0);
/// 1.0507 elu(x, 1.6733), which keeps mean 0 and variance 1 (Klambauer et al. 2017).
Var selu(const Var& x);

/// Which function `gelu` is: with the normal distribution function, or an approximation of it by tanh.
enum class Gelu : std::uint8_t {
  Exact,  ///< x (1 + erf(x / sqrt(2))) / 2
  Tanh,   ///< x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2
};
/// x times the probability that a normal number is below x. (Hendrycks and Gimpel 2016) Far below 0, the exact one is
/// right in the digits that x has; x * ndtr(x) is the same with all of its own, and slower.
Var gelu(const Var& x, Gelu form = Gelu::Exact);
Var silu(const Var& x);  ///< x sigmoid(x), also called swish
Var mish(const Var& x);  ///< x tanh(softplus(x)) (Misra 2019)

Var hard_tanh(const Var& x);     ///< x between -1 and 1; derivative 1 there, the bounds included, as of `clip`
Var hard_sigmoid(const Var& x);  ///< relu6(x + 3) / 6
Var hard_swish(const Var& x);    ///< x hard_sigmoid(x); derivative 0 at -3 and 1 at 3 (Howard et al. 2019)
Var softsign(const Var& x);      ///< x / (1 + |x|)
Var log_sigmoid(const Var& x);   ///< ln sigmoid(x), without overflow

}  // namespace xgrad

#pragma GCC visibility pop
