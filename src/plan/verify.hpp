// What each pass of the planner may rely on, checked: for the people who change a pass. Nothing of this can be broken
// by a program that is planned.
#pragma once

#include <span>
#include <string_view>

#include "group.hpp"

namespace xgrad::plan {

/// Whether the planner checks itself between its passes: not in releases, for it takes up to half as long as planning.
#if defined(XGRAD_VERIFY_PLANS) || !defined(NDEBUG)
constexpr bool verifies_plans = true;
#else
constexpr bool verifies_plans = false;
#endif

/// Each value follows from its inputs by its operation: shapes, element types, attributes, what a view shows.
/// \param pass  what ran before, for the message.
/// \param leaves  of the request.
/// \throws std::logic_error  that names the pass, the value and the invariant that is violated; so do the others.
void verify(std::string_view pass, const Graph& graph, std::size_t leaves);

/// Also that each value is computed once, in its role, after what it needs, and kept for whoever reads it later.
void verify(std::string_view pass, const Graph& graph, const Groups& groups);

/// Does so where the planner checks itself; also what back ends have beside this.
template <class... What>
void verify_between_passes(std::string_view pass, const What&... what) {
  if constexpr (verifies_plans) verify(pass, what...);
}

}  // namespace xgrad::plan
