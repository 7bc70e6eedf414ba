// What a primitive is made of: its traits, which say all that the planner knows of it, and its kind, which decides how
// its derivative is written. A kind gives the traits that all of its primitives share; the others stand in the
// primitive's own struct, and traits.hpp asks for those that are missing.
//
// primitives: what each operation means. One struct for each, with its traits and, for a scalar function, its value and
// partial derivatives; the list of all. It includes ir and what is below. No kernel and no planning; of Var only the
// name, for rules that are declared here and written in derivatives.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#pragma GCC visibility push(default)  // as where it is defined: the first declaration decides
namespace xgrad {
class Var;
}
#pragma GCC visibility pop

namespace xgrad {

namespace derivatives {
struct BatchContext;
struct Sensitivity;
struct Series;
struct NodeContext;
}  // namespace derivatives

namespace primitives {

/// Which argument a partial derivative belongs to.
template <std::size_t I>
struct Arg {};

/// Partial derivatives that need no multiplication.
struct Zero {};
struct One {};
struct MinusOne {};

/// Element types that a scalar function computes with; others are cast first.
enum class Operands : std::uint8_t {
  Floats,    ///< integers become double
  Numbers,   ///< booleans become int64
  Any,       ///< all four
  Booleans,  ///< numbers become "is not 0"
  Integers,  ///< int64 and booleans; the public functions refuse others
};

// ---- traits

/// How the values of a primitive come about.
enum class Computation : std::uint8_t {
  Source,       ///< not at all: an input or a number
  Function,     ///< by a function's body, which takes its place
  Several,      ///< its outputs do, all at once by a kernel; it has none itself
  Scan,         ///< its outputs do, all at once by a plan of its own, which runs once for each element of arrays
  While,        ///< the same while a condition holds, which is a plan too
  Switch,       ///< the same by one of several plans
  Projection,   ///< one of these outputs
  Alias,        ///< the input itself
  View,         ///< the memory of the input with other strides
  Elementwise,  ///< an element from one element of each input, by `eval`
  Conversion,   ///< an element from one element of another type
  Check,        ///< the first input, while the second is true everywhere
  Reduction,    ///< one element from all along some axes; which: `reduction`
  Gather,       ///< elements that indices choose along an axis, such as one of each row
  Scatter,      ///< the transpose of that: zeros but where the indices point
  Product,      ///< products of matrices
  Kernel,       ///< in any other way
};

/// Whether there is a kernel over whole arrays, for what loops do not compute.
constexpr bool has_kernel(Computation computation) {
  return computation == Computation::Conversion || computation == Computation::Reduction ||
         computation == Computation::Gather || computation == Computation::Scatter ||
         computation == Computation::Kernel || computation == Computation::Several;
}

/// Whether the values come from plans within the plan.
constexpr bool runs_plans(Computation computation) {
  return computation == Computation::Scan || computation == Computation::While || computation == Computation::Switch;
}

/// Whether the values are those of its outputs, of which each is a Projection.
constexpr bool has_outputs(Computation computation) {
  return computation == Computation::Several || runs_plans(computation);
}

/// What becomes of the elements along the reduced axes.
enum class Reduction : std::uint8_t { Sum, Max, Min, Norm, SumButOne };

/// Functions that share a part of their computation with their derivatives, in two steps with the same bits as in one.
enum class Part : std::uint8_t {
  ExpNegAbs,     ///< e^-|a|
  SigmoidFrom,   ///< sigmoid(a), b being e^-|a|
  ExpNegSquare,  ///< e^(-a^2)
  ErfFrom,       ///< erf(a), b being e^(-a^2)
  HalfExpm1,     ///< simd::half_expm1(a)
  TanhFrom,      ///< tanh(a), b being half_expm1(a)
  LogCoshFrom,   ///< log_cosh(a), b being half_expm1(a)
  CosineFrom,    ///< direction_cosine(a, b), c being hypot(a, b)
};
inline constexpr std::size_t part_count = 8;

/// What it takes to compute an element. All but functions are also written as machine code, together with what is
/// computed before and after.
enum class Cost : std::uint8_t {
  Cheap,     ///< an instruction or two: less than to write the element to memory and read it
  Moderate,  ///< a few instructions
  Function,  ///< a kernel over blocks
};

/// Why computing may fail although shapes and element types are right.
enum class Failure : std::uint8_t {
  None,
  Condition,      ///< an element of the second input is false
  IndexOfInput,   ///< an element of the second input is no index of the first input's axis (attribute 0)
  IndexOfResult,  ///< an element of the second input is no index of the result's axis (attribute 0)
  Label,          ///< an element of the input is no index of the result's last axis, or is negative
  Conversion,     ///< a floating-point number does not fit an integer
  ProductSize,    ///< BLAS may count with 32 bits
  Memory,         ///< the kernel takes some; loops have theirs before they start
  Matrix,         ///< a matrix is singular, not positive definite or not finite
  Host,           ///< it runs code of the user's
};

/// What the attributes of a node say about axes. A batch has one more, before the others, and its attributes are
/// shifted.
enum class Attributes : std::uint8_t {
  NoAxes,          ///< nothing
  Axis,            ///< the first one is an axis
  Axes,            ///< all are axes
  Permutation,     ///< of all axes
  StartsAndSteps,  ///< along each axis
};

// ---- kinds

/// One result element from one element of each argument. It has `eval`, which serves numbers and SIMD batches, and a
/// `partial` derivative for each argument, written for whatever has arithmetic; reverse and forward mode come from it.
/// One of several arguments says whether it is `commutative`: whether two may be exchanged, to the last bit.
template <std::size_t arity_, Operands operands_>
struct ScalarFunction {
  static constexpr bool is_scalar_function = true;
  static constexpr std::size_t arity = arity_;
  static constexpr Operands operands = operands_;
  static constexpr auto computation = Computation::Elementwise;
  static constexpr auto attributes = Attributes::NoAxes;
  static constexpr auto cost = Cost::Function;
  static constexpr auto failure = Failure::None;
  static constexpr bool selects = false;
  static constexpr bool gives_indices = false;
};

/// A scalar function for which processors have instructions. Machine code of it is written (see
/// kernels/generated/instruction_of.cpp).
template <std::size_t arity, Operands operands, Cost cost_>
struct Arithmetic : ScalarFunction<arity, operands> {
  static_assert(cost_ != Cost::Function);
  static constexpr auto cost = cost_;
};

/// Booleans from a comparison; no derivative.
template <std::size_t arity_, Operands operands_>
struct Predicate : Arithmetic<arity_, operands_, Cost::Cheap> {
  static constexpr bool is_predicate = true;
  static Zero partial(auto, const auto&...) { return {}; }
};

/// Linear in its floating-point inputs. Only the transpose is written:
///     static Var transpose(const derivatives::NodeContext& context, std::size_t input, const Var& cotangent);
/// the forward derivative is the primitive itself.
struct Linear {
  static constexpr bool is_linear = true;
  static constexpr bool gives_indices = false;
};

/// Both derivatives by hand (an empty tangent or result stands for zero):
///     static Var vjp(const derivatives::NodeContext& context, std::size_t input, const Var& cotangent);
///     static Var jvp(const derivatives::NodeContext& context, std::span<const Var> tangents);
/// It also says whether it `masks`: whether derivatives set parts of a cotangent or tangent to 0 (see
/// NodeContext::masked).
struct General {
  static constexpr bool is_general = true;
  static constexpr bool gives_indices = false;
};

/// Element by element like a scalar function, but with both derivatives by hand, which set parts to 0. It also says its
/// cost, whether it is commutative, and whether it selects: takes, by truth values that are its first argument,
/// elements of one or the other of two more.
struct Masking : General {
  static constexpr auto computation = Computation::Elementwise;
  static constexpr auto attributes = Attributes::NoAxes;
  static constexpr auto failure = Failure::None;
  static constexpr bool masks = true;
};

/// Several outputs, each of which is a Projection of it. All rules by hand:
///     static std::vector<derivatives::Sensitivity> vjp(const derivatives::NodeContext& context,
///                                                 std::span<const derivatives::Sensitivity> cotangents,
///                                                 std::span<const char> wanted);   // of the inputs that are wanted
///     static std::vector<derivatives::Sensitivity> jvp(const derivatives::NodeContext& context,
///                                                 std::span<const derivatives::Sensitivity> tangents);
///     static std::vector<Var> batch(const derivatives::BatchContext& context);
/// What runs functions has, in the place of jvp, a rule for derivatives of any order along a curve, of which jvp is the
/// first (nothing: those of jvp):
///     static std::optional<std::vector<derivatives::Series>> jet(const derivatives::NodeContext& context,
///                                                           std::span<const derivatives::Series> inputs,
///                                                           std::size_t order);
/// Each says whether it `has_payload`: an object in the tape's table of payloads belongs to it, instead of attributes.
struct Several {
  static constexpr bool is_several = true;
  static constexpr bool gives_indices = false;
};

/// No derivative: sources, and functions whose values are integers or do not move.
struct Constantlike {
  static constexpr bool is_constantlike = true;
};

}  // namespace primitives
}  // namespace xgrad
