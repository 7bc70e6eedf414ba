// The kernels of the steps that are no loops of block kernels.
//
// kernels: what computes numbers. Kernels over blocks (block/, simd/), machine code (generated/), kernels over whole
// arrays. They get raw memory, extents and strides. It includes primitives and what is below; no graph and no Var.
#pragma once

#include <cstdint>

#include "operand.hpp"

namespace xgrad::backend::cpu::kernels {

using Kernel = void (*)(const KernelCall&);

void cast(const KernelCall& call);
void concatenate(const KernelCall& call);
void embed(const KernelCall& call);
void roll(const KernelCall& call);
void sum(const KernelCall& call);
void max_reduce(const KernelCall& call);
void min_reduce(const KernelCall& call);
void norm(const KernelCall& call);
void sum_but_one(const KernelCall& call);

// These want dense inputs.
void argmax(const KernelCall& call);
void take(const KernelCall& call);
void scatter_add(const KernelCall& call);
void take_along_axis(const KernelCall& call);
void scatter_add_along_axis(const KernelCall& call);
void scatter_extremum(const KernelCall& call);
void one_hot(const KernelCall& call);
void searchsorted(const KernelCall& call);
void argsort(const KernelCall& call);
void balance(const KernelCall& call);
void cumsum(const KernelCall& call);
void top_k(const KernelCall& call);
void host_call(const KernelCall& call);
void convolution(const KernelCall& call);
void window_argmax(const KernelCall& call);
void quantised_matmul(const KernelCall& call);
void derive_key(const KernelCall& call);
void random_draw(const KernelCall& call);
void random_sample(const KernelCall& call);
void gamma_slope(const KernelCall& call);
void truncated_normal(const KernelCall& call);

// So do these, which are in lapack.
void cholesky(const KernelCall& call);
void cholesky_tangent(const KernelCall& call);
void cholesky_cotangent(const KernelCall& call);
void triangular_solve(const KernelCall& call);
void lu(const KernelCall& call);
void lu_solve(const KernelCall& call);
void log_abs_det(const KernelCall& call);
void det(const KernelCall& call);
void cofactor(const KernelCall& call);
void qr(const KernelCall& call);
void svd(const KernelCall& call);
void eigh(const KernelCall& call);
void symmetric_function(const KernelCall& call);
void expm(const KernelCall& call);

/// The kernel of a primitive; null if it is computed in another way (see primitives::Computation).
Kernel kernel_of(std::uint8_t opcode) noexcept;

/// target[...] = source[...]; equal shapes and element types, any strides.
void copy(const Operand& target, const Operand& source);

}  // namespace xgrad::backend::cpu::kernels
