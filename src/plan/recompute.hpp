// Which values are computed again where they are needed, instead of kept in memory.
#pragma once

#include "group.hpp"

namespace xgrad::plan {

/// Computes a value again in the loops that read it, if it is cheap and that moves no more memory than keeping it.
/// \param donated  for each leaf whether its array may be overwritten; such arrays are not read later than they must
/// be.
void recompute(Graph& graph, Groups& groups, const std::vector<bool>& donated);

}  // namespace xgrad::plan
