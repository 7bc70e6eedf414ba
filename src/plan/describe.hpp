// Plans as text, for people.
#pragma once

#include <functional>
#include <string>

#include "plan.hpp"

namespace xgrad::detail {

/// What a plan fused, what each step reads and writes, and the memory that it takes.
/// \param leaf_name  what to call a leaf; empty: "leaf 0" and so on.
std::string describe(const Plan& plan, const std::function<std::string(std::size_t)>& leaf_name = {});

}  // namespace xgrad::detail
