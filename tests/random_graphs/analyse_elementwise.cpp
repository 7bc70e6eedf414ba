// The analysis of primitives that are computed element by element.
#include <algorithm>
#include <array>

#include "step.hpp"

namespace random_graphs {

using namespace xgrad::primitives;
using xgrad::ir::NodeId;
using xgrad::primitives::opcode;

namespace {

template <class P, class... Q>
constexpr bool is_one_of = (std::is_same_v<P, Q> || ...);

template <class P>
constexpr bool is_predicate = requires {
  P::is_predicate;
};

/// Results are one of the arguments, or need no rounding.
template <class P>
constexpr bool is_exact =
    is_predicate<P> ||
    is_one_of<P, Negate, Absolute, Sign, Relu, Maximum, Minimum, Floor, Ceil, Round, Trunc, CopySign>;

template <class P>
constexpr bool is_arithmetic = is_one_of<P, Add, Subtract, Offset, Multiply, Square, Divide, AbsorbingMultiply>;

template <class P>
constexpr bool is_comparison = is_one_of<P, Less, LessEqual, Equal, NotEqual>;

template <class P>
constexpr std::size_t arity_of = 2;
template <IsScalarFunction P>
constexpr std::size_t arity_of<P> = P::arity;

template <class P, class C>
auto apply(std::span<const C> x) {
  if constexpr (is_one_of<P, LogicalAnd, LogicalOr>) return P::eval(x[0] != C(0), x[1] != C(0));
  else if constexpr (is_one_of<P, LogicalNot>) return P::eval(x[0] != C(0));
  else if constexpr (arity_of<P> == 1) return P::eval(x[0]);
  else return P::eval(x[0], x[1]);
}

template <class P>
constexpr bool takes_integers() {
  if constexpr (IsScalarFunction<P>)
    return P::operands == Operands::Numbers || P::operands == Operands::Any || IsOfIntegers<P>;
  return false;
}

bool is_power_of_two(double x) {
  int exponent;
  return std::abs(std::frexp(x, &exponent)) == 0.5;
}

/// Whether arithmetic on exact numbers came out without rounding.
template <class P>
bool without_rounding(std::span<const double> x, double result, DType dtype) {
  if (rounded(result, dtype) != result) return false;
  if constexpr (is_one_of<P, Add, Subtract, Offset>) {
    const double b = std::is_same_v<P, Add> ? x[1] : -x[1];
    const double part = result - x[0];
    return (x[0] - (result - part)) + (b - part) == 0.0;
  } else if constexpr (is_one_of<P, Divide>) {
    return x[0] == 0.0 || (is_power_of_two(x[1]) && result * x[1] == x[0]);
  } else {
    const double b = std::is_same_v<P, Square> ? x[0] : x[1];
    if (x[0] == 0.0 || b == 0.0) return true;
    return result != 0.0 && std::fma(x[0], b, -result) == 0.0;
  }
}

/// What is rounded may come out infinite.
bool near_overflow(double x, DType dtype) { return std::abs(x) > largest(dtype) / 2.0; }

/// What rounding may do to one result.
template <class P>
double local_bound(std::span<const double> x, double result, DType dtype, bool exact_inputs) {
  if constexpr (is_exact<P>) return 0.0;
  bool finite = true;
  for (const double each : x) finite = finite && std::isfinite(each);
  if (!std::isfinite(result)) {
    // Of finite numbers: overflow, from which a fused multiply-add would have come back.
    const bool overflow =
        is_arithmetic<P> && std::isinf(result) && finite && !(std::is_same_v<P, Divide> && x[1] == 0.0);
    return overflow ? undecided : 0.0;
  }
  if constexpr (is_arithmetic<P>) {
    if (exact_inputs && (!finite || without_rounding<P>(x, result, dtype))) return 0.0;
  }
  if (result == 0.0) {
    const bool at_root = x[0] == 0.0 || x[0] == 1.0 || !finite;
    return at_root || (is_one_of<P, Add, Subtract, Offset>) ? 0.0 : 8.0 * smallest(dtype);
  }
  if (near_overflow(result, dtype)) return undecided;
  if constexpr (is_one_of<P, LogAddExp>) {
    return 8.0 * unit(dtype) * (std::abs(result) + std::min(std::abs(x[0]), std::abs(x[1]))) + 8.0 * smallest(dtype);
  }
  const double units = is_arithmetic<P> || is_one_of<P, Sqrt> ? 2.0 : is_one_of<P, Power> ? 16.0 : 8.0;
  return units * unit(dtype) * std::abs(result) + units * smallest(dtype);
}

}  // namespace

/// How far the result moves when the arguments do.
template <class P>
double Analysis::Step::spread(std::size_t i, std::span<const Item> args, double local) const {
  const double value = known_.values[i];
  std::array<std::array<double, 4>, 2> points{};
  std::array<std::size_t, 2> counts{1, 1};
  for (std::size_t k = 0; k < args.size(); ++k) {
    auto [at, bound] = args[k];
    // A zero of either sign matters to those who divide by it only.
    if (at == 0.0 && bound > 0.0) {
      if ((std::is_same_v<P, Divide> && k == 1) || (std::is_same_v<P, Power> && k == 0)) return undecided;
    }
    if (bound <= any_zero) bound = 0.0;
    points[k][0] = at;
    if (bound == 0.0) continue;
    const bool around_zero = std::abs(at) <= bound;
    if ((std::is_same_v<P, Divide> && k == 1 && around_zero) || (std::is_same_v<P, Power> && k == 0 && around_zero)) {
      return undecided;
    }
    if (is_one_of<P, Sin, Cos, Tan> && bound > 0.5) return std::is_same_v<P, Tan> ? undecided : 2.0;
    points[k] = {at - bound, at + bound, at, 0.0};
    counts[k] = around_zero ? 4 : 3;
  }
  double farthest = 0.0;
  std::array<double, 2> x{};
  const std::span<const double> arguments(x.data(), args.size());
  for (std::size_t p = 0; p < counts[0]; ++p) {
    for (std::size_t q = 0; q < counts[1]; ++q) {
      x = {points[0][p], points[1][q]};
      const double other = rounded(static_cast<double>(apply<P, double>(arguments)), dtype_);
      if (same_number(other, value)) continue;
      if (!std::isfinite(other) || !std::isfinite(value)) return undecided;
      farthest = std::max(farthest, std::abs(other - value));
    }
  }
  if (!std::isfinite(value)) return 0.0;
  return near_overflow(value, dtype_) ? undecided : farthest * (1.0 + 16.0 * unit(dtype_)) + local;
}

namespace {

/// The largest (smallest) elements of x in the shape of x, if that is what a node is.
bool is_spread_extremum(const xgrad::ir::TapeState& tape, NodeId node, NodeId of) {
  if (tape.node(node).op == opcode<Broadcast>) node = tape.inputs(node)[0];
  const auto op = tape.node(node).op;
  return (op == opcode<MaxReduce> || op == opcode<MinReduce>)&&tape.inputs(node)[0] == of;
}

}  // namespace

/// equal(x, amax(x)): true at the extremum, however it was rounded, and false where x is clearly away from it.
template <class P>
bool Analysis::Step::decided_by_extremum(std::size_t i) const {
  if constexpr (!std::is_same_v<P, Equal>) {
    return false;
  } else {
    if (!is_spread_extremum(tape_, input_id(1), input_id(0))) return false;
    const Item x = item(0, i);
    const Item extremum = item(1, i);
    if (!std::isfinite(x.value) || x.bound == undecided || extremum.bound == undecided) return false;
    // If nothing else comes near, the bound of the extremum is that of its element.
    if (x.value == extremum.value) return extremum.bound <= x.bound;
    return std::abs(x.value - extremum.value) > x.bound + extremum.bound;
  }
}

/// The bound of a predicate's result: 0 or 1.
template <class P>
double Analysis::Step::doubt(std::size_t i, std::span<const Item> args) const {
  double gap = 0.0;
  for (const Item& arg : args) gap += arg.bound <= any_zero ? 0.0 : arg.bound;
  if (gap == 0.0) return 0.0;
  if (gap == undecided) return 1.0;
  if constexpr (is_comparison<P>) {
    if (input_id(0) == input_id(1) || decided_by_extremum<P>(i)) return 0.0;
    if (std::isnan(args[0].value) || std::isnan(args[1].value)) return 0.0;
    return std::abs(args[0].value - args[1].value) > gap ? 0.0 : 1.0;
  } else {
    return spread<P>(i, args, 0.0);
  }
}

template <class P>
void Analysis::Step::elementwise() {
  constexpr std::size_t arity = arity_of<P>;
  const bool all_exact = input(0).bounds.empty() && input(arity - 1).bounds.empty();
  std::array<Item, arity> args{};
  std::array<double, arity> x{};
  for (std::size_t i = 0; i < size_; ++i) {
    bool exact = true;
    bool open = false;
    for (std::size_t k = 0; k < arity; ++k) {
      args[k] = item(k, i);
      x[k] = args[k].value;
      exact = exact && args[k].bound == 0.0;
      open = open || args[k].bound == undecided;
    }
    const double result = rounded(static_cast<double>(apply<P, double>(x)), dtype_);
    double local = local_bound<P>(x, result, dtype_, all_exact || exact);
    if constexpr (is_one_of<P, Maximum, Minimum>) {
      if (x[0] == 0.0 && x[1] == 0.0 && std::signbit(x[0]) != std::signbit(x[1])) local = any_zero;
    }
    expect(i, result, local);
    if (exact) {
      set_bound(i, local);
    } else if (is_predicate<P>) {
      set_bound(i, doubt<P>(i, args));
    } else if (std::is_same_v<P, AbsorbingMultiply> && x[0] == 0.0 && args[0].bound <= any_zero) {
      set_bound(i, args[0].bound);
    } else if (open) {
      set_bound(i, undecided);
    } else {
      const double bound = spread<P>(i, args, local);
      set_bound(i, known_.values[i] == 0.0 ? std::max(bound, any_zero) : bound);
    }
  }
}

/// Integers wrap around; an undecided argument leaves the result undecided.
template <class P>
void Analysis::Step::integers() {
  constexpr std::size_t arity = arity_of<P>;
  std::array<const std::int64_t*, arity> in{};
  for (std::size_t k = 0; k < arity; ++k) {
    in[k] = reinterpret_cast<const std::int64_t*>(tape_.value(input_id(k))->data());
  }
  std::array<std::int64_t, arity> x{};
  for (std::size_t i = 0; i < size_; ++i) {
    bool open = false;
    for (std::size_t k = 0; k < arity; ++k) {
      x[k] = in[k][i];
      open = open || input(k).bound(i) != 0.0;
    }
    expect(i, static_cast<double>(apply<P, std::int64_t>(std::span<const std::int64_t>(x))), 0.0);
    if (open) set_bound(i, is_predicate<P> ? 1.0 : undecided);
  }
}

void Analysis::Step::where() {
  for (std::size_t i = 0; i < size_; ++i) {
    const Item condition = item(0, i);
    const Item a = item(1, i);
    const Item b = item(2, i);
    const Item& chosen = condition.value != 0.0 ? a : b;
    take_over(i, chosen);
    if (condition.bound == 0.0) continue;
    const Item& other = condition.value != 0.0 ? b : a;
    if (same_number(a.value, b.value)) {
      set_bound(i, std::max({a.bound, b.bound, a.value == 0.0 ? any_zero : 0.0}));
    } else if (!std::isfinite(a.value) || !std::isfinite(b.value) || dtype_ == DType::Int64) {
      set_bound(i, undecided);
    } else {
      set_bound(i, std::max(chosen.bound, std::abs(a.value - b.value) + other.bound));
    }
  }
}

void Analysis::Step::cast() {
  for (std::size_t i = 0; i < size_; ++i) {
    const auto [x, bound] = item(0, i);
    if (dtype_ == DType::Bool) {
      expect(i, x != 0.0 ? 1.0 : 0.0, 0.0);
      if (bound > any_zero && !(std::abs(x) > bound)) set_bound(i, 1.0);
    } else if (dtype_ == DType::Int64) {
      expect(i, std::trunc(x), 0.0);
      if (bound > any_zero && std::trunc(x - bound) != std::trunc(x + bound)) set_bound(i, undecided);
      if (bound == undecided) set_bound(i, undecided);
    } else {
      const double result = rounded(x, dtype_);
      expect(i, result, 0.0);
      if (bound == 0.0) continue;
      const bool overflow = std::isinf(rounded(std::abs(x) + bound, dtype_)) && std::isfinite(x);
      const double finite = std::isfinite(result) ? bound + unit(dtype_) * (std::abs(result) + bound) : 0.0;
      set_bound(i, overflow || bound == undecided ? undecided : std::max(finite, result == 0.0 ? any_zero : 0.0));
    }
  }
}

bool Analysis::Step::run_elementwise() {
  using Run = void (*)(Step&);
  static constexpr auto table =
      xgrad::primitives::table_of_primitives<Run>([]<class P>(boost::hana::basic_type<P>) -> Run {
        if constexpr (std::is_same_v<P, Where>) {
          return [](Step& step) { step.where(); };
        } else if constexpr (std::is_same_v<P, Cast>) {
          return [](Step& step) { step.cast(); };
        } else if constexpr (IsOfIntegers<P>) {
          return [](Step& step) { step.integers<P>(); };
        } else if constexpr (IsScalarFunction<P> || std::is_same_v<P, AbsorbingMultiply>) {
          return [](Step& step) {
            if constexpr (takes_integers<P>()) {
              if (step.input_dtype(0) == DType::Int64) return step.integers<P>();
            }
            step.elementwise<P>();
          };
        } else {
          return nullptr;
        }
      });
  const Run loop = table[tape_.node(id_).op];
  if (loop == nullptr) return false;
  loop(*this);
  return true;
}

}  // namespace random_graphs
