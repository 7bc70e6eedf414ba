// The rewrites of the clean-up, in tables: one is used only if it holds for every element, NaN, infinities and -0
// included, but for the sign of sums that are 0.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <string_view>

#include "simplify.hpp"

namespace xgrad::plan {

struct Rewrite {
  std::string_view what;
  std::string_view why;  ///< it is right
  /// The equal value, or no_value where the rewrite does not apply.
  ValueId (*apply)(const Operation& operation);
  /// How often it did, for the tests: what never does is not tested by programs.
  std::atomic<std::uint64_t> applied = 0;
};

using Rewrites = std::span<Rewrite>;

/// What the first rewrite that applies makes of an operation; no_value if none does.
inline ValueId rewritten(const Operation& operation, Rewrites rewrites) {
  for (Rewrite& rewrite : rewrites) {
    const ValueId result = rewrite.apply(operation);
    if (result == no_value) continue;
    rewrite.applied.fetch_add(1, std::memory_order_relaxed);
    return result;
  }
  return no_value;
}

/// The tables that an operation goes through, until a rewrite applies: those of the operation itself; those of all that
/// are computed in this way; and, of floating-point numbers, those which split a function so that functions of x and of
/// -x, and a function and its derivative, share what they have in common.
Rewrites algebra_of(Opcode op) noexcept;
Rewrites rewrites_of(primitives::Computation computation) noexcept;
Rewrites splits_of(Opcode op) noexcept;

/// Of products of matrices; and what sums over them are.
Rewrites rewrites_of_products() noexcept;
ValueId sum_of_product(const Operation& o);
ValueId sum_over_stack(const Operation& o);

/// Whether BLAS can read the matrices of a stack where they are.
bool fits_blas(const Graph& graph, ValueId x);

}  // namespace xgrad::plan
