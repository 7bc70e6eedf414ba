// What the rows of the likelihoods share.
#pragma once

#include <cstddef>
#include <functional>
#include <numbers>
#include <vector>

#include "losses/loss_table.hpp"

namespace xgrad::testing {

using Real = long double;

inline constexpr Real pi = std::numbers::pi_v<Real>;

/// The value of each element from that element of all arguments; a number is one for all.
inline Reference each(const std::function<Real(const std::vector<Real>&)>& f) {
  return [f](const std::vector<Numbers>& x) {
    std::vector<Real> values;
    for (std::size_t i = 0; i < x[0].at.size(); ++i) {
      std::vector<Real> at;
      for (const Numbers& argument : x) at.push_back(argument.shape.empty() ? argument(0) : argument(i));
      values.push_back(f(at));
    }
    return values;
  };
}

/// The rows of counts and positive targets, and of survival.
void append_likelihood_of_counts(LossRows& rows);

}  // namespace xgrad::testing
