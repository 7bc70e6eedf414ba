// One call of every operation, to see that none forgets to look at what it is handed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <xgrad/var.hpp>

struct EveryOperation {
  std::string_view name;
  bool several;  ///< takes the good operand, too
  /// \param bad   the operand that must be refused; float64 [2, 2] if anything.
  /// \param good  another one, float64 [2, 2].
  void (*run)(const xgrad::Var& bad, const xgrad::Var& good);
};

/// How an operation calls itself in its errors.
std::string public_name(const EveryOperation& operation);

const std::vector<EveryOperation>& every_operation();
