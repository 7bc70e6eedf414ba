// An operation at a point, with ours and with libtorch.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "ops_table.hpp"

namespace xgrad::testing {

/// As libtorch::Derivatives.
struct Derivatives {
  Var value;
  std::vector<Var> gradients;
  std::vector<Var> second;
};

/// The weights of an output or gradient in the sum whose derivatives are taken.
Var weights(const Var& x, std::size_t which);

Derivatives theirs(const std::string& key, const Case& arguments, int order);
Derivatives ours(const Operation& function, const Case& arguments, int order);

/// Checks that all are the same within 1e-10.
void check_same(const Derivatives& mine, const Derivatives& theirs);

/// Relative to the larger of 1 and both; NaN is close to NaN, infinities if equal.
bool close(double a, double b, double tolerance);
/// An element as double.
double element(const Var& x, std::size_t i);

}  // namespace xgrad::testing
