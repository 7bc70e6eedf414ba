// Products of heads, of which the second operand may have fewer.
#pragma once

#include <xgrad/var.hpp>

namespace xgrad::nn::detail {

/// [..., heads, m, k] [..., fewer heads, k, n] -> [..., heads, m, n], where neighbouring heads share the second operand
/// if their number is a multiple of its heads; else as matmul.
Var grouped_product(const Var& a, const Var& b);

}  // namespace xgrad::nn::detail
