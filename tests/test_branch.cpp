// branch() and guarded values: what a compiled function does when its conditions go one way or another. Programs of
// many branches, and threads: test_branch_programs.cpp.
#include "comparing.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <tuple>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/testing.hpp>
#include <xgrad/xgrad.hpp>

BOOST_AUTO_TEST_SUITE(test_branch)

namespace xg = xgrad;
using comparing::near;
using comparing::same;
using comparing::throws;
using comparing::wave;
using xg::Var;

namespace {

/// A function with a kink at sum(x) = 1, smooth on both sides.
Var two_sided(const Var& x) {
  if (xg::branch(sum(x) > 1.0)) return sum(x * x * x);
  return sum(sin(x)) * sum(x);
}
Var gradient_of_two_sided(const Var& x) {
  if (sum(x).item<double>() > 1.0) return 3.0 * x * x;
  return cos(x) * sum(x) + sum(sin(x));
}

const Var& above() {
  static const Var x = xt::xarray<double>{0.9, 0.6, -0.3};
  return x;
}
const Var& below() {
  static const Var x = xt::xarray<double>{0.9, -0.6, -0.3};
  return x;
}

Var number_array(double value) { return {xg::Array<double>(xg::Shape(), value)}; }

}  // namespace

BOOST_AUTO_TEST_SUITE(values)

BOOST_AUTO_TEST_CASE(outside_of_compile_it_is_the_value) {
  BOOST_TEST(xg::branch(true));
  BOOST_TEST(!xg::branch(Var(1.0) > Var(2.0)));
  BOOST_TEST(xg::branch(Var(xt::xarray<bool>{true})));
  xg::Tape tape;
  const Var x = tape.leaf(above());
  BOOST_TEST(xg::branch(sum(x) > 1.0));
  BOOST_TEST(!xg::branch(sum(x) > 2.0));
  BOOST_TEST(near(xg::grad(two_sided)(above()), gradient_of_two_sided(above())));
  BOOST_TEST(near(xg::grad(two_sided)(below()), gradient_of_two_sided(below())));
}

BOOST_AUTO_TEST_CASE(each_way_is_recorded_once) {
  int recorded = 0;
  const auto compiled = xg::compile([&](const Var& x) {
    ++recorded;
    return two_sided(x);
  });
  for (int round = 0; round < 4; ++round) {
    for (const Var& x : {above(), below(), above() * 2.0, below() - 1.0}) BOOST_TEST(same(compiled(x), two_sided(x)));
  }
  BOOST_TEST(recorded == 2);
}

BOOST_AUTO_TEST_CASE(ways_may_give_different_trees) {
  const auto f = [](const Var& x) {
    std::vector<Var> all{x * 2.0};
    if (xg::branch(sum(x) > 1.0)) all.push_back(sum(x, 0, xg::keep_dims));
    else if (xg::branch(sum(x) > 0.0)) all.clear();
    return all;
  };
  const auto compiled = xg::compile(f);
  for (int round = 0; round < 3; ++round) {
    for (const Var& x : {above(), below(), Var(below() + 0.1)}) {
      const std::vector<Var> expected = f(x);
      const std::vector<Var> given = compiled(x);
      BOOST_TEST_REQUIRE(given.size() == expected.size());
      for (std::size_t k = 0; k < given.size(); ++k) BOOST_TEST(same(given[k], expected[k]));
    }
  }
}

BOOST_AUTO_TEST_CASE(conditions_that_are_arguments_constants_and_asked_twice) {
  const Var captured = number_array(2.0);
  const auto f = [&](const Var& goes, const Var& x) {
    Var y = x;
    if (xg::branch(goes)) y = y + 1.0;
    if (xg::branch(goes)) y = y * 2.0;
    if (xg::branch(captured > x)) y = -y;
    if (xg::branch(captured > 1.0)) y = y * 3.0;
    const Var outcome = captured > x;
    return std::tuple{y, where(outcome, y, 0.0), goes, outcome};
  };
  const auto compiled = xg::compile(f);
  for (int round = 0; round < 2; ++round) {
    for (const bool goes : {true, false}) {
      for (const double x : {1.0, 3.0}) {
        const Var array = xg::Array<bool>(xg::Shape{1}, goes);
        for (const Var& condition : {Var(goes), array}) {
          const auto expected = f(condition, x);
          const auto given = compiled(condition, x);
          BOOST_TEST(same(std::get<0>(given), std::get<0>(expected)));
          BOOST_TEST(same(std::get<1>(given), std::get<1>(expected)));
          BOOST_TEST(same(std::get<2>(given), std::get<2>(expected)));
          BOOST_TEST(same(std::get<3>(given), std::get<3>(expected)));
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(numbers_and_floats) {
  const auto f = [](const Var& x, const Var& rate) {
    if (xg::branch(rate > 0.5)) return x * rate;
    if (xg::branch(sum(x) * rate > 1.0)) return x - rate;
    return x + 2 * rate;
  };
  const auto compiled = xg::compile(f);
  const Var x = wave<float>({4}, 0.3);
  for (int round = 0; round < 2; ++round) {
    for (const double rate : {0.25, 0.5, 0.75, -4.0}) {
      BOOST_TEST(same(compiled(x, rate), f(x, rate)));
      BOOST_TEST(same(compiled(x, static_cast<float>(rate)), f(x, static_cast<float>(rate))));
      BOOST_TEST(same(compiled(x, number_array(rate)), f(x, number_array(rate))));
    }
    BOOST_TEST(same(compiled(x, 1), f(x, 1)));
  }
}

BOOST_AUTO_TEST_CASE(compiled_functions_inside_compiled_functions) {
  const auto inner = xg::compile(two_sided);
  const Var fixed = above();
  const auto f = [&](const Var& x) { return inner(x * 2.0) * inner(fixed) + inner(-x); };
  const auto compiled = xg::compile(f);
  for (int round = 0; round < 3; ++round) {
    for (const Var& x : {above(), below(), Var(-above())}) {
      const Var expected = two_sided(x * 2.0) * two_sided(fixed) + two_sided(-x);
      BOOST_TEST(near(compiled(x), expected));
    }
  }
}

// What a function of the user's gave for a condition, the results get too: a draw is not drawn again.
BOOST_AUTO_TEST_CASE(functions_of_the_user) {
  int draws = 0;
  const auto draw = xg::host_call("draw", {}, [&](double scale) { return scale * ((draws++ * 7) % 10); });
  const auto compiled = xg::compile([&](const Var& x) {
    const Var drawn = draw(x);
    const bool high = xg::branch(drawn > 4.5);
    return std::pair{drawn, high ? drawn + 100.0 : drawn - 100.0};
  });
  for (int i = 0; i < 40; ++i) {
    const auto [drawn, marked] = compiled(1.0);
    const auto value = drawn.item<double>();
    BOOST_TEST(marked.item<double>() == (value > 4.5 ? value + 100.0 : value - 100.0));
  }
  const int before = draws;
  (void)compiled(1.0);
  BOOST_TEST(draws == before + 1);  // both ways are known
}

BOOST_AUTO_TEST_CASE(a_loop_costs_what_its_runs_cost) {
  int looks = 0;
  const auto compiled = xg::compile([&](const Var& x) {
    Var y = x;
    while (xg::branch(sum(y) < 100.0)) y = xg::debug::observe(y * 1.5, [&](const Var&) { ++looks; });
    return y;
  });
  const Var x = above();
  const Var first = compiled(x);
  looks = 0;
  BOOST_TEST(same(compiled(x), first));
  BOOST_TEST(looks == 11);  // 1.2 * 1.5^11 = 103.8: no run is computed twice
  BOOST_TEST(near(first, x * std::pow(1.5, 11), 1e-10));
}

BOOST_AUTO_TEST_SUITE_END()
BOOST_AUTO_TEST_SUITE(derivatives)

BOOST_AUTO_TEST_CASE(of_the_way_that_is_taken) {
  const auto gradient = xg::compile(xg::grad(two_sided));
  const auto outside = xg::grad(xg::compile(two_sided));
  const auto forward = xg::compile([](const Var& x, const Var& v) { return xg::jvp(two_sided, x, v).tangent; });
  const auto pulled = xg::compile([](const Var& x) {
    const auto [y, pullback] = xg::vjp(two_sided, x);
    return xg::branch(y > 0.5) ? pullback(2.0) : pullback(-1.0);
  });
  const Var v = wave({3}, 0.4);
  for (int round = 0; round < 2; ++round) {
    for (const Var& x : {above(), below()}) {
      const Var expected = gradient_of_two_sided(x);
      BOOST_TEST(near(gradient(x), expected));
      BOOST_TEST(near(outside(x), expected));
      BOOST_TEST(near(forward(x, v), sum(expected * v)));
      BOOST_TEST(near(pulled(x), expected * (two_sided(x).item<double>() > 0.5 ? 2.0 : -1.0)));
      const double h = 1e-5;
      const Var difference = (two_sided(x + h * v) - two_sided(x - h * v)) / (2.0 * h);
      BOOST_TEST(near(forward(x, v), difference, 1e-8));
    }
  }
}

BOOST_AUTO_TEST_CASE(of_second_order) {
  const auto hessian = xg::compile(xg::hessian(two_sided));
  const auto twice = xg::compile([](const Var& x, const Var& v) { return xg::hvp(two_sided, x, v); });
  const Var v = wave({3}, 0.4);
  for (int round = 0; round < 2; ++round) {
    for (const Var& x : {above(), below()}) {
      BOOST_TEST(near(matmul(hessian(x), v), twice(x, v)));
      const double h = 1e-5;
      const Var difference = (gradient_of_two_sided(x + h * v) - gradient_of_two_sided(x - h * v)) / (2.0 * h);
      BOOST_TEST(near(twice(x, v), difference, 1e-8));
      BOOST_TEST(near(hessian(x), xg::hessian(two_sided)(x)));
    }
  }
}

BOOST_AUTO_TEST_CASE(of_many_outputs) {
  const auto f = [](const Var& x) { return xg::branch(sum(x) > 1.0) ? x * sum(x) : sin(x); };
  const auto jacobian = xg::compile(xg::jacobian(f));
  const auto forward = xg::compile(xg::jacobian(f, xg::Mode::forward));
  const auto linear = xg::compile([&](const Var& x, const Var& v) { return xg::linearize(f, x).pushforward(v); });
  const Var v = wave({3}, 0.4);
  for (int round = 0; round < 2; ++round) {
    for (const Var& x : {above(), below()}) {
      const Var expected = sum(x).item<double>() > 1.0 ? x * sum(v) + sum(x) * v : cos(x) * v;
      BOOST_TEST(near(matmul(jacobian(x), v), expected));
      BOOST_TEST(near(forward(x), jacobian(x)));
      BOOST_TEST(near(linear(x, v), expected));
    }
  }
}

BOOST_AUTO_TEST_CASE(inside_of_functions_with_rules) {
  const auto clipped = xg::custom_vjp(
      [](const Var& x) {
        return std::pair{two_sided(x), std::tuple{x}};
      },
      [](const std::tuple<Var>& r, const Var& ct) { return 10.0 * std::get<0>(r) * ct; });
  const auto again = xg::checkpoint(two_sided);
  const auto of_rule = xg::compile(xg::grad([&](const Var& x) { return clipped(x); }));
  const auto of_checkpoint = xg::compile(xg::grad([&](const Var& x) { return again(x); }));
  for (int round = 0; round < 2; ++round) {
    for (const Var& x : {above(), below()}) {
      BOOST_TEST(near(of_rule(x), 10.0 * x));
      BOOST_TEST(near(of_checkpoint(x), gradient_of_two_sided(x)));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
BOOST_AUTO_TEST_SUITE(guarded_values)

BOOST_AUTO_TEST_CASE(another_value_is_another_recording) {
  int recorded = 0;
  const auto f = [&](const Var& x, const Var& count) {
    ++recorded;
    Var y = x;
    for (std::int64_t i = 0; i < count.item<std::int64_t>(); ++i) y = y * 2.0;
    return y + (sum(x) > 0.0).item<bool>();
  };
  const auto compiled = xg::compile(f, {.guard_values = true});
  for (int round = 0; round < 3; ++round) {
    for (const int count : {3, 0, 5}) {
      for (const Var& x : {above(), Var(-above())}) {
        const Var given = compiled(x, count);
        const int before = recorded;
        BOOST_TEST(same(given, f(x, count)));
        recorded = before;
      }
    }
  }
  BOOST_TEST(recorded == 6);
}

BOOST_AUTO_TEST_CASE(bits_are_compared) {
  int recorded = 0;
  const auto compiled = xg::compile(
      [&](const Var& x) {
        ++recorded;
        return number_array(1.0 / x.item<double>()) + 0.0 * x;
      },
      {.guard_values = true});
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (int round = 0; round < 2; ++round) {
    BOOST_TEST(std::isnan(compiled(number_array(nan)).item<double>()));
    BOOST_TEST(compiled(number_array(2.0)).item<double>() == 0.5);
    BOOST_TEST(compiled(number_array(std::nextafter(2.0, 3.0))).item<double>() < 0.5);
  }
  BOOST_TEST(recorded == 3);
  int signs = 0;
  const auto sign = xg::compile(
      [&](const Var& x) {
        ++signs;
        return x + (std::signbit(x.item<double>()) ? -1.0 : 1.0);
      },
      {.guard_values = true});
  BOOST_TEST(sign(number_array(0.0)).item<double>() == 1.0);
  BOOST_TEST(sign(number_array(-0.0)).item<double>() == -1.0);
  BOOST_TEST(signs == 2);
}

BOOST_AUTO_TEST_CASE(by_the_inner_of_two_compiled_functions) {
  const auto inner = xg::compile([](const Var& x) { return x * sum(x).item<double>(); }, {.guard_values = true});
  const auto outer = xg::compile([&](const Var& x) { return inner(x) + 1.0; });
  const auto asks = xg::compile([&](const Var& x) { return inner(x) * sum(x).item<double>(); });
  for (int round = 0; round < 2; ++round) {
    for (const Var& x : {above(), below()}) BOOST_TEST(near(outer(x), x * sum(x) + 1.0));
    BOOST_TEST(throws<xg::TapeError>([&] { return asks(above()); }, {"guard_values"}));
  }
}

// A number that was read has no derivative; a result that is made of such numbers alone is refused, as without compile.
BOOST_AUTO_TEST_CASE(numbers_have_no_derivative) {
  const auto reads = [](const Var& x) { return number_array(sum(x).item<double>()); };
  BOOST_TEST(throws<xg::TapeError>([&] { return xg::grad(reads)(above()); }, {"read values"}));
  BOOST_TEST(
      throws<xg::TapeError>([&] { return xg::compile(xg::grad(reads), {.guard_values = true})(above()); }, {"read"}));
}

BOOST_AUTO_TEST_SUITE_END()
BOOST_AUTO_TEST_SUITE_END()
