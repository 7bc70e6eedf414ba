// Another extent of one axis.
#pragma once

#include <xgrad/ops/pooling.hpp>

namespace xgrad::detail {

/// Means of parts of an axis, which share it evenly; see adaptive_average_pool.
Var averaged(const Var& x, std::size_t axis, std::size_t count);

/// See resize.
Var resized(const Var& x, std::size_t axis, std::size_t extent, ResizeMethod method);

}  // namespace xgrad::detail
