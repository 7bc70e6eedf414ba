#include "arguments.hpp"

#include <limits>
#include <string>

#include <xgrad/loss/contract.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/reduce.hpp>

namespace xgrad::loss::detail {

Var as_floating(const Var& x) { return is_floating(x.dtype()) ? x : cast(x, DType::Float64); }

Var as_floating(const Var& x, const Var& beside) {
  if (is_floating(x.dtype())) return x;
  return cast(x, is_floating(beside.dtype()) ? beside.dtype() : DType::Float64);
}

Var not_negative(const Var& x, bool check, const Requirement& requirement) {
  return check ? checked(x, x >= 0.0, requirement) : x;
}

Var unwieldy(const Var& size) {
  const Var fixed = stop_gradient(size);
  const Var large = fixed > 0x1p20 && fixed < std::numeric_limits<double>::infinity();
  const Var tiny = fixed > 0.0 && fixed < 0x1p-20;
  return where(large || tiny, fixed, ones_like(fixed));
}

Var unit_of_squares(const Var& x, const Axes& axes) {
  if (x.size() == 0) return 1.0;
  const Var size = stop_gradient(amax(abs(x), axes, keep_dims));
  return where(size > 0x1p40 && size < std::numeric_limits<double>::infinity(), size, ones_like(size));
}

void require_iterations(std::string_view loss, std::int64_t iterations, std::int64_t least) {
  require_setting(loss, "iterations", static_cast<double>(iterations),
                  iterations >= least && iterations <= most_iterations,
                  "it must be between " + std::to_string(least) + " and " + std::to_string(most_iterations));
}

}  // namespace xgrad::loss::detail
