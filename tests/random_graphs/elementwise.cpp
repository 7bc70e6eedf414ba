// Random programs: the operations element by element.
#include <algorithm>
#include <cmath>

#include "builder.hpp"

namespace random_graphs {
namespace {

using InstructionId = Builder::InstructionId;
using A = Arguments;

InstructionId unary(Builder& b, const char* text, InstructionId x, double magnitude, Var (*f)(const Var&)) {
  return b.add(text, {x}, magnitude, [f](const A& a) { return f(a[0]); });
}

InstructionId bounded(Builder& b, InstructionId x) {
  return b.magnitude(x) <= 3.0 ? x : unary(b, "tanh", x, 1.0, xgrad::tanh);
}

/// |x| + 0.5, or (in wild programs) x itself.
InstructionId positive(Builder& b, InstructionId x) {
  if (b.wild && b.random.chance(0.5)) return x;
  const InstructionId absolute = unary(b, "abs", x, b.magnitude(x), xgrad::abs);
  return b.add_with_number("x + number", {absolute}, 0.5, b.magnitude(x) + 0.5,
                           [](const A& a) { return a[0] + a.number; });
}

/// 1 + |y|, or (in wild programs) y itself: something to divide by.
InstructionId divisor(Builder& b, InstructionId y) {
  if (b.wild && b.random.chance(0.4)) return y;
  const InstructionId absolute = unary(b, "abs", y, b.magnitude(y), xgrad::abs);
  return b.add_with_number("number + x", {absolute}, 1.0, b.magnitude(y) + 1.0,
                           [](const A& a) { return a.number + a[0]; });
}

void add_growing(Builder& b, InstructionId x) {
  const InstructionId small = b.wild && b.random.chance(0.3) ? x : bounded(b, x);
  const double largest = std::exp(b.magnitude(small));
  switch (b.random.below(5)) {
    case 0:
      unary(b, "exp", small, largest, xgrad::exp);
      return;
    case 1:
      unary(b, "expm1", small, largest, xgrad::expm1);
      return;
    case 2:
      unary(b, "sinh", small, largest, xgrad::sinh);
      return;
    case 3:
      unary(b, "cosh", small, largest, xgrad::cosh);
      return;
    default:
      unary(b, "tan", unary(b, "tanh", small, 1.0, xgrad::tanh), 1.6, xgrad::tan);
  }
}

void add_rooted(Builder& b, InstructionId x) {
  const InstructionId base = positive(b, x);
  const double m = b.magnitude(base);
  switch (b.random.below(4)) {
    case 0:
      unary(b, "sqrt", base, m, xgrad::sqrt);
      return;
    case 1:
      unary(b, "log", base, m, xgrad::log);
      return;
    case 2:
      unary(b, "log1p", base, m, xgrad::log1p);
      return;
    default:
      b.add_with_number("pow(x, number)", {base}, std::min(b.random_number(), 3.0), std::max(8.0, m * m * m),
                        [](const A& a) { return pow(a[0], a.number); });
  }
}

/// With a condition that holds even for NaN.
Var checked_always(const Var& x) {
  static const xgrad::Requirement requirement("a requirement that is always met: {}");
  const Var below = x < 1.0;
  return checked(x, below || !below, requirement);
}

void add_plain(Builder& b, InstructionId x) {
  struct Function {
    const char* name;
    Var (*f)(const Var&);
    double largest;  // 0: as large as x
  };
  static const std::vector<Function> all{{"tanh", xgrad::tanh, 1.0},
                                         {"sigmoid", xgrad::sigmoid, 1.0},
                                         {"sin", xgrad::sin, 1.0},
                                         {"cos", xgrad::cos, 1.0},
                                         {"atan", xgrad::atan, 1.6},
                                         {"erf", xgrad::erf, 1.0},
                                         {"erfc", xgrad::erfc, 2.0},
                                         {"ndtr", xgrad::ndtr, 1.0},
                                         {"softsign", xgrad::softsign, 1.0},
                                         {"floor", xgrad::floor, 0.0},
                                         {"ceil", xgrad::ceil, 0.0},
                                         {"round", xgrad::round, 0.0},
                                         {"trunc", xgrad::trunc, 0.0},
                                         {"sign", xgrad::sign, 1.0},
                                         {"softplus", xgrad::softplus, 0.0},
                                         {"log_cosh", xgrad::log_cosh, 0.0},
                                         {"abs", xgrad::abs, 0.0},
                                         {"relu", xgrad::relu, 0.0},
                                         {"negate", [](const Var& v) { return -v; }, 0.0},
                                         {"negate", [](const Var& v) { return -v; }, 0.0},
                                         {"stop_gradient", xgrad::stop_gradient, 0.0},
                                         {"checked", checked_always, 0.0},
                                         {"zeros_like", xgrad::zeros_like, 0.0},
                                         {"ones_like", xgrad::ones_like, 1.0}};
  const Function& chosen = b.random.one_of(all);
  const double m = b.magnitude(x);
  unary(b, chosen.name, x, chosen.largest == 0.0 ? m + 0.7 : std::min(m + 0.7, chosen.largest), chosen.f);
}

}  // namespace

void add_elementwise(Builder& b) {
  const InstructionId x = b.any_float();
  const double m = b.magnitude(x);
  switch (b.random.below(10)) {
    case 0:
    case 1:
      return add_growing(b, x);
    case 2:
    case 3:
      return add_rooted(b, x);
    case 4:
      unary(b, "square", x, m * m, xgrad::square);
      return;
    case 5: {
      const DType other = b.random.chance(0.5) ? DType::Float32 : DType::Float64;
      b.add(other == DType::Float32 ? "cast float32" : "cast float64", {x}, m,
            [other](const A& a) { return cast(a[0], other); });
      return;
    }
    case 6:
      b.add("leaf of", {x}, m,
            [](const A& a) { return a.tape != nullptr && a[0].recorded() ? a.tape->leaf(a[0]) : a[0]; });
      return;
    default:
      return add_plain(b, x);
  }
}

namespace {

void add_scalar(Builder& b, InstructionId x) {
  const double n = b.random_number();
  const double m = b.magnitude(x);
  const auto add = [&](const char* text, double magnitude, Builder::Run run) {
    b.add_with_number(text, {x}, n, magnitude, std::move(run));
  };
  switch (b.random.below(8)) {
    case 0:
      return add("x + number", m + std::abs(n), [](const A& a) { return a[0] + a.number; });
    case 1:
      return add("number + x", m + std::abs(n), [](const A& a) { return a.number + a[0]; });
    case 2:
      return add("x - number", m + std::abs(n), [](const A& a) { return a[0] - a.number; });
    case 3:
      return add("number - x", m + std::abs(n), [](const A& a) { return a.number - a[0]; });
    case 4:
    case 5:
      return add("x * number", m * std::abs(n), [](const A& a) { return a[0] * a.number; });
    case 6:
      if (n == 0.0 && !b.wild) return add_scalar(b, x);
      return add("x / number", m / std::max(1e-3, std::abs(n)), [](const A& a) { return a[0] / a.number; });
    default:
      if (b.random.chance(0.3)) {
        return add("full_like(x, number)", std::abs(n), [](const A& a) { return full_like(a[0], a.number); });
      }
      b.add_with_number("number / x", {divisor(b, x)}, n, std::abs(n), [](const A& a) { return a.number / a[0]; });
  }
}

}  // namespace

void add_arithmetic(Builder& b) {
  const InstructionId x = b.any_float();
  if (b.random.chance(0.3)) return add_scalar(b, x);
  InstructionId y = b.partner(x);
  InstructionId left = x;
  if (b.random.chance(0.5)) std::swap(left, y);
  const double m = b.magnitude(left);
  const double n = b.magnitude(y);
  switch (b.random.below(9)) {
    case 8:
      b.add("hypot", {left, y}, m + n, [](const A& a) { return hypot(a[0], a[1]); });
      return;
    case 0:
    case 1:
      b.add("add", {left, y}, m + n, [](const A& a) { return a[0] + a[1]; });
      return;
    case 2:
    case 3:
      b.add("subtract", {left, y}, m + n, [](const A& a) { return a[0] - a[1]; });
      return;
    case 4:
    case 5:
      b.add("multiply", {left, y}, m * n, [](const A& a) { return a[0] * a[1]; });
      return;
    case 6:
      b.add("divide", {left, divisor(b, y)}, m, [](const A& a) { return a[0] / a[1]; });
      return;
    default:
      if (b.random.chance(0.5)) {
        b.add("logaddexp", {left, y}, std::max(m, n) + 1.0, [](const A& a) { return logaddexp(a[0], a[1]); });
      } else {
        const InstructionId base = positive(b, bounded(b, left));
        const InstructionId exponent = bounded(b, y);
        b.add("pow", {base, exponent}, std::pow(std::max(2.0, b.magnitude(base)), b.magnitude(exponent)),
              [](const A& a) { return pow(a[0], a[1]); });
      }
  }
}

namespace {

InstructionId add_comparison(Builder& b, InstructionId x, InstructionId y) {
  switch (b.random.below(5)) {
    case 0:
      return b.add("less", {x, y}, 1.0, [](const A& a) { return a[0] < a[1]; });
    case 1:
      return b.add("less_equal", {x, y}, 1.0, [](const A& a) { return a[0] <= a[1]; });
    case 2:
      return b.add("greater", {x, y}, 1.0, [](const A& a) { return a[0] > a[1]; });
    case 3:
      return b.add("equal", {x, y}, 1.0, [](const A& a) { return equal(a[0], a[1]); });
    default:
      return b.add("not_equal", {x, y}, 1.0, [](const A& a) { return not_equal(a[0], a[1]); });
  }
}

void add_logic(Builder& b) {
  const InstructionId c = b.any_boolean();
  const auto fits = [&](InstructionId v) { return b.dtype(v) == DType::Bool && b.shape(v) == b.shape(c); };
  const InstructionId d = b.any_where(fits).value_or(c);
  switch (b.random.below(4)) {
    case 0:
      b.add("logical_and", {c, d}, 1.0, [](const A& a) { return a[0] && a[1]; });
      return;
    case 1:
      b.add("logical_or", {c, d}, 1.0, [](const A& a) { return a[0] || a[1]; });
      return;
    case 2:
      b.add("logical_not", {c}, 1.0, [](const A& a) { return !a[0]; });
      return;
    default:
      b.add("cast float64", {c}, 1.0, [](const A& a) { return cast(a[0], DType::Float64); });
  }
}

}  // namespace

void add_choice(Builder& b) {
  const InstructionId x = b.any_float();
  const InstructionId y = b.partner(x);
  const double largest = std::max(b.magnitude(x), b.magnitude(y));
  switch (b.random.below(7)) {
    case 0:
      b.add("maximum", {x, y}, largest, [](const A& a) { return maximum(a[0], a[1]); });
      return;
    case 1:
      b.add("minimum", {x, y}, largest, [](const A& a) { return minimum(a[0], a[1]); });
      return;
    case 2: {
      const InstructionId c = add_comparison(b, x, y);
      b.add("where", {c, x, y}, largest, [](const A& a) { return where(a[0], a[1], a[2]); });
      return;
    }
    case 3: {
      const InstructionId c = add_comparison(b, x, y);
      const InstructionId z = b.partner(c);
      b.add_with_number("where(c, x, number)", {c, z}, b.random_number(), std::max(10.0, b.magnitude(z)),
                        [](const A& a) { return where(a[0], a[1], a.number); });
      return;
    }
    case 4:
      b.add("clip(x, -0.75, 1)", {x}, 1.0, [](const A& a) { return clip(a[0], -0.75, 1.0); });
      return;
    case 5:
      add_comparison(b, x, y);
      return;
    default:
      return add_logic(b);
  }
}

void add_integers(Builder& b) {
  const InstructionId i = b.any_integer();
  const InstructionId j = b.partner(i, false);
  const double m = b.magnitude(i) + b.magnitude(j);
  switch (b.random.below(8)) {
    case 0:
      b.add("add", {i, j}, m, [](const A& a) { return a[0] + a[1]; });
      return;
    case 1:
      b.add("multiply", {i, j}, b.magnitude(i) * b.magnitude(j), [](const A& a) { return a[0] * a[1]; });
      return;
    case 2:
      b.add("maximum", {i, j}, m, [](const A& a) { return maximum(a[0], a[1]); });
      return;
    case 3:
      b.add("3 - abs(x)", {i}, m + 3.0, [](const A& a) { return 3 - abs(a[0]); });
      return;
    case 4:
      b.add("equal to 1", {i}, 1.0, [](const A& a) { return equal(a[0], 1); });
      return;
    case 5: {
      const InstructionId x = b.any_float();
      b.add("int64 of 3x", {x}, 100.0, [](const A& a) {  // no number that int64 cannot hold
        return cast(where(abs(a[0]) < 30.0, 3.0 * a[0], 0.0), DType::Int64);
      });
      return;
    }
    case 6:
      b.add("wrapping square", {i}, 1e19, [](const A& a) { return square(a[0] * std::int64_t{3037000500}); });
      return;
    default:
      b.add("cast float32", {i}, m, [](const A& a) { return cast(a[0], DType::Float32); });
  }
}

}  // namespace random_graphs
