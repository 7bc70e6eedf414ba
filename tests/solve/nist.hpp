// What a set of NIST's nonlinear regression problems is.
#pragma once

#include <string>
#include <vector>

namespace nist {

struct Set {
  std::string name;
  std::vector<double> start_1, start_2;
  std::vector<double> certified, deviations;
  double sum;  ///< of the squares of the residuals
  std::vector<double> y, x, x2;
};

}  // namespace nist
