// Searching sorted tables, interpolation, counts in bins, sets: known values, edges, types, errors.
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include <xgrad/xgrad.hpp>

#include "comparing.hpp"
#include "ops_compare.hpp"
#include "ops_table_rows.hpp"

BOOST_AUTO_TEST_SUITE(test_ops_search)

namespace xg = xgrad;
using comparing::near;
using comparing::same;
using comparing::throws;
using xg::Side;
using xg::Var;
using xg::testing::check_elements;
using xg::testing::elements;
using xg::testing::infinity;
using xg::testing::not_a_number;

namespace {

using Int = std::int64_t;

Var row(std::initializer_list<double> values) { return xt::xarray<double>(values); }

}  // namespace

BOOST_AUTO_TEST_CASE(places_in_a_sorted_table) {
  const Var table = row({-infinity, 0.0, 1.0, 1.0, 2.5});
  const Var values = xt::xarray<double>{{-infinity, -0.0, 1.0}, {3.0, infinity, not_a_number}};
  check_elements<Int>(searchsorted(table, values), {2, 3}, {0, 1, 2, 5, 5, 5});
  check_elements<Int>(searchsorted(table, values, Side::Right), {2, 3}, {1, 2, 4, 5, 5, 5});
  check_elements<Int>(searchsorted(row({1.0, not_a_number, not_a_number}), row({2.0, not_a_number})), {2}, {1, 1});
  check_elements<Int>(searchsorted(row({1.0, not_a_number}), Var(not_a_number), Side::Right), {}, {2});
  check_elements<Int>(searchsorted(Var(xt::zeros<double>({0})), values), {2, 3}, {0, 0, 0, 0, 0, 0});
  check_elements<Int>(searchsorted(table, Var(xt::zeros<double>({0}))), {0}, {});
  check_elements<Int>(searchsorted(Var(xt::xarray<int>{1, 5}), row({4.5, 5.0})), {2}, {1, 1});
  check_elements<Int>(searchsorted(Var(xt::xarray<bool>{false, true}), Var(xt::xarray<bool>{true, false})), {2},
                      {1, 0});
  // A table for each row.
  const Var tables = xt::xarray<double>{{0.0, 1.0, 2.0}, {10.0, 11.0, 12.0}};
  check_elements<Int>(searchsorted(tables, Var(xt::xarray<double>{{1.5, -1.0}, {1.5, 20.0}})), {2, 2}, {2, 0, 0, 3});
  check_elements<Int>(searchsorted(tables, row({1.5, 11.0})), {2}, {2, 1});
}

BOOST_AUTO_TEST_CASE(many_values_in_a_long_table_against_a_plain_search) {
  xg::testing::Random random(3);
  const Var table = sort(cast(random.uniform({300}, -40.0, 40.0), xg::DType::Int64));
  const Var values = cast(random.uniform({2000}, -45.0, 45.0), xg::DType::Int64);
  const std::vector<Int> sorted = elements<Int>(table);
  for (const Side side : {Side::Left, Side::Right}) {
    for (const Var& asked : {values, sort(values), sort(values, 0, xg::Order::Descending)}) {
      std::vector<Int> expected;
      for (const Int value : elements<Int>(asked)) {
        const auto at = side == Side::Left ? std::lower_bound(sorted.begin(), sorted.end(), value)
                                           : std::upper_bound(sorted.begin(), sorted.end(), value);
        expected.push_back(at - sorted.begin());
      }
      check_elements<Int>(searchsorted(table, asked, side), {2000}, expected);
    }
  }
}

BOOST_AUTO_TEST_CASE(batches_of_tables_and_of_values) {
  const Var tables = xt::xarray<double>{{0.0, 1.0, 2.0}, {0.5, 0.6, 7.0}};
  const Var values = xt::xarray<double>{{0.55, 1.5, 9.0}, {-1.0, 0.5, 1.0}};
  const auto search = [](const Var& t, const Var& v) { return searchsorted(t, v); };
  const Var both = xg::vmap(search)(tables, values);
  check_elements<Int>(both, {2, 3}, {1, 2, 3, 0, 0, 2});
  const Var one_table = xg::vmap([&](const Var& v) { return search(view(tables, 0), v); })(values);
  check_elements<Int>(one_table, {2, 3}, {1, 2, 3, 0, 1, 1});
  const Var one_list = xg::vmap([&](const Var& t) { return search(t, view(values, 0)); })(tables);
  check_elements<Int>(one_list, {2, 3}, {1, 2, 3, 1, 2, 3});
  const Var stacks =
      xg::vmap([&](const Var& v) { return search(tables, v); })(reshape(row({0.55, 0.55, 3.0, 3.0}), {2, 2, 1}));
  check_elements<Int>(stacks, {2, 2, 1}, {1, 1, 3, 2});
  const auto compiled = xg::compile([&](const Var& t, const Var& v) { return search(t * 2.0, v * 2.0); });
  BOOST_TEST(same(compiled(tables, values), both));
}

BOOST_AUTO_TEST_CASE(tables_that_do_not_fit) {
  const Var values = row({1.0, 2.0});
  BOOST_TEST(throws<xg::ValueError>(
      [&] {
        return searchsorted(row({1.0, 3.0, 2.0}), values);
      },
      {"searchsorted: ", "rising order", "3"}));
  BOOST_TEST(throws<xg::ValueError>(
      [&] {
        return searchsorted(row({not_a_number, 1.0}), values);
      },
      {"searchsorted: ", "nan"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return searchsorted(Var(1.0), values); }, {"searchsorted: ", "[]"}));
  BOOST_TEST(throws<xg::ShapeError>(
      [&] {
        return searchsorted(Var(xt::zeros<double>({3, 2})), values);
      },
      {"searchsorted: ", "[3, 2]", "[2]"}));
}

BOOST_AUTO_TEST_CASE(numbers_of_bins) {
  const Var x = row({0.2, 6.4, 3.0, 1.6, 10.0, not_a_number});
  const Var edges = row({0.0, 1.0, 2.5, 4.0, 10.0});
  check_elements<Int>(digitize(x, edges), {6}, {1, 4, 3, 2, 5, 5});
  check_elements<Int>(digitize(x, edges, true), {6}, {1, 4, 3, 2, 4, 5});
  const Var falling = row({10.0, 4.0, 2.5, 1.0, 0.0});
  check_elements<Int>(digitize(row({0.2, 4.0, 10.0, 11.0, -1.0}), falling), {5}, {4, 1, 0, 0, 5});
  check_elements<Int>(digitize(row({0.2, 4.0, 10.0, 11.0, -1.0}), falling, true), {5}, {4, 2, 1, 0, 5});
  check_elements<Int>(digitize(Var(3), Var(xt::xarray<int>{1, 3})), {}, {2});
  check_elements<Int>(digitize(x, Var(xt::zeros<double>({0}))), {6}, {0, 0, 0, 0, 0, 0});
  BOOST_TEST(throws<xg::ValueError>([&] { return digitize(x, row({0.0, 2.0, 1.0})); }, {"digitize: ", "2"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return digitize(x, Var(1.0)); }, {"digitize: ", "[]", "one axis"}));
}

BOOST_AUTO_TEST_CASE(interpolation) {
  const Var places = row({1.0, 2.0, 3.0});
  const Var values = row({3.0, 2.0, 0.0});
  check_elements<double>(interp(2.5, places, values), {}, {1.0});
  check_elements<double>(interp(row({0.0, 1.0, 1.5, 2.72, 3.14, not_a_number}), places, values), {6},
                         {3.0, 3.0, 2.5, 0.56, 0.0, not_a_number}, 1e-15);
  check_elements<double>(interp(row({0.0, 3.14}), places, values, {.left = -99.0, .right = 99.0}), {2}, {-99.0, 99.0});
  check_elements<double>(interp(row({-infinity, infinity}), places, values), {2}, {3.0, 0.0});
  // Infinite places are infinitely far away, and infinite values are nowhere but there.
  const Var endless = row({-infinity, 0.0, 1.0, infinity});
  check_elements<double>(interp(row({-infinity, -1.0, 0.5, 2.0, infinity}), endless, row({1.0, 2.0, 4.0, 8.0})), {5},
                         {1.0, 2.0, 3.0, 4.0, 8.0});
  check_elements<double>(interp(row({1.0, 1.5, 2.0}), row({1.0, 2.0, 3.0}), row({1.0, infinity, infinity})), {3},
                         {1.0, infinity, infinity});
  // A jump: the value there is the last of its values.
  check_elements<double>(interp(row({0.5, 1.0, 1.5}), row({0.0, 1.0, 1.0, 2.0}), row({0.0, 1.0, 5.0, 6.0})), {3},
                         {0.5, 5.0, 5.5});
  check_elements<double>(interp(row({0.0, 1.0, 2.0, not_a_number}), row({1.0}), row({7.0})), {4},
                         {7.0, 7.0, 7.0, not_a_number});
  check_elements<float>(interp(Var(xt::xarray<float>{1.5F}), cast<float>(places), cast<float>(values)), {1}, {2.5F});
  check_elements<double>(interp(Var(xt::xarray<int>{2}), Var(xt::xarray<int>{1, 3}), Var(xt::xarray<int>{1, 2})), {1},
                         {1.5});
  // The table itself comes out at its places, to the last digit.
  const Var irregular = row({0.1, 0.30000000000000004, 0.7, 1.1});
  const Var heights = row({0.1, 1e10, -0.3, 1e-10});
  BOOST_TEST(same(interp(irregular, irregular, heights), heights));
  const auto slope_at = [&](double x) {
    return xg::grad([&](const Var& at) { return interp(at, places, values); })(x).item<double>();
  };
  BOOST_TEST(slope_at(1.5) == -1.0);
  BOOST_TEST(slope_at(2.0) == -2.0);  // to the right
  BOOST_TEST(slope_at(3.0) == -2.0);  // to the left
  BOOST_TEST(slope_at(0.5) == 0.0);
  BOOST_TEST(slope_at(3.5) == 0.0);
  BOOST_TEST(throws<xg::ValueError>([&] { return interp(2.0, row({1.0, 3.0, 2.0}), values); }, {"interp: ", "3"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return interp(2.0, row({1.0, 3.0}), values); }, {"interp: ", "[2]", "[3]"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return interp(2.0, Var(1.0), values); }, {"interp: ", "[]"}));
  const Var nothing = xt::zeros<double>({0});
  BOOST_TEST(throws<xg::ShapeError>([&] { return interp(2.0, nothing, nothing); }, {"interp: ", "[0]"}));
  BOOST_TEST(throws<xg::ShapeError>(
      [&] {
        return interp(2.0, places, values, {.left = row({1.0, 2.0})});
      },
      {"interp: ", "[2]", "one number"}));
}

BOOST_AUTO_TEST_CASE(counts_of_integers) {
  const Var x = xt::xarray<Int>{0, 1, 1, 3, 2, 1, 6};
  check_elements<Int>(xg::bincount(x, 8), {8}, {1, 3, 1, 1, 0, 0, 1, 0});
  check_elements<double>(xg::bincount(Var(xt::xarray<Int>{0, 1, 1, 2}), 3, row({0.5, 0.25, 0.5, 1.0})), {3},
                         {0.5, 0.75, 1.0});
  check_elements<Int>(xg::bincount(Var(xt::xarray<Int>{0, 1, 1}), 2, Var(xt::xarray<bool>{true, true, true})), {2},
                      {1, 2});
  check_elements<Int>(xg::bincount(Var(xt::zeros<Int>({0})), 2), {2}, {0, 0});
  check_elements<Int>(xg::bincount(Var(xt::zeros<Int>({0})), 0), {0}, {});
  BOOST_TEST(throws<xg::ValueError>([&] { return xg::bincount(x, 6); }, {"bincount: ", "6"}));
  BOOST_TEST(throws<xg::ValueError>([&] { return xg::bincount(-x, 8); }, {"bincount: ", "-1", "8"}));
  BOOST_TEST(throws<xg::TypeError>([&] { return xg::bincount(row({1.0}), 8); }, {"bincount: ", "float64", "integers"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return xg::bincount(reshape(x, {7, 1}), 8); }, {"bincount: ", "[7, 1]"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return xg::bincount(x, 8, row({1.0})); }, {"bincount: ", "[7]", "[1]"}));
}

BOOST_AUTO_TEST_CASE(counts_in_bins) {
  const auto counts = [](const Var& x, const Var& edges) { return xg::histogram(x, edges).first; };
  check_elements<Int>(counts(row({1.0, 2.0, 1.0}), row({0.0, 1.0, 2.0, 3.0})), {3}, {0, 2, 1});
  check_elements<Int>(counts(row({-1.0, 0.0, 2.0, 3.0, 3.5, not_a_number, infinity}), row({0.0, 1.0, 3.0})), {2},
                      {1, 2});
  check_elements<Int>(counts(Var(xt::xarray<int>{{1, 2, 1}, {1, 0, 1}}), Var(xt::xarray<int>{0, 1, 2, 3})), {3},
                      {1, 4, 1});
  check_elements<Int>(counts(row({1.0, 1.0}), row({0.0, 1.0, 1.0})), {2}, {0, 2});
  check_elements<Int>(counts(row({0.5}), row({0.0, 1.0, 1.0})), {2}, {1, 0});
  check_elements<Int>(counts(Var(xt::zeros<double>({0})), row({0.0, 1.0})), {1}, {0});
  const auto [even, edges] = xg::histogram(row({0.0, 1.0, 2.0, 4.0}), 4);
  check_elements<Int>(even, {4}, {1, 1, 1, 1});
  check_elements<double>(edges, {5}, {0.0, 1.0, 2.0, 3.0, 4.0});
  const auto [alone, around] = xg::histogram(row({2.0, 2.0}), 2);
  check_elements<Int>(alone, {2}, {0, 2});
  check_elements<double>(around, {3}, {1.5, 2.0, 2.5});
  check_elements<double>(xg::histogram(row({0.0, 1.0, 5.0}), row({0.0, 1.0, 5.0}), {.density = true}).first, {2},
                         {1.0 / 3.0, 1.0 / 6.0}, 1e-15);
  check_elements<double>(
      xg::histogram(row({0.0, 1.0, 5.0}), row({0.0, 1.0, 5.0}), {.weights = row({0.5, 1.0, 2.0})}).first, {2},
      {0.5, 3.0});
  BOOST_TEST(throws<xg::ValueError>([&] { return counts(row({1.0}), row({0.0, 2.0, 1.0})); }, {"histogram: ", "2"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return counts(row({1.0}), row({0.0})); }, {"histogram: ", "[1]", "2"}));
  BOOST_TEST(throws<xg::ValueError>([] { return xg::histogram(row({1.0}), 0).first; }, {"histogram: ", "0 bins"}));
  BOOST_TEST(throws<xg::ValueError>(
      [] {
        return xg::histogram(row({1.0, not_a_number}), 3).first;
      },
      {"histogram: ", "nan", "finite"}));
  BOOST_TEST(throws<xg::ValueError>([] { return xg::histogram(Var(xt::zeros<double>({0})), 3).first; },
                                    {"histogram: ", "[0]"}));
  BOOST_TEST(throws<xg::ShapeError>(
      [] {
        return xg::histogram(row({1.0}), 3, {.weights = row({1.0, 2.0})}).first;
      },
      {"histogram: ", "[1]", "[2]"}));
}

BOOST_AUTO_TEST_CASE(distinct_elements) {
  const Var x = xt::xarray<double>{{3.0, not_a_number, 1.0}, {1.0, not_a_number, -0.0}};
  check_elements<double>(xg::unique(x), {4}, {0.0, 1.0, 3.0, not_a_number});
  const xg::UniqueAll all = xg::unique_all(x);
  check_elements<Int>(all.indices, {4}, {5, 2, 0, 1});
  check_elements<Int>(all.inverse, {2, 3}, {2, 3, 1, 1, 3, 0});
  check_elements<Int>(all.counts, {4}, {1, 2, 1, 2});
  check_elements<Int>(xg::unique(Var(xt::xarray<Int>{5, 3, 5})), {2}, {3, 5});
  check_elements<bool>(xg::unique(Var(xt::xarray<bool>{true, true})), {1}, {true});
  check_elements<double>(xg::unique(Var(xt::zeros<double>({0, 2}))), {0}, {});
  check_elements<double>(xg::unique(Var(2.0)), {1}, {2.0});
  BOOST_TEST(throws<xg::TapeError>([&] { return xg::grad([](const Var& y) { return sum(xg::unique(y)); })(x); },
                                   {"unique: ", "[2, 3]", "recorded", "concrete"}));
  BOOST_TEST(throws<xg::TapeError>([&] { return xg::compile([](const Var& y) { return xg::unique(y); })(x); },
                                   {"unique: ", "recorded"}));
}

BOOST_AUTO_TEST_SUITE_END()
