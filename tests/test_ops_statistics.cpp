// Reductions with options, statistics and differences: known values, edges, types, errors.
#include <boost/test/unit_test.hpp>

#include <cmath>
#include <cstdint>
#include <limits>

#include <xgrad/xgrad.hpp>

#include "comparing.hpp"
#include "ops_compare.hpp"
#include "ops_table_rows.hpp"

BOOST_AUTO_TEST_SUITE(test_ops_statistics)

namespace xg = xgrad;
using comparing::throws;
using xg::keep_dims;
using xg::Metric;
using xg::Var;
using xg::testing::check_elements;
using xg::testing::infinity;
using xg::testing::not_a_number;
using xg::testing::slope;

namespace {

using Int = std::int64_t;

Var row(std::initializer_list<double> values) { return xt::xarray<double>(values); }

}  // namespace

// ---- options

BOOST_AUTO_TEST_CASE(masked_elements_count_nothing) {
  const Var x = xt::xarray<double>{{1.0, not_a_number, 3.0}, {infinity, 5.0, -6.0}};
  const Var mask = xt::xarray<bool>{{true, false, true}, {false, true, true}};
  check_elements<double>(sum(x, {}, {.where = mask}), {}, {3.0});
  check_elements<double>(sum(x, 1, {.where = mask, .initial = 10.0}), {2}, {14.0, 9.0});
  check_elements<double>(prod(x, 0, {.keep = keep_dims, .where = mask, .initial = 2.0}), {1, 3}, {2.0, 10.0, -36.0});
  check_elements<double>(mean(x, 1, {.where = mask}), {2}, {2.0, -0.5});
  check_elements<double>(amax(x, 1, {.where = mask, .initial = 4.0}), {2}, {4.0, 5.0});
  check_elements<double>(amin(x, 0, {.where = mask, .initial = 2.0}), {3}, {1.0, 2.0, -6.0});
  check_elements<double>(variance(x, 1, {.where = mask}), {2}, {1.0, 30.25});
  check_elements<double>(variance(x, 1, {.keep = keep_dims, .where = mask, .ddof = 1.0}), {2, 1}, {2.0, 60.5});
  check_elements<double>(stddev(x, 1, {.where = mask}), {2}, {1.0, 5.5}, 1e-15);
  // What does not count gets no derivative, NaN or not.
  check_elements<double>(slope([&](const Var& y) { return sum(y * y, 1, {.where = mask}); }, x), {2, 3},
                         {2.0, 0.0, 6.0, 0.0, 10.0, -12.0});
  check_elements<double>(slope([&](const Var& y) { return variance(y, 1, {.where = mask}); }, x), {2, 3},
                         {-1.0, 0.0, 1.0, 0.0, 5.5, -5.5});
  // A mask of a column, and of numbers.
  check_elements<double>(
      sum(Var(xt::xarray<double>{{1.0, 2.0}, {3.0, 4.0}}), {}, {.where = reshape(row({0.0, 2.0}), {2, 1})}), {}, {7.0});
}

BOOST_AUTO_TEST_CASE(reductions_of_chosen_integers_and_booleans) {
  const Var n = xt::xarray<Int>{3, INT64_MIN, 5, INT64_MAX};
  const Var some = xt::xarray<bool>{true, false, true, false};
  check_elements<Int>(sum(n, {}, {.where = some, .initial = 1}), {}, {9});
  check_elements<Int>(amax(n, {}, {.where = some, .initial = -1}), {}, {5});
  check_elements<Int>(amin(n, {}, {.where = some, .initial = 100}), {}, {3});
  check_elements<double>(mean(n, {}, {.where = some}), {}, {4.0});
  check_elements<bool>(amax(some, {}, {.where = !some, .initial = false}), {}, {false});
  check_elements<bool>(amin(some, {}, {.where = some, .initial = true}), {}, {true});
  check_elements<Int>(sum(some, {}, {.where = some}), {}, {2});
}

BOOST_AUTO_TEST_CASE(initial_numbers_of_nothing) {
  const Var empty = xt::zeros<double>({2, 0});
  check_elements<double>(amax(empty, 1, {.initial = 3.0}), {2}, {3.0, 3.0});
  check_elements<double>(amin(empty, {}, {.keep = keep_dims, .initial = 3.0}), {1, 1}, {3.0});
  check_elements<double>(sum(empty, 1, {.initial = 3.0}), {2}, {3.0, 3.0});
  check_elements<bool>(any(empty, 1), {2}, {false, false});
  check_elements<bool>(all(empty, 1, keep_dims), {2, 1}, {true, true});
  check_elements<bool>(all(empty), {}, {true});
  check_elements<Int>(count_nonzero(empty), {}, {0});
  check_elements<double>(variance(empty, 1), {2}, {not_a_number, not_a_number});
  check_elements<double>(stddev(empty, 1), {2}, {not_a_number, not_a_number});
  check_elements<double>(nansum(empty, 1), {2}, {0.0, 0.0});
  check_elements<double>(nanmean(empty, 1), {2}, {not_a_number, not_a_number});
  check_elements<double>(norm(empty, 1, {.order = 1.0}), {2}, {0.0, 0.0});
  check_elements<double>(norm(empty, 1, {.order = 3.0}), {2}, {0.0, 0.0});
  // The initial number shares with an element that is equal, as one more of them.
  const auto f = [](const Var& y) { return amax(y, {}, {.initial = 2.0}); };
  check_elements<double>(slope(f, row({1.0, 2.0})), {2}, {0.0, 0.5});
  check_elements<double>(slope(f, row({1.0, 3.0})), {2}, {0.0, 1.0});
  check_elements<double>(slope(f, row({1.0, 1.0})), {2}, {0.0, 0.0});
}

BOOST_AUTO_TEST_CASE(options_that_do_not_fit) {
  const Var x = xt::zeros<double>({2, 3});
  const Var mask = xt::xarray<bool>{true, false};
  BOOST_TEST(throws<xg::ShapeError>([&] { return sum(x, {}, {.where = mask}); }, {"sum: ", "[2]", "[2, 3]"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return variance(x, {}, {.where = mask}); }, {"variance: ", "[2]"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return all(x, {}, {.where = mask}); }, {"all: ", "[2]"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return sum(x, 2, {.initial = 0.0}); }, {"sum: ", "axis 2"}));
  BOOST_TEST(throws<xg::ShapeError>(
      [&] {
        return prod(x, 0, {.initial = row({1.0, 2.0})});
      },
      {"prod: ", "initial", "[2]", "one number"}));
  BOOST_TEST(throws<xg::ValueError>([&] { return amax(x, 0, {.where = x > 0.0}); }, {"amax: ", "initial"}));
  BOOST_TEST(throws<xg::ValueError>([&] { return amin(x, 0, {.where = x > 0.0}); }, {"amin: ", "initial"}));
  BOOST_TEST(throws<xg::ValueError>([&] { return variance(x, 0, {.ddof = infinity}); }, {"variance: ", "ddof", "inf"}));
  BOOST_TEST(throws<xg::ValueError>([&] { return stddev(x, 0, {.ddof = not_a_number}); }, {"stddev: ", "ddof", "nan"}));
  BOOST_TEST(throws<xg::TapeError>([&] { return sum(x, 0, {.where = Var()}); }, {"sum: ", "empty"}));
  BOOST_TEST(throws<xg::TapeError>([&] { return sum(x, 0, {.initial = Var()}); }, {"sum: ", "empty"}));
  BOOST_TEST(throws<xg::ValueError>([&] { return ptp(Var(xt::zeros<double>({0}))); }, {"ptp: ", "[0]"}));
  BOOST_TEST(throws<xg::ValueError>([&] { return norm(x, 0, {.order = not_a_number}); }, {"norm: ", "NaN"}));
  const Var empty = xt::zeros<double>({2, 0});
  for (const double order : {infinity, -infinity, -1.0}) {
    BOOST_TEST(throws<xg::ValueError>([&] { return norm(empty, 1, {.order = order}); }, {"norm: ", "[2, 0]"}));
  }
}

// ---- spread and norms

BOOST_AUTO_TEST_CASE(spread_of_large_and_small_numbers) {
  const Var x = row({1e300, -1e300});
  BOOST_TEST(stddev(x).item<double>() == 1e300);
  check_elements<double>(stddev(row({1e-200, 3e-200})), {}, {1e-200}, 1e-15);
  BOOST_TEST(stddev(Var(xt::xarray<float>{1e30F, -1e30F})).item<float>() == 1e30F);
  BOOST_TEST(std::isnan(stddev(row({3.0}), {}, {.ddof = 1.0}).item<double>()));
  BOOST_TEST(std::isnan(variance(row({3.0}), {}, {.ddof = 2.0}).item<double>()));
  check_elements<double>(variance(Var(xt::xarray<int>{1, 2, 4}), {}, {.ddof = 1.0}), {}, {7.0 / 3.0}, 1e-15);
  BOOST_TEST(ptp(Var(xt::xarray<int>{{1, 7}, {2, 4}}), 1).dtype() == xg::DType::Int64);
  check_elements<Int>(ptp(Var(xt::xarray<int>{{1, 7}, {2, 4}}), 1), {2}, {6, 2});
  BOOST_TEST(std::isnan(ptp(row({1.0, not_a_number})).item<double>()));
  check_elements<double>(slope([](const Var& y) { return stddev(y); }, row({2.0, 2.0})), {2}, {0.0, 0.0});
}

BOOST_AUTO_TEST_CASE(norms_of_every_order) {
  const Var x = row({3.0, -4.0, 0.0});
  const auto of = [&](const Var& y, double order) { return norm(y, {}, {.order = order}).item<double>(); };
  BOOST_TEST(of(x, 0.0) == 2.0);
  BOOST_TEST(of(x, 1.0) == 7.0);
  BOOST_TEST(of(x, 2.0) == 5.0);
  BOOST_TEST(std::abs(of(x, 3.0) - 4.497941445275415) < 1e-14);
  BOOST_TEST(std::abs(of(x, 0.5) - 13.928203230275509) < 1e-13);
  BOOST_TEST(of(x, infinity) == 4.0);
  BOOST_TEST(of(x, -infinity) == 0.0);
  BOOST_TEST(of(x, -1.0) == 0.0);
  BOOST_TEST(std::abs(of(row({3.0, -4.0}), -1.0) - 12.0 / 7.0) < 1e-15);
  // Powers neither overflow nor vanish.
  for (const double order : {-3.0, 0.5, 3.0, 4.0, 7.5, 1000.0}) {
    const double one = of(row({3.0, -4.0}), order);
    BOOST_TEST(std::abs(of(row({3e200, -4e200}), order) / one / 1e200 - 1.0) < 1e-13, "order " << order);
    BOOST_TEST(std::abs(of(row({3e-200, -4e-200}), order) / one / 1e-200 - 1.0) < 1e-13, "order " << order);
    const Var narrow = xt::xarray<float>{3e30F, -4e30F};
    BOOST_TEST(std::abs(norm(narrow, {}, {.order = order}).item<float>() / one / 1e30 - 1.0) < 1e-5, "order " << order);
    BOOST_TEST(std::isnan(of(row({1.0, not_a_number}), order)), "order " << order);
    BOOST_TEST(of(row({infinity, 1.0}), order) == (order > 0.0 ? infinity : 1.0), "order " << order);
  }
  BOOST_TEST(of(row({0.0, 0.0}), 3.0) == 0.0);
  BOOST_TEST(of(row({infinity, -infinity}), -2.0) == infinity);
  BOOST_TEST(norm(Var(xt::xarray<int>{1, 1}), {}, {.order = 1.0}).dtype() == xg::DType::Float64);
}

BOOST_AUTO_TEST_CASE(norms_without_a_slope) {
  const auto slopes = [](const Var& at, double order) {
    return slope([=](const Var& y) { return norm(y, {}, {.order = order}); }, at);
  };
  for (const double order : {0.0, 0.5, 1.0, 1.5, 3.0, 4.0, -2.0}) {
    const Var found = slopes(row({0.0, 0.0}), order);
    check_elements<double>(found, {2}, {0.0, 0.0});
  }
  check_elements<double>(slopes(row({0.0, 2.0}), 0.5), {2}, {0.0, 1.0}, 1e-15);
  check_elements<double>(slopes(row({0.0, -2.0}), 1.5), {2}, {0.0, -1.0}, 1e-15);
  check_elements<double>(slopes(row({infinity, 2.0}), 3.0), {2}, {0.0, 0.0});
  const auto cube = [](const Var& y) { return norm(y, {}, {.order = 3.0}); };
  check_elements<double>(xg::hessian(cube)(row({0.0, 0.0})), {2, 2}, {0.0, 0.0, 0.0, 0.0});
}

// ---- truth, order, counts

BOOST_AUTO_TEST_CASE(any_and_all) {
  const Var x = xt::xarray<double>{{0.0, not_a_number}, {1.0, -0.0}};
  check_elements<bool>(any(x), {}, {true});
  check_elements<bool>(all(x), {}, {false});
  check_elements<bool>(any(x, 0), {2}, {true, true});
  check_elements<bool>(all(x, 0, keep_dims), {1, 2}, {false, false});
  check_elements<bool>(any(x, 1, {.where = xt::xarray<bool>{true, false}}), {2}, {false, true});
  check_elements<bool>(all(x, 1, {.where = xt::xarray<bool>{true, false}}), {2}, {false, true});
  check_elements<Int>(count_nonzero(x), {}, {2});
  check_elements<Int>(count_nonzero(x, 1), {2}, {1, 1});
  check_elements<bool>(any(Var(3)), {}, {true});
  const auto compiled = xg::compile([](const Var& y) { return all(y > 0.5, 0) || any(y < -1.0, 0); });
  check_elements<bool>(compiled(x), {2}, {false, false});
}

BOOST_AUTO_TEST_CASE(argmin_gives_the_first_of_equals_and_the_first_nan) {
  const auto of = [](const Var& x) { return argmin(x).item<Int>(); };
  BOOST_TEST(of(row({3.0, 1.0, 1.0, 2.0})) == 1);
  BOOST_TEST(of(row({1.0, not_a_number, -3.0, not_a_number})) == 1);
  BOOST_TEST(of(row({infinity, infinity})) == 0);
  BOOST_TEST(of(row({0.0, -0.0})) == 0);
  BOOST_TEST(of(Var(xt::xarray<Int>{INT64_MAX, 0, INT64_MIN, INT64_MIN})) == 2);
  BOOST_TEST(of(Var(xt::xarray<Int>{INT64_MAX, INT64_MAX - 1})) == 1);
  BOOST_TEST(of(Var(xt::xarray<bool>{true, false, false})) == 1);
  BOOST_TEST(of(Var(5.0)) == 0);
  const Var x = xt::xarray<double>{{1.0, 5.0, 2.0}, {4.0, 5.0, -9.0}};
  check_elements<Int>(argmin(x, 0), {3}, {0, 0, 1});
  check_elements<Int>(argmin(x, -1, keep_dims), {2, 1}, {0, 2});
  BOOST_TEST(throws<xg::ValueError>([] { return argmin(Var(xt::zeros<double>({0}))); }, {"argmin: ", "[0]"}));
  BOOST_TEST(throws<xg::ValueError>([] { return argmin(Var(xt::zeros<double>({2, 0})), 1); }, {"argmin: ", "axis 1"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return argmin(x, 2); }, {"argmin: ", "axis 2"}));
}

BOOST_AUTO_TEST_CASE(numbers_among_nan) {
  const Var x = xt::xarray<double>{{1.0, not_a_number, 4.0}, {not_a_number, not_a_number, not_a_number}};
  check_elements<double>(nansum(x, 1), {2}, {5.0, 0.0});
  check_elements<double>(nanprod(x, 1), {2}, {4.0, 1.0});
  check_elements<double>(nanmean(x, 1), {2}, {2.5, not_a_number});
  check_elements<double>(nanmax(x, 1), {2}, {4.0, not_a_number});
  check_elements<double>(nanmin(x, 1), {2}, {1.0, not_a_number});
  check_elements<double>(nanvar(x, 1), {2}, {2.25, not_a_number});
  check_elements<double>(nanstd(x, 1), {2}, {1.5, not_a_number}, 1e-15);
  check_elements<double>(nanvar(x, 1, {.ddof = 1.0}), {2}, {4.5, not_a_number});
  check_elements<double>(nanmedian(x, 1), {2}, {2.5, not_a_number});
  check_elements<double>(nanquantile(x, 0.75, 1), {2}, {3.25, not_a_number});
  check_elements<double>(nancumsum(x, 1), {2, 3}, {1.0, 1.0, 5.0, 0.0, 0.0, 0.0});
  check_elements<double>(nancumprod(x, 1), {2, 3}, {1.0, 1.0, 4.0, 1.0, 1.0, 1.0});
  check_elements<double>(nanmax(row({-infinity, not_a_number})), {}, {-infinity});
  check_elements<double>(slope([](const Var& y) { return nanvar(y); }, row({1.0, not_a_number, 4.0})), {3},
                         {-1.5, 0.0, 1.5});
  check_elements<double>(slope([](const Var& y) { return nanmedian(y); }, row({1.0, not_a_number, 4.0})), {3},
                         {0.5, 0.0, 0.5});
  check_elements<Int>(nanmax(Var(xt::xarray<Int>{3, 1})), {}, {3});
  check_elements<Int>(nanargmax(row({not_a_number, -infinity, not_a_number})), {}, {1});
  check_elements<Int>(nanargmin(row({not_a_number, infinity, 2.0, 2.0})), {}, {2});
  check_elements<Int>(nanargmax(Var(xt::xarray<double>{{not_a_number, 2.0}, {5.0, 3.0}}), 1, keep_dims), {2, 1},
                      {1, 0});
  check_elements<Int>(nanargmin(Var(xt::xarray<Int>{5, INT64_MIN})), {}, {1});
  BOOST_TEST(throws<xg::ValueError>([&] { return nanargmax(x, 1); }, {"nanargmax: ", "all elements are NaN"}));
  BOOST_TEST(throws<xg::ValueError>([&] { return nanargmin(x, 1); }, {"nanargmin: ", "all elements are NaN"}));
  const Var empty = xt::zeros<double>({0});
  BOOST_TEST(throws<xg::ValueError>([&] { return nanmax(empty); }, {"nanmax: ", "[0]"}));
  BOOST_TEST(throws<xg::ValueError>([&] { return nanargmin(empty); }, {"nanargmin: ", "[0]"}));
}

// ---- differences

BOOST_AUTO_TEST_CASE(differences_of_neighbours) {
  check_elements<Int>(diff(Var(xt::xarray<int>{1, 4, 9, 16})), {3}, {3, 5, 7});
  check_elements<Int>(diff(Var(xt::xarray<int>{1, 4, 9, 16}), 2), {2}, {2, 2});
  check_elements<Int>(diff(Var(xt::xarray<int>{1, 4}), 5), {0}, {});
  check_elements<Int>(diff(Var(xt::xarray<int>{1, 4}), 0), {2}, {1, 4});
  check_elements<bool>(diff(Var(xt::xarray<bool>{true, true, false})), {2}, {false, true});
  check_elements<Int>(diff(Var(xt::xarray<int>{{1, 2}, {5, 7}}), 1, 0), {1, 2}, {4, 5});
  check_elements<double>(diff(Var(xt::zeros<double>({0, 2})), 1, 0), {0, 2}, {});
  BOOST_TEST(throws<xg::ShapeError>([] { return diff(Var(1.0)); }, {"diff: ", "axis -1"}));
}

BOOST_AUTO_TEST_CASE(integrals_and_slopes_of_samples) {
  const Var places = row({0.0, 1.0, 3.0, 4.0});
  const Var y = row({1.0, 2.0, 4.0, 9.0});
  check_elements<double>(trapezoid(y), {}, {11.0});
  check_elements<double>(trapezoid(y, 2.0), {}, {22.0});
  check_elements<double>(trapezoid(y, places), {}, {14.0});
  check_elements<double>(trapezoid(Var(xt::xarray<int>{1, 2})), {}, {1.5});
  check_elements<double>(trapezoid(row({3.0})), {}, {0.0});
  check_elements<double>(trapezoid(row({3.0}), row({1.0})), {}, {0.0});
  check_elements<double>(trapezoid(Var(xt::zeros<double>({2, 0}))), {2}, {0.0, 0.0});
  check_elements<double>(gradient(y), {4}, {1.0, 1.5, 3.5, 5.0});
  check_elements<double>(gradient(y, 0.5), {4}, {2.0, 3.0, 7.0, 10.0});
  check_elements<double>(gradient(square(places), places, 0, 2), {4}, {0.0, 2.0, 6.0, 8.0}, 1e-15);
  check_elements<double>(gradient(square(row({0.0, 1.0, 2.0})), 1.0, 0, 2), {3}, {0.0, 2.0, 4.0});
  check_elements<double>(gradient(y, places), {4}, {1.0, 1.0, 11.0 / 3.0, 5.0}, 1e-15);
  BOOST_TEST(throws<xg::ShapeError>([&] { return gradient(row({1.0})); }, {"gradient: ", "1 samples", "needs 2"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return gradient(row({1.0, 2.0}), 1.0, 0, 2); }, {"gradient: ", "needs 3"}));
  BOOST_TEST(throws<xg::ValueError>([&] { return gradient(y, 1.0, 0, 3); }, {"gradient: ", "3", "1 or 2"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return gradient(y, row({1.0, 2.0})); }, {"gradient: ", "[2]", "[4]"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return trapezoid(y, row({1.0, 2.0})); }, {"trapezoid: ", "[2]", "[4]"}));
}

// ---- statistics

BOOST_AUTO_TEST_CASE(weighted_means) {
  const Var x = xt::xarray<double>{{1.0, 2.0}, {3.0, 6.0}};
  check_elements<double>(average(x, Var(xt::xarray<int>{{1, 1}, {1, 3}})), {}, {4.0});
  check_elements<double>(average(x, row({1.0, 3.0}), 0), {2}, {2.5, 5.0});
  check_elements<double>(average(x, row({1.0, 3.0}), 1, keep_dims), {2, 1}, {1.75, 5.25});
  check_elements<double>(average(Var(xt::xarray<int>{1, 2}), row({0.0, 0.0})), {}, {not_a_number});
  BOOST_TEST(throws<xg::ShapeError>([&] { return average(x, row({1.0, 2.0, 3.0}), 0); }, {"average: ", "[3]", "[2]"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return average(x, row({1.0, 2.0})); }, {"average: ", "[2]", "[2, 2]"}));
}

BOOST_AUTO_TEST_CASE(covariances_and_correlations) {
  const Var x = xt::xarray<double>{{1.0, 2.0, 3.0, 6.0}, {2.0, 0.0, 1.0, -3.0}};
  check_elements<double>(cov(x), {2, 2}, {14.0 / 3.0, -13.0 / 3.0, -13.0 / 3.0, 14.0 / 3.0}, 1e-15);
  check_elements<double>(cov(x, 0.0), {2, 2}, {3.5, -3.25, -3.25, 3.5}, 1e-15);
  check_elements<double>(corrcoef(x), {2, 2}, {1.0, -13.0 / 14.0, -13.0 / 14.0, 1.0}, 1e-15);
  check_elements<double>(cov(row({1.0, 2.0, 6.0})), {}, {7.0}, 1e-15);
  check_elements<double>(corrcoef(row({1.0, 2.0, 6.0})), {}, {1.0}, 1e-15);
  check_elements<double>(cov(row({1.0})), {}, {not_a_number});
  check_elements<double>(corrcoef(x * 1e200), {2, 2}, {1.0, -13.0 / 14.0, -13.0 / 14.0, 1.0}, 1e-14);
  check_elements<double>(corrcoef(Var(xt::xarray<double>{{1.0, 1.0}, {2.0, 3.0}})), {2, 2},
                         {not_a_number, not_a_number, not_a_number, 1.0}, 1e-15);
  BOOST_TEST(to_string(cov(Var(xt::zeros<double>({5, 2, 3}))).shape()) == "[5, 2, 2]");
  BOOST_TEST(throws<xg::ShapeError>([] { return cov(Var(1.0)); }, {"cov: "}));
  BOOST_TEST(throws<xg::ValueError>([&] { return cov(x, not_a_number); }, {"cov: ", "ddof"}));
}

BOOST_AUTO_TEST_CASE(distances_between_rows) {
  const Var a = xt::xarray<double>{{0.0, 0.0}, {3.0, 4.0}};
  const Var b = xt::xarray<double>{{3.0, 4.0}, {0.0, 0.0}, {1.0, -1.0}};
  check_elements<double>(cdist(a, b), {2, 3}, {5.0, 0.0, std::sqrt(2.0), 0.0, 5.0, std::sqrt(29.0)}, 1e-15);
  check_elements<double>(cdist(a, b, Metric::SqEuclidean), {2, 3}, {25.0, 0.0, 2.0, 0.0, 25.0, 29.0});
  check_elements<double>(cdist(a, b, Metric::Cityblock), {2, 3}, {7.0, 0.0, 2.0, 0.0, 7.0, 7.0});
  check_elements<double>(cdist(a, b, Metric::Chebyshev), {2, 3}, {4.0, 0.0, 1.0, 0.0, 4.0, 5.0});
  // Near rows far from 0, for which |a|^2 - 2 a b + |b|^2 would lose all digits.
  const Var far = a + 1e8;
  check_elements<double>(cdist(far, far + Var(xt::xarray<double>{0.25, 0.0})), {2, 2},
                         {0.25, std::hypot(3.25, 4.0), std::hypot(2.75, 4.0), 0.25}, 1e-15);
  check_elements<float>(cdist(cast<float>(a) * 1e30F, cast<float>(b) * 1e30F), {2, 3},
                        {5e30F, 0.0F, 1.4142135e30F, 0.0F, 5e30F, 5.3851647e30F}, 1e-6);
  const auto of_equal = [&](const Var& x) { return cdist(x, x); };
  check_elements<double>(slope(of_equal, a), {2, 2}, {-1.2, -1.6, 1.2, 1.6}, 1e-15);
  check_elements<double>(cdist(Var(xt::zeros<double>({2, 0})), Var(xt::zeros<double>({1, 0})), Metric::Chebyshev),
                         {2, 1}, {0.0, 0.0});
  check_elements<double>(cdist(Var(xt::zeros<double>({0, 2})), b), {0, 3}, {});
  check_elements<double>(cdist(reshape(Var(1), {1, 1}), reshape(Var(3), {1, 1})), {1, 1}, {2.0});
  BOOST_TEST(throws<xg::ShapeError>([&] { return cdist(a, row({1.0, 2.0})); }, {"cdist: ", "[2, 2]", "[2]"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return cdist(a, Var(xt::zeros<double>({2, 3}))); }, {"cdist: ", "[2, 3]"}));
}

BOOST_AUTO_TEST_SUITE_END()
