// Products of many rows, each part of which is followed at once by the loop that reads it.
#include "comparing.hpp"

#include <string>
#include <tuple>
#include <utility>

#include <boost/test/unit_test.hpp>
#include <xgrad/draw.hpp>
#include <xgrad/xgrad.hpp>

BOOST_AUTO_TEST_SUITE(test_panels)

namespace xg = xgrad;
using comparing::near;
using comparing::same;
using comparing::wave;
using xg::Var;

namespace {

constexpr std::size_t rows = 2500;

bool is_joined(const std::string& plan) { return plan.find("rows of it, loop") != std::string::npos; }

Var layer(const Var& x, const Var& weight, const Var& bias) { return tanh(matmul(x, weight) + bias); }

/// Each operation by itself.
Var layer_by_parts(const Var& x, const Var& weight, const Var& bias) {
  const Var product = matmul(x, weight);
  const Var sum = product + bias;
  return tanh(sum);
}

struct Threads {
  explicit Threads(int count) { xg::set_threads(count); }
  ~Threads() { xg::set_threads(1); }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;
};

}  // namespace

BOOST_AUTO_TEST_CASE(values_are_those_of_the_parts) {
  const auto step = xg::compile(layer);
  for (const auto& [inner, columns] : {std::pair{7U, 33U}, {3U, 1024U}, {64U, 10U}, {5U, 100U}}) {
    BOOST_TEST_INFO_SCOPE(inner << " x " << columns);
    const Var x = wave({rows, inner});
    const Var weight = wave({inner, columns}, 1.0);
    const Var bias = wave({columns}, 2.0);
    if (columns != 10U)
      BOOST_TEST(is_joined(step.plan(x, weight, bias)));  // 10: a chunk has more rows than half of all
    BOOST_TEST(near(step(x, weight, bias), layer_by_parts(x, weight, bias)));
    const Var transposed = transpose(wave({inner, rows}));
    BOOST_TEST(near(step(transposed, weight, bias), layer_by_parts(transposed, weight, bias)));
    const Var narrow = cast(x, xg::DType::Float32);
    const Var narrow_weight = cast(weight, xg::DType::Float32);
    const Var narrow_bias = cast(bias, xg::DType::Float32);
    BOOST_TEST(
        near(step(narrow, narrow_weight, narrow_bias), layer_by_parts(narrow, narrow_weight, narrow_bias), 2e-6));
  }
}

BOOST_AUTO_TEST_CASE(only_where_each_element_is_read_in_its_place) {
  const Var x = wave({rows, 40});
  const Var weight = wave({40, 40}, 1.0);
  const auto plan = [&](auto f) { return xg::compile(f).plan(x, weight); };
  BOOST_TEST(is_joined(plan([](const Var& a, const Var& b) { return exp(matmul(a, b)); })));
  const auto reversed = [](const Var& a, const Var& b) { return exp(view(matmul(a, b), xt::range(rows, 0, -1))); };
  BOOST_TEST(!is_joined(plan(reversed)));
  const auto twice = [](const Var& a, const Var& b) {
    const Var y = matmul(a, b);
    return y + view(y, xt::range(xt::placeholders::_, xt::placeholders::_, -1));
  };
  BOOST_TEST(!is_joined(plan(twice)));
  BOOST_TEST(near(xg::compile(twice)(x, weight), twice(x, weight)));
  BOOST_TEST(!is_joined(
      xg::compile([](const Var& a, const Var& b) { return exp(matmul(a, b)); }).plan(wave({800, 40}), weight)));
}

BOOST_AUTO_TEST_CASE(operands_are_not_written_over) {
  // Each row of a product reads all of its second operand, which has the shape of the result here.
  const Var mixing = wave({1500, 1500});
  const Var x = wave({1500, 40}, 1.0);
  const auto add = [](const Var& a, const Var& b) { return 0.5 * b + matmul(a, b); };
  const auto step = xg::compile(add);
  BOOST_TEST(is_joined(step.plan(mixing, x)));
  for (int round = 0; round < 2; ++round) {
    Var given = Var(xg::Array<double>(x.array<double>()));
    BOOST_TEST(near(step(mixing, std::move(given)), add(mixing, x), 1e-9));
  }
  // An operand that is no argument: its memory must not hold a result while other rows still read it.
  const auto chain = [](const Var& a, const Var& b) { return tanh(matmul(a, tanh(matmul(a, tanh(b))))); };
  BOOST_TEST(near(xg::compile(chain)(mixing, x), chain(mixing, x), 1e-9));
}

BOOST_AUTO_TEST_CASE(gradients) {
  const auto loss = [](const Var& x, const Var& weight, const Var& bias) {
    return mean(square(layer(x, weight, bias)));
  };
  const Var x = wave({rows, 20});
  const Var weight = wave({20, 30}, 1.0);
  const Var bias = wave({30}, 2.0);
  const auto step =
      xg::compile([&](const Var& a, const Var& b, const Var& c) { return xg::grad<1, 2>(loss)(a, b, c); });
  const auto [of_weight, of_bias] = step(x, weight, bias);
  const Var y = layer_by_parts(x, weight, bias);
  const Var before = (2.0 / double(y.size())) * y * (1.0 - square(y));
  BOOST_TEST(near(of_weight, matmul(transpose(x), before)));
  BOOST_TEST(near(of_bias, sum(before, {0})));
}

BOOST_AUTO_TEST_CASE(same_bits_on_any_number_of_threads) {
  const auto step = xg::compile([](const Var& x, const Var& weight, const Var& bias) {
    const Var y = layer(x, weight, bias);
    return std::tuple(y, sum(y, {0}), sum(y));
  });
  const Var x = wave({rows, 20});
  const Var weight = wave({20, 200}, 1.0);
  const Var bias = wave({200}, 2.0);
  const auto expected = step(x, weight, bias);
  for (const int count : {2, 7}) {
    const Threads threads(count);
    const auto given = step(x, weight, bias);
    BOOST_TEST(same(std::get<0>(given), std::get<0>(expected)));
    BOOST_TEST(same(std::get<1>(given), std::get<1>(expected)));
    BOOST_TEST(same(std::get<2>(given), std::get<2>(expected)));
  }
}

BOOST_AUTO_TEST_SUITE_END()
