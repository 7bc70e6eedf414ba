// All rewrites of the planner's clean-up.
#pragma once

#include <algorithm>
#include <array>
#include <vector>

#include "plan/rewrites.hpp"

namespace all_rewrites {

using xgrad::plan::Opcode;
using xgrad::plan::Rewrite;
using xgrad::plan::Rewrites;

/// The tables that an operation goes through.
inline std::array<Rewrites, 3> of(Opcode op) {
  using namespace xgrad::plan;
  return {algebra_of(op), rewrites_of(computation_of(op)), splits_of(op)};
}

/// Each row once.
inline const std::vector<const Rewrite*>& rows() {
  static const std::vector<const Rewrite*> all = [] {
    std::vector<const Rewrite*> found;
    for (std::size_t op = 0; op < xgrad::plan::op_gemm; ++op) {
      for (const Rewrites table : of(static_cast<Opcode>(op))) {
        for (const Rewrite& each : table) {
          if (std::ranges::find(found, &each) == found.end()) found.push_back(&each);
        }
      }
    }
    return found;
  }();
  return all;
}

/// How often each was applied so far, in the order of rows().
inline std::vector<std::uint64_t> applied() {
  std::vector<std::uint64_t> counts;
  for (const Rewrite* each : rows()) counts.push_back(each->applied.load());
  return counts;
}

}  // namespace all_rewrites
