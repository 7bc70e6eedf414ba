// Runs a random program in several ways and compares what comes out.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "../all_rewrites.hpp"
#include "analysis.hpp"
#include "program.hpp"
#include "transforms.hpp"

namespace random_graphs {

/// How much was compared, to see that the comparison is not void.
struct Statistics {
  std::size_t graphs = 0;
  Counts primitives{};
  std::size_t exact = 0;      ///< elements that had to agree to the bit
  std::size_t close = 0;      ///< within a relative bound of 1e-4 (float32) or 1e-10 (float64)
  std::size_t loose = 0;      ///< within a bound that says less
  std::size_t undecided = 0;  ///< not compared
  std::size_t strange = 0;    ///< NaN and infinities, which had to be the same
  /// How often each rewrite of the planner was applied where values and gradients are evaluated together, in the order
  /// of all_rewrites::rows().
  std::vector<std::uint64_t> rewrites = std::vector<std::uint64_t>(all_rewrites::rows().size());
  TransformCounts transforms{};
};

/// How `check` reports an exception.
inline constexpr std::string_view exception_prefix = "an exception: ";

/// Why a program does not do the same fused and unfused; empty if it does.
std::string check(const Program& program, Statistics& statistics);

/// A smaller program that fails, too.
Program shrunk(Program program, double seconds);

}  // namespace random_graphs
