// The kernels of the steps that are no loops of block kernels.
//
// kernels: what computes numbers. Kernels over blocks (block/, simd/), machine code (generated/), kernels over whole
// arrays. They get raw memory, extents and strides. It includes primitives and what is below; no graph and no Var.
#pragma once

#include <cstdint>

#include "operand.hpp"

namespace xgrad::kernels {

using Kernel = void (*)(const Call&);

void cast(const Call& call);
void concatenate(const Call& call);
void embed(const Call& call);
void roll(const Call& call);
void sum(const Call& call);
void max_reduce(const Call& call);
void min_reduce(const Call& call);
void norm(const Call& call);

// These want dense inputs.
void argmax(const Call& call);
void take(const Call& call);
void scatter_add(const Call& call);
void take_along_axis(const Call& call);
void scatter_add_along_axis(const Call& call);
void one_hot(const Call& call);
void argsort(const Call& call);
void balance(const Call& call);
void cumsum(const Call& call);
void top_k(const Call& call);
void host_call(const Call& call);

/// The kernel of a primitive; null if it is computed in another way (see primitives::Computation).
Kernel kernel_of(std::uint8_t opcode) noexcept;

/// target[...] = source[...]; equal shapes and element types, any strides.
void copy(const Operand& target, const Operand& source);

}  // namespace xgrad::kernels
