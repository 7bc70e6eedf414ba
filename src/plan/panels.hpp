// Products that are computed some rows at a time, each followed by the loop that reads them.
#pragma once

#include "plan.hpp"

namespace xgrad::detail {

/// Lets a loop compute the rows of a product just before it takes them, if it takes them row by row and they are many.
/// \returns whether it does; the product is no step of its own then.
bool join_product(Loop& loop, const ProductStep& step, std::uint32_t product);

}  // namespace xgrad::detail
