// Which steps of a plan may fail: those after them may write over donated arrays.
#pragma once

#include <set>
#include <tuple>

#include "group.hpp"

namespace xgrad::plan {

/// Conditions on values that are known to hold once certain steps have run.
class Conditions {
 public:
  /// Whether running a group may throw, all groups that were asked about before having run: because of the values that
  /// it meets, or for want of memory.
  bool may_fail(const Graph& graph, const Group& group);

 private:
  bool may_fail(const Graph& graph, ValueId id, bool loop);
  bool may_be_out_of_range(const Graph& graph, ValueId indices, std::size_t extent);

  std::set<ValueId> true_;
  std::set<std::tuple<ValueId, std::size_t>> in_range_;  // indices, negative ones too, and the extent of the axis
  std::set<std::tuple<ValueId, std::size_t>> labels_;    // not negative, and the number of classes
};

}  // namespace xgrad::plan
