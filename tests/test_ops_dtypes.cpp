// Element types of results, integer arithmetic, casts.
#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

#include <xgrad/xgrad.hpp>

#include "ops_compare.hpp"

BOOST_AUTO_TEST_SUITE(test_ops_dtypes)

namespace xg = xgrad;
using xg::concatenate;
using xg::DType;
using xg::stack;
using xg::Var;
using xg::testing::array_of;
using xg::testing::check_elements;

namespace {

using Int = std::int64_t;
constexpr Int smallest = std::numeric_limits<Int>::min();
constexpr Int largest = std::numeric_limits<Int>::max();

const Var b = xt::xarray<bool>{true, false};
const Var i = xt::xarray<Int>{7, -2};
const Var f = xt::xarray<float>{0.5F, 2.0F};
const Var d = xt::xarray<double>{0.25, 3.0};

std::string_view type(const Var& x) { return name(x.dtype()); }

/// The cast error of every number that int64 cannot hold.
void check_refused(const Var& x) {
  BOOST_CHECK_EXCEPTION((void)cast<Int>(x).array<Int>(), xg::ValueError, [](const xg::ValueError& error) {
    const std::string_view text = error.what();
    return text.starts_with("cast: ") && text.find("does not fit int64") != std::string_view::npos;
  });
}

}  // namespace

BOOST_AUTO_TEST_CASE(arrays_promote_as_in_numpy) {
  BOOST_TEST(type(b + b) == "int64");
  BOOST_TEST(type(b * i) == "int64");
  BOOST_TEST(type(b + f) == "float32");
  BOOST_TEST(type(b - d) == "float64");
  BOOST_TEST(type(i + i) == "int64");
  BOOST_TEST(type(i + f) == "float64");
  BOOST_TEST(type(f * i) == "float64");
  BOOST_TEST(type(i * d) == "float64");
  BOOST_TEST(type(f - f) == "float32");
  BOOST_TEST(type(f - d) == "float64");
  BOOST_TEST(type(maximum(b, b)) == "int64");
  BOOST_TEST(type(minimum(i, f)) == "float64");
  BOOST_TEST(type(where(b, i, i)) == "int64");
  BOOST_TEST(type(where(b, b, b)) == "bool");
  BOOST_TEST(type(where(b, i, f)) == "float64");
  BOOST_TEST(type(where(d, f, f)) == "float32");
  BOOST_TEST(type(concatenate({b, i})) == "int64");
  BOOST_TEST(type(concatenate({i, f})) == "float64");
  BOOST_TEST(type(stack({f, f})) == "float32");
  BOOST_TEST(type(clip(i, 0, 3)) == "int64");
  BOOST_TEST(type(i < f) == "bool");
}

BOOST_AUTO_TEST_CASE(numbers_take_the_type_of_the_arrays) {
  BOOST_TEST(type(f + 1.0) == "float32");
  BOOST_TEST(type(2 * f) == "float32");
  BOOST_TEST(type(f / 3) == "float32");
  BOOST_TEST(type(1.0F + d) == "float64");
  BOOST_TEST(type(i + 1) == "int64");
  BOOST_TEST(type(i + 1.5) == "float64");
  BOOST_TEST(type(i * 1.5F) == "float64");
  BOOST_TEST(type(b + 1) == "int64");
  BOOST_TEST(type(b * 0.5) == "float64");
  BOOST_TEST(type(b + true) == "int64");
  BOOST_TEST(type(f + (Var(1.0) + 2)) == "float32");  // a number computed from numbers is still one
  BOOST_TEST(type(f * exp(Var(1.0))) == "float32");
  BOOST_TEST(type(f * sum(d)) == "float64");  // that of an array is not
  BOOST_TEST(type(where(f > 0.0, f, 0.0)) == "float32");
  BOOST_TEST(type(maximum(f, 0)) == "float32");
  BOOST_TEST(type(pow(f, 2)) == "float32");
  BOOST_TEST(type(Var(1) + 2.5) == "float64");
  check_elements<float>(f + 0.1, {2}, {0.5F + 0.1F, 2.0F + 0.1F}, 1e-7);
}

BOOST_AUTO_TEST_CASE(functions_without_integer_results_give_float64) {
  for (const Var& x : {b, i}) {
    BOOST_TEST(type(exp(x)) == "float64");
    BOOST_TEST(type(sqrt(x)) == "float64");
    BOOST_TEST(type(pow(x, x)) == "float64");
    BOOST_TEST(type(pow(x, 2)) == "float64");
    BOOST_TEST(type(x / x) == "float64");
    BOOST_TEST(type(logaddexp(x, x)) == "float64");
    BOOST_TEST(type(mean(x)) == "float64");
    BOOST_TEST(type(variance(x)) == "float64");
    BOOST_TEST(type(norm(x)) == "float64");
    BOOST_TEST(type(logsumexp(x)) == "float64");
    BOOST_TEST(type(softmax(x)) == "float64");
    BOOST_TEST(type(log_softmax(x)) == "float64");
    BOOST_TEST(type(sum(x)) == "int64");
    BOOST_TEST(type(prod(x)) == "int64");
    BOOST_TEST(type(square(x)) == "int64");
    BOOST_TEST(type(abs(x)) == "int64");
    BOOST_TEST(type(sign(x)) == "int64");
    BOOST_TEST(type(relu(x)) == "int64");
    BOOST_TEST(type(-x) == "int64");
    BOOST_TEST(type(matmul(x, x)) == "int64");
    BOOST_TEST(type(outer(x, x)) == "int64");
  }
  BOOST_TEST(type(amax(b)) == "bool");
  BOOST_TEST(type(amin(i)) == "int64");
  BOOST_TEST(type(argmax(f)) == "int64");
  BOOST_TEST(type(argmax(b)) == "int64");
  BOOST_TEST(type(take(b, array_of<Int>({1}, {0}))) == "bool");
  BOOST_TEST(type(one_hot(array_of<Int>({1}, {0}), 2)) == "float64");
  BOOST_TEST(type(one_hot(array_of<Int>({1}, {0}), 2, DType::Bool)) == "bool");
  BOOST_TEST(type(matmul(i, f)) == "float64");
  for (const Var& x : {f}) {
    for (const Var& y : {sum(x), mean(x), prod(x), variance(x), norm(x), logsumexp(x), softmax(x), log_softmax(x),
                         matmul(x, x), x / x, exp(x), amax(x)}) {
      BOOST_TEST(type(y) == "float32");
    }
  }
}

BOOST_AUTO_TEST_CASE(integers_and_booleans_compute_exactly) {
  check_elements<Int>(b + b, {2}, {2, 0});
  check_elements<Int>(b - Var(xt::xarray<bool>{false, true}), {2}, {1, -1});
  check_elements<double>(i / 2, {2}, {3.5, -1.0});
  check_elements<double>(i / 0, {2}, {INFINITY, -INFINITY});
  check_elements<Int>(sum(Var(xt::xarray<bool>{true, false, true})), {}, {2});
  check_elements<double>(mean(Var(xt::xarray<Int>{1, 2})), {}, {1.5});
  check_elements<double>(pow(i, -1), {2}, {1.0 / 7.0, -0.5}, 1e-15);
  check_elements<Int>(prod(Var(xt::xarray<Int>{3, -4, 5})), {}, {-60});
  check_elements<Int>(matmul(array_of<Int>({2, 2}, {1, 2, 3, 4}), array_of<Int>({2, 1}, {5, -6})), {2, 1}, {-7, -9});
  check_elements<Int>(matmul(b, b), {}, {1});
  check_elements<Int>(sign(i), {2}, {1, -1});
  check_elements<Int>(relu(i), {2}, {7, 0});
  check_elements<Int>(maximum(i, 0), {2}, {7, 0});
  check_elements<bool>(amax(b), {}, {true});
  check_elements<bool>(amin(b), {}, {false});
  const Int odd = (Int{1} << 53) + 1;  // not a double
  check_elements<bool>(equal(array_of<Int>({1}, {odd}), array_of<Int>({1}, {odd - 1})), {1}, {false});
  check_elements<Int>(sum(array_of<Int>({2}, {odd, 2})), {}, {odd + 2});
  check_elements<Int>(amax(array_of<Int>({3}, {smallest, odd, odd - 1})), {}, {odd});
  check_elements<Int>(amin(array_of<Int>({2}, {largest, largest})), {}, {largest});
}

BOOST_AUTO_TEST_CASE(integers_wrap_around) {
  const Var low = array_of<Int>({1}, {smallest});
  const Var high = array_of<Int>({1}, {largest});
  check_elements<Int>(high + 1, {1}, {smallest});
  check_elements<Int>(low - 1, {1}, {largest});
  check_elements<Int>(high * 2, {1}, {-2});
  check_elements<Int>(-low, {1}, {smallest});
  check_elements<Int>(abs(low), {1}, {smallest});
  check_elements<Int>(square(high), {1}, {1});
  check_elements<Int>(sum(concatenate({high, high})), {}, {-2});
  check_elements<Int>(prod(concatenate({high, high})), {}, {1});
  check_elements<Int>(matmul(concatenate({high, high}), array_of<Int>({2}, {2, 1})), {}, {largest - 2});
}

BOOST_AUTO_TEST_CASE(casts_convert_as_cpp_does) {
  check_elements<Int>(cast<Int>(Var(xt::xarray<double>{1.9, -1.9, 0.5, -0.0})), {4}, {1, -1, 0, 0});
  check_elements<bool>(cast<bool>(Var(xt::xarray<double>{0.0, -0.0, 0.1, NAN, INFINITY})), {5},
                       {false, false, true, true, true});
  check_elements<bool>(cast<bool>(i), {2}, {true, true});
  check_elements<double>(cast<double>(b), {2}, {1.0, 0.0});
  check_elements<float>(cast<float>(Var(xt::xarray<double>{0.1, 1e300, NAN})), {3}, {0.1F, INFINITY, NAN});
  check_elements<Int>(cast<Int>(Var(-0x1p63)), {}, {smallest});
  check_elements<Int>(cast<Int>(Var(xt::xarray<float>{0x1p62F})), {1}, {Int{1} << 62});
  BOOST_TEST(type(f + cast<double>(Var(1.0))) == "float64");  // a cast number is not weak any more
}

BOOST_AUTO_TEST_CASE(casts_refuse_what_int64_cannot_hold) {
  for (const double value :
       {static_cast<double>(NAN), static_cast<double>(INFINITY), -INFINITY + 0.0, 0x1p63, -0x1.8p63, 1e300}) {
    check_refused(value);
    check_refused(xt::xarray<double>{1.0, value});
    check_refused(cast<float>(Var(xt::xarray<double>{value})));
  }
}

BOOST_AUTO_TEST_SUITE_END()
