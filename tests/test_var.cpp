// Var: building from anything, reading back, element types, copying and moving.
#include "comparing.hpp"
#include "every_operation.hpp"

#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <sstream>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/xgrad.hpp>

#if __has_include(<xtensor/views/xview.hpp>)
#include <xtensor/containers/xadapt.hpp>
#include <xtensor/containers/xfixed.hpp>
#include <xtensor/containers/xtensor.hpp>
#include <xtensor/generators/xbuilder.hpp>
#include <xtensor/views/xstrided_view.hpp>
#include <xtensor/views/xview.hpp>
#else
#include <xtensor/xadapt.hpp>
#include <xtensor/xbuilder.hpp>
#include <xtensor/xfixed.hpp>
#include <xtensor/xstrided_view.hpp>
#include <xtensor/xtensor.hpp>
#include <xtensor/xview.hpp>
#endif

BOOST_AUTO_TEST_SUITE(test_var)

namespace xg = xgrad;
using comparing::same;
using comparing::throws;
using xg::DType;
using xg::Shape;
using xg::Var;

namespace {

/// [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]
xt::xtensor<double, 2> three_by_four() {
  auto result = xt::xtensor<double, 2>::from_shape({3, 4});
  for (std::size_t i = 0; i < result.size(); ++i) result.data()[i] = static_cast<double>(i);
  return result;
}

Var row(std::initializer_list<double> values) {
  auto array = xg::Array<double>::from_shape({values.size()});
  std::copy(values.begin(), values.end(), array.begin());
  return {std::move(array)};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(from_the_standard_library)

BOOST_AUTO_TEST_CASE(vectors) {
  BOOST_TEST(same(Var(std::vector<double>{1.0, 2.0}), Var(xt::xarray<double>{1.0, 2.0})));
  BOOST_TEST(same(Var(std::vector<float>{1.0F, 2.0F}), Var(xt::xarray<float>{1.0F, 2.0F})));
  BOOST_TEST(same(Var(std::vector<int>{1, -2}), Var(xt::xarray<int>{1, -2})));
  BOOST_TEST(same(Var(std::vector<unsigned char>{1, 200}), Var(xt::xarray<int>{1, 200})));
  BOOST_TEST(same(Var(std::vector<bool>{true, false, true}), Var(xt::xarray<bool>{true, false, true})));
  BOOST_TEST((Var(std::vector<double>()).shape() == Shape{0}));
  BOOST_TEST(
      throws<xg::ValueError>([] { return Var(std::vector<std::uint64_t>{UINT64_MAX}); }, {"does not fit int64"}));
}

BOOST_AUTO_TEST_CASE(one_number_is_an_array_of_one) {
  const Var x = std::vector<float>{3.0F};
  BOOST_TEST((x.shape() == Shape{1}));
  BOOST_TEST((x + 1.0).dtype() == DType::Float32);
  BOOST_TEST((x + Var(std::vector<double>{1.0})).dtype() == DType::Float64);  // it is not weak
}

BOOST_AUTO_TEST_CASE(spans) {
  std::array<double, 3> numbers{1.0, 2.0, 3.0};
  BOOST_TEST(same(Var(std::span(numbers)), Var(xt::xarray<double>{1.0, 2.0, 3.0})));
  BOOST_TEST(same(Var(std::span<const double>(numbers).last(2)), Var(xt::xarray<double>{2.0, 3.0})));
}

BOOST_AUTO_TEST_CASE(beside_a_var) {
  const std::vector<double> target{1.0, 4.0};
  const Var x = xt::xarray<double>{2.0, 2.0};
  BOOST_TEST(same(x - target, Var(xt::xarray<double>{1.0, -2.0})));
  BOOST_TEST(same(xg::loss::Mse{}(x, target), Var(xt::xarray<double>{1.0, 4.0})));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(from_xtensor)

BOOST_AUTO_TEST_CASE(containers) {
  const xt::xarray<double> dynamic{{1.0, 2.0}, {3.0, 4.0}};
  const xt::xtensor<double, 2> fixed_rank = dynamic;
  const xt::xtensor_fixed<double, xt::xshape<2, 2>> fixed_shape = dynamic;
  const Var x = dynamic;
  BOOST_TEST((x.shape() == Shape{2, 2}));
  BOOST_TEST(x.array<double>()(0, 1) == 2.0);
  BOOST_TEST(x.array<double>()(1, 0) == 3.0);
  BOOST_TEST(same(Var(fixed_rank), x));
  BOOST_TEST(same(Var(fixed_shape), x));
}

BOOST_AUTO_TEST_CASE(column_major_containers) {
  xt::xarray<double, xt::layout_type::column_major> columns = three_by_four();
  xt::xtensor<float, 2, xt::layout_type::column_major> of_floats = three_by_four();
  BOOST_TEST(columns.data()[1] == 4.0);  // really column by column
  BOOST_TEST(same(Var(columns), Var(three_by_four())));
  BOOST_TEST(same(Var(of_floats), cast<float>(Var(three_by_four()))));
  xt::xarray<double, xt::layout_type::dynamic> strided;
  strided.resize({3, 4}, xt::layout_type::column_major);
  strided = three_by_four();
  BOOST_TEST(same(Var(strided), Var(three_by_four())));
}

BOOST_AUTO_TEST_CASE(views_of_every_part) {
  const xt::xtensor<double, 2> x = three_by_four();
  const xt::xarray<double> dynamic = x;
  // Contiguous parts begin in the middle of the memory of x.
  BOOST_TEST(same(Var(xt::view(x, 1)), row({4, 5, 6, 7})));
  BOOST_TEST(same(Var(xt::view(x, 2, xt::all())), row({8, 9, 10, 11})));
  BOOST_TEST(same(Var(xt::view(x, 1, xt::range(1, 3))), row({5, 6})));
  BOOST_TEST(same(Var(xt::view(dynamic, 1)), row({4, 5, 6, 7})));
  BOOST_TEST(same(Var(xt::view(xt::view(x, xt::range(1, 3)), 1)), row({8, 9, 10, 11})));
  BOOST_TEST(same(Var(xt::view(x, xt::range(1, 3))), Var(xt::xarray<double>{{4, 5, 6, 7}, {8, 9, 10, 11}})));
  // Others have gaps.
  BOOST_TEST(same(Var(xt::view(x, xt::all(), 1)), row({1, 5, 9})));
  BOOST_TEST(same(Var(xt::view(x, xt::range(0, 2), xt::range(1, 3))), Var(xt::xarray<double>{{1, 2}, {5, 6}})));
  BOOST_TEST(same(Var(xt::view(x, xt::all(), xt::range(3, xt::placeholders::_, -2))),
                  Var(xt::xarray<double>{{3, 1}, {7, 5}, {11, 9}})));
  BOOST_TEST(same(Var(xt::view(x, 0, xt::newaxis(), xt::all())), Var(xt::xarray<double>{{0, 1, 2, 3}})));
}

BOOST_AUTO_TEST_CASE(strided_views) {
  const xt::xarray<double> x = three_by_four();
  BOOST_TEST(same(Var(xt::strided_view(x, {1})), row({4, 5, 6, 7})));
  BOOST_TEST(same(Var(xt::strided_view(x, {xt::all(), 2})), row({2, 6, 10})));
  BOOST_TEST(same(Var(xt::strided_view(x, {xt::range(0, 3, 2), xt::range(1, 4, 2)})),
                  Var(xt::xarray<double>{{1, 3}, {9, 11}})));
  BOOST_TEST(same(Var(xt::transpose(x)), transpose(Var(x))));
  BOOST_TEST(same(Var(xt::reshape_view(xt::view(x, 1), {2, 2})), Var(xt::xarray<double>{{4, 5}, {6, 7}})));
}

BOOST_AUTO_TEST_CASE(lazy_expressions) {
  const xt::xarray<double> x{1.0, 2.0, 3.0};
  const xt::xtensor<float, 1> f{1.0F, 2.0F, 3.0F};
  BOOST_TEST(same(Var(x + 2.0 * x), row({3, 6, 9})));
  BOOST_TEST(same(Var(x < 2.5), Var(xt::xarray<bool>{true, true, false})));
  BOOST_TEST(same(Var(xt::arange<int>(4)), Var(xt::xarray<std::int64_t>{0, 1, 2, 3})));
  BOOST_TEST(same(Var(xt::broadcast(x, {2, 3})), Var(xt::xarray<double>{{1, 2, 3}, {1, 2, 3}})));
  BOOST_TEST((Var(f + f).dtype() == DType::Float32));
}

BOOST_AUTO_TEST_CASE(adapted_memory) {
  std::vector<double> flat{0.0, 1.0, 2.0, 3.0, 4.0, 5.0};
  const Var x = xt::adapt(flat, std::vector<std::size_t>{2, 3});
  const Var y = xt::adapt(flat.data() + 2, 3, xt::no_ownership(), std::vector<std::size_t>{3});
  BOOST_TEST(same(Var(xt::adapt(flat)), row({0, 1, 2, 3, 4, 5})));
  flat.assign(flat.size(), -1.0);
  BOOST_TEST(same(x, Var(xt::xarray<double>{{0, 1, 2}, {3, 4, 5}})));
  BOOST_TEST(same(y, row({2, 3, 4})));
}

BOOST_AUTO_TEST_CASE(element_types) {
  BOOST_TEST((Var(xt::xarray<bool>{true, false}).dtype() == DType::Bool));
  BOOST_TEST((Var(xt::xarray<float>{1.0F}).dtype() == DType::Float32));
  BOOST_TEST((Var(xt::xarray<double>{1.0}).dtype() == DType::Float64));
  const Var expected = xt::xarray<std::int64_t>{1, 100};
  BOOST_TEST((expected.dtype() == DType::Int64));
  BOOST_TEST(same(Var(xt::xarray<std::int8_t>{1, 100}), expected));
  BOOST_TEST(same(Var(xt::xarray<std::uint8_t>{1, 100}), expected));
  BOOST_TEST(same(Var(xt::xarray<short>{1, 100}), expected));
  BOOST_TEST(same(Var(xt::xarray<int>{1, 100}), expected));
  BOOST_TEST(same(Var(xt::xarray<unsigned>{1, 100}), expected));
  BOOST_TEST(same(Var(xt::xarray<long long>{1, 100}), expected));
  BOOST_TEST(same(Var(xt::xarray<unsigned long>{1, 100}), expected));
  BOOST_TEST(same(Var(xt::xarray<unsigned long long>{1, 100}), expected));
  BOOST_TEST(same(Var(xt::xarray<int>{-3}), Var(xt::xarray<std::int64_t>{-3})));
}

BOOST_AUTO_TEST_CASE(unsigned_numbers_that_do_not_fit) {
  constexpr std::uint64_t largest = std::numeric_limits<std::int64_t>::max();
  BOOST_TEST(Var(xt::xarray<std::uint64_t>{largest}).item<std::int64_t>() == INT64_MAX);
  BOOST_TEST(throws<xg::ValueError>(
      [] {
        return Var(xt::xarray<unsigned long>{0, largest + 1});
      },
      {"9223372036854775808", "int64"}));
  BOOST_TEST(throws<xg::ValueError>([] { return Var(xt::xarray<unsigned long long>{largest + 1}); }));
  BOOST_TEST(throws<xg::ValueError>([] { return Var(xt::view(xt::xarray<unsigned long>{0, ~0UL}, 1)); }));
  BOOST_TEST(throws<xg::ValueError>([] { return Var(static_cast<unsigned long>(largest + 1)); }));
  BOOST_TEST(throws<xg::ValueError>([] { return Var(static_cast<unsigned long long>(largest + 1)); }));
}

BOOST_AUTO_TEST_CASE(no_elements_and_many_axes) {
  const Var nothing = xt::xarray<double>::from_shape({2, 0, 3});
  BOOST_TEST((nothing.shape() == Shape{2, 0, 3}));
  BOOST_TEST(nothing.size() == 0U);
  BOOST_TEST(nothing.array<double>().size() == 0U);
  const Var scalar = xt::xarray<double>(7.0);
  BOOST_TEST(scalar.dimension() == 0U);
  BOOST_TEST(scalar.item<double>() == 7.0);
  const std::vector<std::size_t> eight(8, 1);
  BOOST_TEST(Var(xt::xarray<double>(eight, 1.0)).dimension() == 8U);
  const std::vector<std::size_t> nine(9, 1);
  BOOST_TEST(throws<xg::ShapeError>([&] { return Var(xt::xarray<double>(nine, 1.0)); }, {"at most 8", "not 9"}));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(from_numbers)

BOOST_AUTO_TEST_CASE(every_arithmetic_type) {
  const auto integer = [](auto number) { return Var(number).item<std::int64_t>(); };
  BOOST_TEST(integer('a') == 97);
  BOOST_TEST(integer(std::int8_t{-1}) == -1);
  BOOST_TEST(integer(static_cast<unsigned char>(255)) == 255);
  BOOST_TEST(integer(short{-2}) == -2);
  BOOST_TEST(integer(static_cast<unsigned short>(65535)) == 65535);
  BOOST_TEST(integer(-3) == -3);
  BOOST_TEST(integer(4294967295U) == 4294967295);
  BOOST_TEST(integer(INT64_MIN) == INT64_MIN);
  BOOST_TEST(integer(-5LL) == -5);
  BOOST_TEST(integer(6UL) == 6);
  BOOST_TEST(integer(7ULL) == 7);
  BOOST_TEST(Var(true).item<bool>());
  BOOST_TEST(Var(1.5F).item<float>() == 1.5F);
  BOOST_TEST(Var(2.5).item<double>() == 2.5);
  BOOST_TEST(Var(2.5).dimension() == 0U);
}

BOOST_AUTO_TEST_CASE(weak_numbers_take_the_type_of_arrays) {
  const Var f = xt::xarray<float>{1.0F, 2.0F};
  const Var n = xt::xarray<int>{1, 2};
  const Var b = xt::xarray<bool>{true, false};
  BOOST_TEST(same(f * 2.0, Var(xt::xarray<float>{2.0F, 4.0F})));
  BOOST_TEST(same(2 + f, Var(xt::xarray<float>{3.0F, 4.0F})));
  BOOST_TEST(same(n * 2, Var(xt::xarray<int>{2, 4})));
  BOOST_TEST(same(n * 0.5, row({0.5, 1.0})));
  BOOST_TEST(same(b + 1, Var(xt::xarray<int>{2, 1})));
  // The result of numbers alone is a number still; an array of rank 0 is none.
  BOOST_TEST(((Var(2.0) * 3.0) * f).dtype() == DType::Float32);
  BOOST_TEST((Var(xt::xarray<double>(2.0)) * f).dtype() == DType::Float64);
}

BOOST_AUTO_TEST_CASE(arrays_promote) {
  const Var f = xt::xarray<float>{1.0F};
  const Var d = xt::xarray<double>{1.0};
  const Var n = xt::xarray<int>{1};
  const Var b = xt::xarray<bool>{true};
  BOOST_TEST((f + d).dtype() == DType::Float64);
  BOOST_TEST((f + n).dtype() == DType::Float64);
  BOOST_TEST((f + b).dtype() == DType::Float32);
  BOOST_TEST((n + b).dtype() == DType::Int64);
  BOOST_TEST((b + b).dtype() == DType::Int64);
  BOOST_TEST(xg::promote(DType::Int64, DType::Float32) == DType::Float64);
  BOOST_TEST(xg::promote(DType::Float32, DType::Int64) == DType::Float64);
}

BOOST_AUTO_TEST_CASE(array_of_a_number) {
  const Var x = 2.5;
  const xg::Array<double>& array = x.array<double>();
  BOOST_TEST(array.dimension() == 0U);
  BOOST_TEST(array() == 2.5);
  BOOST_TEST(&x.array<double>() == &array);  // made once
  const Var copy = x;
  const Var moved = std::move(const_cast<Var&>(x));
  BOOST_TEST(&moved.array<double>() == &array);  // and taken along
  BOOST_TEST(copy.array<double>()() == 2.5);
  BOOST_TEST(Var(true).array<bool>()());
  BOOST_TEST(Var(3).array<std::int64_t>()() == 3);
  BOOST_TEST(Var(0.5F).array<float>()() == 0.5F);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(reading)

BOOST_AUTO_TEST_CASE(without_a_copy) {
  const Var x = xt::xarray<double>{{1.0, 2.0}, {3.0, 4.0}};
  const Var y = x;
  BOOST_TEST(x.array<double>().data() == y.array<double>().data());
  BOOST_TEST(&x.array<double>() == &y.array<double>());
  static_assert(std::is_same_v<decltype(x.array<double>()), const xg::Array<double>&>);
}

BOOST_AUTO_TEST_CASE(arrays_are_moved_in) {
  const auto check = []<class T>(T value) {
    auto array = xg::Array<T>::from_shape({2, 3});
    array.fill(value);
    const T* data = array.data();
    const Var x = std::move(array);
    BOOST_TEST(x.array<T>().data() == data);
    BOOST_TEST((x.shape() == Shape{2, 3}));
    auto other = xg::Array<T>::from_shape({1});
    other.fill(value);
    const Var copied = other;
    BOOST_TEST(copied.array<T>().data() != other.data());
  };
  check(1.5);
  check(1.5F);
  check(std::int64_t{3});
  check(true);
}

BOOST_AUTO_TEST_CASE(array_on_a_temporary) {
  const auto make = [] { return Var(xt::xarray<double>{1.0, 2.0}); };
  static_assert(std::is_same_v<decltype(make().array<double>()), const xg::Array<double>>);
  const auto& kept = make().array<double>();
  BOOST_TEST(kept(1) == 2.0);
  double total = 0.0;
  for (const double value : (make() + 1.0).array<double>()) total += value;
  BOOST_TEST(total == 5.0);
}

BOOST_AUTO_TEST_CASE(array_outlives_other_handles) {
  Var x = xt::xarray<double>{1.0, 2.0};
  const Var other = x;
  const xg::Array<double>& array = other.array<double>();
  x = 3.0;
  BOOST_TEST(array(0) == 1.0);
}

BOOST_AUTO_TEST_CASE(only_as_the_stored_type) {
  const Var x = xt::xarray<float>{1.0F, 2.0F};
  BOOST_TEST(throws<xg::TypeError>([&] { return x.array<double>(); }, {"array", "float32", "float64", "cast"}));
  BOOST_TEST(throws<xg::TypeError>([&] { return x.array<std::int64_t>(); }, {"float32", "int64"}));
  BOOST_TEST(throws<xg::TypeError>([] { return Var(1).item<double>(); }, {"item", "int64", "float64"}));
  BOOST_TEST(throws<xg::TypeError>([] { return Var(1.0).item<float>(); }));
  BOOST_TEST(throws<xg::TypeError>([] { return Var(1.0).array<float>(); }));
  BOOST_TEST(throws<xg::TypeError>([] { return Var(true).item<std::int64_t>(); }));
  xg::Tape tape;
  const Var recorded = tape.leaf(x) * 2.0;
  BOOST_TEST(throws<xg::TypeError>([&] { return recorded.array<double>(); }));
  BOOST_TEST(throws<xg::TypeError>([&] { return sum(recorded).item<double>(); }));
}

BOOST_AUTO_TEST_CASE(item_needs_one_element) {
  BOOST_TEST(Var(xt::ones<double>({1, 1})).item<double>() == 1.0);
  const Var two = xt::xarray<double>{1.0, 2.0};
  BOOST_TEST(throws<xg::ShapeError>([&] { return two.item<double>(); }, {"item", "one element", "[2]"}));
  const Var none = xt::xarray<double>::from_shape({0});
  BOOST_TEST(throws<xg::ShapeError>([&] { return none.item<double>(); }, {"[0]"}));
  xg::Tape tape;
  BOOST_TEST(throws<xg::ShapeError>([&] { return tape.leaf(two).item<double>(); }));
}

BOOST_AUTO_TEST_CASE(shape_by_axis) {
  const Var x = xt::xarray<double>::from_shape({2, 3, 4});
  BOOST_TEST(x.shape(0) == 2U);
  BOOST_TEST(x.shape(2) == 4U);
  BOOST_TEST(x.shape(-1) == 4U);
  BOOST_TEST(x.shape(-3) == 2U);
  BOOST_TEST(throws<xg::ShapeError>([&] { return x.shape(3); }, {"axis 3", "[2, 3, 4]"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return x.shape(-4); }, {"axis -4"}));
  BOOST_TEST(throws<xg::ShapeError>([] { return Var(1.0).shape(0); }, {"axis 0", "[]"}));
}

BOOST_AUTO_TEST_CASE(alignment) {
  const auto aligned = [](const Var& x) {
    return reinterpret_cast<std::uintptr_t>(x.array<double>().data()) % 64 == 0;
  };
  std::vector<Var> keep;
  for (std::size_t n = 1; n < 40; ++n) {
    const Var x = xt::xarray<double>(std::vector<std::size_t>{n}, 1.0);
    keep.push_back(x);
    keep.push_back(x + 1.0);
    keep.push_back(sum(x));
  }
  for (const Var& x : keep) BOOST_TEST(aligned(x));
}

BOOST_AUTO_TEST_CASE(printing) {
  const auto text = [](const Var& x) {
    std::ostringstream out;
    out << x;
    return out.str();
  };
  BOOST_TEST(text(xt::xarray<double>{{1.0, 2.0}, {3.0, 4.5}}) == "{{ 1. ,  2. },\n { 3. ,  4.5}}");
  BOOST_TEST(text(xt::xarray<int>{1, 2}) == "{1, 2}");
  BOOST_TEST(text(xt::xarray<bool>{true, false}) == "{ true, false}");
  BOOST_TEST(text(xt::xarray<float>{0.5F}) == "{ 0.5}");
  BOOST_TEST(text(2.5) == " 2.5");
  xg::Tape tape;
  BOOST_TEST(text(tape.leaf(xt::xarray<double>{1.0}) + 1.0) == "{ 2.}");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(handles)

BOOST_AUTO_TEST_CASE(copy_and_move) {
  Var x = xt::xarray<double>{1.0, 2.0};
  const double* data = x.array<double>().data();
  Var copy = x;
  Var moved = std::move(x);
  BOOST_TEST(!x.defined());
  BOOST_TEST(copy.array<double>().data() == data);
  BOOST_TEST(moved.array<double>().data() == data);
  copy = 4.0;
  BOOST_TEST(copy.item<double>() == 4.0);
  x = moved;
  BOOST_TEST(x.array<double>().data() == data);
  Var& alias = x;
  x = alias;
  BOOST_TEST(x.array<double>().data() == data);
  x = std::move(alias);
  BOOST_TEST(x.array<double>().data() == data);
  x.swap(copy);
  BOOST_TEST(x.item<double>() == 4.0);
  BOOST_TEST(copy.array<double>().data() == data);
}

BOOST_AUTO_TEST_CASE(copies_of_every_kind) {
  xg::Tape tape;
  std::vector<Var> kinds{Var(), Var(1.5), Var(xt::xarray<double>{1.5}), tape.leaf(1.5)};
  (void)kinds[1].array<double>();
  for (const Var& from : kinds) {
    for (const Var& to : kinds) {
      Var target = to;
      target = from;
      BOOST_TEST(target.defined() == from.defined());
      BOOST_TEST(target.recorded() == from.recorded());
      if (from.defined()) BOOST_TEST(target.item<double>() == 1.5);
      Var source = from;
      target = to;
      target = std::move(source);
      BOOST_TEST(!source.defined());
      if (from.defined()) BOOST_TEST(target.item<double>() == 1.5);
    }
  }
}

BOOST_AUTO_TEST_CASE(operations_leave_operands_alone) {
  Var x = xt::xarray<double>{1.0, 2.0};
  const Var before = x;
  Var y = x + x;
  y = y * y - x;
  x += 1.0;
  x *= x;
  x -= 1.0;
  x /= 2.0;
  BOOST_TEST(same(before, row({1, 2})));
  BOOST_TEST(same(y, row({3, 14})));
  BOOST_TEST(same(x, row({1.5, 4})));
}

BOOST_AUTO_TEST_CASE(states) {
  xg::Tape tape;
  BOOST_TEST(!Var().defined());
  BOOST_TEST(!Var().recorded());
  BOOST_TEST(Var(1.0).defined());
  BOOST_TEST(!Var(1.0).recorded());
  BOOST_TEST(tape.leaf(1.0).recorded());
  BOOST_TEST(!(Var(1.0) + Var(xt::xarray<double>{1.0})).recorded());
  BOOST_TEST((tape.leaf(1.0) + 1.0).recorded());
}

BOOST_AUTO_TEST_CASE(an_empty_var_is_refused) {
  const Var good = xt::xarray<double>{{1.0, 2.0}, {3.0, 4.0}};
  Var moved_from = good;
  const Var taken = std::move(moved_from);
  for (const EveryOperation& operation : every_operation()) {
    BOOST_TEST_CONTEXT(operation.name) {
      BOOST_TEST(throws<xg::TapeError>([&] { return operation.run(Var(), good), 0; }, {"empty"}));
      BOOST_TEST(throws<xg::TapeError>([&] { return operation.run(moved_from, good), 0; }, {"empty"}));
    }
  }
  BOOST_TEST(throws<xg::TapeError>([&] { return full_like(good, Var()); }, {"empty"}));
  BOOST_TEST(throws<xg::TapeError>([&] { return take(good, Var()); }, {"empty"}));
  BOOST_TEST(throws<xg::TapeError>([&] { return take_along_axis(good, Var(), 0); }, {"empty"}));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE_END()
