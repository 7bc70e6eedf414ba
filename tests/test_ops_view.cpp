// view() with every kind of slice against xtensor's own views, and the operations that choose by index arrays.
#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <vector>

#include <xgrad/xgrad.hpp>
#if __has_include(<xtensor/views/xview.hpp>)
#include <xtensor/views/xstrided_view.hpp>
#include <xtensor/views/xview.hpp>
#else
#include <xtensor/xstrided_view.hpp>
#include <xtensor/xview.hpp>
#endif

#include "ops_compare.hpp"

BOOST_AUTO_TEST_SUITE(test_ops_view)

namespace xg = xgrad;
using namespace xt::placeholders;
using xg::Shape;
using xg::Var;
using xg::testing::array_of;
using xg::testing::check_elements;
using xg::testing::check_same;
using xg::testing::elements;
using xg::testing::numbered;

namespace {

using Int = std::int64_t;

/// Concrete and recorded (of a transposed array, so that views meet views).
template <class... S>
void check_view_of(const Var& x, const Var& expected, const S&... slices) {
  check_same(view(x, slices...), expected);
  xg::Tape tape;
  const Var turned = tape.leaf(transpose(x));
  check_same(tape.evaluate(view(transpose(turned), slices...)), expected);
  const Var dense = tape.leaf(x);
  check_same(tape.evaluate(view(dense, slices...) * 2.0), expected * 2.0);
}

template <class... S>
void check_view(const Shape& shape, S... slices) {
  const Var x = numbered(shape);
  const xg::Array<double>& array = x.array<double>();
  const Var expected = xt::view(array, slices...);
  check_view_of(x, expected, slices...);
}

/// The same against the views of xtensor that know the ellipsis.
template <class... S>
void check_strided_view(const Shape& shape, S... slices) {
  const Var x = numbered(shape);
  const xt::xarray<double> array = x.array<double>();
  const Var expected = xt::strided_view(array, {slices...});
  check_view_of(x, expected, slices...);
}

Var iota(std::size_t n) {
  std::vector<double> values;
  for (std::size_t i = 0; i < n; ++i) values.push_back(static_cast<double>(i));
  return array_of<double>({n}, values);
}

}  // namespace

BOOST_AUTO_TEST_CASE(ranges_and_whole_axes_agree_with_xtensor) {
  check_view({5}, xt::all());
  check_view({5}, xt::range(1, 4));
  check_view({5}, xt::range(0, 5, 2));
  check_view({6}, xt::range(1, 6, 3));
  check_view({5}, xt::range(4, 0, -3));
  check_view({5}, xt::range(-1, -4, -1));
  check_view({5}, xt::range(_, 3));
  check_view({5}, xt::range(2, _));
  check_view({5}, xt::range(_, _, 2));
  check_view({5}, xt::range(_, _, -1));
  check_view({5}, xt::range(_, 1, -1));
  check_view({5}, xt::range(-2, _));
  check_view({5}, xt::range(_, -2));
  check_view({5}, xt::range(0, 100));
  check_view({5}, xt::range(-100, 3));
  check_view({5}, xt::range(2, 2));
  check_view({5}, xt::range(3, 1));
  check_view({3, 4}, xt::range(1, 3), xt::range(_, _, 3));
  check_view({3, 4}, xt::range(_, _, -1), xt::range(3, 0, -2));
  check_view({3, 4}, xt::range(1, 2));
  check_view({2, 3, 4}, xt::all(), xt::range(2, _, -1), xt::range(1, _, 2));
}

BOOST_AUTO_TEST_CASE(ranges_against_their_step_are_empty) {  // xtensor itself gives a negative extent here
  check_elements<double>(view(iota(5), xt::range(1, 3, -1)), {0}, {});
}

BOOST_AUTO_TEST_CASE(integers_remove_axes_and_count_from_the_end) {
  check_view({5}, 3);
  check_view({3, 4}, 1);
  check_view({3, 4}, 2U, 0);
  check_view({3, 4}, xt::all(), std::size_t{2});
  check_view({2, 3, 4}, 1, xt::all(), 3);
  const Var x = numbered({3, 4});
  check_same(view(x, -1), view(x, 2));
  check_same(view(x, xt::all(), -4), view(x, xt::all(), 0));
  check_same(view(x, -3, -1), view(x, 0, 3));
}

BOOST_AUTO_TEST_CASE(new_axes_and_ellipses_agree_with_xtensor) {
  check_view({3}, xt::newaxis(), xt::all());
  check_view({3}, xt::all(), xt::newaxis());
  check_view({3, 4}, xt::newaxis(), 1, xt::newaxis(), xt::range(0, 2));
  check_strided_view({2, 3, 4}, xt::ellipsis(), 1);
  check_strided_view({2, 3, 4}, 1, xt::ellipsis());
  check_strided_view({2, 3, 4}, xt::range(1, 2), xt::ellipsis(), xt::range(_, _, -1));
  check_strided_view({2, 3, 4, 2}, xt::newaxis(), 0, xt::ellipsis(), xt::newaxis(), xt::range(0, 1));
  check_strided_view({2, 3}, xt::ellipsis());
  check_elements<double>(view(iota(3), xt::ellipsis(), xt::range(1, _)), {2}, {1, 2});  // stands for no axis
  check_elements<double>(view(Var(4.0), xt::newaxis()), {1}, {4});
}

BOOST_AUTO_TEST_CASE(keep_and_drop_agree_with_xtensor) {
  check_view({5}, xt::keep(3));
  check_view({5}, xt::keep(4, 0, 0));
  check_view({5}, xt::keep(-1, 1));
  check_view({3, 4}, xt::all(), xt::keep(1, 3));
  check_view({3, 4}, xt::keep(2, 0), xt::keep(3, 0, 1));
  check_view({3, 4}, xt::keep(2, 1), xt::range(1, 3));
  check_view({2, 3, 4}, 1, xt::keep(0, 2), xt::range(_, _, -2));
  check_view({5}, xt::drop(0));
  check_view({5}, xt::drop(1, 2));
  check_view({5}, xt::drop(0, 4));
  check_view({5}, xt::drop(-1));
  check_view({3, 4}, xt::drop(1), xt::drop(0, 2));
  check_view({2, 3, 4}, xt::all(), xt::drop(0), 1);
  const std::vector<int> chosen{2, 0};
  check_view({3, 4}, xt::keep(chosen), xt::all());
  check_elements<double>(view(iota(5), xt::drop(3, 1)), {3}, {0, 2, 4});  // in any order
  check_elements<double>(view(iota(2), xt::drop(0, 1)), {0}, {});
}

BOOST_AUTO_TEST_CASE(views_work_for_every_element_type) {
  check_elements<bool>(view(Var(xt::xarray<bool>{true, false, true}), xt::range(_, _, -2)), {2}, {true, true});
  check_elements<Int>(view(Var(xt::xarray<Int>{1, 2, 3}), xt::drop(1)), {2}, {1, 3});
  check_elements<float>(view(Var(xt::xarray<float>{1.0F, 2.0F}), 1), {}, {2.0F});
}

BOOST_AUTO_TEST_CASE(take_follows_numpy) {
  const Var x = numbered({2, 3, 2});
  const Var flat = array_of<Int>({2, 2}, {0, 11, -1, 5});
  const std::vector<double> all = elements<double>(x);
  check_elements<double>(take(x, flat), {2, 2}, {all[0], all[11], all[11], all[5]});
  for (const std::ptrdiff_t axis : {0, 1, 2, -1, -2, -3}) {
    const auto along = static_cast<std::size_t>(axis < 0 ? axis + 3 : axis);
    const Var indices = array_of<Int>({1, 3}, {1, 0, -1});
    Shape shape = x.shape();
    const std::size_t extent = shape[along];
    shape[along] = 1;
    shape.insert(along + 1, 3);
    std::vector<double> expected;
    xg::testing::for_each_index(shape, [&](const Shape& at) {
      Shape from;
      for (std::size_t i = 0; i < 4; ++i) {
        if (i == along) continue;
        const std::size_t chosen[] = {1, 0, extent - 1};
        from.push_back(i == along + 1 ? chosen[at[i]] : at[i]);
      }
      expected.push_back(xg::testing::element(x, from));
    });
    check_elements<double>(take(x, indices, axis), shape, expected);
  }
  check_elements<double>(take(x, array_of<Int>({}, {1}), 1), {2, 2}, {all[2], all[3], all[8], all[9]});
  check_elements<double>(take(x, array_of<Int>({0}, {}), 1), {2, 0, 2}, {});
  check_elements<bool>(take(Var(xt::xarray<bool>{true, false}), array_of<Int>({3}, {1, 0, 1})), {3},
                       {false, true, false});
}

BOOST_AUTO_TEST_CASE(take_along_axis_follows_numpy) {
  const Var x = numbered({2, 3});
  const auto at = [&](std::size_t i, std::size_t j) { return xg::testing::element(x, {i, j}); };
  check_elements<double>(take_along_axis(x, array_of<Int>({2, 2}, {0, -1, 2, 1}), 1), {2, 2},
                         {at(0, 0), at(0, 2), at(1, 2), at(1, 1)});
  check_elements<double>(take_along_axis(x, array_of<Int>({1, 3}, {0, 1, -1}), 0), {1, 3},
                         {at(0, 0), at(1, 1), at(1, 2)});
  check_elements<double>(take_along_axis(x, array_of<Int>({3, 1}, {1, 0, 1}), 0), {3, 3},
                         {at(1, 0), at(1, 1), at(1, 2), at(0, 0), at(0, 1), at(0, 2), at(1, 0), at(1, 1), at(1, 2)});
  check_elements<double>(take_along_axis(x, array_of<Int>({1, 1}, {1}), -1), {2, 1}, {at(0, 1), at(1, 1)});
  const Var order = argmax(x, 1, xg::keep_dims);
  check_same(take_along_axis(x, order, 1), amax(x, 1, xg::keep_dims));
}

BOOST_AUTO_TEST_CASE(one_hot_marks_each_label) {
  check_elements<double>(one_hot(array_of<Int>({3}, {2, 0, 1}), 3), {3, 3}, {0, 0, 1, 1, 0, 0, 0, 1, 0});
  check_elements<float>(one_hot(array_of<Int>({}, {1}), 2, xg::DType::Float32), {2}, {0, 1});
  check_elements<Int>(one_hot(array_of<Int>({1, 2}, {0, 3}), 4, xg::DType::Int64), {1, 2, 4}, {1, 0, 0, 0, 0, 0, 0, 1});
  check_elements<bool>(one_hot(array_of<Int>({1}, {1}), 2, xg::DType::Bool), {1, 2}, {false, true});
  check_elements<double>(one_hot(array_of<Int>({0}, {}), 4), {0, 4}, {});
}

BOOST_AUTO_TEST_SUITE_END()
