// Norms of any order.
#include <cmath>
#include <limits>
#include <string>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/reduce.hpp>

#include "axes.hpp"
#include "internal.hpp"
#include "reductions.hpp"

namespace xgrad {
namespace {

constexpr double unbounded = std::numeric_limits<double>::infinity();

bool is_even(double p) { return std::fmod(p, 2.0) == 0.0; }

/// |x|^p. A power of an even number is a polynomial, of which all derivatives at 0 are right; of others those at 0 may
/// be infinite or have a kink, and count as 0.
Var magnitude_to(const Var& x, double p) {
  if (p > 0.0 && is_even(p)) return pow(x, p);
  const Var nothing = equal(x, 0.0);
  const Var beside = where(nothing, ones_like(x), abs(x));
  return where(nothing, p > 0.0 ? zeros_like(x) : full_like(x, unbounded), pow(beside, p));
}

/// (sum |x|^p)^(1/p) along axes, kept. The largest |x| (the smallest, if p < 0) is taken out first, so that it counts
/// as 1: it is a constant, because the result does not depend on what is taken out.
Var norm_of_order(const Var& x, const Shape& axes, double p) {
  const Axes along(axes);
  const Var magnitudes = stop_gradient(abs(x));
  const Var extreme = p > 0.0 ? amax(magnitudes, along, keep_dims) : amin(magnitudes, along, keep_dims);
  const Var scalable = extreme > 0.0 && extreme < unbounded;
  const Var scale = where(scalable, extreme, ones_like(extreme));
  const Var total = sum(magnitude_to(x / scale, p), along, keep_dims);
  const Var flat = equal(total, 0.0) || equal(total, unbounded);
  const Var limit = where(equal(total, p > 0.0 ? 0.0 : unbounded), zeros_like(total), full_like(total, unbounded));
  return scale * where(flat, limit, pow(where(flat, ones_like(total), total), 1.0 / p));
}

}  // namespace

Var norm(const Var& x, const Axes& axes, const NormOptions& options) {
  const double p = options.order;
  if (p == 2.0) return norm(x, axes, options.keep);
  const Shape normal = detail::normalize_axes("norm", axes, x);
  if (std::isnan(p)) throw ValueError("norm: the order is NaN; it must be a number or an infinity");
  const bool empty = detail::extent_along(x.shape(), normal) == 0;
  if (empty && (p < 0.0 || p == unbounded)) {
    throw ValueError("norm: nothing to reduce in the shape " + to_string(x.shape()) + "; the norm of order " +
                     std::to_string(p) + " of no elements is undefined");
  }
  const Var values = detail::floats_of(x);
  if (p == 0.0) return cast(count_nonzero(values, axes, options.keep), values.dtype());
  if (p == 1.0 || empty) return sum(abs(values), axes, options.keep);
  if (p == unbounded) return amax(abs(values), axes, options.keep);
  if (p == -unbounded) return amin(abs(values), axes, options.keep);
  return detail::squeezed(norm_of_order(values, normal, p), normal, options.keep);
}

}  // namespace xgrad
