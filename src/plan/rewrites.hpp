// The rewrites of the clean-up, in tables: one is used only if it holds for every element, NaN, infinities and -0
// included, but for the sign of sums that are 0.
#pragma once

#include <span>
#include <string_view>

#include "simplify.hpp"

namespace xgrad::plan {

struct Rewrite {
  std::string_view what;
  std::string_view why;  ///< it is right
  /// The equal value, or no_value where the rewrite does not apply.
  ValueId (*apply)(const Operation& operation);
};

using Rewrites = std::span<const Rewrite>;

/// What the first rewrite that applies makes of an operation; no_value if none does.
inline ValueId rewritten(const Operation& operation, Rewrites rewrites) {
  for (const Rewrite& rewrite : rewrites) {
    if (const ValueId result = rewrite.apply(operation); result != no_value) return result;
  }
  return no_value;
}

/// Rewrites of elementwise operations and conversions: those of the operation itself, and those which split it so that
/// functions of x and of -x, and a function and its derivative, share what they have in common.
Rewrites algebra_of(Opcode op) noexcept;
Rewrites splits_of(Opcode op) noexcept;

/// Rewrites of all others.
Rewrites array_rewrites_of(primitives::Computation computation) noexcept;

}  // namespace xgrad::plan
