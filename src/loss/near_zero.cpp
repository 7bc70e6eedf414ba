#include "near_zero.hpp"

#include <array>
#include <cstddef>
#include <span>

#include <xgrad/ops/elementwise.hpp>

namespace xgrad::loss::detail {
namespace {

/// Below it series are used, which then need few terms; above it the plain formulas lose two bits.
constexpr double small = 0.25;

bool is_float(const Var& x) { return x.dtype() == DType::Float32; }

/// coefficients[0] + coefficients[1] x + ...
Var polynomial(std::span<const double> coefficients, const Var& x) {
  Var result = coefficients.back();
  for (std::size_t i = coefficients.size() - 1; i-- > 0;) result = result * x + coefficients[i];
  return result;
}

/// 1 / 2!, 1 / 3!, ...
constexpr std::array<double, 12> inverse_factorials = [] {
  std::array<double, 12> result{};
  double factorial = 1.0;
  for (std::size_t i = 0; i < result.size(); ++i) {
    factorial *= static_cast<double>(i + 2);
    result[i] = 1.0 / factorial;
  }
  return result;
}();

}  // namespace

Var exp_less_line(const Var& x) {
  const std::span<const double> all(inverse_factorials);
  const Var series = square(x) * polynomial(all.first(is_float(x) ? 7 : 12), x);
  return where(abs(x) < small, series, expm1(x) - x);
}

Var log1p_square(const Var& x) {
  // From here on 1 beside x^2 is less than the last digit, and so is 1 beside x. Earlier would be as good for values,
  // but far squares are factors of derivatives, in which they vanish.
  const double far = is_float(x) ? 0x1p13 : 0x1p28;
  const Var size = abs(x);
  const Var is_far = size > far;
  const Var logarithm = log1p(where(is_far, size - 1.0, square(x)));
  return where(is_far, 2.0 * logarithm, logarithm);
}

}  // namespace xgrad::loss::detail
