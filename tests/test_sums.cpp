// How exact sums are, and what reductions make of integers that overflow, of NaN and of nothing.
#include "comparing.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <random>
#include <tuple>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/xgrad.hpp>

BOOST_AUTO_TEST_SUITE(test_sums)

namespace xg = xgrad;
using comparing::same;
using comparing::throws;
using xg::DType;
using xg::Var;

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double inf = std::numeric_limits<double>::infinity();

template <class T>
using Terms = std::function<T(std::size_t)>;

template <class T>
Var filled(const xg::Shape& shape, const Terms<T>& term) {
  auto array = xg::Array<T>::from_shape(shape);
  for (std::size_t i = 0; i < array.size(); ++i) array.data()[i] = term(i);
  return {std::move(array)};
}

struct Kind {
  const char* name;
  Terms<double> term;
};

std::vector<Kind> kinds() {
  auto engine = std::make_shared<std::mt19937_64>(1);
  const auto uniform = [=](std::size_t) { return std::uniform_real_distribution<double>(0.0, 1.0)(*engine); };
  const auto magnitudes = [=](std::size_t i) {
    return (i % 2 == 0 ? 1e4 : 1e-4) * std::uniform_real_distribution<double>(0.5, 1.0)(*engine);
  };
  return {{"equal", [](std::size_t) { return 0.1; }},
          {"random", uniform},
          {"magnitudes", magnitudes},
          {"one large", [](std::size_t i) { return i == 0 ? 1.6e7 : 1.0; }},
          {"growing", [](std::size_t i) { return static_cast<double>(i % 1'000'000); }}};
}

/// The sums along an axis of the array seen as [outer, axis, inner], and of the absolute values.
struct Exact {
  std::vector<long double> sums, magnitudes;
};

template <class T>
Exact exact(const Var& x, std::size_t outer, std::size_t axis, std::size_t inner) {
  const T* data = x.array<T>().data();
  Exact result{std::vector<long double>(outer * inner), std::vector<long double>(outer * inner)};
  for (std::size_t i = 0; i < outer; ++i) {
    for (std::size_t k = 0; k < axis; ++k) {
      for (std::size_t j = 0; j < inner; ++j) {
        const T each = data[(i * axis + k) * inner + j];
        result.sums[i * inner + j] += static_cast<long double>(each);
        result.magnitudes[i * inner + j] += std::abs(static_cast<long double>(each));
      }
    }
  }
  return result;
}

/// Largest error, relative to the sum of the absolute values.
double error_of(const Var& given, const Exact& expected, long double divisor = 1) {
  const std::vector<double> sums = comparing::doubles(given);
  if (sums.size() != expected.sums.size()) return inf;
  double worst = 0;
  for (std::size_t i = 0; i < sums.size(); ++i) {
    const auto error =
        std::abs(static_cast<long double>(sums[i]) * divisor - expected.sums[i]) / expected.magnitudes[i];
    worst = std::max(worst, error <= 1 ? static_cast<double>(error) : inf);  // NaN too
  }
  return worst;
}

/// Recorded, so that the planner sees all of it.
template <class F>
Var recorded(F f, const Var& x) {
  xg::Tape tape;
  return tape.evaluate(f(tape.leaf(x)));
}

struct Layout {
  xg::Shape shape;
  xg::Axes axes;
  std::size_t outer, axis, inner;
};

template <class T>
void check_sums(const Layout& layout, double bound) {
  for (const Kind& kind : kinds()) {
    BOOST_TEST_INFO_SCOPE(kind.name << " terms, shape " << xg::to_string(layout.shape));
    const Var x = filled<T>(layout.shape, [&](std::size_t i) { return static_cast<T>(kind.term(i)); });
    const Exact expected = exact<T>(x, layout.outer, layout.axis, layout.inner);
    const auto count = static_cast<long double>(layout.axis);
    BOOST_TEST(error_of(sum(x, layout.axes), expected) < bound);
    BOOST_TEST(error_of(mean(x, layout.axes), expected, count) < bound);
    // Behind other operations in one loop, and of a view.
    BOOST_TEST(error_of(recorded([&](const Var& y) { return sum(-y * -1.0, layout.axes); }, x), expected) < bound);
    BOOST_TEST(error_of(recorded([&](const Var& y) { return mean(y + 0.0, layout.axes); }, x), expected, count) <
               bound);
    if (layout.shape.size() != 2 || layout.axes.values().size() != 1) continue;
    const xg::Axes other = layout.inner == 1 ? 0 : 1;
    BOOST_TEST(error_of(sum(transpose(x), other), expected) < bound);
    BOOST_TEST(error_of(recorded([&](const Var& y) { return sum(transpose(y), other); }, x), expected) < bound);
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(floats) {
  constexpr double bound = 1e-6;
  check_sums<float>({{10'000'000}, {}, 1, 10'000'000, 1}, bound);
  check_sums<float>({{1000, 10'000}, {}, 1, 10'000'000, 1}, bound);
  check_sums<float>({{3, 1'000'000}, -1, 3, 1'000'000, 1}, bound);
  check_sums<float>({{20, 16'385}, -1, 20, 16'385, 1}, bound);
  check_sums<float>({{20, 16'384}, -1, 20, 16'384, 1}, bound);
  check_sums<float>({{1000, 1000}, 1, 1000, 1000, 1}, bound);
  check_sums<float>({{100'000, 7}, 1, 100'000, 7, 1}, bound);
  check_sums<float>({{1'000'000, 3}, 0, 1, 1'000'000, 3}, bound);
  check_sums<float>({{1000, 1000}, 0, 1, 1000, 1000}, bound);
  check_sums<float>({{40, 20'000}, 0, 1, 40, 20'000}, bound);
  check_sums<float>({{4, 100'000, 3}, 1, 4, 100'000, 3}, bound);
  check_sums<float>({{300, 300, 5}, {0, 1}, 1, 90'000, 5}, bound);
  check_sums<float>({{5, 300, 300}, {1, 2}, 5, 90'000, 1}, bound);
}

// Adding up one after another would make errors of about the square root of the number of terms.
BOOST_AUTO_TEST_CASE(sums_at_indices) {
  constexpr std::size_t count = 1'000'000;
  const Var tenths = filled<float>({count}, [](std::size_t) { return 0.1F; });
  const Var first = filled<std::int64_t>({count}, [](std::size_t) { return 0; });
  const double right = static_cast<double>(0.1F) * count;
  const auto near_right = [&](const Var& x) { return std::abs(x.array<float>()(0) - right) < 1e-7 * right; };
  BOOST_TEST(near_right(scatter_add(tenths, first, 3, 0)));
  BOOST_TEST(near_right(scatter_add_along_axis(tenths, first, 3, 0)));
  const auto taken = [&](const Var& x) { return sum(take(x, first, 0) * 0.1F); };
  BOOST_TEST(near_right(xg::grad(taken)(Var(xt::xarray<float>{1, 2, 3}))));
  // Many columns are added up in several parts.
  const std::size_t rows = 5000;
  const Var table = filled<float>({rows, 100}, [](std::size_t i) { return static_cast<float>(i % 7); });
  const Var places = filled<std::int64_t>({rows}, [](std::size_t i) { return static_cast<std::int64_t>(i % 3000); });
  const Var sums = scatter_add(table, places, 3000, 0);
  const Var expected = view(table, xt::range(0, 3000)) + xg::concatenate({view(table, xt::range(3000, 5000)),
                                                                          zeros_like(view(table, xt::range(0, 1000)))});
  BOOST_TEST(same(sums, expected));
}

BOOST_AUTO_TEST_CASE(doubles) {
  const auto bound = [](double terms) { return 1e-15 * std::sqrt(terms); };
  check_sums<double>({{1'000'000}, {}, 1, 1'000'000, 1}, bound(1e6));
  check_sums<double>({{3, 300'000}, -1, 3, 300'000, 1}, bound(3e5));
  check_sums<double>({{1'000'000, 3}, 0, 1, 1'000'000, 3}, bound(1e6));
  check_sums<double>({{1000, 1000}, 0, 1, 1000, 1000}, bound(1e3));
  check_sums<double>({{1000, 1000}, 1, 1000, 1000, 1}, bound(1e3));
  check_sums<double>({{300, 300, 5}, {0, 1}, 1, 90'000, 5}, bound(9e4));
  check_sums<double>({{4, 100'000, 3}, 1, 4, 100'000, 3}, bound(1e5));
}

BOOST_AUTO_TEST_CASE(equal_terms_that_are_not_stored) {
  BOOST_TEST(std::abs(sum(broadcast_to(Var(xg::Array<float>({1}, 0.1F)), {10'000'000})).item<float>() / 1e6F - 1.0F) <
             1e-6);
  const Var number =
      recorded([](const Var& x) { return sum(full_like(x, 0.1)); }, Var(xg::Array<float>({10'000'000}, 0.0F)));
  BOOST_TEST(std::abs(number.item<float>() / 1e6F - 1.0F) < 1e-6);
  // 3^36 ones: more than a double can count exactly.
  constexpr std::int64_t count = 150'094'635'296'999'121;
  const Var one = xg::Array<std::int64_t>({1, 1}, 1);
  const auto ones = [](const Var& x) { return sum(broadcast_to(x, {387'420'489, 387'420'489})); };
  BOOST_TEST(recorded(ones, one).item<std::int64_t>() == count);
}

BOOST_AUTO_TEST_CASE(integers_wrap) {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
  for (const std::size_t n : {2U, 3U, 17U, 1000U, 100'000U}) {
    for (const auto& [outer, axis, inner] :
         {std::tuple{std::size_t{1}, n, std::size_t{1}}, std::tuple{std::size_t{3}, n, std::size_t{1}},
          std::tuple{std::size_t{1}, n, std::size_t{3}}, std::tuple{std::size_t{2}, n, std::size_t{5}}}) {
      BOOST_TEST_INFO_SCOPE(outer << ", " << axis << ", " << inner);
      const Var x = filled<std::int64_t>({outer, axis, inner}, [&](std::size_t i) {
        const std::array<std::int64_t, 4> values{most, least, most - 5, static_cast<std::int64_t>(i) * 1'000'003};
        return values[i * 7 % 11 % 4];
      });
      std::vector<std::uint64_t> expected(outer * inner);
      for (std::size_t i = 0; i < outer; ++i) {
        for (std::size_t k = 0; k < axis; ++k) {
          for (std::size_t j = 0; j < inner; ++j) {
            expected[i * inner + j] +=
                static_cast<std::uint64_t>(x.array<std::int64_t>().data()[(i * axis + k) * inner + j]);
          }
        }
      }
      const Var total = sum(x, 1);
      std::uint64_t all = 0;
      for (std::size_t i = 0; i < expected.size(); ++i) {
        BOOST_TEST(total.array<std::int64_t>().data()[i] == static_cast<std::int64_t>(expected[i]));
        all += expected[i];
      }
      BOOST_TEST(sum(x).item<std::int64_t>() == static_cast<std::int64_t>(all));
    }
  }
  const Var copies =
      recorded([](const Var& x) { return sum(broadcast_to(x, {5})); }, Var(xg::Array<std::int64_t>({1}, most)));
  BOOST_TEST(copies.item<std::int64_t>() == most - 4);
  BOOST_TEST(sum(Var(xg::Array<bool>({100'003}, true))).item<std::int64_t>() == 100'003);
}

namespace {

/// amax, amin and argmax of [outer, axis, inner] with a NaN at one place of the axis.
template <class T>
void check_nan(std::size_t outer, std::size_t axis, std::size_t inner, std::size_t place) {
  const std::size_t bad_outer = outer / 2;
  const std::size_t bad_inner = inner / 2;
  const std::size_t bad = (bad_outer * axis + place) * inner + bad_inner;
  const Var x = filled<T>({outer, axis, inner}, [&](std::size_t i) {
    return i == bad ? static_cast<T>(nan) : static_cast<T>(std::cos(0.7 * static_cast<double>(i)));
  });
  BOOST_TEST(std::isnan(amax(x).template item<T>()));
  BOOST_TEST(std::isnan(amin(x).template item<T>()));
  BOOST_TEST(std::isnan(sum(x).template item<T>()));
  BOOST_TEST(argmax(x).template item<std::int64_t>() == static_cast<std::int64_t>(bad));
  const auto check_rows = [&](const Var& result) {
    const std::vector<double> elements = comparing::doubles(result);
    for (std::size_t i = 0; i < elements.size(); ++i) {
      if (std::isnan(elements[i]) != (i == bad_outer * inner + bad_inner)) return false;
    }
    return true;
  };
  BOOST_TEST(check_rows(amax(x, 1)));
  BOOST_TEST(check_rows(amin(x, 1)));
  BOOST_TEST(check_rows(recorded([](const Var& y) { return amax(y * 2.0, 1); }, x)));
  BOOST_TEST(check_rows(recorded([](const Var& y) { return amin(-y, 1); }, x)));
  BOOST_TEST(std::isnan(recorded([](const Var& y) { return amax(-y); }, x).template item<T>()));
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_nan_in_any_place) {
  for (const std::size_t axis : {1U, 2U, 3U, 7U, 8U, 9U, 15U, 16U, 17U, 33U, 64U, 100U}) {
    for (std::size_t place = 0; place < axis; ++place) {
      BOOST_TEST_INFO_SCOPE(axis << " elements, NaN at " << place);
      check_nan<double>(1, axis, 1, place);
      check_nan<float>(1, axis, 1, place);
      check_nan<double>(3, axis, 1, place);
      check_nan<float>(3, axis, 1, place);
      check_nan<double>(1, axis, 3, place);
      check_nan<float>(1, axis, 3, place);
      check_nan<float>(2, axis, 17, place);
    }
  }
  for (const std::size_t place : {0U, 1U, 1023U, 1024U, 16'383U, 16'384U, 19'998U, 19'999U}) {
    BOOST_TEST_INFO_SCOPE("20000 elements, NaN at " << place);
    for (const auto& [outer, inner] : {std::pair{1, 1}, std::pair{3, 1}, std::pair{1, 3}, std::pair{2, 5}}) {
      check_nan<double>(static_cast<std::size_t>(outer), 20'000, static_cast<std::size_t>(inner), place);
      check_nan<float>(static_cast<std::size_t>(outer), 20'000, static_cast<std::size_t>(inner), place);
    }
  }
}

BOOST_AUTO_TEST_CASE(infinities_and_extremes) {
  for (const std::size_t n : {1U, 5U, 16U, 33U, 20'000U}) {
    const Var low = filled<double>({n}, [](std::size_t) { return -inf; });
    BOOST_TEST(amax(low).item<double>() == -inf);
    BOOST_TEST(amin(-low).item<double>() == inf);
    BOOST_TEST(sum(low).item<double>() == -inf);
    BOOST_TEST(amax(amax(reshape(low, {1, -1}), 0)).item<double>() == -inf);
    const Var least = filled<std::int64_t>({n}, [](std::size_t) { return std::numeric_limits<std::int64_t>::min(); });
    BOOST_TEST(amax(least).item<std::int64_t>() == std::numeric_limits<std::int64_t>::min());
    BOOST_TEST(amax(reshape(least, {-1, 1}), 0).array<std::int64_t>()(0) == std::numeric_limits<std::int64_t>::min());
  }
  // The sum fits, though its parts would not if floats were added up as floats.
  const Var large = filled<float>({10'000}, [](std::size_t i) { return i < 5000 ? 3e38F : -3e38F; });
  BOOST_TEST(sum(large).item<float>() == 0.0F);
  BOOST_TEST(sum(reshape(large, {2, 5000}), 1).array<float>()(0) == std::numeric_limits<float>::infinity());
  BOOST_TEST(amax(sum(reshape(large, {2, 5000}), 0)).item<float>() == 0.0F);
}

BOOST_AUTO_TEST_CASE(nothing) {
  for (const DType dtype : {DType::Float32, DType::Float64, DType::Int64}) {
    const Var none = cast(Var(xg::Array<double>::from_shape({0})), dtype);
    const Var rows = cast(Var(xg::Array<double>::from_shape({3, 0})), dtype);
    const Var columns = cast(Var(xg::Array<double>::from_shape({0, 3})), dtype);
    const Var zeros = cast(Var(xg::Array<double>({3}, 0.0)), dtype);
    BOOST_TEST(same(sum(none), sum(zeros)));
    BOOST_TEST(same(sum(rows, 1), zeros));
    BOOST_TEST(same(sum(columns, 0), zeros));
    BOOST_TEST(same(recorded([](const Var& x) { return sum(x * 2, 0); }, columns), zeros));
    BOOST_TEST(same(recorded([](const Var& x) { return sum(x * 2, 1); }, rows), zeros));
    BOOST_TEST(sum(rows, 0).shape() == xg::Shape({0}));
    BOOST_TEST(amax(rows, 0).shape() == xg::Shape({0}));
    BOOST_TEST(std::isnan(comparing::doubles(mean(none))[0]));
    for (const double each : comparing::doubles(mean(columns, 0))) BOOST_TEST(std::isnan(each));
    BOOST_TEST(mean(columns, 1).size() == 0U);
    BOOST_TEST(throws<xg::ValueError>([&] { return amax(none); }));
    BOOST_TEST(throws<xg::ValueError>([&] { return amin(columns, 0); }));
    BOOST_TEST(throws<xg::ValueError>([&] { return amax(rows, 1); }));
  }
}

BOOST_AUTO_TEST_SUITE_END()
