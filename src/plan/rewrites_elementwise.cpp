#include "rewrites.hpp"

namespace xgrad::plan {
namespace {

using namespace primitives;
using primitives::Part;

bool is_negated(const Operation& o, std::size_t k) { return o.is<Negate>(o[k]); }
/// x, if input k is -x, else the input itself.
ValueId without_sign(const Operation& o, std::size_t k) { return is_negated(o, k) ? o.input_of(o[k]) : o[k]; }
ValueId negated(const Operation& o, ValueId x) { return o.make<Negate>({x}); }

ValueId boolean(const Operation& o, bool value) { return o.graph.literal(DType::Bool, o.shape, value ? 1.0 : 0.0); }

// ---- products and quotients

ValueId times_one(const Operation& o) {
  if (o.known(0) == Known::One) return o[1];
  if (o.known(1) == Known::One) return o[0];
  return no_value;
}

ValueId times_minus_one(const Operation& o) {
  if (o.known(0) == Known::MinusOne) return negated(o, o[1]);
  if (o.known(1) == Known::MinusOne) return negated(o, o[0]);
  return no_value;
}

ValueId times_itself(const Operation& o) { return o[0] == o[1] ? o.make<Square>({o[0]}) : no_value; }

/// Signs move outwards, to where additions, sums and other signs swallow them.
ValueId signs_outwards(const Operation& o) {
  if (!is_negated(o, 0) && !is_negated(o, 1)) return no_value;
  const bool both = is_negated(o, 0) && is_negated(o, 1);
  const ValueId result = o.make(o.op, {without_sign(o, 0), without_sign(o, 1)});
  return both ? result : negated(o, result);
}

ValueId by_one(const Operation& o) { return o.known(1) == Known::One ? o[0] : no_value; }

ValueId by_power_of_two(const Operation& o) {
  if (!is_floating(o.dtype)) return no_value;
  const auto times = [&](double factor) { return o.make<Multiply>({o[0], o.graph.literal(o.dtype, o.shape, factor)}); };
  switch (o.known(1)) {
    case Known::Two:
      return times(0.5);
    case Known::Half:
      return times(2.0);
    case Known::MinusTwo:
      return times(-0.5);
    case Known::MinusHalf:
      return times(-2.0);
    case Known::Four:
      return times(0.25);
    case Known::Quarter:
      return times(4.0);
    case Known::MinusQuarter:
      return times(-4.0);
    default:
      return no_value;
  }
}

ValueId one_absorbs(const Operation& o) { return o.known(0) == Known::One ? o[1] : no_value; }

ValueId absorbs_nothing(const Operation& o) {
  const Known factor = o.known(0);
  const bool finite_and_not_zero = factor != Known::Nothing && factor != Known::Zero && factor != Known::MinusZero;
  return finite_and_not_zero ? o.make<Multiply>({o[0], o[1]}) : no_value;
}

ValueId squared(const Operation& o) { return o.known(1) == Known::Two ? o.make<Square>({o[0]}) : no_value; }

constinit Rewrite of_multiply[] = {
    {"x * 1 is x", "exact for all x", times_one},
    {"x * -1 is -x", "exact for all x", times_minus_one},
    {"x * x is square(x)", "the same multiplication", times_itself},
    {"-x * y and x * -y are -(x * y), -x * -y is x * y", "signs are exact", signs_outwards},
};
constinit Rewrite of_divide[] = {
    {"x / 1 is x", "exact for all x", by_one},
    {"x / 2 is x * 1/2, and so of 1/2, 4, 1/4 and their negatives", "both are the number next to the same one",
     by_power_of_two},
    {"-x / y and x / -y are -(x / y), -x / -y is x / y", "signs are exact", signs_outwards},
};
constinit Rewrite of_absorbing_multiply[] = {
    {"absorbing_multiply(1, p) is p", "1 is not 0, and 1 * p is exact for all p", one_absorbs},
    {"absorbing_multiply(g, p) is g * p for a number g", "it differs only where g is 0", absorbs_nothing},
};
constinit Rewrite of_power[] = {
    {"pow(x, 1) is x", "exact for all x", by_one},
    {"pow(x, 2) is square(x)", "the same multiplication", squared},
};

// ---- sums and signs

ValueId plus_zero(const Operation& o) {
  const auto neutral = [&](Known x) { return x == Known::MinusZero || (x == Known::Zero && !is_floating(o.dtype)); };
  if (neutral(o.known(0))) return o[1];
  if (neutral(o.known(1))) return o[0];
  return no_value;
}

ValueId plus_negated(const Operation& o) {
  if (!is_negated(o, 0) && !is_negated(o, 1)) return no_value;
  const std::size_t k = is_negated(o, 1) ? 1 : 0;
  return o.make<Subtract>({o[1 - k], without_sign(o, k)});
}

ValueId minus_zero(const Operation& o) { return o.known(1) == Known::Zero ? o[0] : no_value; }

ValueId minus_negated(const Operation& o) {
  return is_negated(o, 1) ? o.make<Add>({o[0], without_sign(o, 1)}) : no_value;
}

ValueId negated_twice(const Operation& o) { return is_negated(o, 0) ? without_sign(o, 0) : no_value; }

ValueId even(const Operation& o) { return is_negated(o, 0) ? o.make(o.op, {without_sign(o, 0)}) : no_value; }

constinit Rewrite of_add[] = {
    {"x + -0 is x; of integers also x + 0", "-0 is the neutral element: -0 + 0 is 0, so that x + 0 stays", plus_zero},
    {"x + -y is x - y", "signs are exact", plus_negated},
};
constinit Rewrite of_subtract[] = {
    {"x - 0 is x", "it is x + -0", minus_zero},
    {"x - -y is x + y", "signs are exact", minus_negated},
};
constinit Rewrite of_negate[] = {{"--x is x", "signs are exact", negated_twice}};
constinit Rewrite of_even_part[] = {{"f(-x) is f(x)", "f takes the absolute value or the square first", even}};

// ---- choices and truth values

ValueId known_choice(const Operation& o) {
  if (o.known(0) == Known::One) return o[1];
  if (o.known(0) == Known::Zero) return o[2];
  return no_value;
}

ValueId same_choices(const Operation& o) { return o[1] == o[2] ? o[1] : no_value; }

/// Whether two numbers are equal (or not), as far as it is known.
template <bool wanted>
ValueId known_equality(const Operation& o) {
  const auto without_sign_of_zero = [](Known x) { return x == Known::MinusZero ? Known::Zero : x; };
  const Known x = without_sign_of_zero(o.known(0));
  const Known y = without_sign_of_zero(o.known(1));
  if (x == Known::Nothing || y == Known::Nothing) return no_value;
  bool equal = x == y;
  if (x == Known::Nonzero || y == Known::Nonzero) {
    if (x != Known::Zero && y != Known::Zero) return no_value;
    equal = false;
  }
  return boolean(o, equal == wanted);
}

ValueId known_not(const Operation& o) {
  const Known x = o.known(0);
  return x == Known::One || x == Known::Zero ? boolean(o, x == Known::Zero) : no_value;
}

ValueId known_and(const Operation& o) {
  if (o.known(0) == Known::Zero || o.known(1) == Known::One) return o[0];
  if (o.known(1) == Known::Zero || o.known(0) == Known::One) return o[1];
  return no_value;
}

ValueId known_or(const Operation& o) {
  if (o.known(0) == Known::One || o.known(1) == Known::Zero) return o[0];
  if (o.known(1) == Known::One || o.known(0) == Known::Zero) return o[1];
  return no_value;
}

constinit Rewrite of_where[] = {
    {"where(true, x, y) is x, where(false, x, y) is y", "no arithmetic", known_choice},
    {"where(c, x, x) is x", "no arithmetic", same_choices},
};
constexpr std::string_view known_numbers = "0 equals -0, and what is known is no NaN";
constinit Rewrite of_equal[] = {{"x == y of known numbers", known_numbers, known_equality<true>}};
constinit Rewrite of_not_equal[] = {{"x != y of known numbers", known_numbers, known_equality<false>}};
constinit Rewrite of_not[] = {{"!true is false, !false is true", "truth values", known_not}};
constinit Rewrite of_and[] = {{"x && true is x, x && false is false", "truth values", known_and}};
constinit Rewrite of_or[] = {{"x || false is x, x || true is true", "truth values", known_or}};

// ---- functions in two steps

ValueId part(const Operation& o, Part which, ValueId x) { return o.make(op_of_part(which), {x}); }

/// f(x) from another function of x.
template <Part of, Part from>
ValueId in_two_steps(const Operation& o) {
  const ValueId shared = part(o, from, o[0]);
  return o.make(op_of_part(of), {o[0], shared});
}

ValueId gaussian(const Operation& o) {
  const ValueId square = without_sign(o, 0);
  if (!is_negated(o, 0) || !o.is<Square>(square)) return no_value;
  return part(o, Part::ExpNegSquare, o.input_of(square));
}

ValueId softplus_in_parts(const Operation& o) {
  const ValueId above = o.make<Relu>({o[0]});
  const ValueId logarithm = o.make<Log1p>({part(o, Part::ExpNegAbs, o[0])});
  return o.make<Add>({above, logarithm});
}

ValueId cosine_from_hypotenuse(const Operation& o) {
  const ValueId root = o.graph.find(opcode<Hypot>, o.dtype, o.shape, o.inputs);
  return root == no_value ? no_value : o.make(op_of_part(Part::CosineFrom), {o[0], o[1], root});
}

constexpr std::string_view same_bits = "the bits are those of the whole";
constinit Rewrite splits_of_exp[] = {{"exp(-square(x)) is a function", same_bits, gaussian}};
constinit Rewrite splits_of_sigmoid[] = {
    {"sigmoid(x) from exp(-abs(x))", same_bits, in_two_steps<Part::SigmoidFrom, Part::ExpNegAbs>}};
constinit Rewrite splits_of_softplus[] = {
    {"softplus(x) is relu(x) + log1p(exp(-abs(x)))", same_bits, softplus_in_parts}};
constinit Rewrite splits_of_erf[] = {
    {"erf(x) from exp(-square(x))", same_bits, in_two_steps<Part::ErfFrom, Part::ExpNegSquare>}};
constinit Rewrite splits_of_log_cosh[] = {
    {"log_cosh(x) from expm1", same_bits, in_two_steps<Part::LogCoshFrom, Part::HalfExpm1>}};
constinit Rewrite splits_of_slope_of_log_cosh[] = {
    {"the slope of log_cosh(x) from expm1", same_bits, in_two_steps<Part::TanhFrom, Part::HalfExpm1>}};
constinit Rewrite splits_of_direction_cosine[] = {
    {"direction_cosine(x, y) from hypot(x, y) or hypot(y, x), if that is computed", same_bits, cosine_from_hypotenuse}};

// ---- which rewrites belong to which primitive

constexpr Rewrites algebra_for(Type<Multiply>) { return of_multiply; }
constexpr Rewrites algebra_for(Type<Divide>) { return of_divide; }
constexpr Rewrites algebra_for(Type<AbsorbingMultiply>) { return of_absorbing_multiply; }
constexpr Rewrites algebra_for(Type<Power>) { return of_power; }
constexpr Rewrites algebra_for(Type<Add>) { return of_add; }
constexpr Rewrites algebra_for(Type<Subtract>) { return of_subtract; }
constexpr Rewrites algebra_for(Type<Negate>) { return of_negate; }
constexpr Rewrites algebra_for(Type<Where>) { return of_where; }
constexpr Rewrites algebra_for(Type<Equal>) { return of_equal; }
constexpr Rewrites algebra_for(Type<NotEqual>) { return of_not_equal; }
constexpr Rewrites algebra_for(Type<LogicalNot>) { return of_not; }
constexpr Rewrites algebra_for(Type<LogicalAnd>) { return of_and; }
constexpr Rewrites algebra_for(Type<LogicalOr>) { return of_or; }

constexpr Rewrites splits_for(Type<Exp>) { return splits_of_exp; }
constexpr Rewrites splits_for(Type<Sigmoid>) { return splits_of_sigmoid; }
constexpr Rewrites splits_for(Type<Softplus>) { return splits_of_softplus; }
constexpr Rewrites splits_for(Type<Erf>) { return splits_of_erf; }
constexpr Rewrites splits_for(Type<LogCosh>) { return splits_of_log_cosh; }
constexpr Rewrites splits_for(Type<SlopeOfLogCosh>) { return splits_of_slope_of_log_cosh; }
constexpr Rewrites splits_for(Type<DirectionCosine>) { return splits_of_direction_cosine; }

}  // namespace

Rewrites algebra_of(Opcode op) noexcept {
  static constexpr auto table = table_of_primitives<Rewrites>([]<class P>(Type<P> primitive) -> Rewrites {
    if constexpr (requires { algebra_for(primitive); }) return algebra_for(primitive);
    else return {};
  });
  if (!is_part(op)) return table[op];
  const bool is_even =
      op == op_of_part(Part::ExpNegAbs) || op == op_of_part(Part::ExpNegSquare) || op == op_of_part(Part::HalfExpm1);
  return is_even ? Rewrites(of_even_part) : Rewrites();
}

Rewrites splits_of(Opcode op) noexcept {
  static constexpr auto table = table_of_primitives<Rewrites>([]<class P>(Type<P> primitive) -> Rewrites {
    if constexpr (requires { splits_for(primitive); }) return splits_for(primitive);
    else return {};
  });
  return is_part(op) ? Rewrites() : table[op];
}

}  // namespace xgrad::plan
