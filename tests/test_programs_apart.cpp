// Programs within a program: what they find once for all runs of an evaluation, and what is found anew.
#include "comparing.hpp"

#include <cstddef>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/xgrad.hpp>

BOOST_AUTO_TEST_SUITE(test_programs_apart)

namespace xg = xgrad;
using comparing::near;
using comparing::same;
using xg::Var;

namespace {

/// A branch in each run of a scan, with a number of the caller's in both.
Var zigzag(const Var& x, const Var& signs, const Var& step) {
  const auto body = [&](const Var& at, const Var& sign) {
    const auto up = [&](const Var& y) { return y + step * sin(y) + 0.125; };
    const auto down = [&](const Var& y) { return y - 0.3 * step; };
    return std::pair{xg::cond(sign > 0.0, up, down, at), std::tuple<>()};
  };
  return xg::scan(body, x, signs).first;
}

/// The same without a scan.
Var zigzag_by_hand(Var x, const std::vector<double>& signs, double step) {
  for (const double sign : signs) x = sign > 0.0 ? x + step * sin(x) + 0.125 : x - 0.3 * step;
  return x;
}

const std::vector<double> signs{1.0, -1.0, 1.0, 1.0, -1.0, -1.0, 1.0};

/// Inner loops one after another: the second needs far more memory between its steps than the first.
Var of_two_sizes(const Var& x) {
  const auto small = [](const Var&, const Var& y) { return tanh(y) + roll(y, 1, 0); };
  const auto large = [](const Var&, const Var& y) {
    const Var wide = matmul(expand_dims(y, 1), xg::full({1, 3000}, 0.001));
    return y + sum(tanh(cumsum(wide, 1)), 1) * 1e-4;
  };
  const auto both = [&](const Var&, const Var& y) { return xg::fori_loop(3, large, xg::fori_loop(2, small, y)); };
  return xg::fori_loop(4, both, x);
}

Var of_two_sizes_by_hand(Var y) {
  for (int run = 0; run < 4; ++run) {
    for (int k = 0; k < 2; ++k) y = tanh(y) + roll(y, 1, 0);
    for (int k = 0; k < 3; ++k) {
      const Var wide = matmul(expand_dims(y, 1), xg::full({1, 3000}, 0.001));
      y = y + sum(tanh(cumsum(wide, 1)), 1) * 1e-4;
    }
  }
  return y;
}

}  // namespace

BOOST_AUTO_TEST_CASE(numbers_are_those_of_each_call) {
  const auto f = xg::compile(zigzag);
  const auto slope =
      xg::compile(xg::grad<2>([](const Var& x, const Var& s, const Var& step) { return sum(zigzag(x, s, step)); }));
  for (const xg::Shape& shape : {xg::Shape{}, {1}, {3}, {2, 9}}) {
    const Var x = comparing::wave(shape);
    for (const double step : {0.4, 0.7, 0.2, 0.4}) {
      BOOST_TEST(near(f(x, Var(signs), Var(step)), zigzag_by_hand(x, signs, step)));
      const double h = 1e-6;
      const Var difference =
          (sum(zigzag_by_hand(x, signs, step + h)) - sum(zigzag_by_hand(x, signs, step - h))) / (2.0 * h);
      BOOST_TEST(comparing::near(slope(x, Var(signs), Var(step)), difference, 1e-7));
    }
  }
}

BOOST_AUTO_TEST_CASE(memory_that_moves_is_found_again) {
  xg::release_memory();
  const auto f = xg::compile(of_two_sizes);
  const auto g = xg::compile(zigzag);
  const Var x = comparing::wave({5});
  const Var expected = of_two_sizes_by_hand(x);
  for (int k = 0; k < 3; ++k) {
    BOOST_TEST(near(f(x), expected));
    BOOST_TEST(near(g(x, Var(signs), Var(0.1 + 0.1 * k)), zigzag_by_hand(x, signs, 0.1 + 0.1 * k)));
    if (k == 1) xg::release_memory();
  }
}

BOOST_AUTO_TEST_CASE(plans_name_what_inner_programs_capture) {
  const auto f = [](const Var& x) {
    const Var table = xt::xarray<double>{0.5, -1.5};
    const auto body = [&](const Var&, const Var& y) {
      return xg::cond(
          sum(y) > 0.0,
          [&](const Var& z) {
            return z - xg::concatenate({table, table});
          },
          [&](const Var& z) {
            return z + xg::concatenate({table, table});
          },
          y);
    };
    return xg::fori_loop(
        3, [&](const Var&, const Var& y) { return xg::fori_loop(2, body, y); }, x);
  };
  const std::string text = xg::compile(f).plan(comparing::wave({4}));
  BOOST_TEST_INFO(text);
  BOOST_TEST(text.find("|    |    |") != std::string::npos);
  BOOST_TEST(text.find("captured array") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(threads_have_their_own) {
  const auto f = xg::compile(zigzag);
  const Var x = comparing::wave({4});
  std::vector<Var> results(8);
  std::vector<std::thread> threads;
  for (std::size_t k = 0; k < results.size(); ++k) {
    threads.emplace_back([&, k] {
      for (int i = 0; i < 20; ++i) results[k] = f(x, Var(signs), Var(0.1 * static_cast<double>(k + 1)));
    });
  }
  for (std::thread& each : threads) each.join();
  for (std::size_t k = 0; k < results.size(); ++k) {
    BOOST_TEST(near(results[k], zigzag_by_hand(x, signs, 0.1 * static_cast<double>(k + 1))));
  }
}

BOOST_AUTO_TEST_CASE(cumulative_sums_over_any_axis) {
  for (const xg::Shape& shape : {xg::Shape{3, 300}, {3, 129}, {4, 1}, {1, 5}, {2, 3, 4}, {5}, {0, 3}, {3, 0}}) {
    for (const xg::DType dtype : {xg::DType::Float32, xg::DType::Float64, xg::DType::Int64}) {
      const Var x = cast(10.0 * comparing::wave(shape), dtype);
      for (std::size_t axis = 0; axis < shape.size(); ++axis) {
        const auto along = static_cast<std::ptrdiff_t>(axis);
        // Along the last axis each line is alone.
        const Var turned = cumsum(xg::swapaxes(x, along, -1), -1);
        BOOST_TEST(same(cumsum(x, along), xg::swapaxes(turned, -1, along)));
      }
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
