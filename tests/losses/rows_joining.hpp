// The rows of losses that take functions or other losses.
#pragma once

#include "loss_table.hpp"

namespace xgrad::testing {

void append_gradient_penalties(LossRows& rows);
void append_joining(LossRows& rows);

}  // namespace xgrad::testing
