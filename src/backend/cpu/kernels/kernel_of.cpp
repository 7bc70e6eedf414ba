#include "kernels.hpp"
#include "primitives/list.hpp"

namespace xgrad::backend::cpu::kernels {
namespace {

using namespace primitives;

constexpr Kernel kernel_for(Type<Cast>) { return cast; }
constexpr Kernel kernel_for(Type<Concatenate>) { return concatenate; }
constexpr Kernel kernel_for(Type<Embed>) { return embed; }
constexpr Kernel kernel_for(Type<Sum>) { return sum; }
constexpr Kernel kernel_for(Type<MaxReduce>) { return max_reduce; }
constexpr Kernel kernel_for(Type<MinReduce>) { return min_reduce; }
constexpr Kernel kernel_for(Type<Norm>) { return norm; }
constexpr Kernel kernel_for(Type<SumButOne>) { return sum_but_one; }
constexpr Kernel kernel_for(Type<ArgMax>) { return argmax; }
constexpr Kernel kernel_for(Type<ArgSort>) { return argsort; }
constexpr Kernel kernel_for(Type<TopK>) { return top_k; }
constexpr Kernel kernel_for(Type<HostCall>) { return host_call; }
constexpr Kernel kernel_for(Type<Roll>) { return roll; }
constexpr Kernel kernel_for(Type<Take>) { return take; }
constexpr Kernel kernel_for(Type<ScatterAdd>) { return scatter_add; }
constexpr Kernel kernel_for(Type<TakeAlongAxis>) { return take_along_axis; }
constexpr Kernel kernel_for(Type<ScatterAddAlongAxis>) { return scatter_add_along_axis; }
constexpr Kernel kernel_for(Type<ScatterExtremum>) { return scatter_extremum; }
constexpr Kernel kernel_for(Type<SearchSorted>) { return searchsorted; }
constexpr Kernel kernel_for(Type<OneHot>) { return one_hot; }
constexpr Kernel kernel_for(Type<CumulativeSum>) { return cumsum; }
constexpr Kernel kernel_for(Type<Balance>) { return balance; }
constexpr Kernel kernel_for(Type<Cholesky>) { return cholesky; }
constexpr Kernel kernel_for(Type<CholeskyTangent>) { return cholesky_tangent; }
constexpr Kernel kernel_for(Type<CholeskyCotangent>) { return cholesky_cotangent; }
constexpr Kernel kernel_for(Type<TriangularSolve>) { return triangular_solve; }
constexpr Kernel kernel_for(Type<Lu>) { return lu; }
constexpr Kernel kernel_for(Type<LuSolve>) { return lu_solve; }
constexpr Kernel kernel_for(Type<LogAbsDet>) { return log_abs_det; }
constexpr Kernel kernel_for(Type<Det>) { return det; }
constexpr Kernel kernel_for(Type<Cofactor>) { return cofactor; }
constexpr Kernel kernel_for(Type<Qr>) { return qr; }
constexpr Kernel kernel_for(Type<Svd>) { return svd; }
constexpr Kernel kernel_for(Type<Eigh>) { return eigh; }
constexpr Kernel kernel_for(Type<SymmetricFunction>) { return symmetric_function; }
constexpr Kernel kernel_for(Type<MatrixExp>) { return expm; }
constexpr Kernel kernel_for(Type<Convolution>) { return convolution; }
constexpr Kernel kernel_for(Type<WindowArgMax>) { return window_argmax; }
constexpr Kernel kernel_for(Type<QuantisedMatmul>) { return quantised_matmul; }
constexpr Kernel kernel_for(Type<DeriveKey>) { return derive_key; }
constexpr Kernel kernel_for(Type<RandomDraw>) { return random_draw; }
constexpr Kernel kernel_for(Type<RandomSample>) { return random_sample; }
constexpr Kernel kernel_for(Type<GammaSlope>) { return gamma_slope; }
constexpr Kernel kernel_for(Type<TruncatedNormal>) { return truncated_normal; }

}  // namespace

Kernel kernel_of(std::uint8_t opcode) noexcept {
  static constexpr auto table = primitives::table_of_primitives<Kernel>([]<class P>(Type<P> primitive) -> Kernel {
    constexpr bool has_line = requires { kernel_for(primitive); };
    static_assert(has_line || !has_kernel(P::computation), "a primitive lacks its kernel in the table above");
    static_assert(!has_line || has_kernel(P::computation), "a kernel that would never run: see `computation`");
    if constexpr (has_line) return kernel_for(primitive);
    else return nullptr;
  });
  return table[opcode];
}

}  // namespace xgrad::backend::cpu::kernels
