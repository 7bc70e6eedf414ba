// Elements chosen by indices over several axes and by masks, updates of them, and segments, against plain loops.
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <random>
#include <vector>

#include <xgrad/xgrad.hpp>

#include "ops_compare.hpp"
#include "refusals.hpp"

BOOST_AUTO_TEST_SUITE(test_ops_updates)

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
using xg::testing::slope;

namespace {

using Int = std::int64_t;
constexpr double infinity = std::numeric_limits<double>::infinity();

Var doubles(const std::vector<double>& values) { return array_of<double>({values.size()}, values); }

/// The element of an array of indices, counted from the front.
std::size_t place(const Var& indices, const Shape& at, std::size_t extent) {
  const auto index = static_cast<Int>(element(cast(indices, DType::Float64), at));
  return static_cast<std::size_t>(index < 0 ? index + static_cast<Int>(extent) : index);
}

/// Updates of one axis by a loop.
template <class F>
std::vector<double> updated(std::vector<double> x, const std::vector<Int>& indices, const std::vector<double>& values,
                            F f) {
  for (std::size_t k = 0; k < indices.size(); ++k) {
    double& element =
        x[static_cast<std::size_t>(indices[k] < 0 ? indices[k] + static_cast<Int>(x.size()) : indices[k])];
    element = f(element, values[k]);
  }
  return x;
}

}  // namespace

BOOST_AUTO_TEST_CASE(elements_at_indices_of_several_axes) {
  const Var x = numbered({2, 3, 4});
  const Var i = ints({1, 0, -1});
  const Var j = ints({2, 1}, {2, -3});
  const auto check = [&](const Var& found, const Shape& shape, auto source) {
    BOOST_TEST(to_string(found.shape()) == to_string(shape));
    if (found.shape() != shape) return;
    for_each_index(shape, [&](const Shape& at) { BOOST_TEST(element(found, at) == element(x, source(at))); });
  };
  check(at(x, {i, j}).get(), {2, 3, 4}, [&](const Shape& k) {
    return Shape{place(i, {k[1]}, 2), place(j, {k[0], 0}, 3), k[2]};
  });
  check(at(x, {j, i}, {2, 0}).get(), {2, 3, 3},  // not neighbours in order: first
        [&](const Shape& k) {
          return Shape{place(i, {k[1]}, 2), k[2], place(j, {k[0], 0}, 4)};
        });
  check(at(x, {i, j}, {1, 2}).get(), {2, 2, 3}, [&](const Shape& k) {
    return Shape{k[0], place(i, {k[2]}, 3), place(j, {k[1], 0}, 4)};
  });
  check(at(x, {i, i, i}).get(), {3}, [&](const Shape& k) {
    return Shape{place(i, k, 2), place(i, k, 3), place(i, k, 4)};
  });
  check(at(x, {0, j}).get(), {2, 1, 4}, [&](const Shape& k) { return Shape{0, place(j, {k[0], 0}, 3), k[2]}; });
  check(at(x, {1, -1, 2}).get(), {}, [](const Shape&) { return Shape{1, 2, 2}; });
  check_same(at(x, i).get(), take(x, i, 0));
  check_same(at(x, j, -1).get(), take(x, j, 2));
  check_same(at(x, 1, 1).get(), view(x, xt::all(), 1));
  check_same(at(xg::zeros({0, 2}), Var(std::vector<int>())).get(), xg::zeros({0, 2}));
  check_elements<bool>(at(Var(xt::xarray<bool>{{true, false}}), {0, 1}).get(), {}, {false});
}

BOOST_AUTO_TEST_CASE(indices_that_choose_nothing_that_is_there) {
  const Var x = numbered({2, 3});
  check_refused<xg::ValueError>(
      [&] {
        return at(x, {ints({0}), ints({3})}).get();
      },
      {"at: index 3 is out of range for an axis of extent 3"});
  check_refused<xg::ValueError>([&] { return at(x, {-3, 0}).set(1.0); }, {"at: index -3", "extent 2"});
  check_refused<xg::ValueError>([&] { return at(x, ints({2})).max(1.0); }, {"at: index 2", "extent 2"});
  check_refused<xg::ValueError>([&] { return at(x, ints({2})).multiply(1.0); }, {"at: index 2", "extent 2"});
  check_refused<xg::ValueError>([&] { return gather_nd(x, ints({0, 3})); }, {"gather_nd: index 3", "extent 3"});
  check_refused<xg::ValueError>(
      [&] {
        return put_along_axis(x, ints({1, 1}, {3}), 0.0, 1);
      },
      {"put_along_axis: index 3", "extent 3"});
  check_refused<xg::ValueError>([&] { return index_add(x, 5, 0.0, 0); }, {"index_add: index 5", "extent 2"});
  check_refused<xg::ValueError>([&] { return segment_max(doubles({1.0}), ints({2}), 2); },
                                {"segment_max: index 2", "extent 2"});
  check_refused<xg::ValueError>([&] { return segment_prod(doubles({1.0}), ints({2}), 2); },
                                {"segment_prod: index 2", "extent 2"});
  check_refused<xg::ValueError>([&] { return segment_sum(doubles({1.0}), ints({-3}), 2); },
                                {"segment_sum: index -3", "extent 2"});
  const auto later = xg::compile([](const Var& y, const Var& i) { return at(y, {i, i}).add(1.0); });
  BOOST_TEST(later(x, ints({1})).size() == 6U);
  check_refused<xg::ValueError>([&] { return later(x, ints({2})); }, {"at: index 2", "extent 2"});
  // In a batch an index is not one of another example's.
  const auto batch = xg::vmap([](const Var& y, const Var& i) { return at(y, i).max(9.0); });
  check_refused<xg::ValueError>([&] { return batch(x, ints({2, 1}, {3, 0})); }, {"at: index 3", "extent 3"});
  check_refused<xg::TypeError>([&] { return at(x, {0.5}); }, {"at: ", "float64", "integers"});
  check_refused<xg::TypeError>([&] { return at(x, x > 0.0); }, {"at: ", "bool", "integers"});
  check_refused<xg::ShapeError>([&] { return at(x, {0, 0, 0}); }, {"at: ", "3 arrays", "[2, 3]"});
  check_refused<xg::ShapeError>([&] { return at(x, {0, 0}, {1, -1}); }, {"at: ", "twice"});
  check_refused<xg::ShapeError>([&] { return at(x, {0, 0}, {1}); }, {"at: ", "2 arrays", "1 axis"});
  check_refused<xg::ShapeError>([&] { return at(x, {ints({0, 0}), ints({0, 0, 0})}); }, {"at: ", "[2]", "[3]"});
  check_refused<xg::ShapeError>([&] { return at(x, ints({0, 0})).set(numbered({2})); }, {"at: ", "[2]", "[2, 3]"});
  check_refused<xg::ValueError>([&] { return at(x, std::vector<Var>()); }, {"at: ", "no indices"});
  check_refused<xg::ShapeError>([&] { return gather_nd(x, ints({1, 3}, {0, 0, 0})); }, {"gather_nd: ", "[1, 3]"});
  check_refused<xg::ShapeError>([&] { return gather_nd(x, 0); }, {"gather_nd: ", "[]"});
  check_refused<xg::ShapeError>([&] { return put_along_axis(x, ints({0}), 0.0, 1); }, {"put_along_axis: ", "[1]"});
  check_refused<xg::ShapeError>(
      [&] {
        return put_along_axis(x, ints({3, 1}, {0, 0, 0}), 0.0, 1);
      },
      {"put_along_axis: ", "[3, 1]", "[2, 3]"});
}

BOOST_AUTO_TEST_CASE(updates_agree_with_loops) {
  std::mt19937_64 bits(3);
  for (int round = 0; round < 40; ++round) {
    const std::size_t extent = 1 + bits() % 6;
    const std::size_t count = bits() % 9;
    std::vector<double> x;
    std::vector<double> values;
    std::vector<Int> indices;
    for (std::size_t k = 0; k < extent; ++k) x.push_back(static_cast<double>(bits() % 7) - 3.0);
    for (std::size_t k = 0; k < count; ++k) {
      values.push_back(static_cast<double>(bits() % 7) - 3.0);
      indices.push_back(static_cast<Int>(bits() % (2 * extent)) - static_cast<Int>(extent));
    }
    const auto places = xg::At(at(doubles(x), array_of<Int>({count}, indices)));
    const Var given = doubles(values);
    const auto check = [&](const Var& found, auto f) {
      check_elements(found, {extent}, updated(x, indices, values, f));
    };
    check(places.set(given), [](double, double v) { return v; });
    check(places.add(given), [](double e, double v) { return e + v; });
    check(places.multiply(given), [](double e, double v) { return e * v; });
    check(places.max(given), [](double e, double v) { return std::max(e, v); });
    check(places.min(given), [](double e, double v) { return std::min(e, v); });
  }
}

BOOST_AUTO_TEST_CASE(element_types_of_updates) {
  const Var whole = ints({1, 2, 3});
  check_elements<Int>(at(whole, 1).set(7), {3}, {1, 7, 3});
  check_elements<double>(at(whole, 1).set(0.5), {3}, {1.0, 0.5, 3.0});  // nothing is cut off in silence
  check_elements<Int>(at(whole, ints({0, 0})).add(2), {3}, {5, 2, 3});
  check_elements<Int>(at(whole, ints({0, 0})).multiply(2), {3}, {4, 2, 3});
  check_elements<Int>(at(whole, ints({0, 1})).max(2), {3}, {2, 2, 3});
  check_elements<Int>(at(whole, ints({1, 2})).min(2), {3}, {1, 2, 2});
  BOOST_TEST((at(cast<float>(whole), 0).add(0.1).dtype() == DType::Float32));
  const Var truth = Var(xt::xarray<bool>{true, false});
  check_elements<bool>(at(truth, 1).set(true), {2}, {true, true});
  check_elements<Int>(at(truth, ints({0, 0})).add(truth), {2}, {2, 0});
  const Var none = Var(std::vector<int>());
  check_same(at(counted({2}), none).set(5.0), counted({2}));
  check_same(at(counted({2}), none).multiply(5.0), counted({2}));
  check_same(at(counted({2}), none).max(5.0), counted({2}));
  check_same(at(xg::zeros({0}), none).add(5.0), xg::zeros({0}));
  check_same(at(xg::zeros({2, 0}), ints({0, 1})).set(5.0), xg::zeros({2, 0}));
}

BOOST_AUTO_TEST_CASE(derivatives_of_updates) {
  const Var indices = ints({1, 3, 1});
  const Var x = doubles({2.0, 3.0, 5.0, 7.0});
  const Var v = doubles({11.0, 13.0, 17.0});
  const auto both = [&](auto f) {
    const Var weights = doubles({1.0, 10.0, 100.0, 1000.0});
    const auto total = [&](const std::vector<Var>& all) { return sum(weights * f(all[0], all[1])); };
    return xg::grad(total)(std::vector<Var>{x, v});
  };
  // What is overwritten gets 0: of x, and of the values but for the last one.
  const auto of_set = both([&](const Var& a, const Var& b) { return at(a, indices).set(b); });
  check_elements<double>(of_set[0], {4}, {1.0, 0.0, 100.0, 0.0});
  check_elements<double>(of_set[1], {3}, {0.0, 1000.0, 10.0});
  const auto of_add = both([&](const Var& a, const Var& b) { return at(a, indices).add(b); });
  check_elements<double>(of_add[0], {4}, {1.0, 10.0, 100.0, 1000.0});
  check_elements<double>(of_add[1], {3}, {10.0, 1000.0, 10.0});
  const auto of_times = both([&](const Var& a, const Var& b) { return at(a, indices).multiply(b); });
  check_elements<double>(of_times[0], {4}, {1.0, 1870.0, 100.0, 13000.0});
  check_elements<double>(of_times[1], {3}, {510.0, 7000.0, 330.0});
  // NaN that is overwritten is gone, from values and derivatives.
  const Var bad = doubles({2.0, NAN});
  check_elements<double>(slope([](const Var& a) { return at(sqrt(a), 1).set(3.0); }, doubles({4.0, 0.0})), {2},
                         {0.25, 0.0});
  check_elements<double>(at(bad, 1).set(3.0), {2}, {2.0, 3.0});
}

BOOST_AUTO_TEST_CASE(factors_of_zero) {
  const auto product = [](const Var& v) { return at(xg::ones({2}), ints({0, 0, 0, 1})).multiply(v); };
  check_elements<double>(slope(product, doubles({0.0, 3.0, 5.0, 0.0})), {4}, {15.0, 0.0, 0.0, 1.0});
  check_elements<double>(slope(product, doubles({0.0, 0.0, 5.0, 2.0})), {4}, {0.0, 0.0, 0.0, 1.0});
  const Var h = xg::hessian([&](const Var& v) { return sum(product(v)); })(doubles({0.0, 0.0, 5.0, 2.0}));
  check_elements<double>(h, {4, 4}, {0, 5, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
}

// As amax: k equal extreme elements share evenly, that of x with them.
BOOST_AUTO_TEST_CASE(equal_extreme_elements_share) {
  const Var indices = ints({0, 0, 1, 1, 2});
  const Var x = doubles({4.0, 1.0, 9.0, 5.0});
  const Var v = doubles({4.0, 4.0, 3.0, 3.0, 8.0});
  using Both = std::vector<Var>;
  const auto f = [&](const Both& all) { return sum(at(all[0], indices).max(all[1])); };
  const Both slopes = xg::grad(f)(Both{x, v});
  check_elements<double>(slopes[0], {4}, {1.0 / 3, 0.0, 1.0, 1.0});
  check_elements<double>(slopes[1], {5}, {1.0 / 3, 1.0 / 3, 0.5, 0.5, 0.0});
  const auto tangent = xg::jvp(f, Both{x, v}, Both{ones_like(x), ones_like(v)}).tangent;
  BOOST_TEST(std::abs(tangent.item<double>() - 4.0) < 1e-15);
  check_elements<double>(slope([&](const Var& b) { return at(-x, indices).min(-b); }, v), {5},
                         {-1.0 / 3, -1.0 / 3, -0.5, -0.5, 0.0});
  check_elements<double>(at(doubles({1.0, NAN, 2.0}), ints({0, 1, 2})).max(doubles({NAN, 1.0, 3.0})), {3},
                         {NAN, NAN, 3.0});
  check_elements<double>(slope(
                             [&](const Var& b) {
                               return segment_max(b, ints({0, 0, 1}), 3);
                             },
                             doubles({-infinity, -infinity, 2.0})),
                         {3}, {0.5, 0.5, 1.0});
  check_elements<double>(slope(
                             [&](const Var& b) {
                               return segment_max(b, ints({0, 0, 1}), 2);
                             },
                             doubles({NAN, 1.0, 2.0})),
                         {3}, {NAN, NAN, 1.0});
}

BOOST_AUTO_TEST_CASE(elements_along_an_axis_are_put_back) {
  const Var x = numbered({3, 4});
  const Var order = argsort(x, 1);
  check_same(put_along_axis(xg::zeros({3, 4}), order, take_along_axis(x, order, 1), 1), x);
  check_elements<double>(put_along_axis(counted({2, 2}), ints({2, 1}, {1, 0}), 9.0, 1), {2, 2}, {1.0, 9.0, 9.0, 4.0});
  check_elements<double>(put_along_axis(counted({2, 2}), ints({1, 1}, {-1}), doubles({8.0, 9.0}), 0), {2, 2},
                         {1.0, 2.0, 8.0, 9.0});
  check_elements<double>(index_add(counted({2, 2}), ints({1, 1}), doubles({10.0, 20.0}), 1), {2, 2},
                         {1.0, 32.0, 3.0, 34.0});
  check_elements<double>(gather_nd(counted({2, 2}), ints({2, 2}, {0, 1, 1, -1})), {2}, {2.0, 4.0});
  check_elements<double>(gather_nd(counted({2, 2}), ints({1}, {1})), {2}, {3.0, 4.0});
}

BOOST_AUTO_TEST_CASE(segments) {
  const Var x = doubles({1.0, 2.0, 3.0, 4.0, 5.0});
  const Var ids = ints({2, 0, 2, 0, -1});
  check_elements<double>(segment_sum(x, ids, 4), {4}, {6.0, 0.0, 4.0, 5.0});
  check_elements<double>(segment_mean(x, ids, 4), {4}, {3.0, NAN, 2.0, 5.0});
  check_elements<double>(segment_prod(x, ids, 4), {4}, {8.0, 1.0, 3.0, 5.0});
  check_elements<double>(segment_max(x, ids, 4), {4}, {4.0, -infinity, 3.0, 5.0});
  check_elements<double>(segment_min(x, ids, 4), {4}, {2.0, infinity, 1.0, 5.0});
  const Var whole = ints({5, 6, 7});
  constexpr Int low = std::numeric_limits<Int>::min();
  constexpr Int high = std::numeric_limits<Int>::max();
  check_elements<Int>(segment_max(whole, ints({0, 0, 2}), 3), {3}, {6, low, 7});
  check_elements<Int>(segment_min(whole, ints({0, 0, 2}), 3), {3}, {5, high, 7});
  check_elements<Int>(segment_prod(whole, ints({0, 0, 2}), 3), {3}, {30, 1, 7});
  check_elements<double>(segment_mean(whole, ints({0, 0, 2}), 3), {3}, {5.5, NAN, 7.0});
  check_elements<Int>(segment_sum(whole > 5, ints({0, 0, 0}), 1), {1}, {2});
  check_elements<float>(segment_max(cast<float>(whole), ints({0, 0, 2}), 3), {3},
                        {6.0F, -std::numeric_limits<float>::infinity(), 7.0F});
  const Var rows = counted({2, 2, 2});
  check_elements<double>(segment_sum(rows, ints({2, 2}, {0, 1, 1, 0}), 2), {2, 2}, {8.0, 10.0, 8.0, 10.0});
  check_elements<double>(segment_max(rows, ints({1, 1}), 2), {2, 2, 2},
                         {-infinity, -infinity, -infinity, -infinity, 5.0, 6.0, 7.0, 8.0});
  check_elements<double>(segment_sum(xg::zeros({0, 2}), Var(std::vector<int>()), 2), {2, 2}, {0.0, 0.0, 0.0, 0.0});
  check_elements<double>(segment_prod(xg::zeros({0}), Var(std::vector<int>()), 2), {2}, {1.0, 1.0});
  check_elements<double>(segment_max(xg::zeros({0}), Var(std::vector<int>()), 0), {0}, {});
  check_elements<double>(segment_sum(Var(2.5), 1, 2), {2}, {0.0, 2.5});
  check_refused<xg::ShapeError>([&] { return segment_sum(x, ints({0, 1}), 2); }, {"segment_sum: ", "[2]", "[5]"});
  check_refused<xg::TypeError>([&] { return segment_min(x, x, 2); }, {"segment_min: ", "ids", "float64"});
}

BOOST_AUTO_TEST_CASE(long_segments_agree_with_loops) {
  std::mt19937_64 bits(5);
  std::vector<double> values;
  std::vector<Int> ids;
  std::vector<double> products(7, 1.0);
  for (int k = 0; k < 300; ++k) {
    values.push_back(0.75 + static_cast<double>(bits() % 1000) / 2000.0);
    ids.push_back(static_cast<Int>(bits() % 7));
    products[static_cast<std::size_t>(ids.back())] *= values.back();
  }
  const Var places = array_of<Int>({300}, ids);
  check_elements(segment_prod(doubles(values), places, 7), {7}, products, 1e-13);
  const Var slopes = slope([&](const Var& v) { return segment_prod(v, places, 7); }, doubles(values));
  for (std::size_t k = 0; k < values.size(); ++k) {
    const double expected = products[static_cast<std::size_t>(ids[k])] / values[k];
    BOOST_TEST(std::abs(element(slopes, {k}) - expected) < 1e-12 * expected);
  }
}

BOOST_AUTO_TEST_CASE(arrays_of_indices) {
  const Var x = counted({3, 4});
  for (std::ptrdiff_t k = -4; k <= 5; ++k) {
    check_same(at(xg::zeros({3, 4}), xg::tril_indices(3, k, 4)).set(at(x, xg::tril_indices(3, k, 4)).get()),
               tril(x, k));
    check_same(at(xg::zeros({3, 4}), xg::triu_indices(3, k, 4)).set(at(x, xg::triu_indices(3, k, 4)).get()),
               triu(x, k));
  }
  check_elements<Int>(xg::tril_indices(2)[1], {3}, {0, 0, 1});
  check_elements<Int>(xg::triu_indices(2, std::numeric_limits<std::ptrdiff_t>::min())[0], {4}, {0, 0, 1, 1});
  check_same(at(counted({3, 3}), xg::diag_indices(3)).get(), diag(counted({3, 3})));
  BOOST_TEST(xg::diag_indices(2, 3).size() == 3U);
  check_elements<Int>(xg::ravel_multi_index({ints({0, 2, -1}), ints({1, -4, 3})}, {3, 4}), {3}, {1, 8, 11});
  check_elements<Int>(xg::ravel_multi_index({1, ints({0, 1})}, {2, 2}), {2}, {2, 3});
  check_refused<xg::ValueError>(
      [] {
        return xg::ravel_multi_index({0, 4}, {3, 4});
      },
      {"ravel_multi_index: index 4 is out of range for an axis of extent 4"});
  check_refused<xg::ShapeError>([] { return xg::ravel_multi_index({0}, {3, 4}); }, {"ravel_multi_index: ", "1 array"});
  check_refused<xg::TypeError>([] { return xg::ravel_multi_index({0.5}, {3}); }, {"ravel_multi_index: ", "float64"});
}

BOOST_AUTO_TEST_CASE(the_first_condition_that_holds) {
  const Var x = doubles({-1.0, 0.5, 2.0, 9.0});
  check_elements<double>(xg::select({x < 0.0, x < 1.0, x < 3.0}, {Var(1.0), x, -x}, 7.0), {4}, {1.0, 0.5, -2.0, 7.0});
  check_elements<double>(xg::select({x < 0.0}, {x}), {4}, {-1.0, 0.0, 0.0, 0.0});
  check_elements<double>(slope([](const Var& y) { return xg::select({y > 0.0}, {sqrt(y)}, 1.0); }, doubles({0.0, 4.0})),
                         {2}, {0.0, 0.25});
  check_refused<xg::ValueError>(
      [&] {
        return xg::select({x < 0.0}, {x, x});
      },
      {"select: ", "1 condition", "2 choices"});
  check_refused<xg::ValueError>([] { return xg::select({}, {}); }, {"select: ", "0 conditions"});
  check_refused<xg::ShapeError>([&] { return xg::select({x < 0.0}, {counted({3})}); }, {"select: ", "[4]", "[3]"});
}

BOOST_AUTO_TEST_CASE(what_masks_choose) {
  const Var x = Var(xt::xarray<double>{{0.0, 2.0, -0.0}, {NAN, 0.0, 3.0}});
  const auto found = nonzero(x);
  check_elements<Int>(found[0], {3}, {0, 1, 1});
  check_elements<Int>(found[1], {3}, {1, 0, 2});
  check_elements<Int>(argwhere(x), {3, 2}, {0, 1, 1, 0, 1, 2});
  check_elements<Int>(flatnonzero(x), {3}, {1, 3, 5});
  check_elements<Int>(argwhere(Var(3.0)), {1, 0}, {});
  check_elements<Int>(argwhere(xg::zeros({2, 0})), {0, 2}, {});
  const Var m = counted({2, 3});
  const Var last = Var(xt::xarray<bool>{false, true});
  check_elements<double>(compress(last, m, 0), {1, 3}, {4.0, 5.0, 6.0});
  check_elements<double>(compress(last, m, -1), {2, 1}, {2.0, 5.0});  // shorter than the axis
  check_elements<double>(compress(last, m), {1}, {2.0});
  check_elements<double>(extract(m > 2.5, m), {4}, {3.0, 4.0, 5.0, 6.0});
  check_same(at(m, nonzero(m > 2.5)).get(), extract(m > 2.5, m));
  check_elements<double>(slope([](const Var& y) { return square(extract(y > 2.5, y)); }, m), {2, 3},
                         {0.0, 0.0, 6.0, 8.0, 10.0, 12.0});
  check_refused<xg::ShapeError>([] { return xg::nonzero(Var(1.0)); }, {"nonzero: "});
  check_refused<xg::ShapeError>([&] { return compress(m > 0.0, m, 0); }, {"compress: ", "[2, 3]", "axis 0"});
  check_refused<xg::ShapeError>([&] { return compress(ints({1, 1, 1}), m, 0); }, {"compress: ", "[3]"});
  check_refused<xg::ShapeError>([&] { return extract(last, m); }, {"extract: ", "[2]", "[2, 3]"});
  BOOST_CHECK_THROW((void)xg::compile([](const Var& y) { return extract(y > 2.5, y); })(m), xg::Error);
}

BOOST_AUTO_TEST_CASE(as_many_indices_as_are_asked_for) {
  const Var x = Var(xt::xarray<double>{{0.0, 2.0, 0.0}, {1.0, 0.0, 3.0}});
  const auto check = [](const std::vector<Var>& found, const std::vector<Int>& rows, const std::vector<Int>& columns) {
    check_elements(found[0], {rows.size()}, rows);
    check_elements(found[1], {columns.size()}, columns);
  };
  check(nonzero(x, 3), {0, 1, 1}, {1, 0, 2});
  check(nonzero(x, 5, -1), {0, 1, 1, -1, -1}, {1, 0, 2, -1, -1});
  check(nonzero(x, 2), {0, 1}, {1, 0});
  check(nonzero(x, 0), {}, {});
  check(nonzero(x, 9, 7), {0, 1, 1, 7, 7, 7, 7, 7, 7}, {1, 0, 2, 7, 7, 7, 7, 7, 7});
  check(nonzero(xg::zeros({0, 2}), 2, 5), {5, 5}, {5, 5});
  const auto compiled = xg::compile([](const Var& y) { return stack(nonzero(y > 1.5, 3, -1)); });
  check_elements<Int>(compiled(x), {2, 3}, {0, 1, -1, 1, 2, -1});
  check_elements<Int>(compiled(x * 3.0), {2, 3}, {0, 1, 1, 1, 0, 2});
  const auto rows = xg::vmap([](const Var& y) { return nonzero(y, 2, 9)[0]; });
  check_elements<Int>(rows(x), {2, 2}, {1, 9, 0, 2});
}

BOOST_AUTO_TEST_SUITE_END()
