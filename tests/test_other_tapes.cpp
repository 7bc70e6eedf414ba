// Recorded Vars of another tape than that of the function which uses them: refused wherever they turn up.
#include "comparing.hpp"

#include <tuple>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

#include <xgrad/xgrad.hpp>

BOOST_AUTO_TEST_SUITE(test_other_tapes)

namespace xg = xgrad;
using comparing::throws;
using comparing::wave;
using xg::Var;

namespace {

/// A leaf with a number that no node of a small tape has.
struct Elsewhere {
  xg::Tape tape;
  Var w;
  Elsewhere() {
    for (int i = 0; i < 1000; ++i) w = tape.leaf(wave({3}));
  }
};

template <class F>
bool is_refused(F f, const std::string& transform) {
  const Var x = wave({3}, 1.0);
  const bool in_gradient = throws<xg::TapeError>([&] { return xg::grad([&](const Var& y) { return sum(f(y)); })(x); },
                                                 {transform, "another tape"});
  const bool compiled = throws<xg::TapeError>([&] { return xg::compile(f)(x); }, {transform, "another tape"});
  return in_gradient && compiled;
}

}  // namespace

BOOST_AUTO_TEST_CASE(in_functions_with_derivatives_of_their_own) {
  const Elsewhere other;
  const Var& w = other.w;
  const auto rule = [](const auto&, const Var& dy) { return dy; };
  const auto residual = xg::custom_vjp([&](const Var& y) { return std::pair{y * 1.0, std::tuple{w}}; }, rule);
  BOOST_TEST(is_refused(residual, "custom_vjp"));
  const auto result = xg::custom_vjp([&](const Var&) { return std::pair{w, std::tuple<>()}; }, rule);
  BOOST_TEST(is_refused(result, "custom_vjp"));
  const auto of_rule = xg::custom_vjp(
      [](const Var& y) {
        return std::pair{y * 1.0, std::tuple<>()};
      },
      [&](const std::tuple<>&, const Var&) { return w; });
  BOOST_TEST(throws<xg::TapeError>([&] { return xg::grad([&](const Var& y) { return sum(of_rule(y)); })(wave({3})); },
                                   {"custom_vjp", "another tape"}));
  const auto two = xg::custom_jvp([](const Var& a, const Var& b) { return a * b; },
                                  [](const std::tuple<Var, Var>& at, const std::tuple<Var, Var>& d) {
                                    return std::get<0>(at) * std::get<1>(d) + std::get<1>(at) * std::get<0>(d);
                                  });
  const auto argument = [&](const Var& y) { return two(y, w); };
  BOOST_TEST(is_refused(argument, "custom_jvp"));
  const auto argument_first = [&](const Var& y) { return two(w, y); };
  BOOST_TEST(is_refused(argument_first, "custom_jvp"));
}

BOOST_AUTO_TEST_CASE(in_checkpoints_and_branches) {
  const Elsewhere other;
  const Var& w = other.w;
  BOOST_TEST(is_refused(xg::checkpoint([&](const Var&) { return w; }), "checkpoint"));
  const auto argument = [&](const Var& y) {
    return xg::checkpoint([](const Var& a, const Var& b) { return a * b; })(y, w);
  };
  BOOST_TEST(is_refused(argument, "checkpoint"));
  const auto same = [](const Var& y) { return y; };
  const auto twice = [](const Var& y) { return 2.0 * y; };
  const auto condition = [&](const Var& y) { return xg::cond(sum(w) > 0.0, same, twice, y); };
  BOOST_TEST(is_refused(condition, ""));
  const auto number = [&](const Var& y) {
    return xg::switch_(cast(sum(w) * 0.0, xg::DType::Int64), std::tuple{same, twice}, y);
  };
  BOOST_TEST(is_refused(number, ""));
}

BOOST_AUTO_TEST_SUITE_END()
