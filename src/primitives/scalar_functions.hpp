// The scalar functions: value and partial derivatives of each, side by side.
//
// Nothing here depends on Var or on a SIMD library. `eval` is instantiated with numbers (and batches) by the kernels,
// `partial` with Var by the derivative rules; functions that they call are found by argument-dependent lookup.
#pragma once

#include "arithmetic.hpp"
#include "special.hpp"

namespace xgrad::primitives {

// ---- powers, exponentials, logarithms

struct Power : ScalarFunction<2, Operands::Floats> {
  static constexpr std::string_view name = "pow";
  static constexpr bool commutative = false;
  template <class Pack, class T>
  static Pack eval_with_one(Pack a, T b) {
    return pow_uniform(a, b);
  }
  static auto eval(auto a, auto b) {
    using std::pow;
    return pow(a, b);
  }
  static auto partial(Arg<0>, const auto& a, const auto& b, const auto&) {
    // a^0 is constant, but 0 * a^(0 - 1) is NaN where 1 / a overflows or a is NaN. Elsewhere b = 0 needs no case, and
    // must not be one: the branch would be constant in b, and the mixed second derivative 1 / a would be lost.
    return where(equal(b, 0.0) && !(abs(a) > 1e-37), zeros_like(a), b * pow(a, less_one(b)));
  }
  static auto partial(Arg<1>, const auto& a, const auto& b, const auto& y) {
    // 0^b stays 0 for positive b (and 0^0 = 1 by convention), although ln 0 is infinite.
    return where(equal(a, 0.0) && b >= 0.0, zeros_like(a), y * log(a));
  }
};

/// Two numbers, multiplied by a power of two with which their squares neither overflow nor vanish.
template <class T>
struct Sides {
  using Element = NumberIn<T>;

  // Squares of numbers between small and large are exact enough, and so are those of numbers multiplied by a factor.
  static constexpr bool is_double = sizeof(Element) == 8;
  static constexpr Element large = is_double ? Element(0x1p500) : Element(0x1p60F);
  static constexpr Element small = is_double ? Element(0x1p-450) : Element(0x1p-50F);
  static constexpr Element shrink = is_double ? Element(0x1p-600) : Element(0x1p-80F);
  static constexpr Element grow = is_double ? Element(0x1p600) : Element(0x1p100F);
  static constexpr Element infinity = std::numeric_limits<Element>::infinity();

  T a, b;        ///< absolute values
  T large_side;  ///< the larger of them; NaN if either is

  Sides(T x, T y) : a(Absolute::eval(x)), b(Absolute::eval(y)), large_side(Maximum::eval(a, b)) {}

  /// Whether the factor is 1 for all.
  [[nodiscard]] bool in_range() const { return every(large_side >= T(small) && large_side <= T(large)); }
  [[nodiscard]] T factor() const {
    return select(large_side > T(large), T(shrink), select(large_side < T(small), T(grow), T(Element(1))));
  }
  [[nodiscard]] T inverse_factor() const {
    return select(large_side > T(large), T(Element(1) / shrink),
                  select(large_side < T(small), T(Element(1) / grow), T(Element(1))));
  }
};

struct Hypot : ScalarFunction<2, Operands::Floats> {
  static constexpr std::string_view name = "hypot";
  static constexpr bool commutative = true;
  template <class T>
  static T eval(T a, T b) {
    using std::sqrt;
    const Sides<T> sides(a, b);
    if (sides.in_range()) [[likely]]
      return sqrt(Square::eval(a) + Square::eval(b));
    const T factor = sides.factor();
    const T root = sqrt(Square::eval(sides.a * factor) + Square::eval(sides.b * factor)) * sides.inverse_factor();
    const T infinity = T(Sides<T>::infinity);  // also beside a NaN
    return select(sides.a == infinity || sides.b == infinity, infinity, root);
  }
  static auto partial(Arg<0>, const auto& a, const auto& b, const auto&) { return direction_cosine(a, b); }
  static auto partial(Arg<1>, const auto& a, const auto& b, const auto&) { return direction_cosine(b, a); }
};

/// a / hypot(a, b), where rounding of the hypotenuse or its overflow do not show, and 0 where both are 0. With it the
/// derivatives of hypot of every order are products, in which no digits cancel.
struct DirectionCosine : ScalarFunction<2, Operands::Floats> {
  static constexpr std::string_view name = "direction_cosine";
  static constexpr bool commutative = false;
  template <class T>
  static T eval(T a, T b) {
    using std::sqrt;
    const Sides<T> sides(a, b);
    if (sides.in_range()) [[likely]]
      return a / sqrt(Square::eval(a) + Square::eval(b));
    return of_extremes(a, b, sides);
  }
  /// The same, given hypot(a, b).
  template <class T>
  static T eval_from(T a, T b, T root) {
    using Range = Sides<T>;
    // The larger side is between root / sqrt(2) and root.
    if (every(root >= T(2 * Range::small) && root <= T(Range::large))) [[likely]]
      return a / root;
    return eval(a, b);
  }
  static auto partial(Arg<0>, const auto& a, const auto& b, const auto&) {
    return square(direction_cosine(b, a)) / infinite_where_zero(hypot(a, b));
  }
  static auto partial(Arg<1>, const auto& a, const auto& b, const auto& y) {
    return -(y * direction_cosine(b, a)) / infinite_where_zero(hypot(a, b));
  }

 private:
  template <class T>
  static T of_extremes(T a, T b, const Sides<T>& sides) {
    using std::sqrt;
    const T infinity = T(Sides<T>::infinity);
    const T zero = T(NumberIn<T>(0));
    const T one = T(NumberIn<T>(1));
    // An infinite side counts as 1 and a finite one beside it as 0, with its sign.
    const auto infinite = sides.large_side == infinity;
    const T x = select(sides.a == infinity, Sign::eval(a), select(infinite, a * zero, a));
    const T y = select(sides.b == infinity, Sign::eval(b), select(infinite, b * zero, b));
    const T factor = select(infinite, one, sides.factor());
    const T root = sqrt(Square::eval(x * factor) + Square::eval(y * factor));
    // What lets x grow comes before the division and what lets it shrink after it: x may be far below y.
    return x * Maximum::eval(factor, one) / select(root == zero, one, root) * Minimum::eval(factor, one);
  }
};

struct Exp : ScalarFunction<1, Operands::Floats> {
  static constexpr std::string_view name = "exp";
  static auto eval(auto x) {
    using std::exp;
    return exp(x);
  }
  static auto partial(Arg<0>, const auto&, const auto& y) { return y; }
};

struct Expm1 : ScalarFunction<1, Operands::Floats> {
  static constexpr std::string_view name = "expm1";
  static auto eval(auto x) {
    using std::expm1;
    return expm1(x);
  }
  static auto partial(Arg<0>, const auto& x, const auto&) { return exp(x); }  // y + 1 would lose all digits far below 0
};

struct Log : ScalarFunction<1, Operands::Floats> {
  static constexpr std::string_view name = "log";
  static auto eval(auto x) {
    using std::log;
    return log(x);
  }
  static auto partial(Arg<0>, const auto& x, const auto&) { return 1.0 / x; }
};

struct Log1p : ScalarFunction<1, Operands::Floats> {
  static constexpr std::string_view name = "log1p";
  static auto eval(auto x) {
    using std::log1p;
    return log1p(x);
  }
  static auto partial(Arg<0>, const auto& x, const auto&) { return 1.0 / (1.0 + x); }
};

// ---- trigonometry

struct Sin : ScalarFunction<1, Operands::Floats> {
  static constexpr std::string_view name = "sin";
  static auto eval(auto x) {
    using std::sin;
    return sin(x);
  }
  static auto partial(Arg<0>, const auto& x, const auto&) { return cos(x); }
};

struct Cos : ScalarFunction<1, Operands::Floats> {
  static constexpr std::string_view name = "cos";
  static auto eval(auto x) {
    using std::cos;
    return cos(x);
  }
  static auto partial(Arg<0>, const auto& x, const auto&) { return -sin(x); }
};

struct Tan : ScalarFunction<1, Operands::Floats> {
  static constexpr std::string_view name = "tan";
  static auto eval(auto x) {
    using std::tan;
    return tan(x);
  }
  static auto partial(Arg<0>, const auto&, const auto& y) { return 1.0 + square(y); }
};

struct Atan : ScalarFunction<1, Operands::Floats> {
  static constexpr std::string_view name = "atan";
  static auto eval(auto x) {
    using std::atan;
    return atan(x);
  }
  static auto partial(Arg<0>, const auto& x, const auto&) { return 1.0 / (1.0 + square(x)); }
};

struct Sinh : ScalarFunction<1, Operands::Floats> {
  static constexpr std::string_view name = "sinh";
  static auto eval(auto x) {
    using std::sinh;
    return sinh(x);
  }
  static auto partial(Arg<0>, const auto& x, const auto&) { return cosh(x); }
};

struct Cosh : ScalarFunction<1, Operands::Floats> {
  static constexpr std::string_view name = "cosh";
  static auto eval(auto x) {
    using std::cosh;
    return cosh(x);
  }
  static auto partial(Arg<0>, const auto& x, const auto&) { return sinh(x); }
};

struct Tanh : ScalarFunction<1, Operands::Floats> {
  static constexpr std::string_view name = "tanh";
  static auto eval(auto x) {
    using std::tanh;
    return tanh(x);
  }
  static auto partial(Arg<0>, const auto&, const auto& y) { return 1.0 - square(y); }
};

struct LogCosh : ScalarFunction<1, Operands::Floats> {
  static constexpr std::string_view name = "log_cosh";
  template <class T>
  static T eval(T x) {
    if constexpr (requires { log_cosh_from(x, x); }) {  // of packs
      return log_cosh_from(x, half_expm1(x));
    } else {
      using std::abs;
      using std::expm1;
      using std::log1p;
      const T size = abs(x);
      const T near = Minimum::eval(T(20), size);
      const T h = T(0.5) * expm1(T(2) * near);
      return T(0.5) * log1p(h * h / (T(1) + T(2) * h)) + (size - near);
    }
  }
  static auto partial(Arg<0>, const auto& x, const auto&) { return slope_of_log_cosh(x); }
};

/// tanh(x), with a derivative that costs more than that of Tanh: one that keeps its digits where 1 - tanh(x)^2 loses
/// them.
struct SlopeOfLogCosh : ScalarFunction<1, Operands::Floats> {
  static constexpr std::string_view name = "slope_of_log_cosh";
  static auto eval(auto x) { return Tanh::eval(x); }
  static auto partial(Arg<0>, const auto& x, const auto&) { return 4.0 * sigmoid(2.0 * x) * sigmoid(-2.0 * x); }
};

// ---- probability

struct Erf : ScalarFunction<1, Operands::Floats> {
  static constexpr std::string_view name = "erf";
  static auto eval(auto x) {
    using std::erf;
    return erf(x);
  }
  static auto partial(Arg<0>, const auto& x, const auto&) {
    constexpr double two_over_sqrt_pi = 1.12837916709551257390;
    return two_over_sqrt_pi * exp(-square(x));
  }
};

struct Sigmoid : ScalarFunction<1, Operands::Floats> {
  static constexpr std::string_view name = "sigmoid";
  template <class T>
  static T eval(T x) {
    using std::abs;
    using std::exp;
    if constexpr (requires { sigmoid_from(x, x); }) {  // packs have a more precise one
      return sigmoid_from(x, exp_neg_abs(x));
    } else {
      const T e = exp(-abs(x));  // at most 1
      return select(x < T(0), e, T(1)) / (T(1) + e);
    }
  }
  static auto partial(Arg<0>, const auto& x, const auto& y) { return y * sigmoid(-x); }  // 1 - y would lose digits
};

struct Softplus : ScalarFunction<1, Operands::Floats> {
  static constexpr std::string_view name = "softplus";
  template <class T>
  static T eval(T x) {
    using std::abs;
    using std::exp;
    using std::log1p;
    return Relu::eval(x) + log1p(exp(-abs(x)));
  }
  static auto partial(Arg<0>, const auto& x, const auto&) { return sigmoid(x); }
};

struct LogAddExp : ScalarFunction<2, Operands::Floats> {
  static constexpr std::string_view name = "logaddexp";
  static constexpr bool commutative = true;
  template <class T>
  static T eval(T a, T b) {
    using std::abs;
    using std::exp;
    using std::log1p;
    return Maximum::eval(a, b) + log1p(exp(-abs(Offset::eval(a, b))));
  }
  static auto partial(Arg<0>, const auto& a, const auto& b, const auto&) { return sigmoid(offset(a, b)); }
  static auto partial(Arg<1>, const auto& a, const auto& b, const auto&) { return sigmoid(offset(b, a)); }
};

// ---- the gamma function; these have no kernels for packs

struct LogGamma : ScalarFunction<1, Operands::Floats> {
  static constexpr std::string_view name = "lgamma";
  static constexpr bool is_special = true;
  static double eval(double x) { return special::lgamma(x); }
  static auto partial(Arg<0>, const auto& x, const auto&) { return digamma(x); }
};

struct Digamma : ScalarFunction<1, Operands::Floats> {
  static constexpr std::string_view name = "digamma";
  static constexpr bool is_special = true;
  static double eval(double x) { return special::digamma(x); }
  static auto partial(Arg<0>, const auto& x, const auto&) { return polygamma(1.0, x); }
};

struct Polygamma : ScalarFunction<2, Operands::Floats> {
  static constexpr std::string_view name = "polygamma";
  static constexpr bool commutative = false;
  static constexpr bool is_special = true;
  static double eval(double n, double x) { return special::polygamma(n, x); }
  static Zero partial(Arg<0>, const auto&...) { return {}; }
  static auto partial(Arg<1>, const auto& n, const auto& x, const auto&) { return polygamma(n + 1.0, x); }
};

/// e^x with the same bits on all processors, which Exp does not promise: for random numbers.
struct AlikeExp : ScalarFunction<1, Operands::Floats> {
  static constexpr std::string_view name = "alike_exp";
  static constexpr bool is_special = true;
  static double eval(double x) { return special::alike_exp(x); }
  static auto partial(Arg<0>, const auto&, const auto& y) { return y; }
};

}  // namespace xgrad::primitives
