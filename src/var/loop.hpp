// What of a program is the same in all runs of a loop, and what is not.
#pragma once

#include <vector>

#include "ir/state.hpp"

namespace xgrad::detail {

using namespace ir;

/// The nodes that were recorded from one on, as parts of a loop's body. Parameters differ from run to run, and what
/// depends on them; what may fail, and code of the user's, is taken for such.
class Varying {
 public:
  Varying(const TapeState& tape, NodeId first) : tape_(tape), first_(first) {}
  [[nodiscard]] bool operator()(NodeId id);

 private:
  const TapeState& tape_;
  NodeId first_;
  std::vector<char> varies_;
};

/// Whether a node that is the same in all runs is computed in each: it costs nothing there, and may be large.
bool is_free_in_runs(const TapeState& tape, NodeId id);

}  // namespace xgrad::detail
