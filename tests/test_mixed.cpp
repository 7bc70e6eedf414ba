// Expressions of Vars with xtensor containers, lazy expressions and numbers, in either order.
#include "comparing.hpp"

#include <cmath>
#include <concepts>
#include <string>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/xgrad.hpp>

// All of xtensor's own functions of the same names, so that ours have to win against them.
#if __has_include(<xtensor/core/xmath.hpp>)
#include <xtensor/containers/xtensor.hpp>
#include <xtensor/core/xmath.hpp>
#include <xtensor/misc/xmanipulation.hpp>
#include <xtensor/misc/xsort.hpp>
#include <xtensor/views/xview.hpp>
#else
#include <xtensor/xmanipulation.hpp>
#include <xtensor/xmath.hpp>
#include <xtensor/xsort.hpp>
#include <xtensor/xtensor.hpp>
#include <xtensor/xview.hpp>
#endif

BOOST_AUTO_TEST_SUITE(test_mixed)

namespace xg = xgrad;
using comparing::near;
using comparing::same;
using comparing::throws;
using xg::Var;

namespace {

using Matrix = xt::xtensor<double, 2>;

const Matrix& left() {
  static const Matrix value{{0.5, 2.0, 1.5}, {3.0, 1.0, 0.25}};
  return value;
}
const Matrix& right() {
  static const Matrix value{{2.0, 2.0, 0.75}, {0.5, 1.0, 4.0}};
  return value;
}

void check_value(const Var& result, const Var& expected) { BOOST_TEST(same(result, expected)); }
void check_result(const Var& result, bool recorded, const Var& expected) {
  BOOST_TEST(result.recorded() == recorded);
  check_value(result, expected);
}

/// f, a template over its operands, gives `expected` for every kind of operand: at least one Var, concrete or
/// recorded, const or not, temporary or not, beside containers, views, expressions and (if `scalar`) numbers.
template <class F>
void check_binary(const std::string& name, F f, const Var& expected) {
  BOOST_TEST_CONTEXT(name) {
    xg::Tape tape;
    for (const bool recorded : {false, true}) {
      BOOST_TEST_CONTEXT((recorded ? "recorded" : "concrete")) {
        const Var a = recorded ? tape.leaf(left()) : Var(left());
        const Var b = recorded ? tape.leaf(right()) : Var(right());
        Var a_changeable = a;
        Var b_changeable = b;
        Matrix left_changeable = left();
        Matrix right_changeable = right();
        const xt::xarray<double> left_dynamic = left();
        const auto check = [&](const std::same_as<Var> auto& result) { check_result(result, recorded, expected); };
        check(f(a, b));
        check(f(a_changeable, b_changeable));
        check(f(Var(a), Var(b)));
        check(f(a, right()));
        check(f(left(), b));
        check(f(a_changeable, right_changeable));
        check(f(left_changeable, b_changeable));
        check(f(Var(a), Matrix(right())));
        check(f(Matrix(left()), Var(b)));
        check(f(a, right() + 0.0));
        check(f(left() * 1.0, b));
        check(f(a_changeable, xt::view(right(), xt::all(), xt::all())));
        check(f(xt::view(left(), xt::all(), xt::all()), b_changeable));
        check(f(left_dynamic, b));
      }
    }
  }
}

/// The same beside numbers.
template <class F>
void check_number(const std::string& name, F f) {
  BOOST_TEST_CONTEXT(name) {
    xg::Tape tape;
    for (const bool recorded : {false, true}) {
      Var a = recorded ? tape.leaf(left()) : Var(left());
      const Var two_everywhere = Matrix(left() * 0.0 + 2.0);
      static_assert(std::is_same_v<std::remove_cvref_t<decltype(f(a, 2.0))>, Var>);
      static_assert(std::is_same_v<std::remove_cvref_t<decltype(f(2, a))>, Var>);
      check_value(f(a, 2.0), f(a, two_everywhere));
      check_value(f(2.0, a), f(two_everywhere, a));
      check_value(f(a, 2), f(a, two_everywhere));
      check_value(f(2, a), f(two_everywhere, a));
      check_value(f(a, 2.0F), f(a, two_everywhere));
      check_value(f(2.0F, a), f(two_everywhere, a));
    }
  }
}

template <class F>
void check_both(const std::string& name, F f, const Var& expected) {
  check_binary(name, f, expected);
  check_number(name, f);
}

}  // namespace

#define CHECK_OPERATOR(symbol)                                                                                         \
  check_both(                                                                                                          \
      "operator" #symbol, []<class A, class B>(A&& a, B&& b) { return std::forward<A>(a) symbol std::forward<B>(b); }, \
      Var(left() symbol right()))

#define CHECK_FUNCTION(function)                                                                                  \
  check_both(                                                                                                     \
      #function, []<class A, class B>(A&& a, B&& b) { return function(std::forward<A>(a), std::forward<B>(b)); }, \
      Var(xt::function(left(), right())))

BOOST_AUTO_TEST_CASE(operators) {
  CHECK_OPERATOR(+);
  CHECK_OPERATOR(-);
  CHECK_OPERATOR(*);
  CHECK_OPERATOR(/);
  CHECK_OPERATOR(<);
  CHECK_OPERATOR(<=);
  CHECK_OPERATOR(>);
  CHECK_OPERATOR(>=);
}

BOOST_AUTO_TEST_CASE(logic) {
  const auto both = []<class A, class B>(A&& a, B&& b) { return std::forward<A>(a) && std::forward<B>(b); };
  const auto either = []<class A, class B>(A&& a, B&& b) { return std::forward<A>(a) || std::forward<B>(b); };
  const Var yes = xt::xtensor<bool, 2>{{true, true, true}, {true, true, true}};
  check_both("&&", both, yes);
  check_both("||", either, yes);
  const Var mask = xt::xarray<bool>{true, false};
  const xt::xarray<bool> plain{true, true};
  BOOST_TEST(same(mask && plain, mask));
  BOOST_TEST(same(plain && mask, mask));
  BOOST_TEST(same(mask || plain, Var(plain)));
  BOOST_TEST(same(mask && (plain || plain), mask));
  BOOST_TEST(same(!mask, Var(xt::xarray<bool>{false, true})));
}

BOOST_AUTO_TEST_CASE(functions) {
  CHECK_FUNCTION(equal);
  CHECK_FUNCTION(not_equal);
  CHECK_FUNCTION(less);
  CHECK_FUNCTION(less_equal);
  CHECK_FUNCTION(greater);
  CHECK_FUNCTION(greater_equal);
  CHECK_FUNCTION(maximum);
  CHECK_FUNCTION(minimum);
  CHECK_FUNCTION(hypot);
  const Var power = Matrix(xt::pow(left(), right()));
  check_binary(
      "pow", []<class A, class B>(A&& a, B&& b) { return pow(std::forward<A>(a), std::forward<B>(b)); }, power);
  check_number("pow", [](const auto& a, const auto& b) { return pow(a, b); });
}

BOOST_AUTO_TEST_CASE(functions_that_xtensor_does_not_have) {
  const Var a = left();
  const Var b = right();
  check_both(
      "logaddexp", []<class A, class B>(A&& x, B&& y) { return logaddexp(std::forward<A>(x), std::forward<B>(y)); },
      logaddexp(a, b));
  const Matrix square{{1.0, 2.0}, {3.0, 4.0}};
  const Var v = square;
  BOOST_TEST(same(matmul(v, square), matmul(v, v)));
  BOOST_TEST(same(matmul(square * 1.0, v), matmul(v, v)));
  BOOST_TEST(same(dot(square, v), dot(v, v)));
  BOOST_TEST(same(outer(v, square + 0.0), outer(v, v)));
  BOOST_TEST(same(take(v, xt::xarray<int>{3, 0}), Var(xt::xarray<double>{4.0, 1.0})));
  BOOST_TEST(same(take(square, Var(xt::xarray<int>{3, 0})), Var(xt::xarray<double>{4.0, 1.0})));
}

BOOST_AUTO_TEST_CASE(where_in_every_mixture) {
  xg::Tape tape;
  const xt::xtensor<bool, 2> plain_condition = left() < right();
  const Var expected = Matrix(xt::where(plain_condition, left(), right()));
  for (const bool recorded : {false, true}) {
    Var condition = recorded ? tape.leaf(plain_condition) : Var(plain_condition);
    const Var a = recorded ? tape.leaf(left()) : Var(left());
    const Var b = recorded ? tape.leaf(right()) : Var(right());
    const auto check = [&](auto&& result) {
      static_assert(std::is_same_v<std::remove_cvref_t<decltype(result)>, Var>);
      BOOST_TEST(result.recorded() == recorded);
      BOOST_TEST(same(result, expected));
    };
    check(where(condition, a, b));
    check(where(plain_condition, a, b));
    check(where(condition, left(), b));
    check(where(condition, a, right()));
    check(where(plain_condition, left(), b));
    check(where(plain_condition, a, right()));
    check(where(condition, left(), right()));
    check(where(left() < right(), a, b));
    check(where(left() < right(), left() * 1.0, b));
    check(where(a < right(), left(), right() + 0.0));
    const Var zero_else = Matrix(xt::where(plain_condition, left(), 0.0));
    BOOST_TEST(same(where(condition, left(), 0.0), zero_else));
    BOOST_TEST(same(where(plain_condition, a, 0.0), zero_else));
    BOOST_TEST(same(where(condition, a, 0), zero_else));
    BOOST_TEST(same(where(!condition, 0.0, left()), zero_else));
    BOOST_TEST(same(where(condition, 1.0, 0.0), cast<double>(condition)));
  }
}

BOOST_AUTO_TEST_CASE(clip_in_every_mixture) {
  xg::Tape tape;
  const Matrix low(left() * 0.0 + 0.75);
  const Matrix high(left() * 0.0 + 1.5);
  const Var expected = Matrix(xt::clip(left(), 0.75, 1.5));
  for (const bool recorded : {false, true}) {
    Var x = recorded ? tape.leaf(left()) : Var(left());
    const Var l = recorded ? tape.leaf(low) : Var(low);
    const Var h = recorded ? tape.leaf(high) : Var(high);
    const auto check = [&](auto&& result) {
      static_assert(std::is_same_v<std::remove_cvref_t<decltype(result)>, Var>);
      BOOST_TEST(result.recorded() == recorded);
      BOOST_TEST(same(result, expected));
    };
    check(clip(x, 0.75, 1.5));
    check(clip(x, low, high));
    check(clip(x, low, 1.5));
    check(clip(x, 0.75, high * 1.0));
    check(clip(left(), l, high));
    check(clip(left(), low, h));
    check(clip(left() + 0.0, l, 1.5));
    check(clip(left(), 0.75, h));
  }
}

BOOST_AUTO_TEST_CASE(compound_assignment) {
  Var x = left();
  x += right();
  BOOST_TEST(same(x, Matrix(left() + right())));
  x -= right() * 1.0;
  x *= right();
  x /= 2.0;
  BOOST_TEST(near(x, Matrix(left() * right() / 2.0)));
  xg::Tape tape;
  Var total = tape.leaf(left());
  total += right();
  BOOST_TEST(total.recorded());
  BOOST_TEST(same(total, Matrix(left() + right())));
}

BOOST_AUTO_TEST_CASE(operands_broadcast_and_promote) {
  const Var column = xt::xtensor<double, 2>{{1.0}, {2.0}};
  const xt::xtensor<float, 1> row{10.0F, 20.0F};
  BOOST_TEST(same(column + row, Var(xt::xarray<double>{{11.0, 21.0}, {12.0, 22.0}})));
  BOOST_TEST(same(row + column, Var(xt::xarray<double>{{11.0, 21.0}, {12.0, 22.0}})));
  const Var counts = xt::xarray<int>{1, 2};
  BOOST_TEST(same(counts * xt::xarray<int>{3, 4}, Var(xt::xarray<int>{3, 8})));
  BOOST_TEST(same(xt::xarray<int>{3, 4} / counts, Var(xt::xarray<double>{3.0, 2.0})));
  BOOST_TEST(throws<xg::ShapeError>([&] { return counts + xt::xarray<int>{1, 2, 3}; }, {"add", "[2]", "[3]"}));
}

BOOST_AUTO_TEST_CASE(with_all_of_xt_in_scope) {
  using namespace xt;  // NOLINT(*-using-namespace*)
  Var a = left();
  const Var b = right();
  BOOST_TEST(same(a + b, Matrix(left() + right())));
  BOOST_TEST(same(a - right(), Matrix(left() - right())));
  BOOST_TEST(same(left() * b, Matrix(left() * right())));
  BOOST_TEST(same(2.0 / a, Matrix(2.0 / left())));
  BOOST_TEST(same(a < right(), xt::xtensor<bool, 2>(left() < right())));
  BOOST_TEST(same(-a, Matrix(-left())));
  BOOST_TEST(same(a > 1.0 && right() > 1.0, xt::xtensor<bool, 2>(left() > 1.0 && right() > 1.0)));
  BOOST_TEST(same(!(a > 1.0), xt::xtensor<bool, 2>(left() <= 1.0)));
  BOOST_TEST(same(equal(a, left()), xt::xtensor<bool, 2>(equal(left(), left()))));
  BOOST_TEST(same(not_equal(right(), a), xt::xtensor<bool, 2>(not_equal(left(), right()))));
  BOOST_TEST(same(less(a, right()), xt::xtensor<bool, 2>(less(left(), right()))));
  BOOST_TEST(same(less_equal(a, b), xt::xtensor<bool, 2>(less_equal(left(), right()))));
  BOOST_TEST(same(greater(left(), b), xt::xtensor<bool, 2>(greater(left(), right()))));
  BOOST_TEST(same(greater_equal(a, 1.0), xt::xtensor<bool, 2>(greater_equal(left(), 1.0))));
  BOOST_TEST(same(maximum(a, right()), Matrix(maximum(left(), right()))));
  BOOST_TEST(same(maximum(a, 1.0), Matrix(maximum(left(), 1.0))));
  BOOST_TEST(same(minimum(left(), b), Matrix(minimum(left(), right()))));
  BOOST_TEST(same(pow(a, right()), Matrix(pow(left(), right()))));
  BOOST_TEST(same(pow(a, 2.0), Matrix(pow(left(), 2.0))));
  BOOST_TEST(same(where(a < right(), left(), b), Matrix(where(left() < right(), left(), right()))));
  BOOST_TEST(same(where(a < b, a, 0.0), Matrix(where(left() < right(), left(), 0.0))));
  BOOST_TEST(same(clip(a, 0.75, 1.5), Matrix(clip(left(), 0.75, 1.5))));
  BOOST_TEST(same(clip(left(), Var(0.75), 1.5), Matrix(clip(left(), 0.75, 1.5))));
  BOOST_TEST(same(abs(a), left()));
  BOOST_TEST(near(exp(a), Matrix(exp(left())), 1e-15));
  BOOST_TEST(near(sqrt(a), Matrix(sqrt(left())), 1e-15));
  BOOST_TEST(same(view(a, 1, range(0, 2)), xt::xarray<double>{3.0, 1.0}));
  a += right();
  BOOST_TEST(same(a, Matrix(left() + right())));
  // xtensor's expressions are its own still.
  static_assert(!std::is_same_v<std::remove_cvref_t<decltype(left() + right())>, Var>);
  static_assert(!std::is_same_v<std::remove_cvref_t<decltype(maximum(left(), right()))>, Var>);
}

namespace {

/// Nothing in it says what runs it.
Var huber(const Var& prediction, const Var& target) {
  const Var e = prediction - target;
  return mean(where(abs(e) < 1.0, 0.5 * square(e), abs(e) - 0.5));
}

/// Returns what is built from local arrays, containers and expressions.
Var from_locals(const Var& x) {
  const Matrix offset{{1.0, 2.0, 3.0}, {4.0, 5.0, 6.0}};
  xt::xarray<double> scale = 2.0 * offset;
  const auto lazy = offset + scale;
  const Var local = offset;
  return where(x < lazy, x * scale + offset, lazy) - local / (offset * 1.0);
}

}  // namespace

BOOST_AUTO_TEST_CASE(one_loss_for_arrays_and_tapes) {
  const double expected = [] {
    double total = 0.0;
    for (std::size_t i = 0; i < left().size(); ++i) {
      const double e = std::abs(left().data()[i] - right().data()[i]);
      total += e < 1.0 ? 0.5 * e * e : e - 0.5;
    }
    return total / static_cast<double>(left().size());
  }();
  const Var at_once = huber(left(), right());
  BOOST_TEST(!at_once.recorded());
  BOOST_TEST(near(at_once, expected, 1e-15));
  BOOST_TEST(same(huber(left() + 0.0, xt::view(right(), xt::all())), at_once));
  BOOST_TEST(same(huber(Var(left()), right()), at_once));
  xg::Tape tape;
  const Var recorded = huber(tape.leaf(left()), right());
  BOOST_TEST(recorded.recorded());
  BOOST_TEST(same(tape.evaluate(recorded), at_once));
  BOOST_TEST(same(xg::value_and_grad(huber)(left(), right()).value, at_once));
}

BOOST_AUTO_TEST_CASE(results_of_local_arrays_do_not_dangle) {
  const Var at_once = from_locals(left());
  const Matrix offset{{1.0, 2.0, 3.0}, {4.0, 5.0, 6.0}};
  const Matrix expected = xt::where(left() < 3.0 * offset, left() * 2.0 * offset + offset, 3.0 * offset) - 1.0;
  BOOST_TEST(near(at_once, expected));
  xg::Tape tape;
  const Var x = tape.leaf(left());
  const Var y = from_locals(x);
  BOOST_TEST(same(tape.evaluate(y), at_once));
  BOOST_TEST(near(tape.evaluate(tape.gradient(sum(y), x)), Matrix(2.0 * offset)));
}

BOOST_AUTO_TEST_CASE(derivatives_reach_through_mixtures) {
  const auto f = [](const Var& x) {
    return sum(left() * x + x / right() - (right() - x) * 2.0 + pow(x, left()) + maximum(right() * 0.0, x));
  };
  const Matrix at = left() + 1.0;
  const Matrix expected = left() + 1.0 / right() + 2.0 + left() * xt::pow(at, left() - 1.0) + 1.0;
  BOOST_TEST(near(xg::grad(f)(at), expected));
}

// xtensor's functions of the same names take anything, and fail inside for a Var.
BOOST_AUTO_TEST_CASE(with_using_namespace_xt) {
  using namespace xt;  // NOLINT(*-build-using-namespace)
  Var x = left();
  const Var c = right();
  const auto check = []<class... Y>(const Y&... all) {
    static_assert((std::same_as<Y, Var> && ...));
    const std::vector<Var> values{all...};
    // The last one is the same, written so that nothing but xgrad is found.
    for (const Var& value : values) BOOST_TEST(same(value, values.back()));
  };
  check(sum(x), sum(Var(x)), sum(std::as_const(x)), xg::sum(x));
  check(isclose(x, c), isclose(Var(x), c), isclose(x, right()), xg::isclose(x, c));
  check(allclose(x, c), allclose(std::as_const(x), c, {.absolute = 1e-8}), xg::allclose(x, c));
  check(isin(x, c), isin(Var(x), right()), xg::isin(x, c));
  check(convolve(ravel(x), ravel(c), xg::Overlap::Full), xg::convolve(ravel(x), ravel(c)));
  check(setdiff1d(x, c), xg::setdiff1d(x, c));
  check(sum(x, 0), sum(x, {0}), sum(Var(x), 0), sum(std::as_const(x), {0}), xg::sum(x, 0));
  check(sum(x, {0, 1}), sum(x, xg::Axes{0, 1}), xg::sum(x));
  check(sum(x, {0, 1}, xg::keep_dims), sum(x * 1.0, {0, 1}, xg::keep_dims), xg::sum(x, {0, 1}, xg::keep_dims));
  check(sum(x, 1, xg::keep_dims), sum(c * 0.0 + x, 1, xg::keep_dims), xg::sum(x, 1, xg::keep_dims));
  check(mean(x, -1), mean(x, {-1}), xg::mean(x, -1));
  check(prod(x), xg::prod(x));
  check(amax(x, 0), amax(x, {0}), xg::amax(x, 0));
  check(amin(x), xg::amin(x));
  check(variance(x, 1), variance(x, {1}), xg::variance(x, 1));
  check(stddev(x, 1), stddev(x, {1}), xg::stddev(x, 1));
  check(variance(x, 1, {.ddof = 1.0}), variance(x, {1}, {.ddof = 1.0}), xg::variance(x, 1, {.ddof = 1.0}));
  check(sum(x, 0, {.where = c > 1.0}), sum(x * 1.0, {0}, {.where = c > 1.0}), xg::sum(x, 0, {.where = c > 1.0}));
  check(any(x), any(x * 1.0), any(x, {0, 1}), xg::any(x));
  check(all(x, 0), all(Var(x), {0}), xg::all(x, 0));
  check(count_nonzero(x, 0), count_nonzero(x, {0}), xg::count_nonzero(x, 0));
  check(nansum(x), nansum(x * 1.0), xg::nansum(x));
  check(nanmean(x, 0), nanmean(x, {0}), xg::nanmean(x, 0));
  check(nanvar(x), nanstd(x) * nanstd(x) * 0.0 + xg::nanvar(x), xg::nanvar(x));
  check(nanmax(x, 1), nanmax(x, {1}), xg::nanmax(x, 1));
  check(diff(x), diff(x * 1.0, 1), diff(x, 1, -1), xg::diff(x));
  check(median(x, 0), xg::median(x, 0));
  check(transpose(x), transpose(x, {1, 0}), transpose(x + 0.0), xg::transpose(x));
  check(squeeze(expand_dims(x, 0)), squeeze(expand_dims(x, 1), 1), squeeze(expand_dims(x, 1), {1}), x);
  check(flatten(x), flatten(x * 1.0), xg::flatten(x));
  check(cumsum(x, 0), cumsum(x * 1.0, 0), xg::cumsum(x, 0));
  check(cumsum(x), xg::cumsum(x));
  check(roll(x, 1), roll(x + 0.0, std::ptrdiff_t{1}), xg::roll(x, 1));
  check(roll(x, 1, 0), roll(x + 0.0, 1, -2), xg::roll(x, 1, 0));
  check(square(x), square(x * 1.0), xg::square(x));
  const std::size_t two = 2;
  check(ravel(x), ravel(x * 1.0), xg::ravel(x));
  check(atleast_1d(x), atleast_2d(x), xg::atleast_2d(x));
  check(atleast_3d(x), xg::atleast_3d(x));
  check(flip(x), flip(x, {0, 1}), flip(c * 0.0 + x), flip(x, xg::Axes{0, 1}), xg::flip(x));
  check(flip(x, 1), flip(x, {1}), flip(std::as_const(x), 1), xg::flip(x, -1));
  check(diag(x), diagonal(x), diag(x, 0), diagonal(x, 0, 0, 1), xg::diag(x));
  check(tril(x), tril(x, 0), tril(std::as_const(x), std::ptrdiff_t{0}), xg::tril(x));
  check(triu(x), triu(x * 1.0), triu(x, 0), xg::triu(x));
  check(tile(x, 2), tile(x, two), tile(x, {1, 2}), tile(x, std::vector<int>{1, 2}), xg::tile(x, 2));
  check(repeat(x, 2, 0), repeat(x, two, two - 2), repeat(c * 0.0 + x, 2, -2), xg::repeat(x, 2, 0));
  check(split(x, 2)[1], split(x, two)[1], split(x, {1})[1], split(x, two, two - 2)[1], vsplit(x, 2)[1],
        xg::split(x, 2)[1]);
  check(hsplit(x, {1})[0], split(x, {1}, 1)[0], xg::hsplit(x, {1})[0]);
  check(nonzero(x)[0], xg::nonzero(x)[0]);
  check(argwhere(x), xg::argwhere(x));
  check(rot90(x), pad(rot90(x, 1), 0), xg::rot90(x));
  check(nan_to_num(x), nan_to_num(x * 1.0), nan_to_num(std::as_const(x)), xg::nan_to_num(x));
  check(floor(x), xg::floor(x));
  check(round(x), xg::round(x));
  check(cbrt(x), xg::cbrt(x));
  check(deg2rad(x), deg2rad(x + 0.0), xg::deg2rad(x));
  check(fmod(x, c), remainder(x, c), x % c, xg::fmod(x, c));
  check(fmax(x, c), fmax(x, right()), xg::maximum(x, c));
  check(atan2(x, c), atan2(x, right()), atan2(left(), c), xg::atan2(x, c));
  check(exp(x), xg::exp(x));
  check(where(x > c, x, c), maximum(x, c), xg::maximum(x, c));
  check(x + c, c + x, xg::operator+(x, c));
}

BOOST_AUTO_TEST_SUITE_END()
