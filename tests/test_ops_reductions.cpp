// Reductions over every set of axes, of dense arrays and of views, against plain loops.
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <numeric>
#include <vector>

#include <xgrad/xgrad.hpp>

#include "ops_compare.hpp"
#include "ops_table_rows.hpp"

BOOST_AUTO_TEST_SUITE(test_ops_reductions)

namespace xg = xgrad;
using namespace xt::placeholders;
using xg::Axes;
using xg::KeepDims;
using xg::Shape;
using xg::Var;
using xg::testing::array_of;
using xg::testing::check_elements;
using xg::testing::element;
using xg::testing::elements;
using xg::testing::for_each_index;
using xg::testing::infinity;
using xg::testing::not_a_number;

namespace {

using Numbers = std::vector<double>;
using Reduction = Var (*)(const Var&, const Axes&, KeepDims);
using Reference = std::function<double(const Numbers&)>;

struct ReductionCase {
  const char* name;
  Reduction function;
  Reference reference;
};

double total(const Numbers& x) { return static_cast<double>(std::accumulate(x.begin(), x.end(), 0.0L)); }
double average(const Numbers& x) { return total(x) / static_cast<double>(x.size()); }

const std::vector<ReductionCase>& reductions() {
  static const std::vector<ReductionCase> all{
      {"sum", xg::sum, total},
      {"mean", xg::mean, average},
      {"prod", xg::prod,
       [](const Numbers& x) { return std::accumulate(x.begin(), x.end(), 1.0, std::multiplies<>()); }},
      {"amax", xg::amax, [](const Numbers& x) { return *std::max_element(x.begin(), x.end()); }},
      {"amin", xg::amin, [](const Numbers& x) { return *std::min_element(x.begin(), x.end()); }},
      {"variance", xg::variance,
       [](const Numbers& x) {
         Numbers squares;
         for (const double value : x) squares.push_back((value - average(x)) * (value - average(x)));
         return average(squares);
       }},
      {"norm", xg::norm,
       [](const Numbers& x) { return std::sqrt(std::inner_product(x.begin(), x.end(), x.begin(), 0.0)); }},
      {"logsumexp", xg::logsumexp,
       [](const Numbers& x) {
         long double powers = 0;
         for (const double value : x) powers += std::exp(static_cast<long double>(value));
         return static_cast<double>(std::log(powers));
       }},
  };
  return all;
}

/// The elements that meet in each element of the result, and its shape.
struct Groups {
  Shape shape;
  std::vector<Numbers> members;

  Groups(const Var& x, const std::vector<bool>& reduced, KeepDims keep) {
    for (std::size_t axis = 0; axis < reduced.size(); ++axis) {
      if (!reduced[axis]) shape.push_back(x.shape()[axis]);
      else if (keep == KeepDims::yes) shape.push_back(1);
    }
    members.resize(size_of(shape));
    for_each_index(x.shape(), [&](const Shape& index) {
      std::size_t flat = 0;
      for (std::size_t axis = 0; axis < reduced.size(); ++axis) {
        if (!reduced[axis]) flat = flat * x.shape()[axis] + index[axis];
      }
      members[flat].push_back(element(x, index));
    });
  }
};

/// Arrays of the same elements, or some of them, in memory in many ways: recorded views are not copied.
std::vector<Var> layouts(xg::Tape& tape) {
  xg::testing::Random random(12);
  const Var x = tape.leaf(random.uniform({3, 4, 5}, 0.5, 1.5));
  return {x,
          transpose(x),
          transpose(x, {1, 0, 2}),
          transpose(x, {0, 2, 1}),
          view(x, xt::range(_, _, 2), xt::all(), xt::range(1, 4)),
          view(x, xt::all(), xt::range(_, _, -1), xt::range(_, _, -2)),
          view(transpose(x), xt::range(1, 4), 2),
          broadcast_to(view(x, 1, 2), {2, 3, 5}),
          broadcast_to(view(x, xt::all(), xt::range(0, 1)), {3, 4, 5}),
          tape.leaf(random.uniform({7}, 0.5, 1.5)),
          tape.leaf(random.uniform({2, 1, 3, 2}, 0.5, 1.5)),
          tape.leaf(random.uniform({}, 0.5, 1.5))};
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_set_of_axes_of_every_layout) {
  xg::Tape tape;
  for (const Var& x : layouts(tape)) {
    const Var dense = tape.evaluate(x);
    const std::size_t rank = x.dimension();
    for (unsigned chosen = 0; chosen < 1U << rank; ++chosen) {
      std::vector<bool> reduced(rank);
      xg::Strides axes;
      for (std::size_t axis = 0; axis < rank; ++axis) {
        reduced[axis] = (chosen >> axis & 1U) != 0;
        if (reduced[axis]) axes.insert(0, static_cast<std::ptrdiff_t>(axis % 2 == 0 ? axis : axis - rank));
      }
      for (const KeepDims keep : {KeepDims::no, KeepDims::yes}) {
        const Groups groups(dense, reduced, keep);
        for (const ReductionCase& each : reductions()) {
          BOOST_TEST_CONTEXT(each.name << " of " << to_string(x.shape()) << ", axes " << chosen) {
            Numbers expected;
            for (const Numbers& members : groups.members) expected.push_back(each.reference(members));
            check_elements(tape.evaluate(each.function(x, axes, keep)), groups.shape, expected, 1e-13);
          }
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(softmax_along_any_axes) {
  xg::Tape tape;
  for (const Var& x : layouts(tape)) {
    if (x.dimension() != 3) continue;
    for (const Axes& axes : {Axes(-1), Axes(0), Axes{0, 2}, Axes()}) {
      const Var powers = exp(x);
      const Var expected = tape.evaluate(powers / sum(powers, axes, xg::keep_dims));
      xg::testing::check_same(tape.evaluate(softmax(x, axes)), expected, 1e-13);
      xg::testing::check_same(tape.evaluate(exp(log_softmax(x, axes))), expected, 1e-13);
    }
  }
}

BOOST_AUTO_TEST_CASE(exponentials_neither_overflow_nor_vanish) {
  const Var x = xt::xarray<double>{{1e4, 1e4, -1e4}, {-1e4, -1e4, -2e4}};
  const double ln2 = std::log(2.0);
  for (const Var& logits : {x, cast<float>(x)}) {
    const auto as_double = [](const Var& y) { return cast<double>(y); };
    const double tolerance = is_floating(logits.dtype()) && logits.dtype() == xg::DType::Float32 ? 1e-6 : 1e-14;
    check_elements<double>(as_double(logsumexp(logits, 1)), {2}, {1e4 + ln2, -1e4 + ln2}, tolerance);
    check_elements<double>(as_double(softmax(logits)), {2, 3}, {0.5, 0.5, 0.0, 0.5, 0.5, 0.0}, tolerance);
    check_elements<double>(as_double(log_softmax(logits)), {2, 3}, {-ln2, -ln2, -2e4 - ln2, -ln2, -ln2, -1e4 - ln2},
                           tolerance);
    check_elements<double>(as_double(xg::testing::slope([](const Var& y) { return logsumexp(y, 1); }, logits)), {2, 3},
                           {0.5, 0.5, 0.0, 0.5, 0.5, 0.0}, tolerance);
  }
}

namespace {

/// Elements of which one along the reduced axis is 0, or several are, and the others are `gap` below and more.
struct FarBelow {
  Shape shape;
  std::size_t axis;
  double gap;
  std::size_t largest = 1;

  template <class T>
  [[nodiscard]] T at(std::size_t row, std::size_t k) const {
    const std::size_t n = shape[axis];
    const bool is_largest = (k + n - (7 * row + 3) % n) % n < largest;
    return is_largest ? T(0) : static_cast<T>(-gap - 0.25 * static_cast<double>(k % 17));
  }

  template <class T>
  void check() const {
    const std::size_t n = shape[axis];
    std::size_t inner = 1;
    for (std::size_t i = axis + 1; i < shape.size(); ++i) inner *= shape[i];
    const std::size_t rows = xg::size_of(shape) / n;
    auto x = xg::Array<T>::from_shape(shape);
    std::vector<double> values;
    auto weights = xg::Array<double>::from_shape(shape);
    for (std::size_t row = 0; row < rows; ++row) {
      const std::size_t first = row / inner * n * inner + row % inner;
      long double rest = static_cast<long double>(largest) - 1;
      for (std::size_t k = 0; k < n; ++k) {
        x.data()[first + k * inner] = at<T>(row, k);
        if (at<T>(row, k) != T(0)) rest += std::exp(static_cast<long double>(at<T>(row, k)));
      }
      values.push_back(static_cast<double>(std::log1p(rest)));
      for (std::size_t k = 0; k < n; ++k)
        weights.data()[first + k * inner] =
            static_cast<double>(std::exp(static_cast<long double>(at<T>(row, k))) / (1 + rest));
    }
    const double tolerance = std::is_same_v<T, float> ? 3e-7 : 1e-15;
    const auto along = static_cast<std::ptrdiff_t>(axis);
    const auto f = [&](const Var& y) { return sum(logsumexp(y, along)); };
    const auto found = elements<double>(cast<double>(logsumexp(Var(x), along)));
    const auto slopes = elements<double>(cast<double>(xg::testing::slope(f, Var(x))));
    const double of_all = cast<double>(logsumexp(Var(x))).item<double>();
    BOOST_TEST_CONTEXT(xg::to_string(shape) << " along " << axis << ", gap " << gap << ", " << largest) {
      for (std::size_t row = 0; row < rows; ++row) {
        BOOST_TEST(std::abs(found[row] - values[row]) <= 4 * tolerance * values[row]);
      }
      double worst = 0;
      for (std::size_t i = 0; i < xg::size_of(shape); ++i)
        worst = std::max(worst, std::abs(slopes[i] - weights.data()[i]) / weights.data()[i]);
      BOOST_TEST(worst <= 20 * tolerance);  // sums of so many lose a few digits
      if (rows == 1) BOOST_TEST(of_all == found[0]);
    }
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(what_is_far_below_the_largest_keeps_its_digits) {
  const std::vector<std::pair<Shape, std::size_t>> shapes{
      {{5, 7}, 1},    {{3, 100}, 1},    {{1, 16384}, 1}, {{2, 20000}, 1}, {{1, 40000}, 1},  // rows of every length
      {{100, 3}, 0},  {{700, 5}, 0},    {{40000, 1}, 0},                                    // columns
      {{4, 6, 5}, 1}, {{2, 300, 3}, 1},                                                     // neither
      {{9}, 0},       {{1}, 0},         {{6, 1}, 1}};
  for (const auto& [shape, axis] : shapes) {
    for (const std::size_t largest : {std::size_t{1}, std::size_t{2}}) {
      if (largest > shape[axis]) continue;
      for (const double gap : {0.5, 40.0, 80.0}) FarBelow{shape, axis, gap, largest}.check<float>();
      for (const double gap : {0.5, 40.0, 300.0}) FarBelow{shape, axis, gap, largest}.check<double>();
    }
  }
}

BOOST_AUTO_TEST_CASE(logsumexp_of_infinities) {
  const auto row = [](std::initializer_list<double> values) { return Var(xt::xarray<double>(values)); };
  BOOST_TEST(logsumexp(row({-infinity, -infinity})).item<double>() == -infinity);
  BOOST_TEST(logsumexp(row({-infinity, 3.0})).item<double>() == 3.0);
  BOOST_TEST(logsumexp(row({infinity, 3.0})).item<double>() == infinity);
  BOOST_TEST(logsumexp(row({infinity, -infinity})).item<double>() == infinity);
  BOOST_TEST(std::isnan(logsumexp(row({not_a_number, 1.0})).item<double>()));
  check_elements<double>(softmax(row({-infinity, 0.0, 0.0})), {3}, {0.0, 0.5, 0.5});
  check_elements<double>(log_softmax(row({-infinity, 0.0, 0.0})), {3}, {-infinity, -std::log(2.0), -std::log(2.0)},
                         1e-15);
  check_elements<double>(xg::testing::slope([](const Var& x) { return logsumexp(x); }, row({-infinity, 0.0, 0.0})), {3},
                         {0.0, 0.5, 0.5}, 1e-15);
}

BOOST_AUTO_TEST_CASE(beside_infinity_all_others_count_nothing) {
  const auto row = [](std::initializer_list<double> values) { return Var(xt::xarray<double>(values)); };
  const auto check = [&](const Var& x, double value, const std::vector<double>& weights) {
    const auto f = [](const Var& y) { return logsumexp(y); };
    BOOST_TEST(f(x).item<double>() == value);
    check_elements<double>(xg::testing::slope(f, x), {2}, weights);
    check_elements<double>(xg::jvp(f, x, row({1.0, 0.0})).tangent, {}, {weights[0]});
    // p (1 - p) and -p (1 - p)
    const double mixed = weights[0] * weights[1];
    check_elements<double>(xg::hessian(f)(x), {2, 2}, {mixed, -mixed, -mixed, mixed});
    check_elements<double>(softmax(x), {2}, weights);
    const auto first = [](const Var& y) { return view(softmax(y), 0); };
    check_elements<double>(xg::testing::slope(first, x), {2}, {mixed, -mixed});
    check_elements<float>(softmax(cast<float>(x)), {2},
                          {static_cast<float>(weights[0]), static_cast<float>(weights[1])});
  };
  check(row({infinity, 1.0}), infinity, {1.0, 0.0});
  check(row({-infinity, 1.0}), 1.0, {0.0, 1.0});
  check(row({-infinity, infinity}), infinity, {0.0, 1.0});
  check(row({infinity, infinity}), infinity, {0.5, 0.5});  // equal ones share, as in amax
  check(row({-infinity, -infinity}), -infinity, {0.5, 0.5});
  check_elements<double>(log_softmax(row({infinity, 1.0})), {2}, {0.0, -infinity});
  check_elements<double>(xg::testing::slope([](const Var& y) { return view(log_softmax(y), 0); }, row({infinity, 1.0})),
                         {2}, {0.0, 0.0});
}

BOOST_AUTO_TEST_CASE(extrema_of_nan_and_infinity) {
  const Var x = xt::xarray<double>{{1.0, not_a_number, 3.0}, {infinity, -infinity, 0.0}};
  check_elements<double>(amax(x, 1), {2}, {not_a_number, infinity});
  check_elements<double>(amin(x, 1), {2}, {not_a_number, -infinity});
  check_elements<double>(amax(x, 0), {3}, {infinity, not_a_number, 3.0});
  for (std::size_t place = 0; place < 20; ++place) {  // in every lane of the loop
    Numbers numbers(20, 1.0);
    numbers[place] = not_a_number;
    BOOST_TEST(std::isnan(amax(array_of<double>({20}, numbers)).item<double>()));
    BOOST_TEST(std::isnan(amin(array_of<double>({20}, numbers)).item<double>()));
  }
}

BOOST_AUTO_TEST_CASE(argmax_gives_the_first_of_equals_and_the_first_nan) {
  using Int = std::int64_t;
  const auto of = [](std::initializer_list<double> values) {
    return argmax(Var(xt::xarray<double>(values))).item<Int>();
  };
  BOOST_TEST(of({1.0, 3.0, 3.0, 2.0}) == 1);
  BOOST_TEST(of({1.0, not_a_number, 3.0, not_a_number}) == 1);
  BOOST_TEST(of({not_a_number, infinity}) == 0);
  BOOST_TEST(of({-infinity, -infinity}) == 0);
  BOOST_TEST(argmax(Var(5.0)).item<Int>() == 0);
  const Var x = xt::xarray<double>{{1.0, 5.0, 2.0}, {4.0, 5.0, 9.0}};
  check_elements<Int>(argmax(x), {}, {5});
  check_elements<Int>(argmax(x, 0), {3}, {1, 0, 1});
  check_elements<Int>(argmax(x, -1), {2}, {1, 2});
  check_elements<Int>(argmax(x, 1, xg::keep_dims), {2, 1}, {1, 2});
  check_elements<Int>(argmax(Var(xt::xarray<bool>{false, true, true})), {}, {1});
  check_elements<Int>(argmax(Var(xt::xarray<Int>{-5, -7})), {}, {0});
  xg::Tape tape;
  const Var turned = transpose(tape.leaf(x));
  check_elements<Int>(tape.evaluate(argmax(turned, 0)), {2}, {1, 2});
  check_elements<Int>(tape.evaluate(argmax(turned)), {}, {5});
}

// Rows of a few elements are reduced several at once, each in order, as alone; NaN stays in its row.
BOOST_AUTO_TEST_CASE(short_rows) {
  for (std::size_t rows = 1; rows < 10; ++rows) {
    for (std::size_t columns = 1; columns < 17; ++columns) {
      xg::testing::Random random(static_cast<unsigned>(rows * 100 + columns));
      xt::xarray<float> x = xg::cast<float>(random.uniform({rows, columns})).array<float>();
      x(rows / 2, columns / 3) = std::numeric_limits<float>::quiet_NaN();
      std::vector<float> sums, largest, smallest;
      for (std::size_t i = 0; i < rows; ++i) {
        double total = 0.0;
        for (std::size_t k = 0; k < columns; ++k) total += static_cast<double>(x(i, k));
        sums.push_back(static_cast<float>(total));
        const auto row = x.begin() + static_cast<std::ptrdiff_t>(i * columns);
        const auto [least, most] = std::minmax_element(row, row + static_cast<std::ptrdiff_t>(columns));
        largest.push_back(std::isnan(total) ? static_cast<float>(total) : *most);
        smallest.push_back(std::isnan(total) ? static_cast<float>(total) : *least);
      }
      check_elements<float>(sum(Var(x), 1), {rows}, sums, 1e-7);
      check_elements<float>(amax(Var(x), 1), {rows}, largest);
      check_elements<float>(amin(Var(x), 1), {rows}, smallest);
    }
  }
}

BOOST_AUTO_TEST_CASE(long_sums_are_accurate) {
  constexpr std::size_t n = 1'000'000;
  xg::testing::Random random(13);
  const Var x = random.uniform({n}, 0.0, 1.0);
  const Var single = cast<float>(x);
  const Var rounded = cast<double>(single);
  long double exact = 0;
  for (const double value : elements<double>(rounded)) exact += value;
  const auto check = [&](float found) {
    BOOST_TEST(std::abs(static_cast<double>(found) / static_cast<double>(exact) - 1.0) < 1e-6);
  };
  check(sum(single).item<float>());
  check(sum(sum(reshape(single, {1000, 1000}), 0)).item<float>());
  check(sum(sum(reshape(single, {1000, 1000}), 1)).item<float>());
  check(mean(single).item<float>() * static_cast<float>(n));
  BOOST_TEST(std::abs(sum(rounded).item<double>() / static_cast<double>(exact) - 1.0) < 1e-14);
  // Far from 0, the variance keeps its digits because the mean is subtracted first.
  const Var far = x + 1e8;
  BOOST_TEST(std::abs(variance(far).item<double>() / variance(x).item<double>() - 1.0) < 1e-6);
}

BOOST_AUTO_TEST_SUITE_END()
