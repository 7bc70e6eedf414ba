// Operations element by element. Operands broadcast as in NumPy; integers become double where the result is not an
// integer. Every function here also takes xtensor containers, expressions and numbers beside a Var (see mixed.hpp).
#pragma once

#include <concepts>

#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad {

// Arithmetic. Booleans count as 0 and 1; the quotient of integers is a double; integers wrap around on overflow.
Var operator+(const Var& a, const Var& b);
Var operator-(const Var& a, const Var& b);
Var operator*(const Var& a, const Var& b);
Var operator/(const Var& a, const Var& b);
Var operator-(const Var& x);
Var operator+(const Var& x);

inline Var& operator+=(Var& a, const Var& b) { return a = a + b; }
inline Var& operator-=(Var& a, const Var& b) { return a = a - b; }
inline Var& operator*=(Var& a, const Var& b) { return a = a * b; }
inline Var& operator/=(Var& a, const Var& b) { return a = a / b; }

// A temporary cannot be changed: `view(x, 0) += 1.0` would do nothing.
#define XGRAD_DETAIL_TEMPORARY(op, doing)                                                                  \
  template <std::same_as<Var> V>                                                                           \
  void operator op(V&&, const Var&) {                                                                      \
    static_assert(detail::mistaken<V>, "this Var is a temporary, and " doing                               \
                                       " changes nothing: arrays do not change, so make another one with " \
                                       "where() or concatenate()");                                        \
  }
XGRAD_DETAIL_TEMPORARY(+=, "adding to it")
XGRAD_DETAIL_TEMPORARY(-=, "subtracting from it")
XGRAD_DETAIL_TEMPORARY(*=, "multiplying it")
XGRAD_DETAIL_TEMPORARY(/=, "dividing it")
#undef XGRAD_DETAIL_TEMPORARY

/// a - b of arrays of one shape: what handwritten losses start with, because [N] minus [N, 1] would silently be [N, N].
/// Integers take the floating-point type of the other one.
/// \throws ShapeError  unless both shapes are equal.
Var residual(const Var& prediction, const Var& target);

// Comparisons give booleans, which have no derivative. As in xtensor, `equal` is the elementwise ==.
Var operator<(const Var& a, const Var& b);
Var operator<=(const Var& a, const Var& b);
Var operator>(const Var& a, const Var& b);
Var operator>=(const Var& a, const Var& b);
Var equal(const Var& a, const Var& b);
Var not_equal(const Var& a, const Var& b);
Var less(const Var& a, const Var& b);
Var less_equal(const Var& a, const Var& b);
Var greater(const Var& a, const Var& b);
Var greater_equal(const Var& a, const Var& b);
/// Deleted: Vars are compared element by element with `equal` and `not_equal`.
bool operator==(const Var& a, const Var& b) = delete;

// Logic on booleans; numbers count as true unless they are 0.
Var operator&&(const Var& a, const Var& b);
Var operator||(const Var& a, const Var& b);
Var operator!(const Var& x);
Var logical_xor(const Var& a, const Var& b);  ///< exactly one of both

// Kinds of numbers. Integers are finite numbers.
Var isnan(const Var& x);
Var isinf(const Var& x);
Var isfinite(const Var& x);
Var signbit(const Var& x);  ///< whether x is below 0, or a zero or NaN with a sign

/// a where condition holds, else b. NaN and infinity of the branch not taken reach neither value nor derivative.
Var where(const Var& condition, const Var& a, const Var& b);
/// The larger one; NaN if either is NaN. Where both are equal, each gets half of the derivative.
Var maximum(const Var& a, const Var& b);
/// The smaller one; NaN if either is NaN. Where both are equal, each gets half of the derivative.
Var minimum(const Var& a, const Var& b);
/// x between low and high; the derivative reaches x where low <= x <= high, else the bound that holds.
Var clip(const Var& x, const Var& low, const Var& high);

/// The larger one; that which is no NaN, if one is. Derivatives as of `maximum`, all of them to what is no NaN.
Var fmax(const Var& a, const Var& b);
/// The smaller one; that which is no NaN, if one is. Derivatives as of `minimum`, all of them to what is no NaN.
Var fmin(const Var& a, const Var& b);
/// x with other numbers in the place of NaN and the infinities, which get the derivative there. Integers remain.
Var nan_to_num(const Var& x, const Var& nan, const Var& positive, const Var& negative);
/// With 0 and the largest and smallest number of x's element type.
Var nan_to_num(const Var& x);
/// 0 below 0, 1 above, `at_zero` where x is 0, NaN where it is; x has the derivative 0.
Var heaviside(const Var& x, const Var& at_zero);
/// start + weight (end - start): start where weight is 0 and end where it is 1, exactly, unless both are infinite. Of
/// an infinite end all between is infinite.
Var lerp(const Var& start, const Var& end, const Var& weight);

Var abs(const Var& x);  ///< |x|; derivative sign(x), 0 at 0
/// |a| with the sign of b, that of a zero, too; derivative 1 or -1 with respect to a, 0 where a is 0, and 0 to b.
Var copysign(const Var& a, const Var& b);
Var reciprocal(const Var& x);  ///< 1 / x; double for integers
Var deg2rad(const Var& x);     ///< x pi / 180
Var rad2deg(const Var& x);     ///< x 180 / pi
Var sign(const Var& x);        ///< -1, 0 or 1; NaN of NaN; derivative 0
/// base^exponent; double for integers. The derivative with respect to base is 0 where exponent is 0, and that with
/// respect to exponent is 0 where base is 0 and exponent is not negative.
Var pow(const Var& base, const Var& exponent);
Var float_power(const Var& base, const Var& exponent);  ///< pow in float64, also of float32
Var square(const Var& x);                               ///< x^2
Var sqrt(const Var& x);                                 ///< x^(1/2); derivative infinite at 0
Var rsqrt(const Var& x);                                ///< x^(-1/2)
Var cbrt(const Var& x);                                 ///< x^(1/3), of negative x, too; derivative infinite at 0
/// sqrt(a^2 + b^2), without overflow or underflow of the squares; infinite if either is, even beside a NaN. Derivatives
/// (a / hypot(a, b) and so on) keep their digits to every order; where a and b are both 0, those of every order are 0.
Var hypot(const Var& a, const Var& b);
Var exp(const Var& x);    ///< e^x
Var expm1(const Var& x);  ///< e^x - 1, exact near 0
Var log(const Var& x);    ///< ln x
Var log1p(const Var& x);  ///< ln(1 + x), exact near 0
Var exp2(const Var& x);   ///< 2^x
Var log2(const Var& x);   ///< logarithm to base 2
Var log10(const Var& x);  ///< logarithm to base 10
Var sin(const Var& x);    ///< sine of x radians
Var cos(const Var& x);    ///< cosine of x radians
Var tan(const Var& x);    ///< tangent of x radians
Var asin(const Var& x);   ///< arc sine, radians; NaN beyond -1 and 1, where the derivative is infinite
Var acos(const Var& x);   ///< arc cosine, radians; NaN beyond -1 and 1, where the derivative is infinite
Var atan(const Var& x);   ///< arc tangent, radians
/// The angle of the point (x, y), from -pi to pi. Derivatives x / (x^2 + y^2) and -y / (x^2 + y^2), without overflow of
/// the squares; 0 of every order where x and y are both 0.
Var atan2(const Var& y, const Var& x);
Var sinh(const Var& x);      ///< hyperbolic sine
Var cosh(const Var& x);      ///< hyperbolic cosine
Var tanh(const Var& x);      ///< hyperbolic tangent
Var asinh(const Var& x);     ///< inverse of sinh
Var acosh(const Var& x);     ///< inverse of cosh; NaN below 1, where the derivative is infinite
Var atanh(const Var& x);     ///< inverse of tanh; infinite at -1 and 1, NaN beyond
Var log_cosh(const Var& x);  ///< ln(cosh x), without overflow and exact near 0; derivative tanh(x)
Var erf(const Var& x);       ///< 2/sqrt(pi) times the integral of exp(-t^2) from 0 to x
Var sigmoid(const Var& x);   ///< 1 / (1 + e^-x)
Var softplus(const Var& x);  ///< ln(1 + e^x), without overflow
Var relu(const Var& x);      ///< max(x, 0); derivative 0 at 0
/// ln(e^a + e^b), without overflow.
Var logaddexp(const Var& a, const Var& b);
/// log2(2^a + 2^b), without overflow.
Var logaddexp2(const Var& a, const Var& b);
Var lgamma(const Var& x);   ///< ln |Gamma(x)|; infinite at 0, -1, -2, ...
Var digamma(const Var& x);  ///< derivative of lgamma; NaN at 0, -1, -2, ...
/// The derivative of digamma of order n; n are integers >= 0 (else NaN) and have no derivative.
Var polygamma(const Var& n, const Var& x);

/// x as another element type. Floating-point numbers that int64 cannot hold raise ValueError when evaluated.
Var cast(const Var& x, DType dtype);
/// x as elements of type T, as xt::cast.
template <Element T>
Var cast(const Var& x) {
  return cast(x, dtype_of<T>);
}
/// x, through which no derivative flows.
Var stop_gradient(const Var& x);

Var zeros_like(const Var& x);                   ///< 0 in the shape and element type of x
Var ones_like(const Var& x);                    ///< 1 in the shape and element type of x
Var full_like(const Var& x, const Var& value);  ///< a number in the shape and element type of x

}  // namespace xgrad

#pragma GCC visibility pop
