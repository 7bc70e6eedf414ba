// Arguments and references that the rows of losses of residuals share.
#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "loss_table.hpp"

namespace xgrad::testing {

/// Predictions and targets whose differences are near 0.2, 0.6, 1, ... with either sign: off the kinks at 0 and others
/// that are not among these.
inline Case prediction_and_target(const Shape& shape, std::uint64_t seed) {
  Random random(seed);
  Var prediction = random.lattice(shape, 0.2);
  return {std::move(prediction), random.lattice(shape, 0.0)};
}

/// The shapes that a loss of single elements is tested with: a vector, a transposed matrix, a number.
inline std::vector<Case> elementwise_cases(std::uint64_t seed) {
  const Case matrix = prediction_and_target({4, 3}, seed + 1);
  return {prediction_and_target({7}, seed),
          {transpose(matrix[0]), transpose(matrix[1])},
          prediction_and_target({}, seed + 2)};
}

/// The reference of a loss of single residuals.
inline Reference of_residuals(std::function<long double(long double)> loss) {
  return [loss = std::move(loss)](const std::vector<Numbers>& x) {
    std::vector<long double> values;
    for (std::size_t i = 0; i < x[0].at.size(); ++i) values.push_back(loss(x[0](i) - x[1](i)));
    return values;
  };
}

/// The reference of a loss of single predictions and targets.
inline Reference of_pairs(std::function<long double(long double, long double)> loss) {
  return [loss = std::move(loss)](const std::vector<Numbers>& x) {
    std::vector<long double> values;
    for (std::size_t i = 0; i < x[0].at.size(); ++i) values.push_back(loss(x[0](i), x[1](i)));
    return values;
  };
}

/// float32 residuals of all sizes, and none at all.
inline std::vector<Case> extreme_residuals() {
  return {{floats({8}, {1e4F, -1e4F, 0.0F, 1e-6F, 3.0F, 1e4F, -1e4F, 1.0F}),
           floats({8}, {0.0F, 0.0F, 0.0F, 0.0F, 3.0F, -1e4F, 1e4F, 1.0F + 1e-6F})},
          {floats({0}, {}), floats({0}, {})},
          {floats({1}, {-1e4F}), floats({1}, {1e4F})}};
}

/// Predictions whose target is 0, with the gradients with respect to the prediction; those of the target are opposite.
inline Known at_residuals(const std::vector<double>& residuals, const std::vector<double>& values,
                          const std::vector<double>& slopes) {
  std::vector<double> opposite;
  for (const double slope : slopes) opposite.push_back(-slope);
  const Shape shape{residuals.size()};
  return {.arguments = {doubles(shape, residuals), doubles(shape, std::vector<double>(residuals.size(), 0.0))},
          .values = values,
          .gradients = {slopes, opposite}};
}

/// No sample.
inline Known of_nothing() { return at_residuals({}, {}, {}); }

}  // namespace xgrad::testing
