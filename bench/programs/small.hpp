// Programs of small arrays, as users write them with xgrad.
#pragma once

#include <tuple>

#include <xgrad/xgrad.hpp>

#include "problems.hpp"

namespace bench {

/// (x, a, b) -> (value, gradient of x) of the sum of the chain of tiny operations.
inline std::tuple<xgrad::Var, xgrad::Var> tiny_operations(const xgrad::Var& x, const xgrad::Var& a,
                                                          const xgrad::Var& b) {
  const auto chain = [](const xgrad::Var& x0, const xgrad::Var& a0, const xgrad::Var& b0) {
    return sum(tiny_chain(x0, a0, b0));
  };
  const auto [value, gradient] = xgrad::value_and_grad(chain)(x, a, b);
  return {value, gradient};
}

/// One step of linear regression with the loss sum((y - x theta)^2) / (2 m): (theta, x, y) -> (theta, loss).
inline std::tuple<xgrad::Var, xgrad::Var> regression_step(const xgrad::Var& theta, const xgrad::Var& x,
                                                          const xgrad::Var& y) {
  const auto loss = [](const xgrad::Var& t, const xgrad::Var& inputs, const xgrad::Var& targets) {
    return sum(square(targets - matmul(inputs, t))) / (2.0 * Points::count);
  };
  const auto [value, gradient] = xgrad::value_and_grad(loss)(theta, x, y);
  return {theta - sgd_rate * gradient, value};
}

}  // namespace bench
