// The other library behind an interface without its headers, which take long to compile.
#pragma once

#include <string>
#include <vector>

#include <xgrad/xgrad.hpp>

namespace xgrad::testing {

/// What is compared: an operation at a point, with its derivatives.
struct Derivatives {
  Var value;
  /// Of the sum of value * weights(value), with respect to each floating-point argument.
  std::vector<Var> gradients;
  /// Of the sum of all gradients times their weights; empty unless asked for.
  std::vector<Var> second;
};

/// Fixed numbers of both signs, none small, in the shape and type of x: cotangents and directions.
Var weights(const Var& x, std::size_t which);

namespace libtorch {

/// The operations that have a counterpart in libtorch.
std::vector<std::string> keys();

/// \param order  0: the value only; 1 or 2: derivatives up to this order.
Derivatives derivatives(const std::string& key, const std::vector<Var>& arguments, int order);

}  // namespace libtorch
}  // namespace xgrad::testing
