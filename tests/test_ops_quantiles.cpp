// Quantiles by all methods: known values, special numbers, slopes, errors.
#include <boost/test/unit_test.hpp>

#include <vector>

#include <xgrad/xgrad.hpp>

#include "comparing.hpp"
#include "ops_compare.hpp"
#include "ops_table_rows.hpp"

BOOST_AUTO_TEST_SUITE(test_ops_quantiles)

namespace xg = xgrad;
using comparing::near;
using comparing::throws;
using xg::Axes;
using xg::keep_dims;
using xg::Quantile;
using xg::Var;
using xg::testing::check_elements;
using xg::testing::infinity;
using xg::testing::not_a_number;

namespace {

Var row(std::initializer_list<double> values) { return xt::xarray<double>(values); }

}  // namespace

BOOST_AUTO_TEST_CASE(quantiles_by_all_methods) {
  const Var x = row({15.0, 20.0, 50.0, 35.0, 40.0});
  const Var q = row({0.0, 0.05, 0.3, 0.4, 0.5, 0.95, 1.0});
  const auto check = [&](Quantile method, const std::vector<double>& expected) {
    check_elements<double>(quantile(x, q, {}, {.method = method}), {7}, expected, 1e-14);
  };
  check(Quantile::InvertedCdf, {15.0, 15.0, 20.0, 20.0, 35.0, 50.0, 50.0});
  check(Quantile::AveragedInvertedCdf, {15.0, 15.0, 20.0, 27.5, 35.0, 50.0, 50.0});
  check(Quantile::ClosestObservation, {15.0, 15.0, 20.0, 20.0, 20.0, 50.0, 50.0});
  check(Quantile::InterpolatedInvertedCdf, {15.0, 15.0, 17.5, 20.0, 27.5, 47.5, 50.0});
  check(Quantile::Hazen, {15.0, 15.0, 20.0, 27.5, 35.0, 50.0, 50.0});
  check(Quantile::Weibull, {15.0, 15.0, 19.0, 26.0, 35.0, 50.0, 50.0});
  check(Quantile::Linear, {15.0, 16.0, 23.0, 29.0, 35.0, 48.0, 50.0});
  check(Quantile::MedianUnbiased, {15.0, 15.0, 59.0 / 3.0, 27.0, 35.0, 50.0, 50.0});
  check(Quantile::NormalUnbiased, {15.0, 15.0, 19.75, 27.125, 35.0, 50.0, 50.0});
  check(Quantile::Lower, {15.0, 15.0, 20.0, 20.0, 35.0, 40.0, 50.0});
  check(Quantile::Higher, {15.0, 20.0, 35.0, 35.0, 35.0, 50.0, 50.0});
  check(Quantile::Midpoint, {15.0, 17.5, 27.5, 27.5, 35.0, 45.0, 50.0});
  check(Quantile::Nearest, {15.0, 15.0, 20.0, 35.0, 35.0, 50.0, 50.0});
  // Halfway the one at the even place.
  check_elements<double>(quantile(row({1.0, 2.0, 3.0, 4.0}), row({0.5, 1.0 / 6.0}), {}, {.method = Quantile::Nearest}),
                         {2}, {3.0, 1.0});
  check_elements<double>(percentile(x, row({0.0, 40.0, 100.0})), {3}, {15.0, 29.0, 50.0});
}

BOOST_AUTO_TEST_CASE(quantiles_of_special_numbers) {
  check_elements<double>(quantile(row({-infinity, 1.0, infinity}), row({0.0, 0.25, 0.5, 0.75, 1.0})), {5},
                         {-infinity, -infinity, 1.0, infinity, infinity});
  check_elements<double>(quantile(row({infinity, infinity}), 0.5), {}, {infinity});
  check_elements<double>(quantile(row({-1e308, 1e308}), row({0.25, 0.5})), {2}, {-0.5e308, 0.0});
  check_elements<double>(quantile(row({1.0, not_a_number, 3.0}), row({0.0, 0.5})), {2}, {not_a_number, not_a_number});
  check_elements<double>(median(row({7.0})), {}, {7.0});
  check_elements<double>(median(Var(xt::xarray<int>{4, 1, 3, 2})), {}, {2.5});
  check_elements<float>(median(Var(xt::xarray<float>{4.0F, 1.0F, 3.0F})), {}, {3.0F});
  check_elements<double>(median(Var(2.0)), {}, {2.0});
  check_elements<double>(median(Var(xt::xarray<double>{{1.0, 2.0}, {5.0, 3.0}}), 0, keep_dims), {1, 2}, {3.0, 2.5});
  check_elements<double>(quantile(Var(xt::zeros<double>({0, 3})), 0.5, 1), {0}, {});
  check_elements<double>(quantile(row({1.0, 2.0}), Var(xt::zeros<double>({0}))), {0}, {});
  BOOST_TEST(to_string(quantile(Var(xt::zeros<double>({2, 3, 4})), Var(xt::zeros<double>({5, 6})), {0, -1}).shape()) ==
             "[5, 6, 3]");
  const auto slope_in_q = [](const Var& x, double q, Quantile method) {
    return xg::grad([&](const Var& at) { return quantile(x, at, {}, {.method = method}); })(q).item<double>();
  };
  const Var x = row({1.0, 2.0, 5.0});
  BOOST_TEST(slope_in_q(x, 0.25, Quantile::Linear) == 2.0);
  BOOST_TEST(slope_in_q(x, 0.5, Quantile::Linear) == 6.0);  // to the right
  BOOST_TEST(slope_in_q(x, 1.0, Quantile::Linear) == 6.0);  // to the left
  BOOST_TEST(slope_in_q(x, 0.25, Quantile::Lower) == 0.0);
  BOOST_TEST(slope_in_q(row({3.0}), 0.25, Quantile::Linear) == 0.0);
  const auto compiled = xg::compile([](const Var& y, const Var& p) { return quantile(y, p, 0); });
  BOOST_TEST(near(compiled(x, row({0.1, 0.9})), row({1.2, 4.4})));
}

BOOST_AUTO_TEST_CASE(quantiles_that_there_are_not) {
  const Var x = row({1.0, 2.0});
  BOOST_TEST(throws<xg::ValueError>([&] { return quantile(x, 1.5); }, {"quantile: ", "1.5", "[0, 1]"}));
  BOOST_TEST(throws<xg::ValueError>([&] { return quantile(x, row({0.5, -0.1})); }, {"quantile: ", "-0.1"}));
  BOOST_TEST(throws<xg::ValueError>([&] { return quantile(x, not_a_number); }, {"quantile: ", "nan"}));
  BOOST_TEST(throws<xg::ValueError>([&] { return percentile(x, 101.0); }, {"percentile: ", "101", "[0, 100]"}));
  BOOST_TEST(throws<xg::ValueError>([] { return median(Var(xt::zeros<double>({2, 0})), 1); }, {"median: ", "[2, 0]"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return median(x, 1); }, {"median: ", "axis 1"}));
  BOOST_TEST(throws<xg::ShapeError>(
      [&] {
        return quantile(Var(xt::zeros<double>({1, 1, 1, 1, 1})), Var(xt::zeros<double>({1, 1, 1, 1})),
                        Axes(xg::Strides()));
      },
      {"quantile: ", "9"}));
}

BOOST_AUTO_TEST_CASE(places_next_to_an_element) {
  // The sum of the place and 1 would be rounded to the next element.
  const double before = 0.5 - 0x1p-54;
  const Var x = xt::xarray<double>{0.0, 0.0, 1e300};
  BOOST_TEST(quantile(x, before).item<double>() == 0.0);
  BOOST_TEST(quantile(Var(xt::xarray<double>{0.0, 0.0, INFINITY}), before).item<double>() == 0.0);
  BOOST_TEST(
      quantile(Var(xt::xarray<double>{0.0, 1.0, 2.0}), before, {}, {.method = xg::Quantile::Lower}).item<double>() ==
      0.0);
}

BOOST_AUTO_TEST_SUITE_END()
