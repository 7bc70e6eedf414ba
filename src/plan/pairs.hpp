// Two instructions become one where a kernel does both.
#pragma once

#include "schedule.hpp"

namespace xgrad::detail {

/// Merges arithmetic with the arithmetic, and products with the sum, that alone read them.
void merge_pairs(Draft& draft);

}  // namespace xgrad::detail
