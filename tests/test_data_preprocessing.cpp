// What is found out of data, and done to others. Values are those of scikit-learn 1.2.1.
#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <xgrad/data.hpp>
#include <xgrad/io/named.hpp>
#include <xgrad/io/safetensors.hpp>
#include <xgrad/testing.hpp>
#include <xgrad/xgrad.hpp>

#include "comparing.hpp"
#include "io_files.hpp"

namespace data = xgrad::data;
using xgrad::Array;
using xgrad::DType;
using xgrad::Shape;
using xgrad::Var;

namespace {

const Array<double> table_with_gaps{
    {1.0, -2.0, 5.0, 0.1}, {2.0, NAN, 5.0, 0.1}, {4.0, 3.5, 5.0, 0.1}, {NAN, 0.25, 5.0, 0.1}, {10.0, 3.5, 5.0, 0.1}};
const Array<double> other_rows{{3.0, 1.0, 7.0, 0.2}, {NAN, -2.0, 5.0, 0.1}};

void require_close_rows(const Var& x, const Array<double>& expected, double tolerance = 1e-14) {
  BOOST_TEST(x.shape() == Shape(expected.shape()), boost::test_tools::per_element());
  const Var wide = cast(x, DType::Float64);
  BOOST_TEST(xgrad::allclose(wide, Var(expected), {.relative = tolerance, .absolute = tolerance, .equal_nan = true})
                 .item<bool>());
}

/// Maps other rows as expected and back; in float32, compiled, one row at a time, and from a file, too.
template <class T, class Make>
void require_mapping(Make make, const Array<double>& expected) {
  const T map = make(table_with_gaps);
  require_close_rows(map(other_rows), expected);
  require_close_rows(map.inverse(map(other_rows)), other_rows);
  const Var narrow = cast(Var(table_with_gaps), DType::Float32);
  const Var mapped = make(narrow)(cast(Var(other_rows), DType::Float32));
  BOOST_TEST((mapped.dtype() == DType::Float32));
  require_close_rows(mapped, expected, 1e-5);
  require_close_rows(xgrad::compile([](const T& m, const Var& x) { return m(x); })(map, other_rows), expected);
  require_close_rows(xgrad::vmap([&](const Var& row) { return map(row); })(other_rows), expected);
  require_close_rows(xgrad::compile([&](const Var& x) { return make(x)(other_rows); })(table_with_gaps), expected);
  require_close_rows(xgrad::io::filled(T(), xgrad::io::by_name(map))(other_rows), expected);
  BOOST_TEST(xgrad::testing::check_gradients([&](const Var& x) { return map(x); }, Array<double>{1.0, 2.0, 3.0, 4.0}));
  // Data with more axes, and with one.
  const T deep = make(reshape(Var(table_with_gaps), {5, 2, 2}));
  require_close_rows(reshape(deep(reshape(Var(other_rows), {2, 2, 2})), {2, 4}), expected);
  require_close_rows(make(view(Var(table_with_gaps), xt::all(), 0))(view(Var(other_rows), xt::all(), 0)),
                     Array<double>{expected(0, 0), expected(1, 0)});
}

template <class Make>
void require_refusals(Make make) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const auto map = make(table_with_gaps);
  BOOST_CHECK_THROW(static_cast<void>(map(xgrad::zeros({2, 3}))), xgrad::ShapeError);
  BOOST_CHECK_THROW(static_cast<void>(map(xgrad::zeros({4, 1}))), xgrad::ShapeError);
  BOOST_CHECK_THROW(static_cast<void>(map(1.0)), xgrad::ShapeError);
  BOOST_CHECK_THROW(static_cast<void>(make(1.0)), xgrad::ShapeError);
  BOOST_CHECK_THROW(static_cast<void>(make(xgrad::zeros({0, 3}))), xgrad::ValueError);
  BOOST_CHECK_THROW(static_cast<void>(make(Array<double>{{1.0, 2.0}, {infinity, 3.0}})), xgrad::ValueError);
  BOOST_CHECK_THROW(static_cast<void>(make(Array<double>{{1.0, NAN}, {2.0, NAN}})), xgrad::ValueError);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(test_data_preprocessing)

using comparing::same;

BOOST_AUTO_TEST_CASE(standardises) {
  const auto make = [](const Var& x) { return data::standardise(x); };
  const data::Standardise found = make(table_with_gaps);
  require_close_rows(found.mean, {4.25, 1.3125, 5.0, 0.1});
  require_close_rows(found.scale, {3.491060010942235, 2.327653056192009, 1.0, 1.0});
  require_mapping<data::Standardise>(
      make, {{-0.35805743701971643, -0.13425540338526368, 2.0, 0.1}, {NAN, -1.423107275883795, 0.0, 0.0}});
  require_refusals(make);
  // A constant in float32, and in many rows, varies by nothing.
  const Var tenth = xgrad::full({100000, 1}, cast(0.1, DType::Float32));
  BOOST_TEST(make(tenth).scale.array<float>()(0) == 1.0F);
  BOOST_TEST(make(cast(tenth, DType::Float64) * 3.0).scale.array<double>()(0) == 1.0);
  // Integers, and numbers whose squares overflow.
  require_close_rows(make(std::vector<int>{1, 2, 3})(std::vector<int>{2, 4}), {0.0, 2.0 / std::sqrt(2.0 / 3.0)});
  BOOST_TEST(make(std::vector<double>{1e200, 3e200}).scale.item<double>() == 1e200,
             boost::test_tools::tolerance(1e-14));
}

BOOST_AUTO_TEST_CASE(maps_to_a_range) {
  const auto make = [](const Var& x) { return data::min_max(x, -1.0, 2.0); };
  require_mapping<data::MinMax>(make, {{-0.33333333333333326, 0.6363636363636362, 5.0, -0.7}, {NAN, -1.0, -1.0, -1.0}});
  require_refusals(make);
  const Var ends = data::min_max(std::vector<double>{0.1, 0.7, 0.3}, 0.1, 0.9)(std::vector<double>{0.1, 0.7});
  BOOST_TEST(ends.array<double>()(0) == 0.1);
  BOOST_TEST(ends.array<double>()(1) == 0.9);
  BOOST_CHECK_THROW(static_cast<void>(data::min_max(table_with_gaps, 1.0, 1.0)), xgrad::ValueError);
  BOOST_CHECK_THROW(static_cast<void>(data::min_max(table_with_gaps, 0.0, NAN)), xgrad::ValueError);
}

BOOST_AUTO_TEST_CASE(scales_by_quantiles) {
  const auto make = [](const Var& x) { return data::robust_scale(x); };
  require_mapping<data::RobustScale>(make,
                                     {{0.0, -0.22950819672131148, 2.0, 0.1}, {NAN, -1.0163934426229508, 0.0, 0.0}});
  require_refusals(make);
  require_close_rows(data::robust_scale(table_with_gaps, 0.1, 0.95)(other_rows),
                     {{0.0, -0.18134715025906736, 2.0, 0.1}, {NAN, -0.8031088082901554, 0.0, 0.0}});
  BOOST_CHECK_THROW(static_cast<void>(data::robust_scale(table_with_gaps, 0.5, 0.5)), xgrad::ValueError);
  BOOST_CHECK_THROW(static_cast<void>(data::robust_scale(table_with_gaps, -0.1, 0.5)), xgrad::ValueError);
}

BOOST_AUTO_TEST_CASE(fills_in_what_is_missing) {
  using data::Filling;
  const auto fill = [](Filling filling) { return data::impute(table_with_gaps, filling).fill; };
  require_close_rows(fill(Filling::Mean), {4.25, 1.3125, 5.0, 0.1});
  require_close_rows(fill(Filling::Median), {3.0, 1.875, 5.0, 0.1});
  require_close_rows(fill(Filling::MostFrequent), {1.0, 3.5, 5.0, 0.1});
  const auto filled = data::impute(table_with_gaps);
  require_close_rows(filled(other_rows), {{3.0, 1.0, 7.0, 0.2}, {4.25, -2.0, 5.0, 0.1}});
  BOOST_TEST(
      (data::impute(cast(Var(table_with_gaps), DType::Float32), Filling::MostFrequent).fill.dtype() == DType::Float32));
  const auto constant = data::impute(xgrad::full({3, 2}, NAN), std::vector<double>{1.0, -1.0});
  require_close_rows(constant(Array<double>{NAN, 5.0}), {1.0, 5.0});
  require_close_rows(data::impute(table_with_gaps, 7)(other_rows), {{3.0, 1.0, 7.0, 0.2}, {7.0, -2.0, 5.0, 0.1}});
  for (const Filling filling : {Filling::Mean, Filling::Median, Filling::MostFrequent}) {
    require_refusals([&](const Var& x) { return data::impute(x, filling); });
  }
  BOOST_CHECK_THROW(static_cast<void>(data::impute(table_with_gaps, NAN)), xgrad::ValueError);
  BOOST_CHECK_THROW(static_cast<void>(data::impute(table_with_gaps, xgrad::zeros({3}))), xgrad::ShapeError);
}

BOOST_AUTO_TEST_CASE(categories_become_ones_among_zeros) {
  const Array<std::int64_t> table{{3, 10}, {1, 20}, {3, -5}, {7, 10}};
  const Array<std::int64_t> others{{7, -5}, {1, 10}};
  const data::OneHot map = data::one_hot_of(table);
  const Array<double> expected{{0, 0, 1, 1, 0, 0}, {1, 0, 0, 0, 1, 0}};
  require_close_rows(map(others), expected);
  BOOST_TEST((map(others).dtype() == DType::Float32));
  BOOST_TEST(same(map.inverse(map(others)), others));
  require_close_rows(xgrad::vmap([&](const Var& row) { return map(row); })(others), expected);
  require_close_rows(xgrad::compile([](const data::OneHot& m, const Var& x) { return m(x); })(map, others), expected);
  const Array<std::int64_t> strange{{7, 0}};
  BOOST_CHECK_THROW(static_cast<void>(map(strange)), xgrad::ValueError);
  const data::OneHot lenient = data::one_hot_of(table, {.unknown = data::Unknown::Zeros, .dtype = DType::Bool});
  require_close_rows(lenient(strange), {{0, 0, 1, 0, 0, 0}});
  BOOST_CHECK_THROW(static_cast<void>(lenient.inverse(lenient(strange))), xgrad::ValueError);
  BOOST_CHECK_THROW(static_cast<void>(map(xgrad::arange(2, 5))), xgrad::ShapeError);
  BOOST_CHECK_THROW(static_cast<void>(map.inverse(others)), xgrad::ShapeError);
  // One column, of truth values and of fractions.
  const data::OneHot truth = data::one_hot_of(Array<bool>{true, false, true});
  require_close_rows(truth(Array<bool>{false, true}), {{1, 0}, {0, 1}});
  const data::OneHot halves = data::one_hot_of(Array<double>{0.5, 1.5});
  require_close_rows(halves.inverse(Array<double>{{0.2, 0.8}}), {1.5});
  BOOST_CHECK_THROW(static_cast<void>(data::one_hot_of(Array<double>{0.5, NAN})), xgrad::ValueError);
  BOOST_CHECK_THROW(static_cast<void>(data::one_hot_of(xgrad::zeros({2, 2, 2}))), xgrad::ShapeError);
  BOOST_CHECK_THROW(static_cast<void>(data::one_hot_of(xgrad::zeros({0}))), xgrad::ValueError);
}

BOOST_AUTO_TEST_CASE(categories_become_numbers) {
  const Array<std::int64_t> table{{3, 10}, {1, 20}, {3, -5}, {7, 10}};
  const Array<std::int64_t> others{{7, -5}, {1, 10}};
  const data::Ordinal map = data::ordinal(table);
  const Array<std::int64_t> expected{{2, 0}, {0, 1}};
  BOOST_TEST(same(map(others), expected));
  BOOST_TEST(same(map.inverse(expected), others));
  BOOST_TEST(same(xgrad::vmap([&](const Var& row) { return map(row); })(others), expected));
  BOOST_TEST(same(xgrad::compile([](const data::Ordinal& m, const Var& x) { return m(x); })(map, others), expected));
  for (const std::int64_t strange : {-100, 2, 100})
    BOOST_CHECK_THROW(static_cast<void>(map(Array<std::int64_t>{{strange, 10}})), xgrad::ValueError);
  BOOST_CHECK_THROW(static_cast<void>(map.inverse(Array<std::int64_t>{{3, 0}})), xgrad::ValueError);
  BOOST_CHECK_THROW(static_cast<void>(map.inverse(Array<std::int64_t>{{-1, 0}})), xgrad::ValueError);
  BOOST_CHECK_THROW(static_cast<void>(map.inverse(Array<double>{{1.0, 0.0}})), xgrad::TypeError);
  const data::Ordinal labels = data::ordinal(Array<double>{2.5, 1.0, 2.5});
  BOOST_TEST(same(labels(Array<double>{2.5, 1.0}), Array<std::int64_t>{1, 0}));
  BOOST_TEST(same(labels(2.5), 1));
}

BOOST_AUTO_TEST_CASE(texts_become_numbers) {
  const std::vector<std::string> texts{"oak", "beech", "oak", "fir"};
  const data::Vocabulary map = data::vocabulary(texts);
  BOOST_TEST(map.texts == (std::vector<std::string>{"beech", "fir", "oak"}), boost::test_tools::per_element());
  BOOST_TEST(same(map(texts), Array<std::int64_t>{2, 0, 2, 1}));
  BOOST_TEST(map.inverse(map(texts)) == texts, boost::test_tools::per_element());
  BOOST_CHECK_THROW(static_cast<void>(map({"yew"})), xgrad::ValueError);
  BOOST_CHECK_THROW(static_cast<void>(map.inverse(std::vector<int>{3})), xgrad::ValueError);
  BOOST_CHECK_THROW(static_cast<void>(map.inverse(1)), xgrad::ShapeError);
}

BOOST_AUTO_TEST_CASE(they_are_saved_with_the_model) {
  struct Net {
    data::Standardise inputs;
    data::OneHot kinds;
    Var weight;
    XGRAD_MEMBER_FIELDS(Net, inputs, kinds, weight)
  };
  const Net net{data::standardise(table_with_gaps), data::one_hot_of(std::vector<int>{4, 9}), xgrad::ones({4})};
  BOOST_TEST(xgrad::tree::leaves(net).size() == 1U);  // nothing of it is trained
  const io_files::Folder folder;
  xgrad::io::write_safetensors(folder / "net.safetensors", xgrad::io::by_name(net));
  const auto arrays = xgrad::io::read_safetensors(folder / "net.safetensors");
  BOOST_TEST(arrays.contains("inputs.mean"));
  const Net read = xgrad::io::filled(net, arrays);
  BOOST_TEST(same(read.inputs.scale, net.inputs.scale));
  BOOST_TEST(same(read.kinds.categories[0], net.kinds.categories[0]));
}

BOOST_AUTO_TEST_SUITE_END()
