// Cutting, joining, repeating and padding arrays, and slices with negative steps, against plain loops and NumPy's
// values.
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <xgrad/testing.hpp>
#include <xgrad/xgrad.hpp>

#include "ops_compare.hpp"
#include "refusals.hpp"

BOOST_AUTO_TEST_SUITE(test_ops_parts)

namespace xg = xgrad;
using namespace xt::placeholders;
using refusals::check_refused;
using refusals::counted;
using refusals::ints;
using xg::DType;
using xg::Padding;
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

std::string lengths(const std::vector<Var>& parts) {
  std::string text;
  for (const Var& part : parts) text += to_string(part.shape());
  return text;
}

}  // namespace

BOOST_AUTO_TEST_CASE(parts_of_an_axis) {
  const Var x = counted({8});
  BOOST_TEST(lengths(split(x, 4)) == "[2][2][2][2]");
  check_elements<double>(split(x, 4)[2], {2}, {5.0, 6.0});
  BOOST_TEST(lengths(split(x, {3, 5, 6, 10})) == "[3][2][1][2][0]");
  check_elements<double>(split(x, {3, 5})[1], {2}, {4.0, 5.0});
  BOOST_TEST(lengths(split(x, {-2, 3})) == "[6][0][5]");  // as x[:-2], x[-2:3], x[3:]
  check_elements<double>(split(x, {-2, 3})[2], {5}, {4.0, 5.0, 6.0, 7.0, 8.0});
  BOOST_TEST(lengths(split(x, std::vector<int>())) == "[8]");
  BOOST_TEST(lengths(array_split(x, 3)) == "[3][3][2]");
  BOOST_TEST(lengths(array_split(x, 10)) == "[1][1][1][1][1][1][1][1][0][0]");
  check_elements<double>(array_split(x, 3)[2], {2}, {7.0, 8.0});
  BOOST_TEST(lengths(split(numbered({2, 6}), 3, -1)) == "[2, 2][2, 2][2, 2]");
  BOOST_TEST(lengths(hsplit(x, 2)) == "[4][4]");
  BOOST_TEST(lengths(hsplit(numbered({2, 4, 2}), 2)) == "[2, 2, 2][2, 2, 2]");
  BOOST_TEST(lengths(vsplit(numbered({2, 4}), {1})) == "[1, 4][1, 4]");
  BOOST_TEST(lengths(dsplit(numbered({2, 1, 4}), 2)) == "[2, 1, 2][2, 1, 2]");
  BOOST_TEST(lengths(split(xg::zeros({0}), 2)) == "[0][0]");
  BOOST_TEST(lengths(unstack(numbered({2, 4}), -1)) == "[2][2][2][2]");
  check_same(stack(unstack(numbered({2, 3}), 1), 1), numbered({2, 3}));
  BOOST_TEST(unstack(xg::zeros({0, 2})).empty());
  check_refused<xg::ShapeError>([] { return unstack(Var(1.0)); }, {"unstack: "});
  const auto wide = xg::broadcast_arrays({counted({2, 1}), counted({3}), Var(ints({7}))});
  BOOST_TEST(lengths(wide) == "[2, 3][2, 3][2, 3]");
  check_elements<Int>(wide[2], {2, 3}, {7, 7, 7, 7, 7, 7});
  BOOST_TEST(xg::broadcast_arrays({}).empty());
  check_refused<xg::ShapeError>(
      [] {
        return xg::broadcast_arrays({counted({2}), counted({3})});
      },
      {"broadcast_arrays: ", "[2]", "[3]"});
  check_refused<xg::ValueError>([&] { return split(x, 3); }, {"split: ", "3 parts", "[8]", "array_split"});
  check_refused<xg::ValueError>([&] { return split(x, 0); }, {"split: ", "0 parts"});
  check_refused<xg::ValueError>([&] { return array_split(x, -1); }, {"array_split: ", "-1 parts"});
  check_refused<xg::ShapeError>([&] { return split(x, 2, 1); }, {"split: ", "axis 1", "[8]"});
  check_refused<xg::ShapeError>([&] { return vsplit(x, 2); }, {"vsplit: ", "[8]"});
  check_refused<xg::ShapeError>([&] { return dsplit(numbered({2, 2}), 2); }, {"dsplit: ", "[2, 2]"});
  check_refused<xg::ShapeError>([&] { return hsplit(Var(1.0), 1); }, {"hsplit: ", "[]"});
}

BOOST_AUTO_TEST_CASE(parts_are_put_together) {
  const Var a = counted({2});
  const Var m = counted({2, 2});
  check_elements<double>(xg::hstack({a, a}), {4}, {1.0, 2.0, 1.0, 2.0});
  check_elements<double>(xg::hstack({m, m}), {2, 4}, {1.0, 2.0, 1.0, 2.0, 3.0, 4.0, 3.0, 4.0});
  check_elements<double>(xg::hstack({Var(1.0), Var(2.0)}), {2}, {1.0, 2.0});
  check_elements<double>(xg::vstack({a, m}), {3, 2}, {1.0, 2.0, 1.0, 2.0, 3.0, 4.0});
  check_elements<double>(xg::dstack({a, a}), {1, 2, 2}, {1.0, 1.0, 2.0, 2.0});
  check_elements<double>(xg::column_stack({a, m}), {2, 3}, {1.0, 1.0, 2.0, 2.0, 3.0, 4.0});
  check_elements<double>(xg::block({{m, counted({2, 1})}, {counted({1, 2}), Var(9.0)}}), {3, 3},
                         {1.0, 2.0, 1.0, 3.0, 4.0, 2.0, 1.0, 2.0, 9.0});
  check_elements<double>(append(m, 5.0), {5}, {1.0, 2.0, 3.0, 4.0, 5.0});
  check_elements<double>(append(ints({1}), 0.5), {2}, {1.0, 0.5});
  check_same(append(m, m, 1), xg::hstack({m, m}));
  BOOST_TEST(lengths({xg::vstack({xg::zeros({0, 2}), m})}) == "[2, 2]");
  check_refused<xg::ValueError>([] { return xg::hstack({}); }, {"hstack: ", "nothing"});
  check_refused<xg::ValueError>([] { return xg::block(std::vector<std::vector<Var>>()); }, {"block: ", "nothing"});
  check_refused<xg::ValueError>([] { return xg::block(std::vector<std::vector<Var>>(1)); }, {"block: ", "nothing"});
  check_refused<xg::ShapeError>([&] { return xg::vstack({a, counted({3})}); }, {"vstack: ", "[1, 2]", "[1, 3]"});
  check_refused<xg::ShapeError>([&] { return xg::hstack({m, a}); }, {"hstack: ", "[2, 2]", "[2]"});
  check_refused<xg::ShapeError>([&] { return append(m, a, 0); }, {"append: ", "[2, 2]", "[2]"});
  check_refused<xg::ShapeError>([&] { return xg::block({{m, a}}); }, {"block: ", "[2, 2]", "[1, 2]"});
}

BOOST_AUTO_TEST_CASE(slices_come_and_go) {
  const Var x = counted({3});
  check_elements<double>(insert(x, 1, ints({7, 8}), 0), {5}, {1.0, 7.0, 8.0, 2.0, 3.0});
  check_elements<double>(insert(x, 3, 7.0, 0), {4}, {1.0, 2.0, 3.0, 7.0});
  check_elements<double>(insert(x, -1, 7.0, 0), {4}, {1.0, 2.0, 7.0, 3.0});
  check_elements<double>(insert(x, {2, 0, 2}, ints({7, 8, 9}), 0), {6}, {8.0, 1.0, 2.0, 7.0, 9.0, 3.0});
  check_elements<double>(insert(x, {0, 3}, 0.0, 0), {5}, {0.0, 1.0, 2.0, 3.0, 0.0});
  check_elements<double>(insert(xg::zeros({0}), {0, 0}, counted({2}), 0), {2}, {1.0, 2.0});
  const Var m = counted({3, 2});
  check_elements<double>(insert(m, 1, counted({3}), 1), {3, 3}, {1.0, 1.0, 2.0, 3.0, 2.0, 4.0, 5.0, 3.0, 6.0});
  check_elements<double>(insert(m, 0, counted({2}), 0), {4, 2}, {1.0, 2.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0});
  check_elements<double>(insert(m, {1}, counted({3, 1}), 1), {3, 3}, {1.0, 1.0, 2.0, 3.0, 2.0, 4.0, 5.0, 3.0, 6.0});
  check_elements<double>(delete_(x, 1, 0), {2}, {1.0, 3.0});
  check_elements<double>(delete_(x, {0, -1, 0}, 0), {1}, {2.0});
  check_elements<double>(delete_(m, {1}, -1), {3, 1}, {1.0, 3.0, 5.0});
  check_same(delete_(m, std::vector<int>(), 0), m);
  check_refused<xg::ValueError>([&] { return insert(x, 4, 0.0, 0); }, {"insert: ", "place 4", "axis 0", "[3]"});
  check_refused<xg::ValueError>([&] { return insert(x, {0, -4}, 0.0, 0); }, {"insert: ", "place -4"});
  check_refused<xg::ShapeError>([&] { return insert(m, 0, counted({3}), 0); }, {"insert: ", "[1, 3]", "[1, 2]"});
  check_refused<xg::ShapeError>([&] { return insert(x, {0, 1}, counted({3}), 0); }, {"insert: ", "[3]", "[2]"});
  check_refused<xg::ShapeError>([&] { return insert(x, 0, m, 0); }, {"insert: ", "[3, 2]"});
  check_refused<xg::ValueError>([&] { return delete_(x, 3, 0); }, {"delete_: ", "place 3", "[3]"});
  check_refused<xg::ShapeError>([&] { return delete_(x, 0, 1); }, {"delete_: ", "axis 1"});
}

BOOST_AUTO_TEST_CASE(elements_are_repeated) {
  const Var m = counted({2, 2});
  check_elements<double>(tile(counted({2}), {2, 2}), {2, 4}, {1.0, 2.0, 1.0, 2.0, 1.0, 2.0, 1.0, 2.0});
  check_elements<double>(tile(m, 2), {2, 4}, {1.0, 2.0, 1.0, 2.0, 3.0, 4.0, 3.0, 4.0});
  check_elements<double>(tile(m, {2, 1}), {4, 2}, {1.0, 2.0, 3.0, 4.0, 1.0, 2.0, 3.0, 4.0});
  check_elements<double>(xg::tile(3.0, 2), {2}, {3.0, 3.0});
  BOOST_TEST(to_string(tile(m, {0, 2}).shape()) == "[0, 4]");
  BOOST_TEST(to_string(tile(numbered({1, 2, 1, 2, 1, 2, 1, 2}), {2, 1, 1, 1, 1, 1, 1, 1}).shape()) ==
             "[2, 2, 1, 2, 1, 2, 1, 2]");
  check_elements<double>(repeat(m, 2, 0), {4, 2}, {1.0, 2.0, 1.0, 2.0, 3.0, 4.0, 3.0, 4.0});
  check_elements<double>(repeat(m, 2, 1), {2, 4}, {1.0, 1.0, 2.0, 2.0, 3.0, 3.0, 4.0, 4.0});
  check_elements<double>(repeat(m, 2), {8}, {1.0, 1.0, 2.0, 2.0, 3.0, 3.0, 4.0, 4.0});
  check_elements<double>(repeat(m, ints({0, 3}), 1), {2, 3}, {2.0, 2.0, 2.0, 4.0, 4.0, 4.0});
  check_elements<double>(repeat(m, 0, 1), {2, 0}, {});
  check_refused<xg::ValueError>([&] { return tile(m, {1, -1}); }, {"tile: ", "-1"});
  check_refused<xg::ShapeError>([&] { return tile(m, std::int64_t{1} << 62U); }, {""});
  check_refused<xg::ShapeError>([&] { return tile(m, {1, 1, 1, 1, 1, 1, 1, 1, 1}); }, {"tile: ", "9", "8"});
  check_refused<xg::ValueError>([&] { return repeat(m, -1); }, {"repeat: ", "-1"});
  check_refused<xg::ValueError>([&] { return repeat(m, ints({1, -2}), 0); }, {"repeat: ", "-2"});
  check_refused<xg::ShapeError>([&] { return repeat(m, ints({1, 2, 3}), 0); }, {"repeat: ", "[3]", "[2, 2]"});
  check_refused<xg::TypeError>([&] { return repeat(m, 1.5, 0); }, {"repeat: ", "float64"});
}

BOOST_AUTO_TEST_CASE(edges_as_numpy_pads_them) {
  const Var x = counted({5});
  const auto check = [&](Padding padding, const std::vector<double>& expected) {
    check_elements(pad(x, {2, 3}, padding), {10}, expected);
  };
  check(Padding::Constant, {0, 0, 1, 2, 3, 4, 5, 0, 0, 0});
  check(Padding::Edge, {1, 1, 1, 2, 3, 4, 5, 5, 5, 5});
  check(Padding::Reflect, {3, 2, 1, 2, 3, 4, 5, 4, 3, 2});
  check(Padding::Symmetric, {2, 1, 1, 2, 3, 4, 5, 5, 4, 3});
  check(Padding::Wrap, {4, 5, 1, 2, 3, 4, 5, 1, 2, 3});
  check_elements<double>(pad(x, {1, 0}, Padding::Constant, NAN), {6}, {NAN, 1.0, 2.0, 3.0, 4.0, 5.0});
  BOOST_TEST(std::signbit(pad(x, 1, Padding::Constant, -0.0).array<double>()(0)));
  check_elements<Int>(pad(ints({3}), 1, Padding::Constant, 7), {3}, {7, 3, 7});
  check_elements<double>(pad(ints({3}), 1, Padding::Constant, 0.5), {3}, {0.5, 3.0, 0.5});
  check_elements<bool>(pad(Var(xt::xarray<bool>{true}), 1), {3}, {false, true, false});
  BOOST_TEST((pad(cast<float>(x), 1, Padding::Constant, 2.0).dtype() == DType::Float32));
  check_elements<double>(pad(xg::zeros({0}), {1, 2}, Padding::Constant, 4.0), {3}, {4.0, 4.0, 4.0});
  check_elements<double>(pad(xg::zeros({0}), {1, 2}), {3}, {0.0, 0.0, 0.0});
  check_same(pad(x, 0, Padding::Wrap), x);
  check_same(pad(Var(2.0), 3), Var(2.0));
}

// Widths larger than the array, element by element with someone who walks over it and turns at its ends.
BOOST_AUTO_TEST_CASE(edges_far_from_the_array) {
  for (const std::size_t extent : {1U, 2U, 3U, 5U}) {
    const Var x = counted({extent});
    const auto n = static_cast<std::ptrdiff_t>(extent);
    const auto walk = [&](std::ptrdiff_t steps, bool edges_twice) {
      std::ptrdiff_t place = 0;
      std::ptrdiff_t direction = 1;
      for (; steps > 0 && n > 1; --steps) {
        const std::ptrdiff_t next = place + direction;
        if (next >= 0 && next < n) place = next;
        else {
          direction = -direction;
          if (!edges_twice) place += direction;
        }
      }
      return place;
    };
    for (const bool twice : {false, true}) {
      std::vector<double> behind;
      for (std::ptrdiff_t i = 0; i < 14; ++i) behind.push_back(static_cast<double>(walk(i, twice)) + 1.0);
      const Padding padding = twice ? Padding::Symmetric : Padding::Reflect;
      check_elements(pad(x, {0, 14 - n}, padding), {14}, behind);
      std::vector<double> before(behind.rbegin(), behind.rend());
      check_elements(pad(flip(x), {14 - n, 0}, padding), {14}, before);
    }
    const Var wrapped = pad(x, {7, 9}, Padding::Wrap);
    for (std::ptrdiff_t i = -7; i < n + 9; ++i)
      BOOST_TEST(element(wrapped, {static_cast<std::size_t>(i + 7)}) == static_cast<double>(((i % n) + n) % n) + 1.0);
  }
}

BOOST_AUTO_TEST_CASE(edges_of_several_axes) {
  const Var m = counted({2, 2});
  check_elements<double>(pad(m, {{1, 0}, {0, 1}}, Padding::Constant, 9.0), {3, 3},
                         {9.0, 9.0, 9.0, 1.0, 2.0, 9.0, 3.0, 4.0, 9.0});
  check_elements<double>(pad(m, {{1, 0}, {0, 1}}, Padding::Edge), {3, 3},
                         {1.0, 2.0, 2.0, 1.0, 2.0, 2.0, 3.0, 4.0, 4.0});
  check_elements<double>(pad(m, {1, 0}), {3, 3}, {0.0, 0.0, 0.0, 0.0, 1.0, 2.0, 0.0, 3.0, 4.0});
  check_refused<xg::ShapeError>([&] { return pad(m, {{1, 1}, {0, 0}, {1, 1}}); }, {"pad: ", "3 pairs", "[2, 2]"});
  check_refused<xg::ValueError>([&] { return pad(m, {{1, 1}, {0, -2}}); }, {"pad: ", "-2", "axis 1", "[2, 2]"});
  check_refused<xg::ShapeError>([&] { return pad(m, 1, Padding::Constant, counted({2})); }, {"pad: ", "[2]"});
  check_refused<xg::ShapeError>([&] { return pad(xg::zeros({0}), 1, Padding::Edge); }, {"pad: ", "empty"});
  check_refused<xg::ShapeError>([&] { return pad(m, std::numeric_limits<std::ptrdiff_t>::max()); }, {""});
}

// As Python's slices: bounds outside of the axis are moved to it.
BOOST_AUTO_TEST_CASE(ranges_with_negative_steps) {
  for (const int extent : {0, 1, 4}) {
    const Var x = counted({static_cast<std::size_t>(extent)});
    for (int step = -3; step <= -1; ++step) {
      for (int start = -6; start <= 6; ++start) {
        for (int stop = -6; stop <= 6; ++stop) {
          const auto clipped = [&](int bound) {
            const int from_front = bound < 0 ? bound + extent : bound;
            return from_front < 0 ? -1 : std::min(from_front, extent - 1);
          };
          std::vector<double> expected;
          for (int i = clipped(start); i > clipped(stop); i += step) expected.push_back(i + 1.0);
          BOOST_TEST_CONTEXT("range(" << start << ", " << stop << ", " << step << ") of " << extent) {
            check_elements(view(x, xt::range(start, stop, step)), {expected.size()}, expected);
          }
        }
      }
      std::vector<double> expected;
      for (int i = extent - 1; i >= 0; i += step) expected.push_back(i + 1.0);
      check_elements(view(x, xt::range(_, _, step)), {expected.size()}, expected);
    }
  }
  const Var x = numbered({2, 3});
  check_same(view(x, xt::ellipsis(), xt::range(_, _, -1)), flip(x, -1));
  check_same(view(x, xt::range(_, _, -1), xt::newaxis(), xt::range(_, 0, -1)),
             expand_dims(view(flip(x), xt::all(), xt::range(0, 2)), 1));
  const auto turned = [](const Var& y) { return square(view(y, xt::range(_, _, -1), xt::range(_, _, -2))); };
  BOOST_TEST(xg::testing::check_gradients(turned, numbered({3, 4})));
}

BOOST_AUTO_TEST_SUITE_END()
