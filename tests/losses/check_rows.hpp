// What is checked of every row of the table of losses.
#pragma once

#include "loss_table.hpp"

namespace xgrad::testing {

/// Values beside the reference to 1e-12; derivatives to second order by central differences and in forward mode; float
/// beside double to 1e-5; known values and gradients; no NaN at the extremes; the same on plain arrays, recorded,
/// compiled, on several threads, of views and in batches. Reports through Boost.Test.
void check_row(const LossRow& row);

}  // namespace xgrad::testing
