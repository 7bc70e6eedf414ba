#include <xgrad/ops/elementwise.hpp>

#include <array>
#include <limits>
#include <numbers>
#include <optional>
#include <string>
#include <string_view>

#include <xgrad/core/errors.hpp>

#include "elementwise.hpp"
#include "internal.hpp"
#include "var/at_once.hpp"

namespace xgrad {
namespace {

using namespace primitives;
using detail::elementwise;
using detail::elementwise_named;
using detail::Recording;
using primitives::opcode;

DType operand_dtype(Operands operands, std::span<const Var* const> args) {
  const DType common = detail::common_dtype(args);
  switch (operands) {
    case Operands::Floats:
      return is_floating(common) ? common : DType::Float64;
    case Operands::Numbers:
      return common == DType::Bool ? DType::Int64 : common;
    case Operands::Any:
    case Operands::Integers:
      return common;
    case Operands::Booleans:
      break;
  }
  return DType::Bool;
}

}  // namespace

Var detail::record_elementwise(std::string_view name, ir::Opcode op, Operands operands, bool predicate,
                               std::span<const Var* const> args) {
  const DType dtype = operand_dtype(operands, args);
  const DType result = predicate ? DType::Bool : dtype;
  if (std::optional<Var> known = detail::compute_at_once(op, dtype, result, args)) return *std::move(known);
  Recording recording(name, args);
  ir::TapeState& tape = recording.tape();
  const ir::ShapeId shape = recording.broadcast(name, args);
  Dimensions<ir::NodeId> inputs;
  for (const Var* arg : args) inputs.push_back(recording.node(*arg, dtype, shape));
  return recording.finish(tape.append(op, result, shape, inputs));
}

namespace {

template <class P, class... V>
Var logical(const V&... args) {
  (detail::require_usable(args, P::name), ...);
  const auto as_boolean = [](const Var& x) { return x.dtype() == DType::Bool ? x : cast(x, DType::Bool); };
  return elementwise<P>(as_boolean(args)...);
}

}  // namespace

Var operator+(const Var& a, const Var& b) { return elementwise<Add>(a, b); }
Var operator-(const Var& a, const Var& b) { return elementwise<Subtract>(a, b); }
Var operator*(const Var& a, const Var& b) { return elementwise<Multiply>(a, b); }
Var operator/(const Var& a, const Var& b) { return elementwise<Divide>(a, b); }
Var operator-(const Var& x) { return elementwise<Negate>(x); }
Var operator+(const Var& x) {
  detail::require_usable(x, "plus");
  return x;
}

Var operator<(const Var& a, const Var& b) { return elementwise<Less>(a, b); }
Var operator<=(const Var& a, const Var& b) { return elementwise<LessEqual>(a, b); }
Var operator>(const Var& a, const Var& b) { return elementwise_named<Less>("greater", b, a); }
Var operator>=(const Var& a, const Var& b) { return elementwise_named<LessEqual>("greater_equal", b, a); }
Var equal(const Var& a, const Var& b) { return elementwise<Equal>(a, b); }
Var not_equal(const Var& a, const Var& b) { return elementwise<NotEqual>(a, b); }
Var less(const Var& a, const Var& b) { return a < b; }
Var less_equal(const Var& a, const Var& b) { return a <= b; }
Var greater(const Var& a, const Var& b) { return a > b; }
Var greater_equal(const Var& a, const Var& b) { return a >= b; }

Var operator&&(const Var& a, const Var& b) { return logical<LogicalAnd>(a, b); }
Var operator||(const Var& a, const Var& b) { return logical<LogicalOr>(a, b); }
Var operator!(const Var& x) { return logical<LogicalNot>(x); }
Var logical_xor(const Var& a, const Var& b) {
  detail::require_operands("logical_xor", a, b);
  return not_equal(cast(a, DType::Bool), cast(b, DType::Bool));
}

Var isnan(const Var& x) { return elementwise_named<NotEqual>("isnan", x, x); }
Var isinf(const Var& x) {
  detail::require_operands("isinf", x);
  return equal(abs(x), std::numeric_limits<double>::infinity());
}
Var isfinite(const Var& x) {
  detail::require_operands("isfinite", x);
  return abs(x) < std::numeric_limits<double>::infinity();
}
Var signbit(const Var& x) {
  detail::require_operands("signbit", x);
  if (!is_floating(x.dtype())) return x < 0;
  return copysign(ones_like(x), x) < 0.0;
}

Var where(const Var& condition, const Var& a, const Var& b) {
  const std::array<const Var*, 3> all{&condition, &a, &b};
  const DType dtype = detail::common_dtype(std::span(all).subspan(1));
  if (std::optional<Var> known = detail::compute_at_once(opcode<Where>, dtype, dtype, all)) return *std::move(known);
  Recording recording(Where::name, all);
  ir::TapeState& tape = recording.tape();
  const ir::ShapeId shape = recording.broadcast(Where::name, all);
  const std::array inputs{recording.node(condition, DType::Bool, shape), recording.node(a, dtype, shape),
                          recording.node(b, dtype, shape)};
  return recording.finish(tape.append(opcode<Where>, dtype, shape, inputs));
}

Var maximum(const Var& a, const Var& b) { return elementwise<Maximum>(a, b); }
Var minimum(const Var& a, const Var& b) { return elementwise<Minimum>(a, b); }
Var clip(const Var& x, const Var& low, const Var& high) {
  const std::array<const Var*, 3> all{&x, &low, &high};
  for (const Var* each : all) detail::require_usable(*each, "clip");
  (void)detail::broadcast_shape("clip", all);
  return where(x < low, low, where(x > high, high, x));
}

Var fmax(const Var& a, const Var& b) {
  detail::require_operands("fmax", a, b);
  return where(isnan(a), b, where(isnan(b), a, maximum(a, b)));
}
Var fmin(const Var& a, const Var& b) {
  detail::require_operands("fmin", a, b);
  return where(isnan(a), b, where(isnan(b), a, minimum(a, b)));
}
Var nan_to_num(const Var& x, const Var& nan, const Var& positive, const Var& negative) {
  const std::array<const Var*, 4> all{&x, &nan, &positive, &negative};
  for (const Var* each : all) detail::require_usable(*each, "nan_to_num");
  const Shape shape = detail::broadcast_shape("nan_to_num", all);
  if (!is_floating(x.dtype())) return detail::broadcast_to("nan_to_num", x, shape);
  constexpr double infinity = std::numeric_limits<double>::infinity();
  return where(isnan(x), nan, where(equal(x, infinity), positive, where(equal(x, -infinity), negative, x)));
}
Var nan_to_num(const Var& x) {
  detail::require_operands("nan_to_num", x);
  const double largest = x.dtype() == DType::Float32 ? static_cast<double>(std::numeric_limits<float>::max())
                                                     : std::numeric_limits<double>::max();
  return nan_to_num(x, 0.0, largest, -largest);
}
Var heaviside(const Var& x, const Var& at_zero) {
  detail::require_operands("heaviside", x, at_zero);
  return where(equal(x, 0.0), at_zero, 0.5 + 0.5 * sign(x));
}
Var lerp(const Var& start, const Var& end, const Var& weight) {
  detail::require_operands("lerp", start, end, weight);
  const auto of = [](const Var& a, const Var& b, const Var& w) {
    const Var way = offset(b, a);
    const Var infinite = isinf(way);
    const Var too_long = infinite && isfinite(a) && isfinite(b);  // for a number; half of it is none too long
    const auto part = [&](const Var& share) {
      const Var product = where(too_long, (2.0 * share) * (0.5 * b - 0.5 * a), share * way);
      return where(infinite && equal(share, 0.0), zeros_like(product), product);
    };
    // From the nearer end, so that the numbers themselves come out at both; but from the finite one, if one is.
    const Var near_start = where(equal(isinf(a), isinf(b)), w < 0.5, isinf(b));
    return where(near_start, a + part(w), b - part(1.0 - w));
  };
  return detail::computed_at_once("lerp", of, start, end, weight);
}

Var abs(const Var& x) { return elementwise<Absolute>(x); }
Var copysign(const Var& a, const Var& b) { return elementwise<CopySign>(a, b); }
Var reciprocal(const Var& x) { return elementwise_named<Divide>("reciprocal", Var(1.0), x); }
Var deg2rad(const Var& x) { return elementwise_named<Multiply>("deg2rad", x, Var(std::numbers::pi / 180.0)); }
Var rad2deg(const Var& x) { return elementwise_named<Multiply>("rad2deg", x, Var(180.0 / std::numbers::pi)); }
Var sign(const Var& x) { return elementwise<Sign>(x); }
Var pow(const Var& base, const Var& exponent) { return elementwise<Power>(base, exponent); }
Var square(const Var& x) { return elementwise<Square>(x); }
Var float_power(const Var& base, const Var& exponent) {
  detail::require_operands("float_power", base, exponent);
  return pow(cast(base, DType::Float64), cast(exponent, DType::Float64));
}
Var sqrt(const Var& x) { return elementwise<Sqrt>(x); }
Var rsqrt(const Var& x) {
  detail::require_operands("rsqrt", x);
  return 1.0 / sqrt(x);
}
Var cbrt(const Var& x) { return elementwise<Cbrt>(x); }
Var hypot(const Var& a, const Var& b) { return elementwise<Hypot>(a, b); }
Var exp(const Var& x) { return elementwise<Exp>(x); }
Var expm1(const Var& x) { return elementwise<Expm1>(x); }
Var log(const Var& x) { return elementwise<Log>(x); }
Var log1p(const Var& x) { return elementwise<Log1p>(x); }
Var exp2(const Var& x) { return elementwise<Exp2>(x); }
Var log2(const Var& x) { return elementwise<Log2>(x); }
Var log10(const Var& x) { return elementwise<Log10>(x); }
Var sin(const Var& x) { return elementwise<Sin>(x); }
Var cos(const Var& x) { return elementwise<Cos>(x); }
Var tan(const Var& x) { return elementwise<Tan>(x); }
Var asin(const Var& x) { return elementwise<Asin>(x); }
Var acos(const Var& x) { return elementwise<Acos>(x); }
Var atan(const Var& x) { return elementwise<Atan>(x); }
Var atan2(const Var& y, const Var& x) { return elementwise<Atan2>(y, x); }
Var sinh(const Var& x) { return elementwise<Sinh>(x); }
Var cosh(const Var& x) { return elementwise<Cosh>(x); }
Var tanh(const Var& x) { return elementwise<Tanh>(x); }
Var asinh(const Var& x) { return elementwise<Asinh>(x); }
Var acosh(const Var& x) { return elementwise<Acosh>(x); }
Var atanh(const Var& x) { return elementwise<Atanh>(x); }
Var log_cosh(const Var& x) { return elementwise<LogCosh>(x); }
Var erf(const Var& x) { return elementwise<Erf>(x); }
Var sigmoid(const Var& x) { return elementwise<Sigmoid>(x); }
Var softplus(const Var& x) { return elementwise<Softplus>(x); }
Var relu(const Var& x) { return elementwise<Relu>(x); }
Var logaddexp(const Var& a, const Var& b) { return elementwise<LogAddExp>(a, b); }
Var logaddexp2(const Var& a, const Var& b) {
  detail::require_operands("logaddexp2", a, b);
  const auto of = [](const Var& x, const Var& y) {
    // With selections instead of maximum(): each of both ways is right to every order where x and y are equal.
    const Var is_larger = x >= y;
    const Var larger = where(is_larger, x, y);
    const Var smaller = where(is_larger, y, x);
    return larger + log1p(exp2(offset(smaller, larger))) * std::numbers::log2e;
  };
  return detail::computed_at_once("logaddexp2", of, a, b);
}
Var lgamma(const Var& x) { return elementwise<LogGamma>(x); }
Var digamma(const Var& x) { return elementwise<Digamma>(x); }
Var polygamma(const Var& n, const Var& x) { return elementwise<Polygamma>(n, x); }

Var cast(const Var& x, DType dtype) {
  detail::require_usable(x, Cast::name);
  if (x.dtype() == dtype) return detail::as_weak(x, false);
  // What was cast has the type it was cast to, for good.
  return detail::as_weak(detail::record<Cast>(dtype, x.shape(), {&x}), false);
}

Var stop_gradient(const Var& x) {
  detail::require_usable(x, StopGradient::name);
  return x.recorded() ? detail::record<StopGradient>(x.dtype(), x.shape(), {&x}) : x;
}

namespace {

Var filled(std::string_view operation, const Var& x, const Var& value) {
  detail::require_usable(x, operation);
  detail::require_usable(value, operation);
  const DType dtype = x.dtype();
  const bool weak = VarAccess::is_weak(x) && VarAccess::is_weak(value);
  if (x.recorded() && VarAccess::is_scalar(value) && (is_floating(dtype) || !is_floating(value.dtype()))) {
    ir::TapeState& tape = VarAccess::tape(x);
    const ir::Scalar scalar = VarAccess::scalar_as(value, dtype);
    const ir::NodeId id = tape.append_constant(dtype, tape.intern(x.shape()), scalar);
    tape.set_weak(id, weak);
    return VarAccess::recorded(tape, id);
  }
  return detail::as_weak(detail::broadcast_to(operation, cast(value, dtype), x.shape()), weak);
}

}  // namespace

Var full_like(const Var& x, const Var& value) { return filled("full_like", x, value); }
Var zeros_like(const Var& x) { return filled("zeros_like", x, 0.0); }
Var ones_like(const Var& x) { return filled("ones_like", x, 1.0); }

Var residual(const Var& prediction, const Var& target) { return detail::residual("residual", prediction, target); }

void detail::require_same_shape(std::string_view operation, const Var& a, const Var& b, std::string_view first,
                                std::string_view second) {
  require_usable(a, operation);
  require_usable(b, operation);
  require_one_tape(operation, std::array{&a, &b});
  if (a.shape() == b.shape()) return;
  throw ShapeError(std::string(operation) + ": the " + std::string(first) + " is " + to_string(a.shape()) +
                   " and the " + std::string(second) + " is " + to_string(b.shape()) +
                   "; they must have the same shape, because nothing is broadcast here: reshape one of them");
}

Var detail::residual(std::string_view operation, const Var& prediction, const Var& target) {
  require_same_shape(operation, prediction, target, "prediction", "target");
  const auto floating = [](const Var& x, const Var& beside) {
    if (is_floating(x.dtype())) return x;
    return cast(x, is_floating(beside.dtype()) ? beside.dtype() : DType::Float64);
  };
  return floating(prediction, target) - floating(target, prediction);
}

Var one_where(const Var& condition, const Var& x) { return cast(condition, x.dtype()); }

Var share_of_larger(const Var& a, const Var& b) { return where(equal(a, b), full_like(a, 0.5), one_where(a > b, a)); }

Var offset(const Var& a, const Var& b) { return elementwise<Offset>(a, b); }

Var direction_cosine(const Var& a, const Var& b) { return elementwise<DirectionCosine>(a, b); }

Var slope_of_log_cosh(const Var& x) { return elementwise<SlopeOfLogCosh>(x); }

Var less_one(const Var& x) {
  if (x.recorded() && VarAccess::is_live(x)) {
    const ir::TapeState& tape = VarAccess::live_tape(x);
    const ir::NodeId node = VarAccess::node(x);
    if (tape.node(node).op == opcode<Constant> && x.dtype() == DType::Float64) return tape.scalar(node).real - 1.0;
    if (tape.node(node).op == opcode<Constant> && x.dtype() == DType::Float32)
      return double{static_cast<float>(tape.scalar(node).real) - 1.0F};
  }
  return x - 1.0;
}

Var infinite_where_zero(const Var& x) {
  return where(equal(x, 0.0), full_like(x, std::numeric_limits<double>::infinity()), x);
}

Var absorbing_multiply(const Var& cotangent, const Var& partial) {
  return detail::record<AbsorbingMultiply>(cotangent.dtype(), cotangent.shape(), {&cotangent, &partial});
}

}  // namespace xgrad
