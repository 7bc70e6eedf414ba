// The part of the table with distances between samples.
#pragma once

#include "loss_table.hpp"

namespace xgrad::testing {

void append_divergence_samples(LossRows& rows);

}  // namespace xgrad::testing
