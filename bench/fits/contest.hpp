// A fit of one of NIST's sets, by xgrad or by Ceres.
#pragma once

#include <cstddef>
#include <vector>

#include "solve/nist.hpp"

namespace bench_fits {

struct Outcome {
  std::vector<double> parameters;
  std::size_t evaluations = 0;  ///< of the residuals alone
  std::size_t jacobians = 0;    ///< of the residuals and the Jacobian
  bool converged = false;
};

Outcome by_xgrad(const nist::Set& set, const std::vector<double>& start);
/// Levenberg and Marquardt with dense QR, derivatives by its jets, all tolerances at the rounding error: the settings
/// of Ceres' own example of these sets.
Outcome by_ceres(const nist::Set& set, const std::vector<double>& start);

}  // namespace bench_fits
