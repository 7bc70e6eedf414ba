// Windows, convolutions, polynomials, sets, grids of bins and arrays of indices: NumPy's values, edges, errors.
#include <boost/test/unit_test.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <xgrad/xgrad.hpp>

#include "comparing.hpp"
#include "ops_compare.hpp"
#include "ops_table_rows.hpp"
#include "refusals.hpp"

BOOST_AUTO_TEST_SUITE(test_ops_sequences)

namespace xg = xgrad;
using refusals::check_refused;
using refusals::ints;
using xg::Overlap;
using xg::Var;
using xg::testing::check_elements;
using xg::testing::elements;
using xg::testing::infinity;
using xg::testing::not_a_number;

namespace {

using Int = std::int64_t;

Var row(std::initializer_list<double> values) { return xt::xarray<double>(values); }
Var nothing() { return xt::zeros<double>({0}); }

}  // namespace

BOOST_AUTO_TEST_CASE(windows_have_their_values) {
  check_elements<double>(xg::bartlett(5), {5}, {0.0, 0.5, 1.0, 0.5, 0.0}, 1e-15);
  check_elements<double>(xg::hanning(4), {4}, {0.0, 0.75, 0.75, 0.0}, 1e-15);
  check_elements<double>(xg::hamming(5), {5}, {0.08000000000000002, 0.54, 1.0, 0.54, 0.08000000000000002}, 1e-15);
  BOOST_TEST(std::abs(elements<double>(xg::blackman(5))[0]) < 1e-16);
  check_elements<double>(view(xg::blackman(5), xt::range(1, 4)), {3}, {0.34, 1.0, 0.34}, 1e-15);
  check_elements<double>(xg::kaiser(5, 8.6), {5},
                         {0.00133251399790242, 0.34039362244018856, 1.0, 0.34039362244018856, 0.00133251399790242},
                         1e-14);
  check_elements<double>(xg::kaiser(4, Var(xt::xarray<double>(0.0))), {4}, {1.0, 1.0, 1.0, 1.0});
  for (const Var& window : {xg::bartlett(1), xg::hanning(1), xg::hamming(1), xg::blackman(1), xg::kaiser(1, 3.0)})
    check_elements<double>(window, {1}, {1.0});
  check_elements<double>(xg::kaiser(0, 3.0), {0}, {});
  check_elements<float>(xg::hanning(3, xg::DType::Float32), {3}, {0.0F, 1.0F, 0.0F}, 1e-6);
  check_refused<xg::ShapeError>([] { return xg::kaiser(3, row({1.0, 2.0})); }, {"kaiser", "[2]"});
}

BOOST_AUTO_TEST_CASE(convolutions_are_those_of_numpy) {
  const Var a = row({1.0, 2.0, 3.0, 4.0, 5.0});
  const Var v = row({1.0, 10.0, 100.0, 1000.0});
  check_elements<double>(convolve(a, v), {8}, {1, 12, 123, 1234, 2345, 3450, 4500, 5000});
  check_elements<double>(convolve(v, a), {8}, {1, 12, 123, 1234, 2345, 3450, 4500, 5000});
  check_elements<double>(convolve(a, v, Overlap::Same), {5}, {12, 123, 1234, 2345, 3450});
  check_elements<double>(convolve(a, v, Overlap::Valid), {2}, {1234, 2345});
  check_elements<double>(correlate(a, v, Overlap::Full), {8}, {1000, 2100, 3210, 4321, 5432, 543, 54, 5});
  check_elements<double>(correlate(v, a, Overlap::Full), {8}, {5, 54, 543, 5432, 4321, 3210, 2100, 1000});
  check_elements<double>(correlate(a, v, Overlap::Same), {5}, {2100, 3210, 4321, 5432, 543});
  check_elements<double>(correlate(v, a, Overlap::Same), {5}, {543, 5432, 4321, 3210, 2100});
  check_elements<double>(correlate(v, a), {2}, {5432, 4321});
  check_elements<double>(convolve(a, row({1.0, 10.0, 100.0}), Overlap::Same), {5}, {12, 123, 234, 345, 450});
  check_elements<Int>(convolve(ints({1, 2}), ints({3})), {2}, {3, 6});
  check_elements<float>(convolve(Var(xt::xarray<float>{1.0F, 2.0F}), Var(xt::xarray<float>{3.0F})), {2}, {3.0F, 6.0F});
  check_refused<xg::ShapeError>([&] { return convolve(a, nothing()); }, {"convolve", "[0]", "one element"});
  check_refused<xg::ShapeError>([&] { return correlate(Var(1.0), a); }, {"correlate", "[]"});
}

BOOST_AUTO_TEST_CASE(angles_run_on) {
  check_elements<double>(unwrap(row({0.5, 3.0, -2.5, -1.0, 4.0, 10.5})), {6},
                         {0.5, 3.0, 3.7831853071795862, 5.283185307179586, 4.0, 4.216814692820414}, 1e-15);
  check_elements<double>(unwrap(ints({0, 1, 2, -1, 0}), {.period = 4.0}), {5}, {0, 1, 2, 3, 4});
  check_elements<double>(unwrap(row({0.0, 2.0, 4.0, 0.0}), {.period = 4.0}), {4}, {0, 2, 4, 4});
  check_elements<double>(unwrap(row({0.0, 5.0, 0.0}), {.discontinuity = 6.0}), {3}, {0, 5, 0});
  check_elements<double>(unwrap(transpose(Var(xt::xarray<double>{{0.0, 5.0}})), {.axis = 0, .period = 5.0}), {2, 1},
                         {0.0, 0.0});
  check_elements<double>(unwrap(nothing()), {0}, {});
  check_refused<xg::ValueError>([] { return unwrap(row({1.0}), {.period = 0.0}); }, {"unwrap", "period", "positive"});
  check_refused<xg::ShapeError>([] { return unwrap(Var(1.0)); }, {"unwrap"});
}

BOOST_AUTO_TEST_CASE(polynomials) {
  const Var p = row({2.0, -1.0, 0.5});
  check_elements<double>(polyval(p, row({0.0, 1.0, -2.0})), {3}, {0.5, 1.5, 10.5});
  check_elements<Int>(polyval(ints({1, 2}), ints({1, 1}, {3})), {1, 1}, {5});
  check_elements<double>(polyval(nothing(), row({3.0})), {1}, {0.0});
  check_elements<Int>(polyadd(ints({1, 2, 3}), ints({4, 5})), {3}, {1, 6, 8});
  check_elements<Int>(polysub(ints({4, 5}), ints({1, 2, 3})), {3}, {-1, 2, 2});
  check_elements<Int>(polymul(ints({1, 2, 3}), ints({4, 5})), {4}, {4, 13, 22, 15});
  const auto [quotient, rest] = xg::polydiv(row({1.0, 5.0, 6.0, 2.0}), row({2.0, 3.0}));
  check_elements<double>(quotient, {3}, {0.5, 1.75, 0.375});
  check_elements<double>(rest, {1}, {0.875});
  const auto [none, all] = xg::polydiv(row({1.0, 2.0}), row({1.0, 2.0, 3.0}));
  check_elements<double>(none, {1}, {0.0});
  check_elements<double>(all, {2}, {1.0, 2.0});
  check_elements<double>(xg::polydiv(row({4.0, 2.0}), row({2.0})).second, {0}, {});
  check_elements<Int>(polyder(ints({4, 3, 2, 1}), 2), {2}, {24, 6});
  check_elements<double>(polyder(row({3.0}), 2), {0}, {});
  check_elements<double>(polyint(row({6.0, 2.0, 1.0}), 2, row({3.0, 5.0})), {5}, {0.5, 1.0 / 3.0, 0.5, 3.0, 5.0},
                         1e-15);
  check_elements<double>(polyint(nothing(), 1, 2.0), {1}, {2.0});
  check_elements<double>(poly(row({2.0, -1.0, 0.5})), {4}, {1.0, -1.5, -1.5, 1.0});
  check_elements<double>(poly(nothing()), {1}, {1.0});
  check_refused<xg::ValueError>([] { return xg::polydiv(row({1.0}), row({0.0})).first.array<double>(); },
                                {"polydiv", "must not be 0"});
  check_refused<xg::ShapeError>([] { return polyval(Var(1.0), Var(2.0)); }, {"polyval", "[]", "one axis"});
  check_refused<xg::ShapeError>([] { return poly(reshape(row({1.0}), {1, 1})); }, {"poly", "[1, 1]"});
  check_refused<xg::ShapeError>([] { return polyint(row({1.0}), 2, row({1.0})); }, {"polyint", "[1]", "2"});
  check_elements<double>(poly(row({infinity})), {2}, {1.0, -infinity});
}

BOOST_AUTO_TEST_CASE(fitted_polynomials) {
  const Var x = row({0.0, 1.0, 2.0, 3.0, 4.5});
  const Var y = row({1.0, -0.5, 2.0, 3.5, 1.0});
  check_elements<double>(xg::linalg::polyfit(x, y, 2), {3},
                         {-0.2487458917142366, 1.4369486248053982, 0.08631724615118344}, 1e-12);
  const Var weights = row({1.0, 2.0, 0.5, 1.0, 3.0});
  const std::vector<double> weighted{-0.16350328316305426, 1.122950489347042, -0.6435478142890896};
  check_elements<double>(xg::linalg::polyfit(x, y, 2, weights), {3}, weighted, 1e-12);
  const Var both = xg::linalg::polyfit(x, xg::stack({y, 2.0 * y}, 1), 2, weights);
  check_elements<double>(take(both, 1, 1), {3}, {2.0 * weighted[0], 2.0 * weighted[1], 2.0 * weighted[2]}, 1e-12);
  check_refused<xg::ShapeError>([&] { return xg::linalg::polyfit(x, row({1.0}), 1); }, {"polyfit", "[5]", "[1]"});
  check_refused<xg::ShapeError>([&] { return xg::linalg::polyfit(x, y, 1, row({1.0})); }, {"polyfit", "weights [1]"});
  // One element type for all, the wider one.
  const Var thirds = cast(row({1.0, 2.0, 3.0}) / 3.0, xg::DType::Float32);
  const Var line = xg::linalg::polyfit(thirds, cast(thirds, xg::DType::Float64), 1);
  check_elements<double>(line + 1.0, {2}, {2.0, 1.0}, 1e-14);
  constexpr std::size_t largest = std::numeric_limits<std::size_t>::max();
  check_refused<xg::ShapeError>([&] { return xg::linalg::polyfit(x, y, largest); }, {"an array", "address space"});
  check_refused<xg::ShapeError>([&] { return vander(x, largest / 2); }, {"an array", "address space"});
}

BOOST_AUTO_TEST_CASE(equations_of_arrays) {
  xg::testing::Random random(8);
  const Var a = random.uniform({2, 3, 6}) + reshape(3.0 * xg::identity(6), {2, 3, 6});
  const Var b = random.uniform({2, 3});
  const Var x = xg::linalg::tensorsolve(a, b);
  check_elements<double>(tensordot(a, x, 1), {2, 3}, elements<double>(b), 1e-12);
  const Var inverse = xg::linalg::tensorinv(a);
  check_elements<double>(tensordot(inverse, b, 2), {6}, elements<double>(x), 1e-11);
  check_elements<double>(xg::linalg::tensorsolve(Var(2.0), Var(6.0)), {}, {3.0});
  check_refused<xg::ShapeError>([&] { return xg::linalg::tensorsolve(a, row({1.0})); }, {"tensorsolve", "[2, 3, 6]"});
  check_refused<xg::ShapeError>([&] { return xg::linalg::tensorinv(a, 1); }, {"tensorinv", "2 rows", "18 columns"});
  check_refused<xg::ValueError>([&] { return xg::linalg::tensorinv(a, 0); }, {"tensorinv", "0 axes"});
}

BOOST_AUTO_TEST_CASE(sets) {
  const Var a = row({3.0, 1.0, 1.0, not_a_number, 2.0});
  const Var b = Var(xt::xarray<double>{{2.0, 5.0}, {1.0, not_a_number}});
  check_elements<double>(xg::union1d(a, b), {5}, {1.0, 2.0, 3.0, 5.0, not_a_number});
  check_elements<double>(xg::intersect1d(a, b), {3}, {1.0, 2.0, not_a_number});
  check_elements<double>(xg::setdiff1d(a, b), {2}, {3.0, not_a_number});
  check_elements<double>(xg::setxor1d(a, b), {2}, {3.0, 5.0});
  check_elements<bool>(isin(a, b), {5}, {false, true, true, false, true});
  check_elements<bool>(isin(ints({1, 2}), nothing()), {2}, {false, false});
  check_elements<bool>(isin(ints({1, 2}), row({2.0, 2.5})), {2}, {false, true});
  check_elements<Int>(xg::union1d(ints({3}), ints({})), {1}, {3});
  const auto f = xg::compile([](const Var& x, const Var& set) { return isin(x, set); });
  check_elements<bool>(f(a, b), {5}, {false, true, true, false, true});
  xg::Tape tape;
  check_refused<xg::TapeError>([&] { return xg::setdiff1d(tape.leaf(a), b); }, {"setdiff1d", "recorded"});
}

BOOST_AUTO_TEST_CASE(zeros_at_the_ends_are_cut_off) {
  const Var x = row({0.0, -0.0, 1.0, 0.0, 2.0, 0.0});
  check_elements<double>(trim_zeros(x), {3}, {1.0, 0.0, 2.0});
  check_elements<double>(trim_zeros(x, xg::Ends::Front), {4}, {1.0, 0.0, 2.0, 0.0});
  check_elements<double>(trim_zeros(x, xg::Ends::Back), {5}, {0.0, 0.0, 1.0, 0.0, 2.0});
  check_elements<double>(trim_zeros(row({0.0})), {0}, {});
  check_elements<double>(trim_zeros(nothing()), {0}, {});
  check_refused<xg::ShapeError>([] { return trim_zeros(Var(1.0)); }, {"trim_zeros", "[]"});
}

BOOST_AUTO_TEST_CASE(places_become_indices) {
  const std::vector<Var> found = xg::unravel_index(ints({22, 41, 37, -1}), {7, 6});
  check_elements<Int>(found[0], {4}, {3, 6, 6, 6});
  check_elements<Int>(found[1], {4}, {4, 5, 1, 5});
  BOOST_TEST(xg::unravel_index(Var(0), {}).empty());
  check_elements<Int>(xg::unravel_index(ints({}), {0, 3})[1], {0}, {});
  check_elements<Int>(xg::ravel_multi_index(found, {7, 6}), {4}, {22, 41, 37, 41});
  check_refused<xg::ValueError>(
      [] {
        return xg::unravel_index(ints({42}), {7, 6})[0].array<Int>();
      },
      {"unravel_index", "42"});
  check_refused<xg::TypeError>([] { return xg::unravel_index(row({1.0}), {3}); }, {"unravel_index"});
}

BOOST_AUTO_TEST_CASE(shapes_that_broadcast) {
  BOOST_TEST(to_string(xg::broadcast_shapes({{3, 1}, {4}, {2, 1, 1}})) == "[2, 3, 4]");
  BOOST_TEST(to_string(xg::broadcast_shapes({{0}, {1}})) == "[0]");
  BOOST_TEST(to_string(xg::broadcast_shapes(std::vector<xg::Shape>())) == "[]");
  check_refused<xg::ShapeError>([] { return xg::broadcast_shapes({{2}, {3}}); }, {"broadcast_shapes", "[2] and [3]"});
}

BOOST_AUTO_TEST_CASE(indices_of_a_grid) {
  check_elements<Int>(xg::indices({2, 3}), {2, 2, 3}, {0, 0, 0, 1, 1, 1, 0, 1, 2, 0, 1, 2});
  check_elements<Int>(xg::indices({0}), {1, 0}, {});
  check_elements<Int>(xg::indices({}), {0}, {});
  const Var x = reshape(xg::arange(12), {3, 4});
  const std::vector<Var> chosen = xg::ix_({ints({0, 2}), Var(xt::xarray<bool>{true, false, false, true})});
  check_elements<Int>(at(x, chosen).get(), {2, 2}, {0, 3, 8, 11});
  check_elements<Int>(xg::ix_({ints({}), ints({1})})[0], {0, 1}, {});
  check_refused<xg::ShapeError>([] { return xg::ix_({Var(1)}); }, {"ix_", "[]"});
  check_refused<xg::TypeError>([] { return xg::ix_({row({1.0})}); }, {"ix_"});
}

BOOST_AUTO_TEST_CASE(orders_of_several_keys) {
  const Var second = ints({9, 4, 0, 4, 0, 2, 1});
  const Var first = ints({1, 5, 1, 4, 3, 4, 4});
  check_elements<Int>(xg::lexsort({second, first}), {7}, {2, 0, 4, 6, 5, 3, 1});
  check_elements<Int>(xg::lexsort({reshape(second, {7, 1}), reshape(first, {7, 1})}, 0), {7, 1}, {2, 0, 4, 6, 5, 3, 1});
  check_refused<xg::ShapeError>([&] { return xg::lexsort({second, ints({1})}); }, {"lexsort", "[7]", "[1]"});
  check_refused<xg::ValueError>([] { return xg::lexsort({}); }, {"lexsort", "no keys"});
}

BOOST_AUTO_TEST_CASE(choices_by_number) {
  const Var choices = reshape(xg::arange(16), {4, 4});
  const std::vector<Var> rows = xg::unstack(choices + 6 * xg::reshape(xg::arange(4), {4, 1}));
  check_elements<Int>(xg::choose(ints({2, 3, 1, 0}), rows), {4}, {20, 31, 12, 3});
  check_elements<double>(xg::choose(Var(0), {Var(0.5)}), {}, {0.5});
  check_refused<xg::ValueError>([&] { return xg::choose(ints({4, 0, 0, 0}), rows).array<Int>(); }, {"choose", "4"});
  check_refused<xg::ValueError>([] { return xg::choose(Var(1), {Var(0.5)}).array<double>(); }, {"choose", "1"});
  check_refused<xg::ValueError>([] { return xg::choose(Var(0), std::vector<Var>()); }, {"choose", "no choices"});
  check_refused<xg::TypeError>([] { return xg::choose(Var(0.0), {Var(1.0)}); }, {"choose"});
}

BOOST_AUTO_TEST_CASE(tables_that_repeat) {
  const Var x = row({-180, -170, -185, 185, -10, -5, 0, 365, infinity});
  const Var places = row({190, -190, 350, -350});
  const Var values = row({5, 10, 3, 4});
  check_elements<double>(interp(x, places, values, {.period = 360.0}), {9},
                         {7.5, 5.0, 8.75, 6.25, 3.0, 3.25, 3.5, 3.75, not_a_number}, 1e-15);
  check_elements<double>(interp(row({0.3}), row({1.0}), row({7.0}), {.period = 2.0}), {1}, {7.0});
  check_refused<xg::ValueError>([&] { return interp(x, places, values, {.period = -1.0}).array<double>(); },
                                {"interp", "period", "-1"});
  check_refused<xg::ValueError>([&] { return interp(x, places, values, {.left = 1.0, .period = 1.0}); }, {"interp"});
  check_refused<xg::ShapeError>([&] { return interp(x, places, values, {.period = row({1.0})}); }, {"interp", "[1]"});
}

BOOST_AUTO_TEST_CASE(bins_over_a_range) {
  const Var x = row({0.1, 0.5, 0.5, 1.9, 2.0, 2.5, -1.0, not_a_number});
  const auto [counts, edges] = xg::histogram(x, 4, {.range = {{0.0, 2.0}}});
  check_elements<Int>(counts, {4}, {1, 2, 0, 2});
  check_elements<double>(edges, {5}, {0.0, 0.5, 1.0, 1.5, 2.0});
  check_elements<double>(xg::histogram(x, 4, {.density = true, .range = {{0.0, 2.0}}}).first, {4}, {0.4, 0.8, 0.0, 0.8},
                         1e-15);
  check_elements<double>(xg::histogram_bin_edges(nothing(), 2, {.range = {{1.0, 1.0}}}), {3}, {0.5, 1.0, 1.5});
  check_elements<double>(xg::histogram_bin_edges(row({3.0, 1.0}), 2), {3}, {1.0, 2.0, 3.0});
  check_refused<xg::ValueError>([&] { return xg::histogram(x, 4, {.range = {{2.0, 1.0}}}); }, {"histogram", "rise"});
  check_refused<xg::ValueError>([&] { return xg::histogram(x, 4, {.range = {{0.0, infinity}}}); }, {"histogram"});
  check_refused<xg::ValueError>(
      [&, edges = edges] {
        return xg::histogram(x, edges, {.range = {{0.0, 1.0}}});
      },
      {"histogram"});
  check_refused<xg::ValueError>([] { return xg::histogram_bin_edges(nothing(), 2); }, {"histogram_bin_edges", "[0]"});
  constexpr std::size_t largest = std::numeric_limits<std::size_t>::max();
  check_refused<xg::ShapeError>([&] { return xg::histogram(x, largest); }, {"an array", "address space"});
  check_refused<xg::ShapeError>([&] { return bincount(ints({0}), largest); }, {"an array", "address space"});
  check_refused<xg::ValueError>(
      [] {
        return xg::histogram(row({-1e308, 1e308}), 3).first.array<Int>();
      },
      {"histogram", "1e+308 is farther", "range"});
  check_refused<xg::ValueError>(
      [] {
        return xg::histogram(cast(row({0.0}), xg::DType::Float32), 3, {.range = {{0.0, 1e39}}});
      },
      {"histogram", "1e+39", "finite in float32"});
}

BOOST_AUTO_TEST_CASE(bins_of_a_grid) {
  const Var x = row({0.1, 0.9, 1.5, 2.0, 5.0});
  const Var y = row({0.0, 1.0, 1.5, 2.0, 0.0});
  const Var x_edges = ints({0, 1, 2});
  const Var y_edges = row({0.0, 0.5, 1.0, 2.0});
  const xg::Histogram grid = xg::histogram2d(x, y, x_edges, y_edges);
  check_elements<Int>(grid.counts, {2, 3}, {1, 0, 1, 0, 0, 2});
  check_elements<double>(grid.edges[1], {4}, {0.0, 0.5, 1.0, 2.0});
  check_elements<double>(xg::histogram2d(x, y, x_edges, y_edges, {.density = true}).counts, {2, 3},
                         {0.5, 0.0, 0.25, 0.0, 0.0, 0.5}, 1e-15);
  check_elements<double>(xg::histogramdd(xg::stack({x, y}, 1), {x_edges, y_edges}, {.weights = x}).counts, {2, 3},
                         {0.1, 0.0, 0.9, 0.0, 0.0, 3.5}, 1e-15);
  check_refused<xg::ShapeError>([&] { return xg::histogramdd(x, {x_edges}); }, {"histogramdd", "[5]", "row"});
  check_refused<xg::ShapeError>([&] { return xg::histogram2d(x, y, x_edges, y_edges, {.weights = row({1.0})}); },
                                {"histogram2d", "[1]", "5 points"});
  check_refused<xg::ShapeError>([&] { return xg::histogram2d(x, row({1.0}), x_edges, y_edges); }, {"histogram2d"});
  // What is checked when it is computed also has the name of what was called.
  check_refused<xg::ValueError>(
      [&] {
        return xg::histogram2d(x, y, row({1.0, 0.0}), y_edges);
      },
      {"histogram2d: ", "rising order"});
  check_refused<xg::ValueError>(
      [&] {
        return xg::histogramdd(xg::stack({x, y}, 1), {row({1.0, 0.0}), y_edges});
      },
      {"histogramdd: ", "rising order"});
  check_refused<xg::ValueError>(
      [&] {
        return xg::histogram_bin_edges(row({infinity, 1.0}), 2);
      },
      {"histogram_bin_edges: ", "finite"});
}

BOOST_AUTO_TEST_CASE(slopes_along_several_axes) {
  const Var y = xt::xarray<double>{{1.0, 2.0, 6.0}, {3.0, 4.0, 5.0}};
  const Var places = row({0.0, 1.0, 3.0});
  const std::vector<Var> slopes = xg::gradient(y, {Var(2.0), places});
  BOOST_REQUIRE(slopes.size() == 2);
  check_elements<double>(slopes[0], {2, 3}, {1.0, 1.0, -0.5, 1.0, 1.0, -0.5});
  check_elements<double>(slopes[1], {2, 3}, {1.0, 4.0 / 3.0, 2.0, 1.0, 5.0 / 6.0, 0.5}, 1e-15);
  const std::vector<Var> other = xg::gradient(y, {places, Var(2.0)}, {-1, 0});
  check_elements<double>(other[0], {2, 3}, elements<double>(slopes[1]));
  check_elements<double>(other[1], {2, 3}, elements<double>(slopes[0]));
  BOOST_TEST(xg::gradient(y, {Var(1.0)}).size() == 2U);
  check_refused<xg::ShapeError>([&] { return xg::gradient(y, {1.0, 2.0, 3.0}); }, {"gradient", "3 spacings", "2 axes"});
}

BOOST_AUTO_TEST_CASE(differences_between_ends) {
  const Var x = Var(xt::xarray<int>{{1, 2}, {4, 7}});
  check_elements<Int>(ediff1d(x, {.to_begin = -99, .to_end = ints({88, 99})}), {6}, {-99, 1, 2, 3, 88, 99});
  check_elements<double>(ediff1d(x, {.to_end = 0.5}), {4}, {1.0, 2.0, 3.0, 0.5});
  check_elements<double>(ediff1d(nothing()), {0}, {});
  check_elements<Int>(ediff1d(Var(xt::xarray<bool>{true, false})), {1}, {-1});
}

BOOST_AUTO_TEST_CASE(products_of_vectors_along_an_axis) {
  const Var a = Var(xt::xarray<double>{{1.0, 2.0}, {3.0, 4.0}});
  check_elements<double>(vecdot(a, row({1.0, 10.0})), {2}, {21.0, 43.0});
  check_elements<double>(vecdot(a, a, 0), {2}, {10.0, 20.0});
  check_elements<Int>(vecdot(Var(xt::xarray<bool>{true, true}), ints({2, 3})), {}, {5});
  check_refused<xg::ShapeError>([&] { return vecdot(a, row({1.0, 2.0, 3.0})); }, {"vecdot"});
  check_refused<xg::ShapeError>([&] { return vecdot(a, a, 2); }, {"vecdot", "2"});
}

BOOST_AUTO_TEST_SUITE_END()
