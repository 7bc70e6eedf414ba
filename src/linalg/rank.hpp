// Which singular values are not 0.
#pragma once

#include <xgrad/linalg/solve.hpp>
#include <xgrad/var.hpp>

namespace xgrad::linalg {

/// For each of the singular values s of a, whether it counts.
Var singular_values_that_count(const Var& s, const Var& a, const RankOptions& options);

}  // namespace xgrad::linalg
