#include <xgrad/ops/elementwise.hpp>

#include <array>

#include "internal.hpp"

namespace xgrad {
namespace {

using namespace primitives;
using detail::opcode;
using detail::Recording;

DType operand_dtype(Operands operands, std::span<const Var* const> args) {
  const DType common = detail::common_dtype(args);
  switch (operands) {
    case Operands::Floats:
      return is_floating(common) ? common : DType::Float64;
    case Operands::Numbers:
      return common == DType::Bool ? DType::Int64 : common;
    case Operands::Any:
      return common;
    case Operands::Booleans:
      break;
  }
  return DType::Bool;
}

template <class P>
constexpr bool is_predicate() {
  return requires { P::is_predicate; };
}

constexpr bool takes(Operands operands, DType dtype) {
  switch (operands) {
    case Operands::Floats:
      return is_floating(dtype);
    case Operands::Numbers:
      return dtype != DType::Bool;
    case Operands::Any:
      return true;
    case Operands::Booleans:
      break;
  }
  return dtype == DType::Bool;
}

/// The usual case, which needs no rules: recorded arrays of one tape, shape and element type, and numbers that take
/// that type. The first recorded one, which stands for them; null if it is another case.
template <class... V>
const Var* model_of(Operands operands, const V&... args) {
  const Var* first = nullptr;
  ((first = first == nullptr && args.recorded() ? &args : first), ...);
  if (first == nullptr || !VarAccess::is_live(*first)) return nullptr;
  const detail::TapeState& tape = VarAccess::live_tape(*first);
  const detail::Node& node = tape.node(VarAccess::node(*first));
  if (!takes(operands, node.dtype) || node.weak) return nullptr;
  const auto alike = [&](const Var& x) {
    if (&x == first) return true;
    if (VarAccess::is_scalar(x)) {
      return is_floating(node.dtype) || (node.dtype == DType::Int64 && !is_floating(VarAccess::dtype(x)));
    }
    if (!x.recorded() || !VarAccess::is_live(x) || &VarAccess::live_tape(x) != &tape) return false;
    const detail::Node& other = tape.node(VarAccess::node(x));
    return other.dtype == node.dtype && other.shape == node.shape;
  };
  return (alike(args) && ...) ? first : nullptr;
}

/// Any operands: cast, broadcast, on a tape of their own if they are concrete.
Var record_elementwise(detail::Opcode op, Operands operands, bool predicate, std::span<const Var* const> args) {
  const std::string_view name = detail::name_of(op);
  Recording recording(name, args);
  const DType dtype = operand_dtype(operands, args);
  detail::TapeState& tape = recording.tape();
  const detail::ShapeId shape = recording.broadcast(name, args);
  Dimensions<detail::NodeId> inputs;
  for (const Var* arg : args) inputs.push_back(recording.node(*arg, dtype, shape));
  return recording.finish(tape.append(op, predicate ? DType::Bool : dtype, shape, inputs));
}

template <class P, class... V>
Var elementwise(const V&... args) {
  static_assert(sizeof...(V) == P::arity);
  const Var* model = model_of(P::operands, args...);
  if (model == nullptr) {
    return record_elementwise(opcode<P>, P::operands, is_predicate<P>(),
                              std::array<const Var*, sizeof...(V)>{&args...});
  }
  detail::TapeState& tape = VarAccess::live_tape(*model);
  const detail::Node node = tape.node(VarAccess::node(*model));
  const auto input = [&](const Var& x) {
    return x.recorded() ? VarAccess::node(x)
                        : tape.append_constant(node.dtype, node.shape, VarAccess::scalar_as(x, node.dtype));
  };
  const std::array<detail::NodeId, sizeof...(V)> inputs{input(args)...};
  const DType dtype = is_predicate<P>() ? DType::Bool : node.dtype;
  return VarAccess::recorded(tape, tape.append(opcode<P>, dtype, node.shape, inputs));
}

Var as_boolean(const Var& x) { return x.dtype() == DType::Bool ? x : cast(x, DType::Bool); }

}  // namespace

Var operator+(const Var& a, const Var& b) { return elementwise<Add>(a, b); }
Var operator-(const Var& a, const Var& b) { return elementwise<Subtract>(a, b); }
Var operator*(const Var& a, const Var& b) { return elementwise<Multiply>(a, b); }
Var operator/(const Var& a, const Var& b) { return elementwise<Divide>(a, b); }
Var operator-(const Var& x) { return elementwise<Negate>(x); }
Var operator+(const Var& x) {
  detail::require_usable(x, "+");
  return x;
}

Var operator<(const Var& a, const Var& b) { return elementwise<Less>(a, b); }
Var operator<=(const Var& a, const Var& b) { return elementwise<LessEqual>(a, b); }
Var operator>(const Var& a, const Var& b) { return elementwise<Less>(b, a); }
Var operator>=(const Var& a, const Var& b) { return elementwise<LessEqual>(b, a); }
Var equal(const Var& a, const Var& b) { return elementwise<Equal>(a, b); }
Var not_equal(const Var& a, const Var& b) { return elementwise<NotEqual>(a, b); }
Var less(const Var& a, const Var& b) { return a < b; }
Var less_equal(const Var& a, const Var& b) { return a <= b; }
Var greater(const Var& a, const Var& b) { return a > b; }
Var greater_equal(const Var& a, const Var& b) { return a >= b; }

Var operator&&(const Var& a, const Var& b) { return elementwise<LogicalAnd>(as_boolean(a), as_boolean(b)); }
Var operator||(const Var& a, const Var& b) { return elementwise<LogicalOr>(as_boolean(a), as_boolean(b)); }
Var operator!(const Var& x) { return elementwise<LogicalNot>(as_boolean(x)); }

Var where(const Var& condition, const Var& a, const Var& b) {
  const std::array<const Var*, 3> all{&condition, &a, &b};
  Recording recording(Where::name, all);
  const DType dtype = detail::common_dtype(std::span(all).subspan(1));
  detail::TapeState& tape = recording.tape();
  const detail::ShapeId shape = recording.broadcast(Where::name, all);
  const std::array inputs{recording.node(condition, DType::Bool, shape), recording.node(a, dtype, shape),
                          recording.node(b, dtype, shape)};
  return recording.finish(tape.append(opcode<Where>, dtype, shape, inputs));
}

Var maximum(const Var& a, const Var& b) { return elementwise<Maximum>(a, b); }
Var minimum(const Var& a, const Var& b) { return elementwise<Minimum>(a, b); }
Var clip(const Var& x, const Var& low, const Var& high) { return where(x < low, low, where(x > high, high, x)); }

Var abs(const Var& x) { return elementwise<Absolute>(x); }
Var sign(const Var& x) { return elementwise<Sign>(x); }
Var pow(const Var& base, const Var& exponent) { return elementwise<Power>(base, exponent); }
Var square(const Var& x) { return elementwise<Square>(x); }
Var sqrt(const Var& x) { return elementwise<Sqrt>(x); }
Var hypot(const Var& a, const Var& b) { return elementwise<Hypot>(a, b); }
Var exp(const Var& x) { return elementwise<Exp>(x); }
Var expm1(const Var& x) { return elementwise<Expm1>(x); }
Var log(const Var& x) { return elementwise<Log>(x); }
Var log1p(const Var& x) { return elementwise<Log1p>(x); }
Var sin(const Var& x) { return elementwise<Sin>(x); }
Var cos(const Var& x) { return elementwise<Cos>(x); }
Var tan(const Var& x) { return elementwise<Tan>(x); }
Var atan(const Var& x) { return elementwise<Atan>(x); }
Var sinh(const Var& x) { return elementwise<Sinh>(x); }
Var cosh(const Var& x) { return elementwise<Cosh>(x); }
Var tanh(const Var& x) { return elementwise<Tanh>(x); }
Var erf(const Var& x) { return elementwise<Erf>(x); }
Var sigmoid(const Var& x) { return elementwise<Sigmoid>(x); }
Var softplus(const Var& x) { return elementwise<Softplus>(x); }
Var relu(const Var& x) { return elementwise<Relu>(x); }
Var logaddexp(const Var& a, const Var& b) { return elementwise<LogAddExp>(a, b); }
Var lgamma(const Var& x) { return elementwise<LogGamma>(x); }
Var digamma(const Var& x) { return elementwise<Digamma>(x); }
Var polygamma(const Var& n, const Var& x) { return elementwise<Polygamma>(n, x); }

Var cast(const Var& x, DType dtype) {
  if (x.dtype() == dtype) return detail::as_weak(x, false);
  // What was cast has the type it was cast to, for good.
  return detail::as_weak(detail::record<Cast>(dtype, x.shape(), {&x}), false);
}

Var stop_gradient(const Var& x) {
  detail::require_usable(x, StopGradient::name);
  return x.recorded() ? detail::record<StopGradient>(x.dtype(), x.shape(), {&x}) : x;
}

Var full_like(const Var& x, const Var& value) {
  const DType dtype = x.dtype();
  const bool weak = VarAccess::is_weak(x) && VarAccess::is_weak(value);
  if (x.recorded() && VarAccess::is_scalar(value) && (is_floating(dtype) || !is_floating(value.dtype()))) {
    detail::TapeState& tape = VarAccess::tape(x);
    const detail::Scalar scalar = VarAccess::scalar_as(value, dtype);
    const detail::NodeId id = tape.append_constant(dtype, tape.intern(x.shape()), scalar);
    tape.set_weak(id, weak);
    return VarAccess::recorded(tape, id);
  }
  return detail::as_weak(broadcast_to(cast(value, dtype), x.shape()), weak);
}

Var zeros_like(const Var& x) { return full_like(x, 0.0); }
Var ones_like(const Var& x) { return full_like(x, 1.0); }

Var one_where(const Var& condition, const Var& x) { return cast(condition, x.dtype()); }

Var share_of_larger(const Var& a, const Var& b) { return where(equal(a, b), full_like(a, 0.5), one_where(a > b, a)); }

Var offset(const Var& a, const Var& b) { return elementwise<Offset>(a, b); }

Var direction_cosine(const Var& a, const Var& b) { return elementwise<DirectionCosine>(a, b); }

Var infinite_where_zero(const Var& x) {
  return where(equal(x, 0.0), full_like(x, std::numeric_limits<double>::infinity()), x);
}

Var absorbing_multiply(const Var& cotangent, const Var& partial) {
  return detail::record<AbsorbingMultiply>(cotangent.dtype(), cotangent.shape(), {&cotangent, &partial});
}

}  // namespace xgrad
