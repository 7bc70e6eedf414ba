// Shapes, axes, element types, errors.
#include "comparing.hpp"

#include <array>
#include <sstream>
#include <string>
#include <type_traits>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/xgrad.hpp>

BOOST_AUTO_TEST_SUITE(test_core)

namespace xg = xgrad;
using comparing::throws;
using xg::Axes;
using xg::DType;
using xg::Shape;
using xg::Strides;

BOOST_AUTO_TEST_CASE(shapes_and_element_types_are_printed) {
  std::ostringstream text;
  text << Shape{2, 3} << Shape{} << Strides{-1} << DType::Float32 << DType::Bool;
  BOOST_TEST(text.str() == "[2, 3][][-1]float32bool");
}

BOOST_AUTO_TEST_CASE(dimensions_hold_up_to_eight_numbers) {
  Shape shape{2, 3};
  shape.push_back(4);
  shape.insert(0, 1);
  BOOST_TEST(shape == (Shape{1, 2, 3, 4}));
  BOOST_TEST(shape.size() == 4U);
  BOOST_TEST(shape.front() == 1U);
  BOOST_TEST(shape.back() == 4U);
  BOOST_TEST(*shape.rbegin() == 4U);
  BOOST_TEST(shape[2] == 3U);
  shape.resize(2);
  shape.resize(4, 7);
  BOOST_TEST(shape == (Shape{1, 2, 7, 7}));
  shape.clear();
  BOOST_TEST(shape.empty());
  BOOST_TEST(Shape(3, 5) == (Shape{5, 5, 5}));

  Shape eight(8, 1);
  BOOST_TEST(throws<xg::ShapeError>([&] { return eight.push_back(1), 0; }, {"at most 8", "not 9"}));
  BOOST_TEST(eight.size() == 8U);
  BOOST_TEST(throws<xg::ShapeError>([] { return Shape(9, 1).size(); }, {"not 9"}));
  BOOST_TEST(throws<xg::ShapeError>([] { return Shape{1, 1, 1, 1, 1, 1, 1, 1, 1}.size(); }));
}

/// clang 14 strips the braces of a one-element list from what a template contains.
template <class T>
void check_braces_in_a_template(T one) {
  const auto same = [](const Shape& shape) { return shape; };
  BOOST_TEST(to_string(Shape{5}) == "[5]");
  BOOST_TEST(to_string(same({5})) == "[5]");
  BOOST_TEST(to_string(same(Shape{5})) == "[5]");
  BOOST_TEST(to_string(same(Shape{one})) == "[7]");
  BOOST_TEST(to_string(Shape{2, 3}) == "[2, 3]");
  BOOST_TEST(to_string(same({2, 3})) == "[2, 3]");
  BOOST_TEST(to_string(same(Shape{2, one})) == "[2, 7]");
  BOOST_TEST((Strides{-5}.back() == -5));
  BOOST_TEST((xg::Axes{4}.values() == Strides{4}));
}

BOOST_AUTO_TEST_CASE(braces_list_extents_in_templates_too) {
  check_braces_in_a_template(7);
  check_braces_in_a_template(std::size_t{7});
}

BOOST_AUTO_TEST_CASE(dimensions_of_other_sequences) {
  BOOST_TEST(Shape(std::vector<int>{2, 3}) == (Shape{2, 3}));
  BOOST_TEST(Shape(std::array<std::size_t, 2>{2, 3}) == (Shape{2, 3}));
  BOOST_TEST(Shape(xt::xarray<double>::from_shape({4, 5}).shape()) == (Shape{4, 5}));
  BOOST_TEST((Strides(Shape{2, 3}) == Strides{2, 3}));
}

BOOST_AUTO_TEST_CASE(dimensions_are_ordered) {
  BOOST_TEST((Shape{1, 2} < Shape{1, 3}));
  BOOST_TEST((Shape{1} < Shape{1, 0}));
  BOOST_TEST(!(Shape{2} < Shape{1, 9}));
  BOOST_TEST((Shape{1, 2} != Shape{1, 2, 1}));
  BOOST_TEST((Shape{} == Shape{}));
}

BOOST_AUTO_TEST_CASE(sizes_and_texts_of_shapes) {
  BOOST_TEST(xg::size_of(Shape{}) == 1U);
  BOOST_TEST(xg::size_of(Shape{2, 3}) == 6U);
  BOOST_TEST(xg::size_of(Shape{2, 0, 3}) == 0U);
  BOOST_TEST(xg::to_string(Shape{}) == "[]");
  BOOST_TEST(xg::to_string(Shape{7}) == "[7]");
  BOOST_TEST(xg::to_string(Shape{2, 3}) == "[2, 3]");
}

BOOST_AUTO_TEST_CASE(axes_are_all_or_some) {
  BOOST_TEST(Axes().all());
  BOOST_TEST(!Axes(1).all());
  BOOST_TEST(!Axes(std::size_t{1}).all());
  BOOST_TEST((Axes(-1).values() == Strides{-1}));
  BOOST_TEST((Axes{0, -1}.values() == Strides{0, -1}));
  BOOST_TEST((Axes(std::vector<int>{0, 2}).values() == Strides{0, 2}));
  BOOST_TEST((Axes(std::array<std::size_t, 1>{3}).values() == Strides{3}));
  // No axes are not all axes.
  BOOST_TEST(!Axes(std::vector<int>{}).all());
  const xg::Var x = xt::xarray<double>{1.0, 2.0};
  BOOST_TEST(sum(x, std::vector<int>{}).size() == 2U);
  BOOST_TEST(sum(x).size() == 1U);
}

BOOST_AUTO_TEST_CASE(element_types) {
  BOOST_TEST(xg::name(DType::Bool) == "bool");
  BOOST_TEST(xg::name(DType::Int64) == "int64");
  BOOST_TEST(xg::name(DType::Float32) == "float32");
  BOOST_TEST(xg::name(DType::Float64) == "float64");
  BOOST_TEST(xg::size_of(DType::Bool) == 1U);
  BOOST_TEST(xg::size_of(DType::Int64) == 8U);
  BOOST_TEST(xg::size_of(DType::Float32) == 4U);
  BOOST_TEST(xg::size_of(DType::Float64) == 8U);
  BOOST_TEST(!xg::is_floating(DType::Bool));
  BOOST_TEST(!xg::is_floating(DType::Int64));
  BOOST_TEST(xg::is_floating(DType::Float32));
  BOOST_TEST(xg::is_floating(DType::Float64));
  static_assert(xg::dtype_of<bool> == DType::Bool && xg::dtype_of<double> == DType::Float64);
  static_assert(std::is_same_v<xg::stored_t<char>, std::int64_t> && std::is_same_v<xg::stored_t<float>, float>);
  static_assert(!xg::Element<int> && xg::Storable<int> && !xg::Storable<std::string>);
}

BOOST_AUTO_TEST_CASE(promotion_as_in_numpy) {
  constexpr DType all[] = {DType::Bool, DType::Int64, DType::Float32, DType::Float64};
  constexpr DType expected[4][4] = {{DType::Bool, DType::Int64, DType::Float32, DType::Float64},
                                    {DType::Int64, DType::Int64, DType::Float64, DType::Float64},
                                    {DType::Float32, DType::Float64, DType::Float32, DType::Float64},
                                    {DType::Float64, DType::Float64, DType::Float64, DType::Float64}};
  for (int i = 0; i < 4; ++i) {
    for (int j = 0; j < 4; ++j) BOOST_TEST(xg::promote(all[i], all[j]) == expected[i][j]);
  }
}

BOOST_AUTO_TEST_CASE(all_errors_are_runtime_errors) {
  static_assert(std::is_base_of_v<std::runtime_error, xg::Error>);
  static_assert(std::is_base_of_v<xg::Error, xg::ShapeError>);
  static_assert(std::is_base_of_v<xg::Error, xg::TypeError>);
  static_assert(std::is_base_of_v<xg::Error, xg::ValueError>);
  static_assert(std::is_base_of_v<xg::Error, xg::TapeError>);
  static_assert(std::is_base_of_v<xg::Error, xg::IoError>);
  BOOST_CHECK_THROW((void)(xg::Var(xt::xarray<double>{1.0, 2.0}) + xt::xarray<double>{1.0, 2.0, 3.0}), std::exception);
}

BOOST_AUTO_TEST_CASE(the_allocator_refuses_what_cannot_be) {
  xg::AlignedAllocator<double> allocator;
  BOOST_CHECK_THROW((void)allocator.allocate(SIZE_MAX / 4), std::bad_array_new_length);
  double* p = allocator.allocate(3);
  BOOST_TEST(reinterpret_cast<std::uintptr_t>(p) % 64 == 0U);
  allocator.deallocate(p, 3);
  BOOST_TEST((allocator == xg::AlignedAllocator<double>(xg::AlignedAllocator<float>())));
}

BOOST_AUTO_TEST_SUITE_END()
