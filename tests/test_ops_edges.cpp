// Derivatives where a convention decides, as docs/conventions.md lists them, and where functions are not smooth.
#include <boost/test/unit_test.hpp>

#include <cmath>
#include <functional>
#include <vector>

#include <xgrad/xgrad.hpp>

#include "ops_compare.hpp"
#include "ops_table_rows.hpp"

BOOST_AUTO_TEST_SUITE(test_ops_edges)

namespace xg = xgrad;
using xg::Axes;
using xg::concatenate;
using xg::Shape;
using xg::Var;
using xg::testing::array_of;
using xg::testing::check_elements;
using xg::testing::element;
using xg::testing::infinity;
using xg::testing::not_a_number;
using xg::testing::slope;

namespace {

Var row(std::initializer_list<double> values) { return xt::xarray<double>(values); }

/// Reverse and forward mode alike.
template <class F>
void check_slope(F f, const Var& x, const std::vector<double>& expected, double tolerance = 0.0) {
  check_elements<double>(slope(f, x), x.shape(), expected, tolerance);
  const auto summed = [&](const Var& y) { return sum(f(y)); };
  check_elements<double>(jacobian(summed, xg::Mode::forward)(x), x.shape(), expected, tolerance);
}

/// The same for a function that works element by element, where infinite derivatives stand beside others: summing over
/// elements in forward mode would multiply them by 0.
template <class F>
void check_each_slope(F f, const Var& x, const std::vector<double>& expected, double tolerance = 0.0) {
  check_elements<double>(slope(f, x), x.shape(), expected, tolerance);
  check_elements<double>(jvp(f, x, ones_like(x)).tangent, x.shape(), expected, tolerance);
}

/// Second derivatives of the sum of f(x), x being one axis: reverse over reverse, and forward over reverse.
template <class F>
void check_curvature(F f, const Var& x, const std::vector<double>& expected, double tolerance = 0.0) {
  const auto summed = [&](const Var& y) { return sum(f(y)); };
  check_elements<double>(xg::hessian(summed)(x), {x.size(), x.size()}, expected, tolerance);
  const auto gradient = [&](const Var& y) { return xg::grad(summed)(y); };
  check_elements<double>(jacobian(gradient, xg::Mode::reverse)(x), {x.size(), x.size()}, expected, tolerance);
}

}  // namespace

BOOST_AUTO_TEST_CASE(kinks_of_functions_of_one_argument) {
  const Var x = row({-2.0, -0.0, 0.0, 3.0});
  check_slope(xg::abs, x, {-1, 0, 0, 1});
  check_slope(xg::relu, x, {0, 0, 0, 1});
  check_slope(xg::sign, x, {0, 0, 0, 0});
  check_each_slope(xg::sqrt, row({0.0, 4.0}), {infinity, 0.25});
  for (const auto f : {xg::abs, xg::relu, xg::sign}) {
    check_curvature(f, row({0.0, 1.0}), {0, 0, 0, 0});
  }
}

BOOST_AUTO_TEST_CASE(equal_arguments_share_evenly) {
  const Var a = row({1.0, 2.0, 3.0});
  const Var b = row({2.0, 2.0, 2.0});
  const auto both = [](auto f) { return [f](const Var& x, const Var& y) { return sum(f(x, y)); }; };
  const auto check = [&](Var (*f)(const Var&, const Var&), const std::vector<double>& to_a,
                         const std::vector<double>& to_b) {
    const auto [da, db] = xg::grad<0, 1>(both(f))(a, b);
    check_elements<double>(da, {3}, to_a);
    check_elements<double>(db, {3}, to_b);
  };
  check(xg::maximum, {0, 0.5, 1}, {1, 0.5, 0});
  check(xg::minimum, {1, 0.5, 0}, {0, 0.5, 1});
  check_slope([](const Var& x) { return maximum(x, x); }, a, {1, 1, 1});
  check_slope([](const Var& x) { return maximum(x, 0.0); }, row({-1.0, 0.0, 1.0}), {0, 0.5, 1});
}

BOOST_AUTO_TEST_CASE(equal_extreme_elements_share_evenly) {
  const double third = 1.0 / 3.0;
  const Var x = row({1.0, 4.0, 4.0, 1.0, 4.0});
  check_slope([](const Var& y) { return amax(y); }, x, {0, third, third, 0, third});
  check_slope([](const Var& y) { return amin(y); }, x, {0.5, 0, 0, 0.5, 0});
  const Var table = xt::xarray<double>{{1.0, 5.0}, {1.0, 2.0}, {0.0, 5.0}};
  check_slope([](const Var& y) { return amax(y, 0); }, table, {0.5, 0.5, 0.5, 0, 0, 0.5});
  check_slope([](const Var& y) { return amin(y, 1, xg::keep_dims); }, table, {1, 0, 1, 0, 1, 0});
  check_slope([](const Var& y) { return amax(y, {0, 1}); }, table, {0, 0.5, 0, 0, 0, 0.5});
  check_slope([](const Var& y) { return amax(y, 1); }, row({2.0, 2.0}) * array_of<double>({1, 1}, {1.0}), {0.5, 0.5});
  check_slope([](const Var& y) { return amax(y); }, row({infinity, infinity, 0.0}), {0.5, 0.5, 0});
  check_curvature([](const Var& y) { return square(amax(y)); }, row({3.0, 3.0}), {0.5, 0.5, 0.5, 0.5});
}

BOOST_AUTO_TEST_CASE(clip_passes_at_its_bounds) {
  const Var x = row({-2.0, -1.0, 0.0, 1.0, 2.0});
  check_slope([](const Var& y) { return clip(y, -1.0, 1.0); }, x, {0, 1, 1, 1, 0});
  const auto clipped = [](const Var& y, const Var& low, const Var& high) { return sum(clip(y, low, high)); };
  const auto [dx, low, high] = xg::grad<0, 1, 2>(clipped)(x, row({-1.0, -1.0, -1.0, -1.0, -1.0}), 1.0);
  check_elements<double>(dx, {5}, {0, 1, 1, 1, 0});
  check_elements<double>(low, {5}, {1, 0, 0, 0, 0});
  check_elements<double>(high, {}, {1});
}

BOOST_AUTO_TEST_CASE(the_norm_of_zeros_is_flat) {
  const auto f = [](const Var& x) { return norm(x); };
  check_slope(f, row({0.0, 0.0}), {0, 0});
  check_slope(f, Var(0.0), {0});
  check_curvature(f, row({0.0, 0.0}), {0, 0, 0, 0});
  const Var x = xt::xarray<double>{{0.0, 0.0}, {3.0, -4.0}};
  check_slope([](const Var& y) { return norm(y, 1); }, x, {0, 0, 0.6, -0.8}, 1e-15);
  check_curvature(f, row({3.0, 4.0}), {16.0 / 125, -12.0 / 125, -12.0 / 125, 9.0 / 125}, 1e-13);
  // The norm is not smooth at 0, but its square is: there the convention must not show.
  check_slope([](const Var& y) { return square(norm(y)); }, row({0.0, 0.0}), {0, 0});
}

BOOST_AUTO_TEST_CASE(powers_of_zero_and_of_negative_numbers) {
  const auto power = [](double b) { return [b](const Var& a) { return pow(a, b); }; };
  const Var a = row({-2.0, 0.0, 3.0});
  check_each_slope(power(0.0), a, {0, 0, 0});
  check_each_slope(power(1.0), a, {1, 1, 1});
  check_each_slope(power(2.0), a, {-4, 0, 6});
  check_each_slope(power(3.0), a, {12, 0, 27});
  check_each_slope(power(-1.0), a, {-0.25, -infinity, -1.0 / 9.0}, 1e-15);
  check_each_slope(power(0.5), row({0.0, 4.0}), {infinity, 0.25});
  check_each_slope(power(1.5), row({0.0, 4.0}), {0, 3});
  check_curvature(power(0.0), row({0.0, 2.0}), {0, 0, 0, 0});
  check_curvature(power(1.0), row({0.0, 2.0}), {0, 0, 0, 0});
  check_curvature(power(2.0), row({0.0, -2.0}), {2, 0, 0, 2});
  check_curvature(power(3.0), row({0.0, -2.0}), {0, 0, 0, -12});
  const auto of_base = [](double base) { return [base](const Var& b) { return pow(base, b); }; };
  const double ln2 = std::log(2.0);
  check_each_slope(of_base(2.0), row({0.0, 1.0, -1.0}), {ln2, 2 * ln2, ln2 / 2}, 1e-15);
  check_each_slope(of_base(0.0), row({0.0, 2.0, 0.5}), {0, 0, 0});
  check_each_slope(of_base(1.0), row({0.0, 5.0}), {0, 0});
  check_each_slope(of_base(-2.0), row({2.0}), {not_a_number});  // real only at integers
  check_curvature(of_base(0.0), row({0.0, 2.0}), {0, 0, 0, 0});
}

BOOST_AUTO_TEST_CASE(products_with_zeros_have_exact_derivatives) {
  const std::vector<std::vector<double>> all{
      {2, 3, 4}, {0, 3, 4}, {2, 0, 4, 5},     {0, 0, 4}, {0, 3, 0, 5},         {0, 0, 0},
      {0},       {7},       {-1, 0, 2, 3, 5}, {0, 0},    {1, 2, 3, 4, 5, 0, 7}};
  for (const std::vector<double>& x : all) {
    const std::size_t n = x.size();
    const auto product_without = [&](std::size_t i, std::size_t j) {
      double product = 1.0;
      for (std::size_t k = 0; k < n; ++k) product *= k == i || k == j ? 1.0 : x[k];
      return product;
    };
    std::vector<double> first;
    std::vector<double> second;
    for (std::size_t i = 0; i < n; ++i) {
      first.push_back(product_without(i, i));
      for (std::size_t j = 0; j < n; ++j) second.push_back(i == j ? 0.0 : product_without(i, j));
    }
    const auto f = [](const Var& y) { return prod(y); };
    check_slope(f, array_of<double>({n}, x), first);
    check_curvature(f, array_of<double>({n}, x), second);
  }
}

BOOST_AUTO_TEST_CASE(outside_of_where_nan_and_infinity_follow_ieee) {
  check_each_slope([](const Var& x) { return 0.0 * log(x); }, row({0.0, 1.0}), {not_a_number, 0});
  check_each_slope([](const Var& x) { return sqrt(x * x); }, row({0.0, -1.0}), {not_a_number, -1});
  check_each_slope([](const Var& x) { return x / x; }, row({0.0, 2.0}), {not_a_number, 0});
  check_each_slope([](const Var& x) { return log(x); }, row({0.0, infinity}), {infinity, 0});
  check_each_slope([](const Var& x) { return 1.0 / x; }, row({infinity, -0.0}), {-0.0, -infinity});
  check_each_slope([](const Var& x) { return where(x >= 0.0, sqrt(x), 0.0); }, row({0.0, -1.0}), {infinity, 0});
  check_each_slope([](const Var& x) { return exp(x); }, row({not_a_number, -infinity}), {not_a_number, 0});
}

BOOST_AUTO_TEST_CASE(one_argument_in_several_places) {
  const Var x = row({3.0, -2.0});
  check_slope([](const Var& y) { return y * y; }, x, {6, -4});
  check_slope([](const Var& y) { return y - y; }, x, {0, 0});
  check_slope([](const Var& y) { return y / y; }, x, {0, 0});
  check_slope([](const Var& y) { return concatenate({y, y}) * row({1.0, 2.0, 10.0, 20.0}); }, x, {11, 22});
  check_slope([](const Var& y) { return matmul(y, y); }, x, {6, -4});
  check_slope([](const Var& y) { return outer(y, y); }, x, {2, 2});
  check_slope([](const Var& y) { return where(y > 0.0, y, y); }, x, {1, 1});
  check_curvature([](const Var& y) { return y * y * y; }, x, {18, 0, 0, -12});
  const Var square_matrix = xt::xarray<double>{{1.0, 2.0}, {3.0, 4.0}};
  // d sum(A A) / dA = 1 A^T + A^T 1, 1 being the matrix of ones.
  check_slope([](const Var& a) { return matmul(a, a); }, square_matrix, {7, 11, 9, 13});
}

BOOST_AUTO_TEST_CASE(broadcast_arguments_collect_their_derivatives) {
  const Var x = row({1.0, 2.0});
  const Var weights = xt::xarray<double>{{1.0, 2.0}, {3.0, 4.0}, {5.0, 6.0}};
  check_slope([&](const Var& y) { return broadcast_to(y, {3, 2}) * weights; }, x, {9, 12});
  check_slope([&](const Var& y) { return square(broadcast_to(y, {3, 2})) * weights; }, x, {18, 48});
  check_curvature([&](const Var& y) { return square(broadcast_to(y, {3, 2})) * weights; }, x, {18, 0, 0, 24});
  check_slope([&](const Var& y) { return weights * y; }, Var(2.0), {21});
  check_slope([&](const Var& y) { return amax(broadcast_to(y, {3, 2}), 0); }, x, {1, 1});
}

BOOST_AUTO_TEST_SUITE_END()
