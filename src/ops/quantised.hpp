// The product of small integers, for layers and rules.
#pragma once

#include <cstddef>

#include <xgrad/var.hpp>

namespace xgrad::detail {

/// See primitives::QuantisedMatmul; arguments are what it says.
Var quantised_matmul(const Var& x, const Var& words, const Var& numbers, std::size_t outputs);

}  // namespace xgrad::detail
