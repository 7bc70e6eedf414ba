// Machine code reads some views where they lie, and needs no copy of their elements (see gather_block).
#pragma once

#include "schedule.hpp"

namespace xgrad::backend::cpu {

/// Gives each view that machine code can read slots for that: of where a block of it begins, and of how far from there
/// each pack of elements is, which is the same for all blocks.
void place_views(Draft& draft);

}  // namespace xgrad::backend::cpu
