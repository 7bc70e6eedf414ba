// What a fit hands back, and its print.
#include <algorithm>
#include <cmath>
#include <ostream>
#include <utility>

#include <xgrad/core/errors.hpp>

#include "core/text.hpp"
#include "least_squares_steps.hpp"

namespace xgrad::solve::detail {

void require_finite_start(double cost) {
  if (std::isfinite(cost)) return;
  throw ValueError(std::string(least_squares_name) +
                   ": the sum of squares at the start is not finite; start where it is");
}

Fitted fitted_of(const Residuals& residuals, const FitEnd& end, const std::optional<Vector>& inverse) {
  const Leaves& leaves = residuals.leaves();
  const std::size_t m = end.residuals;
  const std::size_t n = end.x.size();
  Fitted result;
  result.report = residuals.report;
  result.parameters = leaves.arrays(end.x);
  result.sum = end.cost;
  result.residuals = m;
  result.degrees_of_freedom = m > n ? m - n : 0;
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double variance = m > n ? end.cost / static_cast<double>(m - n) : nan;
  result.deviation = std::sqrt(variance);
  const std::size_t wanted = inverse ? n : 0;
  auto covariance = Array<double>::from_shape({wanted, wanted});
  Vector deviations(n, nan);
  if (inverse) {
    std::transform(inverse->begin(), inverse->end(), covariance.data(), [&](double each) { return variance * each; });
    for (std::size_t i = 0; i < n; ++i) deviations[i] = result.deviation * std::sqrt((*inverse)[i * n + i]);
  }
  result.deviations = leaves.arrays(deviations);
  result.covariance = Var(std::move(covariance));
  return result;
}

void print(std::ostream& out, const Report& report, std::span<const std::string> paths, std::span<const Var> values,
           std::span<const Var> deviations) {
  core::TextStream lines;
  lines.precision(10);
  for (std::size_t k = 0; k < values.size(); ++k) {
    Vector value;
    Vector deviation;
    append(value, values[k]);
    append(deviation, deviations[k]);
    for (std::size_t i = 0; i < value.size(); ++i) {
      lines << (paths[k].empty() ? "parameter" : paths[k]);
      if (value.size() > 1) lines << '[' << i << ']';
      lines << " = " << value[i] << " +- " << deviation[i] << '\n';
    }
  }
  out << lines.str() << report << '\n';
}

}  // namespace xgrad::solve::detail
