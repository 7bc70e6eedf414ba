#include <xgrad/ops/compare.hpp>

#include <algorithm>
#include <array>
#include <limits>
#include <string>

#include <xgrad/core/errors.hpp>

#include "core/text.hpp"
#include "elementwise.hpp"

namespace xgrad {
namespace {

/// |x - y|. Of integers with different signs the difference may be out of range: then in float64.
Var distance_of(const Var& x, const Var& y) {
  if (is_floating(x.dtype()) || is_floating(y.dtype())) return abs(x - y);
  const Var rounded = abs(cast(x, DType::Float64) - cast(y, DType::Float64));
  return where(equal(x < 0, y < 0), cast(abs(x - y), DType::Float64), rounded);
}

Var close_to(std::string_view operation, const Var& a, const Var& b, const CloseOptions& options) {
  detail::require_operands(operation, a, b);
  for (const double each : {options.relative, options.absolute}) {
    if (each >= 0.0) continue;
    throw ValueError(std::string(operation) + ": a tolerance is " + core::text_of(each) + "; it must not be negative");
  }
  // A number without an array takes the type of the array before anything is compared: out of its range it is infinite.
  const DType common = detail::common_dtype(std::array{&a, &b});
  const auto of = [&](const Var& first, const Var& second) {
    const Var x = is_floating(common) ? cast(first, common) : first;
    const Var y = is_floating(common) ? cast(second, common) : second;
    // What is equal is close without a difference: infinities, and integers that a double does not tell apart.
    const Var size = abs(is_floating(y.dtype()) ? y : cast(y, DType::Float64));
    const Var near = isfinite(x) && isfinite(y) && distance_of(x, y) <= options.absolute + options.relative * size;
    const Var close = near || equal(x, y);
    return options.equal_nan ? close || (isnan(x) && isnan(y)) : close;
  };
  return detail::computed_at_once(operation, of, a, b);
}

bool broadcasts(const Shape& a, const Shape& b) {
  for (std::size_t i = 1; i <= std::min(a.size(), b.size()); ++i) {
    const std::size_t m = a[a.size() - i];
    const std::size_t n = b[b.size() - i];
    if (m != n && m != 1 && n != 1) return false;
  }
  return true;
}

}  // namespace

Var isclose(const Var& a, const Var& b, const CloseOptions& options) { return close_to("isclose", a, b, options); }

Var allclose(const Var& a, const Var& b, const CloseOptions& options) {
  return all(close_to("allclose", a, b, options));
}

Var array_equal(const Var& a, const Var& b, bool equal_nan) {
  detail::require_usable(a, "array_equal");
  detail::require_usable(b, "array_equal");
  if (a.shape() != b.shape()) return false;
  return all(equal_nan ? equal(a, b) || (isnan(a) && isnan(b)) : equal(a, b));
}

Var array_equiv(const Var& a, const Var& b) {
  detail::require_usable(a, "array_equiv");
  detail::require_usable(b, "array_equiv");
  return broadcasts(a.shape(), b.shape()) ? all(equal(a, b)) : Var(false);
}

Var isposinf(const Var& x) {
  detail::require_usable(x, "isposinf");
  return equal(x, std::numeric_limits<double>::infinity());
}

Var isneginf(const Var& x) {
  detail::require_usable(x, "isneginf");
  return equal(x, -std::numeric_limits<double>::infinity());
}

}  // namespace xgrad
