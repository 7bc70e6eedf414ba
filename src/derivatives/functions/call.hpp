// Calls of functions with derivatives of their own.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ir/function.hpp"
#include "var/access.hpp"

namespace xgrad::derivatives {

using namespace detail;

struct RecordedRule;

/// A user's rule for the derivative of a function. Both are linear in what comes last, and record what they compute;
/// one may be missing, and then comes from the other by transposition.
struct CallRule {
  using Vars = std::span<const Var>;

  /// Who it is, for messages.
  std::string operation;
  /// How many of the inputs and of the outputs the function had in the user's eyes. Further inputs are what it had
  /// captured, further outputs are residuals.
  std::size_t inputs = 0;
  std::size_t outputs = 0;
  /// Cotangents of the inputs (empty Vars: zero) from inputs, all outputs, and cotangents of the outputs.
  std::function<std::vector<Var>(Vars inputs, Vars outputs, Vars cotangents)> vjp;
  /// Tangents of the outputs from inputs, all outputs, and tangents of the inputs (empty Vars: zero).
  std::function<std::vector<Var>(Vars inputs, Vars outputs, Vars tangents)> jvp;
  /// Names of inputs.
  std::function<std::vector<std::string>()> paths;
  /// The same rule without C++, if it is known so.
  std::shared_ptr<const RecordedRule> recorded = nullptr;
};

/// A user's rule for the function of a batch. It records what it computes.
struct BatchRule {
  /// Who it is, for messages.
  std::string operation;
  /// How many inputs the function had in the user's eyes.
  std::size_t inputs = 0;
  /// The outputs of all examples from inputs of all examples, along a new first axis.
  std::function<std::vector<Var>(std::span<const Var> inputs)> rule;
};

/// Zeros in place of what is not there.
std::vector<Var> completed(std::span<const Var> given, std::span<const Var> like);

}  // namespace xgrad::derivatives
