// The one list of all primitives. Opcodes, kernel tables, printed names and the coverage check of the tests come from
// it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include <boost/hana/tuple.hpp>
#include <boost/hana/type.hpp>

#include "arrays.hpp"
#include "elementary_functions.hpp"
#include "matrices.hpp"
#include "quantised.hpp"
#include "random.hpp"
#include "rounding_functions.hpp"
#include "scalar_functions.hpp"
#include "special_functions.hpp"
#include "windows.hpp"

namespace xgrad::primitives {

/// A primitive as an argument: tables of what is no trait have a line, which is an overload, for each.
template <class P>
using Type = boost::hana::basic_type<P>;
template <class... P>
using TypeList = boost::hana::tuple<Type<P>...>;

// clang-format off
using AllPrimitives = TypeList<
    Leaf, Constant,
    Identity, StopGradient, Broadcast, Reshape, Transpose, Slice,
    Cast, Embed, Concatenate, Roll, Sum, Take, ScatterAdd, TakeAlongAxis, ScatterAddAlongAxis,
    MaxReduce, MinReduce, Norm, Matmul, ArgMax, OneHot,
    Parameter, Call, Projection, HostCall, Scan, Switch, While,
    Checked, CumulativeSum, Balance, ArgSort, TopK, ScatterExtremum, SearchSorted,
    Cholesky, CholeskyTangent, CholeskyCotangent, TriangularSolve, Lu, LuSolve, LogAbsDet, Det, Cofactor,
    Qr, Svd, Eigh, SymmetricFunction, MatrixExp,
    Convolution, WindowArgMax,
    Add, Subtract, Offset, Multiply, Divide, Negate,
    Where, AbsorbingMultiply, Maximum, Minimum, Absolute, Sign, Relu,
    Square, Sqrt, Hypot, DirectionCosine, Power, Exp, Expm1, Log, Log1p,
    Sin, Cos, Tan, Atan, Sinh, Cosh, Tanh, LogCosh, SlopeOfLogCosh,
    Erf, Sigmoid, Softplus, LogAddExp, LogGamma, Digamma, Polygamma,
    Floor, Ceil, Round, Trunc, CopySign, Fmod, Remainder, FloorDivide,
    BitwiseAnd, BitwiseOr, BitwiseXor, LeftShift, RightShift,
    Cbrt, Exp2, Log2, Log10, Asin, Acos, Atan2, Asinh, Acosh, Atanh, Sinc, SphericalBessel, Softsign,
    Erfc, Erfinv, Ndtr, LogNdtr, SlopeOfLogNdtr, Beta, BetaLn, GammaInc, GammaIncC, GammaDensity, ScaledBesselI,
    Less, LessEqual, Equal, NotEqual, LogicalAnd, LogicalOr, LogicalNot,
    DeriveKey, RandomDraw, RandomSample, GammaSlope, TruncatedNormal, AlikeExp, SumButOne,
    QuantisedMatmul>;
// clang-format on

template <class P>
concept IsScalarFunction = requires {
  P::is_scalar_function;
};
template <class P>
concept IsOfOneArgument = IsScalarFunction<P> && P::arity == 1;
/// Computed element by element: scalar functions and the other primitives with an `eval`.
template <class P>
concept IsElementwise = P::computation == Computation::Elementwise;
/// The first argument says for each element which of two others is taken.
template <class P>
concept IsSelection = IsElementwise<P> && P::selects;
/// Truth values come out.
template <class P>
concept IsPredicate = requires {
  P::is_predicate;
};
/// Truth values come out, and go in.
template <class P>
concept IsLogical = IsPredicate<P> && P::operands == Operands::Booleans;
/// Floating-point numbers are none of its operands.
template <class P>
concept IsOfIntegers = IsScalarFunction<P> && P::operands == Operands::Integers;
/// Computed by functions of numbers only, not of packs.
template <class P>
concept IsSpecial = requires {
  P::is_special;
};
template <class P>
concept IsLinear = requires {
  P::is_linear;
};
template <class P>
concept IsGeneral = requires {
  P::is_general;
};

// What a primitive may say of its derivatives in addition. Where it says nothing more is computed, or, of
// `linear_from`, a program is refused as not linear; no value becomes wrong.

/// Linear in each of its two inputs, if the other one is held.
template <class P>
concept IsBilinear = requires {
  P::is_bilinear;
};
/// The first of two inputs by the second.
template <class P>
concept IsQuotient = requires {
  P::is_quotient;
};
/// Linear in each of its inputs from one on, if all others are held.
template <class P>
concept IsLinearInEachFrom = requires {
  P::linear_from;
};
/// Its forward derivative is linear in the tangents, and depends on no input that has one.
template <class P>
concept HasConstantDerivative = requires {
  P::has_constant_derivative;
};
template <class P>
concept IsSeveral = requires {
  P::is_several;
};
/// How a batch of it comes about does not follow from its `attributes`.
template <class P>
concept HasBatchingRule = requires(const derivatives::BatchContext& context) {
  P::batch(context);
};

namespace list_detail {

template <class P, class... All>
consteval std::size_t position(boost::hana::tuple<boost::hana::basic_type<All>...>*) {
  std::size_t index = 0;
  const bool found = ((std::is_same_v<P, All> || (++index, false)) || ...);
  return found ? index : throw "not in the list of primitives";
}

template <class... All>
consteval std::size_t count(boost::hana::tuple<boost::hana::basic_type<All>...>*) {
  return sizeof...(All);
}

}  // namespace list_detail

inline constexpr std::size_t list_size = list_detail::count(static_cast<AllPrimitives*>(nullptr));
static_assert(list_size <= 256, "an opcode is one byte");

/// The number of a primitive: its position in the list.
template <class P>
inline constexpr auto opcode =
    static_cast<std::uint8_t>(primitives::list_detail::position<P>(static_cast<primitives::AllPrimitives*>(nullptr)));

/// table[opcode] = make(hana::type<P>), for every primitive.
template <class Entry, class Make>
constexpr std::array<Entry, primitives::list_size> table_of_primitives(Make make) {
  return [&]<class... P>(boost::hana::tuple<boost::hana::basic_type<P>...>*) {
    return std::array<Entry, primitives::list_size>{make(boost::hana::type_c<P>)...};
  }(static_cast<primitives::AllPrimitives*>(nullptr));
}

}  // namespace xgrad::primitives
