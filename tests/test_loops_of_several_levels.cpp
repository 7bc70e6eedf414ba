// Loops over operands that are broadcast or viewed along any axes, and over sums along middle axes: the same numbers as
// plain loops of C++ compute.
#include "comparing.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include <xgrad/xgrad.hpp>

BOOST_AUTO_TEST_SUITE(test_loops_of_several_levels)

namespace xg = xgrad;
using comparing::contains;
using xg::Var;

namespace {

template <class T>
xg::Array<T> numbers(const xg::Shape& shape, double start) {
  auto array = xg::Array<T>::from_shape(shape);
  for (std::size_t i = 0; i < array.size(); ++i) {
    array.data()[i] = static_cast<T>(8.0 * std::sin(start + static_cast<double>(i)));
  }
  return array;
}

/// x[i, l] - y[j, l], [n, k, d].
template <class T>
void check_differences(std::size_t n, std::size_t k, std::size_t d) {
  const auto x = numbers<T>({n, d}, 0.0);
  const auto y = numbers<T>({k, d}, 1.0);
  const auto differences = xg::compile([](const Var& a, const Var& b) {
    const Var difference = view(a, xt::all(), xt::newaxis()) - b;
    return std::tuple<Var, Var>{square(difference), difference * sum(difference, -1, xg::KeepDims::yes)};
  });
  const auto [squares, scaled] = differences(Var(x), Var(y));
  const T* square_of = squares.template array<T>().data();
  BOOST_TEST_REQUIRE(scaled.template array<T>().size() == n * k * d);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < k; ++j) {
      for (std::size_t l = 0; l < d; ++l, ++square_of) {
        const T difference = x(i, l) - y(j, l);
        if (*square_of != static_cast<T>(difference * difference)) BOOST_ERROR("at " << i << ", " << j << ", " << l);
      }
    }
  }
}

/// The sum, or the extremum, of x[a, :, b] with what x is combined with.
template <class T>
void check_lines(std::size_t rows, std::size_t lines, std::size_t length) {
  const auto x = numbers<T>({rows, lines, length}, 2.0);
  const auto w = numbers<T>({lines, std::size_t{1}}, 3.0);
  const auto reduced = xg::compile([](const Var& a, const Var& b) {
    const Var product = a * b;
    return std::tuple<Var, Var, Var>{sum(product, 1), amax(product, 1), amin(product, 1)};
  });
  const auto [sums, largest, smallest] = reduced(Var(x), Var(w));
  for (std::size_t a = 0; a < rows; ++a) {
    for (std::size_t b = 0; b < length; ++b) {
      double total = 0;
      double size = 0;
      T high = static_cast<T>(x(a, std::size_t{0}, b) * w(std::size_t{0}, std::size_t{0}));
      T low = high;
      for (std::size_t line = 0; line < lines; ++line) {
        const T product = static_cast<T>(x(a, line, b) * w(line, std::size_t{0}));
        total += static_cast<double>(product);
        size += std::abs(static_cast<double>(product));
        high = std::max(high, product);
        low = std::min(low, product);
      }
      const double error = std::abs(static_cast<double>(sums.template array<T>()(a, b)) - total);
      const double bound = std::is_same_v<T, float> ? 1e-7 : 1e-14;
      if (error > bound * size || largest.template array<T>()(a, b) != high ||
          smallest.template array<T>()(a, b) != low) {
        BOOST_ERROR("at " << a << ", " << b);
      }
    }
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(broadcasts_along_a_middle_axis) {
  for (const std::size_t n : {1U, 2U, 7U, 100U, 311U}) {
    for (const std::size_t k : {1U, 2U, 3U, 10U, 64U}) {
      for (const std::size_t d : {1U, 2U, 3U, 4U, 5U, 8U, 12U, 16U, 17U, 24U, 32U}) {
        BOOST_TEST_CONTEXT(n << " x " << k << " x " << d) {
          check_differences<double>(n, k, d);
          check_differences<float>(n, k, d);
          if (n < 100) check_differences<std::int64_t>(n, k, d);
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_long_row_of_views) {  // up to two blocks: in one piece; longer: in parts
  for (const std::size_t k : {100U, 127U, 128U, 129U, 300U}) check_differences<double>(9, k, 16);
}

BOOST_AUTO_TEST_CASE(views_of_negative_steps_and_parts) {
  const auto x = numbers<double>({40, 6, 16}, 0.0);
  const auto y = numbers<double>({40, 16}, 1.0);
  const auto program = xg::compile([](const Var& a, const Var& b) {
    return view(a, xt::all(), xt::range(4, 0, -1), xt::range(4, 12)) *
           view(b, xt::all(), xt::newaxis(), xt::range(8, 16));
  });
  const Var result = program(Var(x), Var(y));
  for (std::size_t i = 0; i < 40; ++i) {
    for (std::size_t j = 0; j < 4; ++j) {
      for (std::size_t l = 0; l < 8; ++l) {
        BOOST_TEST(result.array<double>()(i, j, l) == x(i, 4 - j, 4 + l) * y(i, 8 + l));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(sums_and_extrema_over_a_middle_axis) {
  for (const std::size_t rows : {2U, 3U, 40U}) {
    for (const std::size_t lines : {2U, 5U, 33U, 700U}) {
      for (const std::size_t length : {2U, 3U, 16U, 50U}) {
        BOOST_TEST_CONTEXT(rows << " x " << lines << " x " << length) {
          check_lines<double>(rows, lines, length);
          check_lines<float>(rows, lines, length);
          check_lines<std::int64_t>(rows, lines, length);
        }
      }
    }
  }
  check_lines<double>(3, 4, 1500);  // a line is longer than a block
  check_lines<float>(3, 4, 1500);
}

BOOST_AUTO_TEST_CASE(lines_of_nothing_and_of_nan) {
  const Var none(xg::Array<double>::from_shape({3, 0, 2}));
  const Var sums = xg::compile([](const Var& x) { return sum(2.0 * x, 1); })(none);
  for (std::size_t i = 0; i < 3; ++i) BOOST_TEST(sums.array<double>()(i, 1) == 0.0);
  auto x = numbers<double>({4, 30, 5}, 0.0);
  x(1, 3, 2) = std::numeric_limits<double>::quiet_NaN();
  x(2, 4, 1) = std::numeric_limits<double>::infinity();
  const auto [total, largest] = xg::compile([](const Var& a) {
    return std::tuple<Var, Var>{sum(2.0 * a, 1), amax(2.0 * a, 1)};
  })(Var(x));
  BOOST_TEST(std::isnan(total.array<double>()(1, 2)));
  BOOST_TEST(std::isnan(largest.array<double>()(1, 2)));
  BOOST_TEST(std::isinf(largest.array<double>()(2, 1)));
  BOOST_TEST(std::isfinite(total.array<double>()(1, 1)));
}

/// Nearest centres: value and gradient.
BOOST_AUTO_TEST_CASE(gradients_through_broadcasts_and_extrema) {
  constexpr std::size_t n = 500;
  constexpr std::size_t k = 10;
  constexpr std::size_t d = 8;
  const auto points = numbers<double>({n, d}, 0.0);
  const auto centres = numbers<double>({k, d}, 1.0);
  const auto [value, gradient] = xg::compile(xg::value_and_grad([](const Var& c, const Var& p) {
    return sum(amin(sum(square(view(p, xt::all(), xt::newaxis()) - c), -1), -1));
  }))(Var(centres), Var(points));
  double total = 0;
  auto expected = xg::Array<double>::from_shape({k, d});
  expected.fill(0.0);
  for (std::size_t i = 0; i < n; ++i) {
    double least = std::numeric_limits<double>::infinity();
    std::size_t nearest = 0;
    for (std::size_t j = 0; j < k; ++j) {
      double distance = 0;
      for (std::size_t l = 0; l < d; ++l) distance += (points(i, l) - centres(j, l)) * (points(i, l) - centres(j, l));
      if (distance < least) {
        least = distance;
        nearest = j;
      }
    }
    total += least;
    for (std::size_t l = 0; l < d; ++l) expected(nearest, l) += 2.0 * (centres(nearest, l) - points(i, l));
  }
  BOOST_TEST(value.array<double>()() == total, boost::test_tools::tolerance(1e-12));
  for (std::size_t j = 0; j < k; ++j) {
    for (std::size_t l = 0; l < d; ++l) {
      BOOST_TEST(std::abs(gradient.array<double>()(j, l) - expected(j, l)) < 1e-9);
    }
  }
}

BOOST_AUTO_TEST_CASE(what_is_fused) {
  const auto program = xg::compile([](const Var& x) { return sum(exp(x), 1); });
  const Var x(numbers<double>({6, 5, 40}, 0.0));
  const std::string text = program.plan(x);
  BOOST_TEST_INFO(text);
  BOOST_TEST(contains(text, "loop 6 x 200"));
  BOOST_TEST(contains(text, "full: exp; lines: sum"));
  BOOST_TEST(contains(text, "arena 0 bytes"));
}

/// A chain of operations has the bits that it has one by one, into however many programs it is cut.
BOOST_AUTO_TEST_CASE(long_chains) {
  const auto x = numbers<double>({std::size_t{5000}}, 0.0);
  const Var result = xg::compile([](const Var& a) {
    Var y = a;
    for (int i = 0; i < 100; ++i) y = 0.5 * (y - a * y) + 1.0;
    return y;
  })(Var(x));
  for (std::size_t i = 0; i < x.size(); ++i) {
    double y = x(i);
    for (int k = 0; k < 100; ++k) {
      const double product = x(i) * y;
      const double half = 0.5 * (y - product);
      y = half + 1.0;
    }
    const double ours = result.array<double>()(i);
    if (ours != y && !(std::isnan(ours) && std::isnan(y))) BOOST_ERROR("at " << i);
  }
}

BOOST_AUTO_TEST_SUITE_END()
