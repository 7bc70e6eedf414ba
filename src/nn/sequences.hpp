// What layers of sequences have in common.
#pragma once

#include <cstddef>

#include <xgrad/core/shape.hpp>
#include <xgrad/var.hpp>

namespace xgrad::nn::detail {

/// How many places a sequence [..., t, width] has.
inline std::ptrdiff_t length_of(const Var& sequence) { return static_cast<std::ptrdiff_t>(sequence.shape(-2)); }

}  // namespace xgrad::nn::detail
