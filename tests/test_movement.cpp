// Kernels that move elements, choose them, and multiply thin matrices: every path beside the same one by one, and with
// several threads.
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include <xgrad/core/errors.hpp>
#include <xgrad/threads.hpp>
#include <xgrad/xgrad.hpp>

BOOST_AUTO_TEST_SUITE(test_movement)

namespace xg = xgrad;
using xg::Var;

namespace {

using Sizes = std::vector<std::size_t>;

/// Small whole numbers: their sums and products are exact, whatever the order.
template <class T>
Var numbers(const Sizes& shape, unsigned seed) {
  xt::xarray<T> result = xt::zeros<T>(shape);
  std::mt19937 engine(seed);
  for (std::size_t i = 0; i < result.size(); ++i) {
    result.data()[i] = static_cast<T>(std::is_same_v<T, bool> ? engine() % 2 : engine() % 64);
  }
  return result;
}

template <class T>
std::vector<T> elements(const Var& x) {
  const xg::Array<T> array = x.array<T>();
  return std::vector<T>(array.begin(), array.end());
}

bool same_bits(const Var& a, const Var& b) {
  const auto left = elements<double>(cast(a, xg::DType::Float64));
  const auto right = elements<double>(cast(b, xg::DType::Float64));
  return a.shape() == b.shape() && left.size() == right.size() &&
         (left.empty() || std::memcmp(left.data(), right.data(), left.size() * sizeof(double)) == 0);
}

/// What f gives with one thread, if it is the same with three.
template <class F>
Var with_threads(F f) {
  const Var alone = f();
  xg::set_threads(3);
  const Var together = f();
  xg::set_threads(1);
  BOOST_TEST(same_bits(alone, together));
  return alone;
}

/// Joins matrices along their columns.
template <class T>
void check_joined(std::size_t rows, const Sizes& widths, bool turned) {
  std::vector<Var> parts;
  std::size_t total = 0;
  for (const std::size_t width : widths) {
    parts.push_back(turned ? transpose(numbers<T>({width, rows}, 7U + static_cast<unsigned>(parts.size())))
                           : numbers<T>({rows, width}, 7U + static_cast<unsigned>(parts.size())));
    total += width;
  }
  const auto joined = elements<T>(with_threads([&] { return xg::concatenate(parts, 1); }));
  BOOST_TEST_REQUIRE(joined.size() == rows * total);
  std::size_t wrong = 0;
  std::size_t first = 0;
  for (std::size_t k = 0; k < parts.size(); ++k) {
    const auto part = elements<T>(parts[k]);
    for (std::size_t row = 0; row < rows; ++row) {
      for (std::size_t i = 0; i < widths[k]; ++i) {
        wrong += joined[row * total + first + i] == part[row * widths[k] + i] ? 0U : 1U;
      }
    }
    first += widths[k];
  }
  BOOST_TEST(wrong == 0U);
}

template <class T>
void check_all_joined() {
  const std::vector<Sizes> all{
      {1},       {1, 1},        {1, 1, 1},   {2, 1},     {3, 3, 5}, {1, 3, 1, 1, 1, 1, 1, 1, 1, 1},
      {0, 2, 0}, Sizes(128, 1), {17, 1, 16}, {300, 300}, {511, 1}};
  for (const Sizes& widths : all) {
    for (const std::size_t rows : std::initializer_list<std::size_t>{0, 1, 7, 8, 9, 15, 100}) {
      for (const bool turned : {false, true}) {
        BOOST_TEST_CONTEXT(rows << " rows, " << widths.size() << " parts, turned " << turned) {
          check_joined<T>(rows, widths, turned);
        }
      }
    }
  }
  check_joined<T>(30011, {1, 1, 3, 2}, false);  // enough for several threads
  check_joined<T>(30011, {1, 1, 1, 1, 1, 1, 1, 1, 1}, true);
}

/// The first NaN, else the first of the largest.
template <class T>
std::int64_t place_of_largest(const T* x, std::size_t extent, std::size_t step) {
  std::size_t best = 0;
  for (std::size_t k = 1; k < extent; ++k) {
    const T a = x[k * step];
    const T b = x[best * step];
    if (b != b) break;
    if (a > b || a != a) best = k;
  }
  return static_cast<std::int64_t>(best);
}

template <class T>
void check_argmax(std::size_t outer, std::size_t extent, std::size_t inner, bool strange) {
  xt::xarray<T> x = numbers<T>({outer, extent, inner}, 3).template array<T>();
  if constexpr (std::is_floating_point_v<T>) {
    std::mt19937 engine(5);
    constexpr T inf = std::numeric_limits<T>::infinity();
    const std::vector<T> values{inf, -inf, std::numeric_limits<T>::quiet_NaN(), T(-0.0)};
    if (strange) {
      for (std::size_t i = 0; i < x.size(); i += 1 + engine() % (2 * extent)) x.data()[i] = values[engine() % 4];
    }
  }
  const Var operand = x;
  const auto found = elements<std::int64_t>(with_threads([&] { return argmax(operand, 1); }));
  BOOST_TEST_REQUIRE(found.size() == outer * inner);
  std::size_t wrong = 0;
  for (std::size_t o = 0; o < outer; ++o) {
    for (std::size_t i = 0; i < inner; ++i) {
      const std::int64_t right = place_of_largest(x.data() + o * extent * inner + i, extent, inner);
      wrong += found[o * inner + i] == right ? 0U : 1U;
    }
  }
  BOOST_TEST_CONTEXT(outer << " x " << extent << " x " << inner) { BOOST_TEST(wrong == 0U); }
}

template <class T>
void check_all_argmax() {
  for (const std::size_t extent : std::initializer_list<std::size_t>{1, 2, 10, 63, 255, 256, 257, 1000}) {
    for (const bool strange : {false, true}) {
      for (const std::size_t outer : std::initializer_list<std::size_t>{0, 1, 5, 70})
        check_argmax<T>(outer, extent, 1, strange);
      for (const std::size_t inner : std::initializer_list<std::size_t>{2, 7, 8, 33, 64})
        check_argmax<T>(3, extent, inner, strange);
    }
  }
  check_argmax<T>(20000, 11, 1, true);
}

template <class T>
void check_chosen(std::size_t outer, std::size_t rows, std::size_t length, std::size_t count) {
  const Var x = numbers<T>({outer, rows, length}, 1);
  xt::xarray<std::int64_t> places = xt::zeros<std::int64_t>({count});
  std::mt19937 engine(2);
  for (std::size_t i = 0; i < count; ++i) {
    places.data()[i] = static_cast<std::int64_t>(engine() % (2 * rows)) - static_cast<std::int64_t>(rows);
  }
  const auto from = elements<T>(x);
  const auto row_of = [&](std::size_t i) {
    const std::int64_t place = places.data()[i];
    return static_cast<std::size_t>(place < 0 ? place + static_cast<std::int64_t>(rows) : place);
  };
  const auto taken = elements<T>(with_threads([&] { return take(x, Var(places), 1); }));
  BOOST_TEST_REQUIRE(taken.size() == outer * count * length);
  std::size_t wrong = 0;
  std::vector<T> sums(outer * rows * length, T(0));
  for (std::size_t o = 0; o < outer; ++o) {
    for (std::size_t i = 0; i < count; ++i) {
      for (std::size_t k = 0; k < length; ++k) {
        const T element = taken[(o * count + i) * length + k];
        wrong += element == from[(o * rows + row_of(i)) * length + k] ? 0U : 1U;
        sums[(o * rows + row_of(i)) * length + k] += element;
      }
    }
  }
  BOOST_TEST(wrong == 0U);
  if constexpr (std::is_floating_point_v<T>) {
    const auto square_of_taken = [&](const Var& y) { return 0.5 * sum(square(take(y, Var(places), 1))); };
    BOOST_TEST(elements<T>(with_threads([&] { return xg::grad(square_of_taken)(x); })) == sums);
  }
}

/// Numbers of which products and sums are exact in both types.
template <class T>
void check_product(std::size_t m, std::size_t k, std::size_t n, bool left_turned, bool right_turned) {
  const Var left = left_turned ? numbers<T>({k, m}, 1) : numbers<T>({m, k}, 1);
  const Var right = right_turned ? numbers<T>({n, k}, 2) : numbers<T>({k, n}, 2);
  const Var result = with_threads(
      [&] { return matmul(left_turned ? transpose(left) : left, right_turned ? transpose(right) : right); });
  const auto a = elements<T>(left);
  const auto b = elements<T>(right);
  const auto c = elements<T>(result);
  BOOST_TEST_REQUIRE(c.size() == m * n);
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < m; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      T sum = 0;
      for (std::size_t l = 0; l < k; ++l) {
        sum += a[left_turned ? l * m + i : i * k + l] * b[right_turned ? j * k + l : l * n + j];
      }
      wrong += c[i * n + j] == sum ? 0U : 1U;
    }
  }
  BOOST_TEST_CONTEXT(m << " x " << k << " x " << n) { BOOST_TEST(wrong == 0U); }
}

template <class T>
void check_products(bool left_turned, bool right_turned) {
  for (const std::size_t n : std::initializer_list<std::size_t>{1, 2, 3, 7, 10, 33, 64, 65}) {
    for (const std::size_t few : std::initializer_list<std::size_t>{1, 2, 9, 64}) {
      for (const std::size_t many : std::initializer_list<std::size_t>{1, 63, 65, 127, 129, 300}) {
        check_product<T>(many, few, n, left_turned, right_turned);
        check_product<T>(few, many, n, left_turned, right_turned);
      }
    }
  }
  check_product<T>(20000, 4, 10, left_turned, right_turned);
  check_product<T>(4, 4000, 10, left_turned, right_turned);
}

}  // namespace

BOOST_AUTO_TEST_CASE(narrow_arrays_are_joined_row_by_row) {
  check_all_joined<double>();
  check_all_joined<float>();
  check_all_joined<std::int64_t>();
  check_all_joined<bool>();
}

BOOST_AUTO_TEST_CASE(numbers_and_views_are_joined) {
  const Var x = numbers<double>({20, 6}, 4);
  const Var every_second = view(x, xt::all(), xt::range(0, 6, 2));
  const Var repeated = broadcast_to(view(x, xt::all(), xt::range(5, 6)), {20, 2});
  const Var joined = xg::concatenate({every_second, ones_like(every_second), repeated, flip(x, 0)}, 1);
  const auto all = elements<double>(joined);
  const auto from = elements<double>(x);
  for (std::size_t row = 0; row < 20; ++row) {
    const double* at = &all[row * 14];
    for (std::size_t i = 0; i < 3; ++i) BOOST_TEST((at[i] == from[row * 6 + 2 * i] && at[3 + i] == 1.0));
    for (std::size_t i = 0; i < 2; ++i) BOOST_TEST(at[6 + i] == from[row * 6 + 5]);
    for (std::size_t i = 0; i < 6; ++i) BOOST_TEST(at[8 + i] == from[(19 - row) * 6 + i]);
  }
}

BOOST_AUTO_TEST_CASE(rolled_along_any_axis) {
  for (const Sizes& shape : std::vector<Sizes>{{0}, {1}, {5, 1, 3}, {700, 300}, {4, 0, 2}}) {
    const Var x = numbers<double>(shape, 8);
    for (std::ptrdiff_t axis = 0; axis < static_cast<std::ptrdiff_t>(shape.size()); ++axis) {
      for (const std::ptrdiff_t by : {0, 1, -2, 7}) {
        const Var rolled = with_threads([&] { return xg::roll(x, by, axis); });
        BOOST_TEST(same_bits(xg::roll(rolled, -by, axis), x));
      }
    }
  }
  const Var row = xt::xarray<double>{1, 2, 3, 4};
  BOOST_TEST(elements<double>(xg::roll(row, 1, 0)) == (std::vector<double>{4, 1, 2, 3}));
}

BOOST_AUTO_TEST_CASE(places_of_the_largest) {
  check_all_argmax<double>();
  check_all_argmax<float>();
  check_all_argmax<std::int64_t>();
}

BOOST_AUTO_TEST_CASE(rows_are_chosen_and_added_up) {
  for (const std::size_t length : std::initializer_list<std::size_t>{0, 1, 2, 3, 8, 11, 16, 17, 100}) {
    BOOST_TEST_CONTEXT(length) {
      for (const std::size_t outer : std::initializer_list<std::size_t>{1, 3}) {
        check_chosen<double>(outer, 13, length, 50);
        check_chosen<float>(outer, 13, length, 50);
        check_chosen<std::int64_t>(outer, 13, length, 50);
      }
    }
  }
  check_chosen<double>(1, 10, 8, 30000);  // in runs
  check_chosen<float>(1, 10, 8, 30000);
  check_chosen<double>(1, 30000, 8, 30000);
  check_chosen<double>(40, 10, 3, 2000);
  check_chosen<double>(2, 10, 3, 0);
}

BOOST_AUTO_TEST_CASE(the_first_index_out_of_range_is_named) {
  const Var x = numbers<double>({50, 300}, 4);
  xt::xarray<std::int64_t> places = xt::zeros<std::int64_t>({2000});
  places(1500) = -51;
  places(700) = 50;
  for (const int threads : {1, 3}) {
    xg::set_threads(threads);
    BOOST_CHECK_EXCEPTION((void)take(x, Var(places), 0).array<double>(), xg::ValueError, [](const xg::ValueError& e) {
      return std::string(e.what()).find("index 50 is out of range") != std::string::npos;
    });
  }
  xg::set_threads(1);
}

BOOST_AUTO_TEST_CASE(products_of_thin_matrices) {
  for (const bool left : {false, true}) {
    for (const bool right : {false, true}) {
      check_products<double>(left, right);
      check_products<float>(left, right);
    }
  }
}

BOOST_AUTO_TEST_CASE(products_of_joined_columns_are_loops) {
  const std::size_t rows = 40000;
  std::vector<Var> columns;
  for (unsigned k = 0; k < 6; ++k) columns.push_back(numbers<double>({rows}, k));
  const Var x = numbers<double>({6}, 9);
  const auto loss = [](const std::vector<Var>& all, const Var& w) {
    return sum(square(matmul(xg::stack(all, -1), w)));
  };
  const auto f = xg::compile(xg::value_and_grad<1>(loss));
  BOOST_TEST(f.plan(columns, x).find("product") == std::string::npos);
  const Var gradient = with_threads([&] { return f(columns, x).gradient; });
  const Var matrix = elements<double>(xg::stack(columns, -1));
  const Var whole = reshape(matrix, {static_cast<std::ptrdiff_t>(rows), 6});
  const Var right = 2.0 * matmul(transpose(whole), matmul(whole, x));
  BOOST_TEST(elements<double>(gradient) == elements<double>(right), boost::test_tools::per_element());
}

/// Views of which the last axes are short, cut anywhere, against the elements one by one.
BOOST_AUTO_TEST_CASE(views_with_short_axes) {
  const Sizes shape{700, 2, 3, 4};
  const Var x = numbers<double>(shape, 11);
  const std::vector<std::vector<std::size_t>> orders{{0, 1, 3, 2}, {0, 2, 1, 3}, {0, 3, 2, 1}, {1, 0, 3, 2},
                                                     {3, 2, 1, 0}, {2, 0, 1, 3}, {0, 3, 1, 2}};
  const auto from = elements<double>(x);
  for (const std::vector<std::size_t>& order : orders) {
    const Var turned = transpose(x, {static_cast<std::ptrdiff_t>(order[0]), static_cast<std::ptrdiff_t>(order[1]),
                                     static_cast<std::ptrdiff_t>(order[2]), static_cast<std::ptrdiff_t>(order[3])});
    const Var ones = xt::ones<double>(turned.shape());
    const auto f = xg::compile([](const Var& a, const Var& b) { return a * 3.0 + b; });
    const auto result = elements<double>(with_threads([&] { return f(turned, ones); }));
    std::size_t wrong = 0;
    std::size_t k = 0;
    Sizes at(4, 0);
    for (at[order[0]] = 0; at[order[0]] < shape[order[0]]; ++at[order[0]]) {
      for (at[order[1]] = 0; at[order[1]] < shape[order[1]]; ++at[order[1]]) {
        for (at[order[2]] = 0; at[order[2]] < shape[order[2]]; ++at[order[2]]) {
          for (at[order[3]] = 0; at[order[3]] < shape[order[3]]; ++at[order[3]], ++k) {
            const double element = from[((at[0] * 2 + at[1]) * 3 + at[2]) * 4 + at[3]];
            wrong += result[k] == 3.0 * element + 1.0 ? 0U : 1U;
          }
        }
      }
    }
    BOOST_TEST_CONTEXT(order[0] << order[1] << order[2] << order[3]) { BOOST_TEST(wrong == 0U); }
  }
}

BOOST_AUTO_TEST_CASE(sums_over_products_are_products_of_sums) {
  const Var a = numbers<double>({70, 5}, 1);
  const Var b = numbers<double>({5, 90}, 2);
  const auto f = xg::compile([](const Var& x, const Var& y) { return sum(matmul(x, y), 0); });
  BOOST_TEST(f.plan(a, b).find("product of 70 x 5") == std::string::npos);
  BOOST_TEST(same_bits(f(a, b), sum(matmul(a, b), 0)));
  const auto g = xg::compile([](const Var& x, const Var& y) { return sum(matmul(x, y)); });
  BOOST_TEST(same_bits(g(a, b), sum(matmul(a, b))));
}

BOOST_AUTO_TEST_SUITE_END()
