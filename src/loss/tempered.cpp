#include "loss/tempered.hpp"

#include <cmath>

#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/reduce.hpp>

namespace xgrad::loss::tempered {
namespace {

Var newton_step(const Var& x, const Var& lambda, double t) {
  const Var below = x - lambda;
  const Var u = base(below, t);
  const Var p = power(below, u, t);
  const Var total = sum(p, -1, keep_dims);
  // d p / d lambda = -p / u
  const Var slope = sum(t < 1.0 ? where(u > 0.0, p / u, zeros_like(p)) : p / u, -1, keep_dims);
  return lambda + log_of_exp(log(total), 2.0 - t) * total / slope;
}

}  // namespace

Var base(const Var& x, double t) { return t == 1.0 ? ones_like(x) : 1.0 + (1.0 - t) * x; }

Var power(const Var& x, const Var& u, double t) {
  if (t == 1.0) return exp(x);
  const double exponent = 1.0 / (1.0 - t);
  // Powers near 1 lose digits where the exponent is large; small ones are often roots and products.
  const Var p = std::abs(exponent) <= 4.0 ? pow(u, exponent) : exp(exponent * log1p((1.0 - t) * x));
  return t < 1.0 ? where(u > 0.0, p, zeros_like(p)) : p;
}

Var log_of_exp(const Var& x, double t) { return t == 1.0 ? x : expm1((1.0 - t) * x) / (1.0 - t); }

Var times_log(const Var& x, double t) { return where(x > 0.0, x * log_of_exp(log(x), t), zeros_like(x)); }

Var normaliser(const Var& x, double t, int constant_steps, int differentiated_steps) {
  if (t == 1.0) return logsumexp(x, -1, keep_dims);
  const Var fixed = stop_gradient(x);
  Var lambda = zeros_like(sum(fixed, -1, keep_dims));
  for (int i = 0; i < constant_steps; ++i) lambda = newton_step(fixed, lambda, t);
  for (int i = 0; i < differentiated_steps; ++i) lambda = newton_step(x, lambda, t);
  return lambda;
}

}  // namespace xgrad::loss::tempered
