// Functions of the host that are linear and know their transposed ones.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "host.hpp"

namespace xgrad::ir {

/// How a function that is linear in its floating-point arguments, with floating-point results of these alone, is
/// differentiated and batched.
struct LinearRules {
  /// The function of cotangents of the floating-point results.
  std::function<std::shared_ptr<const HostFunction>(std::size_t order)> transposed;
  /// The function of many examples at once, along a new first axis of all arguments and results.
  std::function<std::shared_ptr<const HostFunction>(std::size_t extent, std::size_t order)> batch;
  /// Calls that several programs make in the same order: which these are (null: none), and the how manieth of them this
  /// one is on its tape. So it does not depend on what else is there.
  const void* sequence = nullptr;
  std::size_t order = 0;
};

/// The call of such a function (see HostFunction::call).
struct LinearCall {
  std::shared_ptr<const LinearRules> rules;
  std::function<std::vector<BufferPtr>(std::span<const BufferPtr> arguments)> run;

  std::vector<BufferPtr> operator()(std::span<const BufferPtr> arguments) const { return run(arguments); }
};

/// The rules of a function; null: it is not known to be linear.
[[nodiscard]] inline const LinearRules* linear_rules(const HostFunction& function) {
  const auto* call = function.call.target<LinearCall>();
  return call == nullptr ? nullptr : call->rules.get();
}

}  // namespace xgrad::ir
