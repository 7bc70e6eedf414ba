// nan_guard, label, observe and print.
#include <cmath>
#include <iostream>
#include <limits>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/xgrad.hpp>

#include "comparing.hpp"

struct Scaler {
  xgrad::Var scale, shift;
};
XGRAD_FIELDS(Scaler, scale, shift)

BOOST_AUTO_TEST_SUITE(test_debug)

namespace xg = xgrad;
using comparing::message_of;
using comparing::near;
using comparing::same;
using comparing::throws;
using comparing::wave;
using xg::Var;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

}  // namespace

BOOST_AUTO_TEST_CASE(what_made_the_first_nan_is_named) {
  const Var x = xt::xarray<double>{{1.0, 2.0}, {0.0, 4.0}};
  const auto loss = [](const Var& y) { return mean(xg::debug::label(log(y), "log of y") * 2.0); };
  BOOST_TEST(throws<xg::ValueError>([&] { return xg::debug::nan_guard(loss)(x); },
                                    {"nan_guard", "log made -inf at [1, 0]", "1 of 4 elements", "float64 [2, 2]",
                                     "of 0 (float64 [2, 2])", "'log of y' > ", "sum"}));
  // The operands of the culprit, not of what it spoiled.
  const auto ratio = [](const Var& y) { return sum(exp((y - y) / (y * 0.0))); };
  BOOST_TEST(
      throws<xg::ValueError>([&] { return xg::debug::nan_guard(ratio)(x); },
                             {"divide made", "nan at [0, 0]", "4 of 4", "of 0 (float64 [2, 2]), 0 (float64 [2, 2])"}));
}

BOOST_AUTO_TEST_CASE(of_several_the_first_that_was_recorded_is_named) {
  const Var x = xt::xarray<double>{0.0, 1.0, 2.0};
  const auto both = [](const Var& y) {
    const Var a = log(y);
    const Var b = 1.0 / (y - y);
    return b + a;
  };
  BOOST_TEST(throws<xg::ValueError>([&] { return xg::debug::nan_guard(both)(x); },
                                    {"nan_guard: log made -inf at [0], 1 of 3", "way to the result: log > add"}));
  // Before a loop that makes some by itself, and in a run of it.
  const auto in_loop = [](const Var& first) {
    return [first](const Var& y) {
      const Var a = log(y + first);
      const auto run = [](const Var& h, const Var& v) { return std::pair{h, log(v - 1.0)}; };
      return xg::scan(run, Var(0.0), y).second + a;
    };
  };
  BOOST_TEST(throws<xg::ValueError>([&] { return xg::debug::nan_guard(in_loop(0.0))(x); }, {"log made -inf at [0]"}));
  BOOST_TEST(throws<xg::ValueError>([&] { return xg::debug::nan_guard(in_loop(1.0))(x); },
                                    {"log in run [0] of scan made nan", "of -1 "}));
  // What where() leaves out is not on the way, though both of its sides are not finite.
  const auto masked = [](const Var& y) { return where(y > 0.5, log(y), 1.0 / y); };
  BOOST_TEST(throws<xg::ValueError>([&] { return xg::debug::nan_guard(masked)(x); }, {"divide made inf at [0]"}));
}

BOOST_AUTO_TEST_CASE(operands_of_other_shapes_are_shown) {
  const auto total = [](const Var& y) { return sum(y); };
  BOOST_TEST(throws<xg::ValueError>(
      [&] {
        return xg::debug::nan_guard(total)(Var(xt::xarray<double>{1.5e308, 1e308}));
      },
      {"sum made inf at ", "of {1.5e+308, 1e+308} (float64 [2])"}));
  const Var many = xt::xarray<double>{-3.0, 1e308, 1.5e308, 1.25e308, 0.5};
  BOOST_TEST(throws<xg::ValueError>([&] { return xg::debug::nan_guard(total)(many); },
                                    {"sum made inf", "of elements from -3 to 1.5e+308 (float64 [5])"}));
  const auto product = [](const Var& y) { return matmul(y, Var(xt::xarray<double>{{10.0, 1.0}, {10.0, 2.0}})); };
  BOOST_TEST(throws<xg::ValueError>(
      [&] {
        return xg::debug::nan_guard(product)(Var(xt::xarray<double>{{1e308, 0.0}}));
      },
      {"matmul made inf at [0, 0]", "1 of 2", "1e+308 (float64 [1, 2])", "{10, 1, 10, 2}"}));
}

BOOST_AUTO_TEST_CASE(what_was_not_finite_before_something_failed_is_named) {
  const Var x = xt::xarray<double>{1.0, 0.0, 2.0};
  const auto doubled = [](const Var& v) { return v * 2.0; };
  const auto solved = [&](const Var& y) { return sum(xg::linear_solve(doubled, log(y))); };
  BOOST_TEST(
      throws<xg::ValueError>([&] { return xg::debug::nan_guard(solved)(x); },
                             {"nan_guard: log made -inf at [1]", "of 0 (float64 [3])", "It failed: linear_solve"}));
  static const xg::Requirement small("logarithm: {} is too small");
  const auto asked = [](const Var& y) {
    const Var a = xg::debug::label(log(y), "log of y");
    return sum(checked(a, a > -9.0, small));
  };
  BOOST_TEST(throws<xg::ValueError>(
      [&] { return xg::debug::nan_guard(asked)(x); },
      {"log made -inf at [1]", "way to what failed: log > 'log of y'", "It failed: logarithm: -inf is too small"}));
  // In a run of a loop.
  const auto runs = [](const Var& y) {
    const auto run = [](const Var& h, const Var& v) {
      const Var a = log(v);
      return std::pair{h + checked(a, a > -9.0, small), a};
    };
    return xg::scan(run, Var(0.0), y).first;
  };
  BOOST_TEST(throws<xg::ValueError>([&] { return xg::debug::nan_guard(runs)(x); },
                                    {"log in run [1] of scan made -inf", "It failed: logarithm"}));
  // Where all that failed was finite, and where nothing was computed, the error stays as it is.
  const auto finite = [](const Var& y) { return sum(checked(y, y > 0.5, small)) + sum(where(y > 0.0, log(y), 0.0)); };
  const std::string message = message_of([&] { (void)xg::debug::nan_guard(finite)(x); });
  BOOST_TEST(message == "logarithm: 0 is too small");
  const auto shapes = [](const Var& y) { return log(y) + Var(xt::xarray<double>{1.0, 2.0}); };
  BOOST_TEST(throws<xg::ShapeError>([&] { return xg::debug::nan_guard(shapes)(x); }));
  BOOST_TEST(message_of([&] { (void)xg::debug::nan_guard(shapes)(x); }).find("nan_guard") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(gradients_are_looked_at_too) {
  const auto norm = [](const Var& y) { return sqrt(sum(y * y)); };
  const Var zero = xt::xarray<double>{0.0, 0.0};
  BOOST_TEST(same(xg::debug::nan_guard(norm)(zero), Var(xt::xarray<double>(0.0))));
  BOOST_TEST(throws<xg::ValueError>([&] { return xg::debug::nan_guard(xg::grad(norm))(zero); },
                                    {"nan_guard", "divide made inf at []", "1 of 1", "0 (float64 [])"}));
  // Functions with rules are looked into.
  const auto ruled = xg::custom_jvp([](const Var& y) { return log(y - 1.0); },
                                    [](const Var& y, const Var& dy) { return dy / (y - 1.0); });
  BOOST_TEST(
      throws<xg::ValueError>([&] { return xg::debug::nan_guard([&](const Var& y) { return sum(ruled(y)); })(zero); },
                             {"log made nan at [0]", "of -1 (float64 [2])"}));
}

BOOST_AUTO_TEST_CASE(loops_and_branches_are_looked_into) {
  const Var xs = xt::xarray<double>{{3.0, 4.0}, {1.0, 2.0}, {-1.0, 5.0}, {2.0, 2.0}};
  const auto loop = [](bool reverse, bool stacked) {
    return [=](const Var& rows) {
      const auto run = [](const Var& h, const Var& x) {
        const Var y = xg::debug::label(log(x), "log of x");
        return std::pair{h + y, y};
      };
      const auto [last, all] = xg::scan(run, Var(xt::xarray<double>{0.0, 0.0}), rows, {.reverse = reverse});
      return stacked ? sum(all) : sum(last);
    };
  };
  for (const bool reverse : {false, true}) {
    for (const bool stacked : {false, true}) {
      BOOST_TEST(throws<xg::ValueError>(
          [&] { return xg::debug::nan_guard(loop(reverse, stacked))(xs); },
          {"log in run [2] of scan made nan at [0]", "of -1 (float64 [2])", "way to the result: log > 'log of x' > "}));
    }
  }
  // Of gradients, too: 1 / x in the run that gets 0.
  const auto root = [](const Var& rows) {
    return sum(xg::scan([](const Var& h, const Var& x) { return std::pair{h, sqrt(x)}; }, Var(0.0), rows).second);
  };
  const Var zero = xt::xarray<double>{1.0, 0.0};
  BOOST_TEST(throws<xg::ValueError>([&] { return xg::debug::nan_guard(xg::grad(root))(zero); },
                                    {"divide in run [1] of scan made inf"}));
  const auto branch = [](const Var& x) {
    const auto body = [](const Var& v) {
      return xg::cond(
          v < 0.75, [](const Var& u) { return log(u - 1.0); }, [](const Var& u) { return u / 2.0; }, v);
    };
    return xg::while_loop([](const Var& v) { return v > 0.25; }, body, x, {.at_most = 9});
  };
  BOOST_TEST(
      throws<xg::ValueError>([&] { return xg::debug::nan_guard(branch)(Var(xt::xarray<double>(1.0))); },
                             {"log in branch 1 of switch, in ", "in run [1] of scan made", "nan at []", "of -0.5"}));
  const auto counted = [](const Var& x) {
    return xg::while_loop([](const Var& v) { return v > 0.0; }, [](const Var& v) { return sqrt(v - 1.0); }, x);
  };
  BOOST_TEST(throws<xg::ValueError>([&] { return xg::debug::nan_guard(counted)(Var(xt::xarray<double>(1.5))); },
                                    {"sqrt in run [1] of while_loop made", "nan at []", "of -0.29"}));
  // What comes in is followed further.
  const auto argument = [](const Var& x) {
    return xg::fori_loop(
        3, [](const Var&, const Var& v) { return v * 2.0; }, x);
  };
  BOOST_TEST(throws<xg::ValueError>([&] { return xg::debug::nan_guard(argument)(Var(xt::xarray<double>(infinity))); },
                                    {"argument 0 holds inf"}));
}

BOOST_AUTO_TEST_CASE(what_is_finite_passes) {
  const Var x = wave({3});
  const auto f = [](const Var& y) { return std::pair{sin(y), sum(y)}; };
  const auto [a, b] = xg::debug::nan_guard(f)(x);
  BOOST_TEST(near(a, sin(x)));
  BOOST_TEST(near(b, sum(x)));
  // What does not reach a result does not matter.
  const auto masked = [](const Var& y) { return sum(where(y > 0.0, log(y), y)); };
  BOOST_TEST(std::isfinite(xg::debug::nan_guard(masked)(x).item<double>()));
  BOOST_TEST(same(xg::debug::nan_guard([](const Var& y) { return argmax(y); })(x), argmax(x)));
}

BOOST_AUTO_TEST_CASE(arguments_that_hold_it_are_named) {
  const Scaler scaler{xt::xarray<double>{1.0, infinity}, xt::xarray<double>{0.0, 0.0}};
  const auto f = [](const Scaler& s, const Var& x) { return sum(s.scale * x + s.shift); };
  BOOST_TEST(throws<xg::ValueError>([&] { return xg::debug::nan_guard(f)(scaler, ones_like(scaler.shift)); },
                                    {"argument 0", "scale", "holds inf at [1]", "1 of 2"}));
  const Var captured = xt::xarray<double>{infinity, 1.0};
  BOOST_TEST(throws<xg::ValueError>(
      [&] { return xg::debug::nan_guard([&](const Var& x) { return x * captured; })(wave({2})); },
      {"a captured array holds inf at [0]"}));
}

BOOST_AUTO_TEST_CASE(it_is_the_outermost_transform) {
  const auto guarded = xg::debug::nan_guard([](const Var& y) { return sum(y); });
  BOOST_TEST(throws<xg::TapeError>([&] { return xg::grad(guarded)(wave({2})); }, {"nan_guard", "outermost"}));
  BOOST_TEST(throws<xg::TapeError>([&] { return xg::compile(guarded)(wave({2})); }, {"nan_guard", "outermost"}));
}

BOOST_AUTO_TEST_CASE(labels_change_nothing) {
  const auto f = [](const Var& y) { return sum(square(xg::debug::label(y * 2.0, "doubled"))); };
  const Var x = wave({3});
  BOOST_TEST(same(f(x), sum(square(x * 2.0))));
  BOOST_TEST(near(xg::hessian(f)(x), 8.0 * Var(xt::eye<double>(3))));
  BOOST_TEST(same(xg::compile(f)(x), f(x)));
  BOOST_TEST(same(xg::vmap(f)(wave({2, 3})), sum(square(wave({2, 3}) * 2.0), 1)));
  BOOST_TEST(throws<xg::TapeError>([] { return xg::debug::label(Var(), "nothing"); }, {"label", "empty"}));
}

BOOST_AUTO_TEST_CASE(values_are_observed_whenever_they_are_computed) {
  std::vector<double> seen;
  const auto f = [&](const Var& y) {
    return sum(square(xg::debug::observe(y * 2.0, [&](const Var& v) { seen.push_back(sum(v).item<double>()); })));
  };
  const Var x = xt::xarray<double>{1.0, 2.0};
  const auto step = xg::compile(xg::value_and_grad(f));
  BOOST_TEST(seen.empty());
  const auto [value, gradient] = step(x);
  BOOST_TEST(near(gradient, 8.0 * x));
  BOOST_TEST(seen == std::vector<double>{6.0}, boost::test_tools::per_element());
  (void)step(x * 2.0);
  BOOST_TEST(seen.back() == 12.0);
  seen.clear();
  BOOST_TEST(near(xg::vmap(xg::grad(f))(Var(xt::xarray<double>{{1.0, 2.0}, {3.0, 4.0}})),
                  Var(xt::xarray<double>{{8.0, 16.0}, {24.0, 32.0}})));
  BOOST_TEST(seen == (std::vector<double>{6.0, 14.0}), boost::test_tools::per_element());
  const Var integers = xg::debug::observe(Var(xt::xarray<int>{1, 2}),
                                          [&](const Var& v) { seen.push_back(static_cast<double>(v.size())); });
  BOOST_TEST(same(integers, Var(xt::xarray<int>{1, 2})));
  BOOST_TEST(seen.back() == 2.0);
}

BOOST_AUTO_TEST_CASE(values_are_printed) {
  std::ostringstream captured;
  std::streambuf* const before = std::cerr.rdbuf(captured.rdbuf());
  const Var y =
      xg::compile([](const Var& x) { return xg::debug::print(x, "x") + 1.0; })(Var(xt::xarray<double>{1.5, 2.0}));
  std::cerr.rdbuf(before);
  BOOST_TEST(same(y, Var(xt::xarray<double>{2.5, 3.0})));
  BOOST_TEST(captured.str().find("x = {") == 0U, captured.str());
  BOOST_TEST(captured.str().find("1.5") != std::string::npos, captured.str());
}

BOOST_AUTO_TEST_CASE(the_line_of_a_region_is_named) {
  const Var x = xt::xarray<double>{1.0, 0.0, 2.0};
  int line = 0;
  const auto loss = [&](const Var& y) {
    const xg::debug::Region whole_loss;
    const Var a = sin(y);
    line = __LINE__ + 1;
    const Var b = (xg::debug::Region("of logs"), log(y) * 2.0);
    return sum(a + b);
  };
  const std::string of_loss = message_of([&] { (void)xg::debug::nan_guard(loss)(x); });
  const std::string place =
      "recorded at " + std::string(__FILE__) + ":" + std::to_string(line) + ", 'of logs'. The way";
  BOOST_TEST(of_loss.find(place) != std::string::npos, of_loss);
  // What a derivative computes belongs to the values that it uses.
  const auto root = [&](const Var& y) {
    line = __LINE__ + 1;
    const Var b = (xg::debug::Region(), sqrt(y) + 1.0);
    return sum(b);
  };
  const std::string message = message_of([&] { (void)xg::debug::nan_guard(xg::grad(root))(x); });
  BOOST_TEST(message.find("test_debug.cpp:" + std::to_string(line) + ". The way") != std::string::npos, message);
  // The outer region around a loop; nothing where there is none; and nothing is noted outside of the guard.
  const auto looped = [&](const Var& y) {
    line = __LINE__ + 1;
    const xg::debug::Region here;
    return sum(xg::fori_loop(
        2, [](const Var&, const Var& z) { return Var(log(z)); }, y));
  };
  const std::string of_loop = message_of([&] { (void)xg::debug::nan_guard(looped)(x); });
  BOOST_TEST(of_loop.find("test_debug.cpp:" + std::to_string(line) + ". The way") != std::string::npos, of_loop);
  const std::string plain =
      message_of([&] { (void)xg::debug::nan_guard([](const Var& y) { return sum(log(y)); })(x); });
  BOOST_TEST(plain.find("recorded at") == std::string::npos, plain);
  BOOST_TEST(std::isinf(loss(x).item<double>()));
}

BOOST_AUTO_TEST_SUITE_END()
