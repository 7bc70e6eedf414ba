// Products of a matrix and vectors that loops compute: which do, and that values and derivatives stay the same.
#include "comparing.hpp"

#include <limits>
#include <string>
#include <tuple>

#include <boost/test/unit_test.hpp>
#include <xgrad/testing.hpp>
#include <xgrad/xgrad.hpp>

BOOST_AUTO_TEST_SUITE(test_vector_products)

namespace xg = xgrad;
using comparing::near;
using comparing::same_bits;
using comparing::wave;
using xg::Var;

namespace {

/// Large enough for a loop.
constexpr std::size_t rows = 20000;
constexpr std::size_t columns = 110;  // no whole number of packs

bool has_products(const std::string& plan) { return plan.find("product of") != std::string::npos; }

Var loss(const Var& x, const Var& matrix, const Var& y) { return sum(square(tanh(matmul(matrix, x)) - y)); }

/// Each operation by itself: the residual times the slope, and with it the gradient.
std::tuple<Var, Var> loss_by_parts(const Var& x, const Var& matrix, const Var& y) {
  const Var product = matmul(matrix, x);
  const Var t = tanh(product);
  const Var residual = t - y;
  const Var slopes = 2.0 * residual * (1.0 - square(t));
  return {sum(square(residual)), matmul(transpose(matrix), slopes)};
}

template <class F, class... A>
std::string plan_of_gradient(F f, const A&... arguments) {
  return xg::compile(xg::value_and_grad(f)).plan(arguments...);
}

}  // namespace

BOOST_AUTO_TEST_CASE(one_loop_reads_the_matrix_for_both) {
  const auto step = xg::compile(xg::value_and_grad(loss));
  for (const xg::DType type : {xg::DType::Float64, xg::DType::Float32}) {
    const double digits = type == xg::DType::Float64 ? 1e-11 : 2e-5;
    const Var x = cast(wave({columns}, 1.0) / 30.0, type);
    const Var matrix = cast(wave({rows, columns}), type);
    const Var y = cast(wave({rows}, 2.0), type);
    BOOST_TEST_INFO_SCOPE(type);
    BOOST_TEST(!has_products(step.plan(x, matrix, y)));
    const auto [value, gradient] = step(x, matrix, y);
    const auto [expected, expected_gradient] = loss_by_parts(x, matrix, y);
    BOOST_TEST(near(value / expected, ones_like(expected), digits));
    const Var scale = amax(abs(expected_gradient));
    BOOST_TEST(near(gradient / scale, expected_gradient / scale, digits));
  }
}

BOOST_AUTO_TEST_CASE(a_row_times_a_matrix) {
  const Var x = wave({columns}, 1.0) / 30.0;
  const Var matrix = wave({columns, rows});  // its columns are not side by side
  const Var y = wave({rows}, 2.0);
  const auto by_rows = [](const Var& a, const Var& m, const Var& b) { return sum(square(tanh(matmul(a, m)) - b)); };
  BOOST_TEST(has_products(plan_of_gradient(by_rows, x, matrix, y)));
  const auto turned = [](const Var& a, const Var& m, const Var& b) { return loss(a, transpose(m), b); };
  BOOST_TEST(has_products(plan_of_gradient(turned, x, matrix, y)));
  const auto of_rows = [](const Var& a, const Var& m, const Var& b) {
    return sum(square(tanh(matmul(a, transpose(m))) - b));
  };
  const Var same_matrix = Var(xg::Array<double>(transpose(matrix).array<double>()));
  const auto step = xg::compile(xg::value_and_grad(of_rows));
  BOOST_TEST(!has_products(step.plan(x, same_matrix, y)));
  const auto [value, gradient] = step(x, same_matrix, y);
  const auto [expected, expected_gradient] = loss_by_parts(x, same_matrix, y);
  BOOST_TEST(near(value / expected, ones_like(expected), 1e-11));
  BOOST_TEST(near(gradient, expected_gradient, 1e-9));
}

BOOST_AUTO_TEST_CASE(what_depends_on_all_rows_stays_products) {
  const Var x = wave({columns}, 1.0) / 30.0;
  const Var matrix = wave({rows, columns});
  const Var y = wave({rows}, 2.0);
  const auto normalised = [](const Var& a, const Var& m, const Var& b) {
    const Var product = matmul(m, a);
    return sum(square(product / norm(product) - b));
  };
  BOOST_TEST(has_products(plan_of_gradient(normalised, x, matrix, y)));
  const auto product_alone = xg::compile([](const Var& a, const Var& m) { return tanh(matmul(m, a)); });
  BOOST_TEST(has_products(product_alone.plan(x, matrix)));
  // Small matrices stay in the cache.
  BOOST_TEST(has_products(plan_of_gradient(loss, x, wave({100, columns}), wave({100}))));
  // Rows of a few elements.
  BOOST_TEST(has_products(plan_of_gradient(loss, wave({8}), wave({300000, 8}), wave({300000}))));
}

BOOST_AUTO_TEST_CASE(a_matrix_that_is_computed_for_products_need_not_be_there) {
  const Var x = wave({64}, 1.0);
  const Var t = wave({100}) / 4.0;
  const auto of_powers = [](const Var& a, const Var& places) {
    return matmul(exp(view(places, xt::all(), xt::newaxis()) * xg::arange(64.0) / 64.0), a);
  };
  const auto value = xg::compile(of_powers);
  BOOST_TEST(!has_products(value.plan(x, t)));
  const Var exponents = xg::arange(64.0) / 64.0;
  const Var matrix = exp(reshape(t, {100, 1}) * exponents);
  BOOST_TEST(near(value(x, t), matmul(matrix, x), 1e-12));
  const auto squares = [&](const Var& a, const Var& places) { return sum(square(of_powers(a, places) - 1.0)); };
  BOOST_TEST(!has_products(plan_of_gradient(squares, x, t)));
  const auto both = [&](const Var& a, const Var& places) {
    const Var m = exp(view(places, xt::all(), xt::newaxis()) * xg::arange(64.0));
    return std::tuple(matmul(m, a), m);
  };
  BOOST_TEST(has_products(xg::compile(both).plan(x, t)));
  const auto twice = [&](const Var& a, const Var& places) {
    const Var m = exp(view(places, xt::all(), xt::newaxis()) * xg::arange(64.0));
    return std::tuple(matmul(m, a), matmul(transpose(m), m));
  };
  BOOST_TEST(has_products(xg::compile(twice).plan(x, t)));
  BOOST_TEST(xg::testing::check_gradients(squares, x, t));
}

BOOST_AUTO_TEST_CASE(derivatives_of_a_large_one) {
  // Along a line: all of its elements would take long.
  const Var matrix = wave({rows, columns});
  const Var y = wave({rows}, 2.0);
  const Var start = wave({columns}, 1.0) / 300.0;
  const Var way = wave({columns}, 3.0) / 300.0;
  const auto along = [&](const Var& step) { return loss(start + step * way, matrix, y) / double(rows); };
  BOOST_TEST(xg::testing::check_gradients({.order = 2, .mode_tolerance = 1e-10}, along, Var(0.3)));
}

BOOST_AUTO_TEST_CASE(numbers_that_are_none_and_infinities) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const Var x = wave({columns}, 1.0) / 30.0;
  auto elements = xg::Array<double>(wave({rows, columns}).array<double>());
  elements.data()[5 * columns + 7] = infinity;
  elements.data()[9000 * columns] = std::numeric_limits<double>::quiet_NaN();
  const Var matrix = std::move(elements);
  const auto linear = [](const Var& a, const Var& m) {
    const Var product = matmul(m, a);
    return std::tuple(product, matmul(transpose(m), product));
  };
  const auto step = xg::compile(linear);
  BOOST_TEST(!has_products(step.plan(x, matrix)));
  const auto [product, gradient] = step(x, matrix);
  const Var expected = matmul(matrix, x);
  BOOST_TEST(array_equal(isnan(product), isnan(expected)).item<bool>());
  BOOST_TEST(array_equal(isinf(product), isinf(expected)).item<bool>());
  BOOST_TEST(array_equal(isnan(gradient), isnan(matmul(transpose(matrix), expected))).item<bool>());
}

BOOST_AUTO_TEST_CASE(same_bits_on_any_number_of_threads) {
  const auto step = xg::compile(xg::value_and_grad(loss));
  const Var x = wave({columns}, 1.0) / 30.0;
  const Var matrix = wave({rows, columns});
  const Var y = wave({rows}, 2.0);
  const auto one = step(x, matrix, y);
  for (const int threads : {2, 7}) {
    xg::set_threads(threads);
    BOOST_TEST(same_bits(step(x, matrix, y), one));
  }
  xg::set_threads(1);
  BOOST_TEST(same_bits(xg::value_and_grad(loss)(x, matrix, y), one));
}

BOOST_AUTO_TEST_SUITE_END()
