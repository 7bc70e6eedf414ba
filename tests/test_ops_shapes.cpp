// What makes, cuts, joins and turns arrays, against plain loops and NumPy's values.
#include <boost/test/unit_test.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <xgrad/xgrad.hpp>

#include "ops_compare.hpp"
#include "refusals.hpp"

BOOST_AUTO_TEST_SUITE(test_ops_shapes)

namespace xg = xgrad;
using refusals::check_refused;
using refusals::counted;
using refusals::ints;
using xg::DType;
using xg::Shape;
using xg::Var;
using xg::testing::array_of;
using xg::testing::check_elements;
using xg::testing::check_same;
using xg::testing::element;
using xg::testing::elements;
using xg::testing::for_each_index;
using xg::testing::numbered;

namespace {

using Int = std::int64_t;

/// Each element of a result against the element of x from which it should come.
template <class Source>
void check_sources(const Var& found, const Shape& shape, const Var& x, Source source) {
  BOOST_TEST(to_string(found.shape()) == to_string(shape));
  if (found.shape() != shape) return;
  for_each_index(shape, [&](const Shape& index) { BOOST_TEST(element(found, index) == element(x, source(index))); });
}

}  // namespace

BOOST_AUTO_TEST_CASE(filled_arrays) {
  check_elements<double>(xg::zeros({2, 2}), {2, 2}, {0.0, 0.0, 0.0, 0.0});
  check_elements<float>(xg::ones({3}, DType::Float32), {3}, {1.0F, 1.0F, 1.0F});
  check_elements<bool>(xg::ones({2}, DType::Bool), {2}, {true, true});
  check_elements<Int>(xg::full({2}, 7), {2}, {7, 7});
  check_elements<double>(xg::full({}, 0.5), {}, {0.5});
  check_elements<double>(xg::full({2, 2}, Var(xt::xarray<double>{1.0, 2.0})), {2, 2}, {1.0, 2.0, 1.0, 2.0});
  check_elements<double>(xg::zeros({0, 3}), {0, 3}, {});
  // Of rank 0 they are arrays, whose element type counts, and no numbers.
  const Var single = Var(xt::xarray<float>{1.0F});
  BOOST_TEST(((single + xg::zeros({})).dtype() == DType::Float64));
  check_refused<xg::ShapeError>([] { return xg::full({2}, counted({3})); }, {"full: ", "[3]", "[2]"});
  check_refused<xg::ShapeError>([] { return xg::zeros({std::size_t{1} << 40U, std::size_t{1} << 40U}); }, {""});
}

BOOST_AUTO_TEST_CASE(matrices_of_ones) {
  check_elements<double>(xg::eye(2), {2, 2}, {1.0, 0.0, 0.0, 1.0});
  check_elements<Int>(xg::eye(2, 3, 1, DType::Int64), {2, 3}, {0, 1, 0, 0, 0, 1});
  check_elements<bool>(xg::eye(3, 2, -2, DType::Bool), {3, 2}, {false, false, false, false, true, false});
  check_same(xg::identity(3), xg::eye(3));
  check_elements<double>(xg::eye(0), {0, 0}, {});
  check_elements<double>(xg::tri(3, 2), {3, 2}, {1.0, 0.0, 1.0, 1.0, 1.0, 1.0});
  check_elements<float>(xg::tri(2, 3, -1, DType::Float32), {2, 3}, {0.0F, 0.0F, 0.0F, 1.0F, 0.0F, 0.0F});
}

BOOST_AUTO_TEST_CASE(ranges_of_numbers) {
  check_elements<Int>(xg::arange(4), {4}, {0, 1, 2, 3});
  check_elements<Int>(xg::arange(2, 9, 3), {3}, {2, 5, 8});
  check_elements<Int>(xg::arange(2, 8, 3), {2}, {2, 5});
  check_elements<Int>(xg::arange(5, -1, -2), {3}, {5, 3, 1});
  check_elements<Int>(xg::arange(5, 5), {0}, {});
  check_elements<Int>(xg::arange(-3), {0}, {});
  constexpr Int low = std::numeric_limits<Int>::min();
  constexpr Int high = std::numeric_limits<Int>::max();
  check_elements<Int>(xg::arange(low, high, high), {3}, {low, -1, high - 1});
  check_elements<Int>(xg::arange(high, low, low), {2}, {high, -1});
  check_elements<double>(xg::arange(0.0, 1.0, 0.25), {4}, {0.0, 0.25, 0.5, 0.75});
  check_elements<double>(xg::arange(1.0, 0.0, -0.5), {2}, {1.0, 0.5});
  check_elements<double>(xg::arange(1.0, 2.0, 0.1), {10}, {1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8, 1.9}, 1e-15);
  const Var end = cast(Var(2.5), DType::Float32);
  check_elements<float>(xg::arange(end), {3}, {0.0F, 1.0F, 2.0F});
  check_refused<xg::ValueError>([] { return xg::arange(0, 3, 0); }, {"arange: ", "0"});
  check_refused<xg::ValueError>([] { return xg::arange(0.0, INFINITY, 1.0); }, {"arange: ", "inf", "finite"});
  check_refused<xg::ValueError>([] { return xg::arange(0.0, 1e300, 1.0); }, {"arange: ", "more"});
  check_refused<xg::ShapeError>([] { return xg::arange(counted({2})); }, {"arange: ", "[2]"});
  check_refused<xg::TapeError>([] { return xg::grad([](const Var& x) { return sum(xg::arange(x)); })(3.0); },
                               {"arange: ", "recorded"});
}

BOOST_AUTO_TEST_CASE(numbers_at_even_distances) {
  check_elements<double>(xg::linspace(0, 3, 4), {4}, {0.0, 1.0, 2.0, 3.0});
  check_elements<double>(xg::linspace(0.0, 49.0, 50), {50}, elements<double>(cast(xg::arange(50), DType::Float64)));
  check_elements<double>(xg::linspace(-1e308, 1e308, 5), {5}, {-1e308, -5e307, 0.0, 5e307, 1e308}, 1e-15);
  check_elements<double>(xg::linspace(1.7e308, -1.7e308, 2), {2}, {1.7e308, -1.7e308});
  check_elements<double>(xg::linspace(-1.7e308, 1.7e308, 2, xg::Endpoint::excluded), {2}, {-1.7e308, 0.0});
  check_elements<double>(xg::arange(-1e308, 1e308, 5e307), {4}, {-1e308, -5e307, 0.0, 5e307}, 1e-15);
  check_elements<double>(xg::linspace(2.0, 3.0, 4, xg::Endpoint::excluded), {4}, {2.0, 2.25, 2.5, 2.75});
  check_elements<double>(xg::linspace(5.0, 1.0, 1), {1}, {5.0});
  check_elements<double>(xg::linspace(5.0, 1.0, 0), {0}, {});
  const Var tenths = xg::linspace(0.1, 0.7, 7);  // the last one is the end, whatever the sum says
  BOOST_TEST(elements<double>(tenths).back() == 0.7);
  check_elements<double>(xg::linspace(counted({2}), 5.0, 3), {3, 2}, {1.0, 2.0, 3.0, 3.5, 5.0, 5.0});
  check_elements<double>(xg::linspace(counted({2}), 5.0, 3, xg::Endpoint::included, -1), {2, 3},
                         {1.0, 3.0, 5.0, 2.0, 3.5, 5.0});
  const Var narrow = cast(Var(1.0), DType::Float32);
  BOOST_TEST((xg::linspace(0.0, narrow, 3).dtype() == DType::Float32));
  check_elements<double>(xg::logspace(0, 3, 4), {4}, {1.0, 10.0, 100.0, 1000.0}, 4e-15);
  check_elements<double>(xg::logspace(0, 3, 3, xg::Endpoint::excluded, 2.0), {3}, {1.0, 2.0, 4.0}, 4e-15);
  check_elements<double>(xg::geomspace(1.0, 1000.0, 4), {4}, {1.0, 10.0, 100.0, 1000.0}, 4e-15);
  check_elements<double>(xg::geomspace(-1000.0, -1.0, 4), {4}, {-1000.0, -100.0, -10.0, -1.0}, 4e-15);
  check_elements<double>(xg::geomspace(1e-200, 1e200, 3), {3}, {1e-200, 1.0, 1e200}, 1e-13);
  check_elements<double>(xg::geomspace(1, 256, 8, xg::Endpoint::excluded), {8},
                         {1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0}, 4e-15);
  check_refused<xg::ValueError>([] { return xg::geomspace(0.0, 1.0, 3); }, {"geomspace: ", "0"});
  check_refused<xg::ValueError>([] { return xg::geomspace(1.0, -1.0, 3); }, {"geomspace: ", "both"});
  check_refused<xg::ShapeError>([] { return xg::linspace(counted({2}), counted({3})); }, {"linspace: ", "[2]", "[3]"});
  check_refused<xg::ShapeError>([] { return xg::logspace(counted({2}), counted({3})); }, {"logspace: ", "[2]", "[3]"});
}

BOOST_AUTO_TEST_CASE(grids_and_powers) {
  const Var x = counted({2});
  const Var y = counted({3}) * 10.0;
  const auto xy = xg::meshgrid({x, y});
  check_elements<double>(xy[0], {3, 2}, {1.0, 2.0, 1.0, 2.0, 1.0, 2.0});
  check_elements<double>(xy[1], {3, 2}, {10.0, 10.0, 20.0, 20.0, 30.0, 30.0});
  const auto ij = xg::meshgrid({x, y, x}, xg::Indexing::ij);
  check_sources(ij[1], {2, 3, 2}, y, [](const Shape& i) { return Shape{i[1]}; });
  check_sources(xg::meshgrid({x, y, x})[2], {3, 2, 2}, x, [](const Shape& i) { return Shape{i[2]}; });
  BOOST_TEST(xg::meshgrid(std::vector<Var>()).empty());
  check_refused<xg::ShapeError>([&] { return xg::meshgrid({x, counted({2, 2})}); }, {"meshgrid: ", "[2, 2]"});
  check_elements<Int>(vander(ints({2, 3})), {2, 2}, {2, 1, 3, 1});
  check_elements<double>(vander(counted({2}), 4, xg::Order::Ascending), {2, 4},
                         {1.0, 1.0, 1.0, 1.0, 1.0, 2.0, 4.0, 8.0});
  check_elements<double>(vander(counted({2}), 0), {2, 0}, {});
  check_elements<double>(vander(Var(xt::xarray<double>{0.0}), 3), {1, 3}, {0.0, 0.0, 1.0});
  check_refused<xg::ShapeError>([] { return vander(Var(1.0)); }, {"vander: "});
}

BOOST_AUTO_TEST_CASE(axes_in_another_order) {
  const Var x = numbered({2, 3, 4});
  check_sources(swapaxes(x, 0, -1), {4, 3, 2}, x, [](const Shape& i) { return Shape{i[2], i[1], i[0]}; });
  check_sources(moveaxis(x, 0, -1), {3, 4, 2}, x, [](const Shape& i) { return Shape{i[2], i[0], i[1]}; });
  check_sources(moveaxis(x, {0, 1}, {-1, 0}), {3, 4, 2}, x, [](const Shape& i) { return Shape{i[2], i[0], i[1]}; });
  check_sources(rollaxis(x, 2), {4, 2, 3}, x, [](const Shape& i) { return Shape{i[1], i[2], i[0]}; });
  check_sources(rollaxis(x, 0, 2), {3, 2, 4}, x, [](const Shape& i) { return Shape{i[1], i[0], i[2]}; });
  check_sources(rollaxis(x, 0, 3), {3, 4, 2}, x, [](const Shape& i) { return Shape{i[2], i[0], i[1]}; });
  check_sources(rollaxis(x, 1, 1), {2, 3, 4}, x, [](const Shape& i) { return i; });
  check_refused<xg::ShapeError>([&] { return swapaxes(x, 0, 3); }, {"swapaxes: ", "axis 3", "[2, 3, 4]"});
  check_refused<xg::ShapeError>([&] { return moveaxis(x, {0, -3}, {0, 1}); }, {"moveaxis: ", "twice"});
  check_refused<xg::ShapeError>([&] { return moveaxis(x, {0, 1}, {0}); }, {"moveaxis: ", "2 axes", "1 position"});
  check_refused<xg::ShapeError>([&] { return rollaxis(x, 0, 4); }, {"rollaxis: ", "4", "[2, 3, 4]"});
}

BOOST_AUTO_TEST_CASE(elements_in_reverse_and_turned) {
  const Var x = numbered({2, 3, 4});
  check_sources(flip(x), {2, 3, 4}, x, [](const Shape& i) { return Shape{1 - i[0], 2 - i[1], 3 - i[2]}; });
  check_sources(flip(x, {-1, 0}), {2, 3, 4}, x, [](const Shape& i) { return Shape{1 - i[0], i[1], 3 - i[2]}; });
  check_sources(fliplr(x), {2, 3, 4}, x, [](const Shape& i) { return Shape{i[0], 2 - i[1], i[2]}; });
  check_sources(flipud(x), {2, 3, 4}, x, [](const Shape& i) { return Shape{1 - i[0], i[1], i[2]}; });
  check_same(flip(xg::zeros({0, 2})), xg::zeros({0, 2}));
  check_elements<bool>(flip(Var(xt::xarray<bool>{true, false})), {2}, {false, true});
  const Var m = numbered({2, 3});
  check_sources(rot90(m), {3, 2}, m, [](const Shape& i) { return Shape{i[1], 2 - i[0]}; });
  check_sources(rot90(m, 3), {3, 2}, m, [](const Shape& i) { return Shape{1 - i[1], i[0]}; });
  check_same(rot90(m, -1), rot90(m, 3));
  check_same(rot90(m, 2), flip(m));
  check_same(rot90(m, 4), m);
  check_same(rot90(m, 1, {1, 0}), rot90(m, 3));
  check_same(roll(m, {1, 2}, {0, 1}), roll(roll(m, 1, 0), 2, 1));
  check_same(roll(m, {1, 1}, {1, -1}), roll(m, 2, 1));
  check_same(roll(m, 1, {0, 1}), roll(roll(m, 1, 0), 1, 1));
  check_refused<xg::ShapeError>([&] { return rot90(m, 1, {0, 0}); }, {"rot90: ", "twice"});
  check_refused<xg::ShapeError>([&] { return rot90(counted({3})); }, {"rot90: ", "[3]"});
  check_refused<xg::ShapeError>([&] { return rot90(x, 1, {0, 1, 2}); }, {"rot90: ", "3 axes"});
  check_refused<xg::ShapeError>([&] { return roll(m, {1, 2}, {0}); }, {"roll: ", "2 shifts", "1 axis"});
  check_refused<xg::ShapeError>([&] { return flip(m, {0, 0}); }, {"flip: ", "twice"});
  check_refused<xg::ShapeError>([&] { return fliplr(counted({3})); }, {"fliplr: ", "[3]"});
  check_refused<xg::ShapeError>([&] { return flipud(Var(1.0)); }, {"flipud: "});
}

BOOST_AUTO_TEST_CASE(axes_are_added) {
  const auto shapes = [](const Var& x) {
    return to_string(atleast_1d(x).shape()) + to_string(atleast_2d(x).shape()) + to_string(atleast_3d(x).shape());
  };
  BOOST_TEST(shapes(2.0) == "[1][1, 1][1, 1, 1]");
  BOOST_TEST(shapes(counted({3})) == "[3][1, 3][1, 3, 1]");
  BOOST_TEST(shapes(counted({2, 3})) == "[2, 3][2, 3][2, 3, 1]");
  BOOST_TEST(shapes(counted({2, 1, 2, 1})) == "[2, 1, 2, 1][2, 1, 2, 1][2, 1, 2, 1]");
  check_same(ravel(counted({2, 3})), counted({6}));
}

BOOST_AUTO_TEST_CASE(diagonals) {
  for (const std::size_t rows : {0U, 1U, 3U}) {
    for (const std::size_t columns : {0U, 1U, 2U, 5U}) {
      const Var x = numbered({rows, columns});
      for (std::ptrdiff_t k = -4; k <= 6; ++k) {
        std::vector<double> expected;
        double total = 0.0;
        for (std::size_t i = 0; i < rows; ++i) {
          const std::ptrdiff_t j = static_cast<std::ptrdiff_t>(i) + k;
          if (j >= 0 && j < static_cast<std::ptrdiff_t>(columns))
            expected.push_back(element(x, {i, static_cast<std::size_t>(j)}));
        }
        for (const double each : expected) total += each;
        check_elements(diagonal(x, k), {expected.size()}, expected);
        check_elements(diag(x, k), {expected.size()}, expected);
        check_elements<double>(trace(x, k), {}, {total}, 1e-15);
        const auto below = [&](const Shape& i) {
          return static_cast<std::ptrdiff_t>(i[1]) <= static_cast<std::ptrdiff_t>(i[0]) + k;
        };
        for_each_index(x.shape(), [&](const Shape& i) {
          BOOST_TEST(element(tril(x, k), i) == (below(i) ? element(x, i) : 0.0));
          BOOST_TEST(element(triu(x, k + 1), i) == (below(i) ? 0.0 : element(x, i)));
        });
      }
    }
  }
  const Var x = numbered({2, 3, 4});
  check_sources(diagonal(x, 1, 2, 0), {3, 1}, x, [](const Shape& i) { return Shape{i[1] + 1, i[0], i[1]}; });
  check_elements<double>(diag(counted({2}), -1), {3, 3}, {0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 2.0, 0.0});
  check_elements<double>(diagflat(counted({2, 1}), 1), {3, 3}, {0.0, 1.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0});
  check_elements<double>(diag(xg::zeros({0})), {0, 0}, {});
  check_elements<double>(diag(xg::zeros({0}), 2), {2, 2}, {0.0, 0.0, 0.0, 0.0});
  check_elements<Int>(trace(Var(xt::xarray<bool>{{true, false}, {false, true}})), {}, {2});
  constexpr auto far = std::numeric_limits<std::ptrdiff_t>::max();
  check_same(tril(counted({2, 2}), far), counted({2, 2}));
  check_same(triu(counted({2, 2}), -far - 1), counted({2, 2}));
  check_elements<double>(diagonal(counted({2, 2}), -far - 1), {0}, {});
  // What is outside of a triangle does not matter.
  const Var bad = Var(xt::xarray<double>{{1.0, NAN}, {2.0, 3.0}});
  check_elements<double>(tril(bad), {2, 2}, {1.0, 0.0, 2.0, 3.0});
  check_elements<double>(xg::testing::slope([](const Var& y) { return square(tril(y)); }, bad), {2, 2},
                         {2.0, 0.0, 4.0, 6.0});
  check_elements<double>(fill_diagonal(counted({3, 2}), 9.0), {3, 2}, {9.0, 2.0, 3.0, 9.0, 5.0, 6.0});
  check_elements<double>(fill_diagonal(counted({2, 2, 2}), counted({2}) * 10.0), {2, 2, 2},
                         {10.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 20.0});
  check_same(fill_diagonal(xg::zeros({0, 2}), 1.0), xg::zeros({0, 2}));
  check_refused<xg::ShapeError>([] { return fill_diagonal(counted({2}), 1.0); }, {"fill_diagonal: ", "[2]"});
  check_refused<xg::ShapeError>(
      [] {
        return fill_diagonal(counted({2, 2, 1}), 1.0);
      },
      {"fill_diagonal: ", "[2, 2, 1]"});
  check_refused<xg::ShapeError>(
      [] {
        return fill_diagonal(counted({2, 2}), counted({3}));
      },
      {"fill_diagonal: ", "[3]"});
  check_refused<xg::ShapeError>([] { return diag(Var(1.0)); }, {"diag: ", "[]"});
  check_refused<xg::ShapeError>([] { return diag(counted({1, 1, 1})); }, {"diag: ", "[1, 1, 1]"});
  check_refused<xg::ShapeError>([far] { return diag(counted({1}), far); }, {""});
  check_refused<xg::ShapeError>([] { return trace(counted({2})); }, {"trace: ", "[2]"});
  check_refused<xg::ShapeError>([] { return diagonal(counted({2, 2}), 0, 1, -1); }, {"diagonal: ", "twice"});
  check_refused<xg::ShapeError>([] { return tril(counted({2})); }, {"tril: ", "[2]"});
}

BOOST_AUTO_TEST_SUITE_END()
