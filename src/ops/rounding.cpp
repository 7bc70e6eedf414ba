#include <xgrad/ops/rounding.hpp>

#include <string>
#include <string_view>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/check.hpp>

#include "elementwise.hpp"

namespace xgrad {
namespace {

template <class P>
Var rounded_to_integer(const Var& x) {
  detail::require_usable(x, P::name);
  if (x.dtype() == DType::Bool) return cast(x, DType::Int64);
  return x.dtype() == DType::Int64 ? x : detail::elementwise<P>(x);
}

/// b, of which no element is 0 if it is an integer among integers.
Var divisor_beside(std::string_view name, const Var& a, const Var& b, const Requirement& requirement) {
  detail::require_operands(name, a, b);
  if (is_floating(a.dtype()) || is_floating(b.dtype())) return b;
  if (VarAccess::is_scalar(b) && VarAccess::scalar_as(b, DType::Int64).integer != 0) return b;
  return checked(b, not_equal(b, 0), requirement);
}

template <class P>
Var of_bits(std::string_view name, const Var& a, const Var& b) {
  detail::require_operands(name, a, b);
  for (const Var* each : {&a, &b}) {
    if (!is_floating(each->dtype())) continue;
    throw TypeError(std::string(name) + ": the operands are " + std::string(xgrad::name(a.dtype())) + " and " +
                    std::string(xgrad::name(b.dtype())) + "; only integers and booleans have bits: cast them first");
  }
  return detail::elementwise_named<P>(name, a, b);
}

template <class P>
Var shifted(std::string_view name, const Var& a, const Var& count) {
  detail::require_operands(name, a, count);
  const auto number = [](const Var& x) { return x.dtype() == DType::Bool ? cast(x, DType::Int64) : x; };
  return of_bits<P>(name, number(a), number(count));
}

}  // namespace

Var floor(const Var& x) { return rounded_to_integer<primitives::Floor>(x); }
Var ceil(const Var& x) { return rounded_to_integer<primitives::Ceil>(x); }
Var round(const Var& x) { return rounded_to_integer<primitives::Round>(x); }
Var trunc(const Var& x) { return rounded_to_integer<primitives::Trunc>(x); }

Var remainder(const Var& a, const Var& b) {
  static const Requirement requirement("remainder: an integer is divided by {}");
  return detail::elementwise<primitives::Remainder>(a, divisor_beside("remainder", a, b, requirement));
}
Var fmod(const Var& a, const Var& b) {
  static const Requirement requirement("fmod: an integer is divided by {}");
  return detail::elementwise<primitives::Fmod>(a, divisor_beside("fmod", a, b, requirement));
}
Var floor_divide(const Var& a, const Var& b) {
  static const Requirement requirement("floor_divide: an integer is divided by {}");
  return detail::elementwise<primitives::FloorDivide>(a, divisor_beside("floor_divide", a, b, requirement));
}
Var operator%(const Var& a, const Var& b) { return remainder(a, b); }

Var operator&(const Var& a, const Var& b) { return of_bits<primitives::BitwiseAnd>("bitwise_and", a, b); }
Var operator|(const Var& a, const Var& b) { return of_bits<primitives::BitwiseOr>("bitwise_or", a, b); }
Var operator^(const Var& a, const Var& b) { return of_bits<primitives::BitwiseXor>("bitwise_xor", a, b); }
Var operator~(const Var& x) {
  detail::require_usable(x, "bitwise_not");
  if (x.dtype() == DType::Bool) return !x;
  return of_bits<primitives::BitwiseXor>("bitwise_not", x, Var(-1));
}
Var operator<<(const Var& a, const Var& count) { return shifted<primitives::LeftShift>("left_shift", a, count); }
Var operator>>(const Var& a, const Var& count) { return shifted<primitives::RightShift>("right_shift", a, count); }

}  // namespace xgrad
