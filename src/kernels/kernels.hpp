// The kernels that the planner's steps run.
#pragma once

#include "operand.hpp"
#include "tape/state.hpp"

namespace xgrad::kernels {

using Kernel = void (*)(const Call&);

/// Element by element; any strides.
void elementwise(detail::Opcode op, const Call& call);
/// Element by element, over a dense output. step[k] is 1 if input k is dense and has as many elements, 0 if it is one
/// element; dtype is that of the last input.
void elementwise_run(detail::Opcode op, DType dtype, std::size_t count, std::byte* output,
                     const std::byte* const* inputs, const std::ptrdiff_t* step);

void cast(const Call& call);
void concatenate(const Call& call);
void embed(const Call& call);
void sum(const Call& call);
void max_reduce(const Call& call);
void min_reduce(const Call& call);

// These want dense inputs.
void argmax(const Call& call);
void take(const Call& call);
void scatter_add(const Call& call);
void take_along_axis(const Call& call);
void scatter_add_along_axis(const Call& call);
void one_hot(const Call& call);

/// target[...] = source[...]; equal shapes and element types, any strides.
void copy(const Operand& target, const Operand& source);

/// Stacks of matrices; any strides (what BLAS cannot take is copied).
void matmul(const Call& call);

}  // namespace xgrad::kernels
