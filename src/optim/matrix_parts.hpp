// What optimisers of matrices share.
#pragma once

#include <cstddef>

#include <xgrad/var.hpp>

namespace xgrad::optim::detail {

/// The last two axes exchanged.
Var transposed(const Var& x);

/// For each matrix of a stack the identity of the size of an axis, -2 or -1.
Var identity_along(const Var& x, std::ptrdiff_t axis);

}  // namespace xgrad::optim::detail
