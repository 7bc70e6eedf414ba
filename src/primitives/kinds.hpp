// What a primitive is made of. The kind decides how its derivative is written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace xgrad {

class Var;

namespace detail {
struct Site;
}

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
};

/// One result element from one element of each argument. It has `eval`, which serves numbers and SIMD batches, and a
/// `partial` derivative for each argument, written for whatever has arithmetic; reverse and forward mode come from it.
template <std::size_t arity_, Operands operands_>
struct ScalarFunction {
  static constexpr bool is_scalar_function = true;
  static constexpr std::size_t arity = arity_;
  static constexpr Operands operands = operands_;
};

/// Booleans from a comparison; no derivative.
template <std::size_t arity_, Operands operands_>
struct Predicate : ScalarFunction<arity_, operands_> {
  static constexpr bool is_predicate = true;
  static Zero partial(auto, const auto&...) { return {}; }
};

/// Linear in its floating-point inputs. Only the transpose is written:
///     static Var transpose(const detail::Site& site, std::size_t input, const Var& cotangent);
/// the forward derivative is the primitive itself.
struct Linear {
  static constexpr bool is_linear = true;
};

/// Both derivatives by hand (an empty tangent or result stands for zero):
///     static Var vjp(const detail::Site& site, std::size_t input, const Var& cotangent);
///     static Var jvp(const detail::Site& site, std::span<const Var> tangents);
struct General {
  static constexpr bool is_general = true;
};

/// No derivative: sources, and functions whose values are integers or do not move.
struct Constantlike {
  static constexpr bool is_constantlike = true;
};

}  // namespace primitives
}  // namespace xgrad
