// Weights of 8 bits in int64 words.
#pragma once

#include <cstddef>

#include <xgrad/var.hpp>

namespace xgrad::compression::detail {

/// Integers [outputs, inputs] from -128 to 127 as words, laid out as primitives/quantised.hpp says.
Var packed(const Var& weights);
/// The same back again.
Var unpacked(const Var& words, std::size_t inputs, std::size_t outputs);

}  // namespace xgrad::compression::detail
