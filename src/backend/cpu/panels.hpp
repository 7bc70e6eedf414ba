// Products that are computed some rows at a time, each followed by the loop that reads them.
#pragma once

#include "program.hpp"

namespace xgrad::backend::cpu {

/// Lets a loop compute the rows of a product just before it takes them, if it takes them row by row and they are many.
/// \returns whether it does; the product is no step of its own then.
bool join_product(Loop& loop, const ProductStep& step, std::uint32_t product);

}  // namespace xgrad::backend::cpu
