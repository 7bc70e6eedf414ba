// What the elements of a convolution depend on.
#pragma once

#include "dependence.hpp"

namespace xgrad::detail::dependence {

/// On those of both arrays that it multiplies and adds up for each element.
SetArray on_windows(const FollowedNode& node);

}  // namespace xgrad::detail::dependence
