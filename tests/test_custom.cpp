// custom_vjp and custom_jvp: the rule is what counts, in every transform and order; calls of functions on a tape.
#include "comparing.hpp"

#include <cmath>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/testing.hpp>
#include <xgrad/xgrad.hpp>

#include "derivatives/sweep.hpp"
#include "var/call.hpp"
#include "var/record.hpp"

BOOST_AUTO_TEST_SUITE(test_custom)

namespace xg = xgrad;
using comparing::near;
using comparing::same;
using comparing::throws;
using comparing::wave;
using xg::Shape;
using xg::Var;
using xg::whole;

namespace {

/// x^2 whose "derivative" is 3, 5 or 7 times x, so that one sees which rule was asked.
Var squared(const Var& x) { return x * x; }

auto reverse_rule() {
  return xg::custom_vjp(
      [](const Var& x) {
        return std::pair{squared(x), std::tuple{x}};
      },
      [](const std::tuple<Var>& r, const Var& dy) { return 3.0 * std::get<0>(r) * dy; });
}

auto forward_rule() {
  return xg::custom_jvp(squared, [](const Var& x, const Var& dx) { return 5.0 * x * dx; });
}

auto both_rules() {
  return xg::custom_vjp(
      [](const Var& x) {
        return std::pair{squared(x), std::tuple{x}};
      },
      [](const std::tuple<Var>& r, const Var& dy) { return 3.0 * std::get<0>(r) * dy; },
      [](const Var& x, const Var& dx) { return 7.0 * x * dx; });
}

/// What every transform makes of f, whose derivative is `reverse` times x in reverse mode, `forward` times x forward.
template <class F>
void check_transforms(const F& f, double reverse, double forward) {
  const Var x = wave({4});
  const Var v = wave({4}, 1.0);
  const auto total = [&](const Var& y) { return sum(f(y)); };
  BOOST_TEST(same(f(x), x * x));
  BOOST_TEST(!f(x).recorded());
  BOOST_TEST(near(xg::grad(total)(x), reverse * x));
  BOOST_TEST(near(xg::jvp(f, x, v).tangent, forward * x * v));
  BOOST_TEST(near(xg::vjp(f, x).pullback(v), reverse * x * v));
  BOOST_TEST(near(xg::compile(xg::grad(total))(x), reverse * x));
  BOOST_TEST(near(xg::grad([&](const Var& y) { return sum(sin(f(y * 2.0))); })(x),
                  cos(4.0 * x * x) * reverse * 2.0 * x * 2.0));
  // Rules are differentiated in their turn.
  BOOST_TEST(near(xg::grad([&](const Var& y) { return sum(xg::grad(total)(y) * v); })(x), reverse * v));
  BOOST_TEST(near(xg::hvp(total, x, v), reverse * v));
  BOOST_TEST(near(xg::grad([&](const Var& y) { return sum(xg::jvp(f, y, v).tangent); })(x), forward * v));
  BOOST_TEST(near(xg::jacobian(f, xg::Mode::reverse)(x), reverse * x * xg::one_hot(xt::arange<std::int64_t>(4), 4)));
  BOOST_TEST(near(xg::jacobian(f, xg::Mode::forward)(x), forward * x * xg::one_hot(xt::arange<std::int64_t>(4), 4)));
  // In batches, and of batches.
  BOOST_TEST(near(xg::vmap(xg::grad(f))(x), reverse * x));
  BOOST_TEST(near(xg::grad([&](const Var& y) { return sum(xg::vmap(f)(y) * v); })(x), reverse * x * v));
  BOOST_TEST(near(xg::jvp(xg::vmap(f), x, v).tangent, forward * x * v));
  BOOST_TEST(near(xg::vmap([&](const Var& y) { return xg::jvp(f, y, 2.0 * y).tangent; })(x), forward * 2.0 * x * x));
  BOOST_TEST(near(xg::grad([&](const Var& y) {
                    return sum(xg::vmap(xg::vmap(f))(reshape(y, {2, 2})));
                  })(x),
                  reverse * x));
  BOOST_TEST(near(xg::hvp([&](const Var& y) { return sum(xg::vmap(f)(y)); }, x, v), reverse * v));
  BOOST_TEST(near(xg::compile(xg::vmap(xg::grad(f)))(x), reverse * x));
}

struct Layer {
  Var weight, bias;
};
XGRAD_FIELDS(Layer, weight, bias)

struct Kept {
  Var x, y;
  std::string note;
};
XGRAD_FIELDS(Kept, x, y, note)

}  // namespace

BOOST_AUTO_TEST_CASE(the_rule_counts_in_every_transform) {
  check_transforms(reverse_rule(), 3.0, 3.0);
  check_transforms(forward_rule(), 5.0, 5.0);
  check_transforms(both_rules(), 3.0, 7.0);
}

BOOST_AUTO_TEST_CASE(right_rules_are_as_good_as_none) {
  const auto f = xg::custom_vjp(
      [](const Var& x) {
        const Var y = tanh(x);
        return std::pair{y, std::tuple{y}};  // a result as residual: of higher orders it has this rule again
      },
      [](const std::tuple<Var>& r, const Var& dy) { return dy * (1.0 - square(std::get<0>(r))); });
  const auto g = xg::custom_jvp([](const Var& x) { return exp(x) * x; },
                                [](const Var& x, const Var& dx) { return dx * (exp(x) * x + exp(x)); });
  const auto h = xg::custom_vjp(
      [](const Var& x) {
        return std::pair{sin(x), cos(x)};
      },  // a residual of its own: by its body
      [](const Var& slope, const Var& dy) { return dy * slope; });
  const auto all = [&](const Var& x) { return sum(f(x) * g(x) + h(g(x))); };
  const auto plain = [](const Var& x) { return sum(tanh(x) * exp(x) * x + sin(exp(x) * x)); };
  const Var x = wave({5}) * 0.3;
  const Var v = wave({5}, 1.0);
  BOOST_TEST(xg::testing::check_gradients(all, x));
  BOOST_TEST(near(xg::hessian(all)(x), xg::hessian(plain)(x)));
  const auto third = [&](const auto& loss) {
    return xg::grad([&](const Var& y) { return sum(xg::hvp(loss, y, v)); })(x);
  };
  BOOST_TEST(near(third(all), third(plain)));
  BOOST_TEST(near(xg::hessian([&](const Var& y) {
                    return sum(xg::vmap(all)(reshape(y, {5, 1})));
                  })(x),
                  xg::hessian(plain)(x)));
}

BOOST_AUTO_TEST_CASE(trees_numbers_and_integers) {
  // Several arguments, one of integers, one that holds no array; residuals with a text.
  const auto f = xg::custom_vjp(
      [](const Layer& l, const Var& x, const Var& labels, double scale, const std::string& how) {
        const Var y = matmul(x, l.weight) + l.bias;
        BOOST_TEST(how == "scaled");
        return std::pair{scale * take(y, labels, 1), Kept{x, l.weight, "note"}};
      },
      [](const Kept& kept, const Var& dy) {
        BOOST_TEST(kept.note == "note");
        return std::tuple{Layer{ones_like(kept.y) * 2.0, Var(xt::xarray<double>{1.0, 2.0, 3.0}) * sum(dy)},
                          4.0 * kept.x, Var()};
      });
  const Layer layer{wave({2, 3}), wave({3})};
  const Var x = wave({4, 2});
  const Var labels = xt::xarray<std::int64_t>{0, 2};
  BOOST_TEST(near(f(layer, x, labels, 0.5, "scaled"), 0.5 * take(matmul(x, layer.weight) + layer.bias, labels, 1)));
  const auto loss = [&](const Layer& l, const Var& at, const Var& which) {
    return sum(f(l, at, which, 0.5, "scaled"));
  };
  const auto [of_layer, of_x] = xg::grad<0, 1>(loss)(layer, x, labels);
  BOOST_TEST(near(of_layer.weight, ones_like(layer.weight) * 2.0));
  BOOST_TEST(near(of_layer.bias, Var(xt::xarray<double>{8.0, 16.0, 24.0})));
  BOOST_TEST(near(of_x, 4.0 * x));
}

BOOST_AUTO_TEST_CASE(several_results) {
  const auto f = xg::custom_vjp(
      [](const Var& x) {
        return std::pair{std::pair{sin(x), x * 2.0}, std::tuple{x}};
      },
      [](const std::tuple<Var>& r, const std::pair<Var, Var>& d) {
        return d.first * 10.0 + d.second * std::get<0>(r);
      });
  const Var x = wave({3});
  BOOST_TEST(near(xg::grad([&](const Var& y) { return sum(f(y).first); })(x), ones_like(x) * 10.0));
  BOOST_TEST(near(xg::grad([&](const Var& y) { return sum(f(y).second); })(x), x));
  BOOST_TEST(near(xg::grad([&](const Var& y) {
                    const auto [a, b] = f(y);
                    return sum(a * b);
                  })(x),
                  2.0 * x * 10.0 + sin(x) * x));
  const auto tangents = xg::jvp(f, x, ones_like(x)).tangent;
  BOOST_TEST(near(tangents.first, ones_like(x) * 10.0));
  BOOST_TEST(near(tangents.second, x));
}

BOOST_AUTO_TEST_CASE(what_is_the_same_for_all_examples_gets_the_sum) {
  const auto f = xg::custom_vjp(
      [](const Var& w, const Var& x) {
        return std::pair{dot(w, x), std::tuple{w, x}};
      },
      [](const std::tuple<Var, Var>& r, const Var& dy) {
        return std::tuple{dy * std::get<1>(r) * 2.0, dy * std::get<0>(r)};
      });
  const Var w = wave({3});
  const Var x = wave({5, 3}, 1.0);
  const auto loss = [&](const Var& a, const Var& b) { return sum(xg::vmap(f, {.in = {whole, 0}})(a, b)); };
  const auto [of_w, of_x] = xg::grad<0, 1>(loss)(w, x);
  BOOST_TEST(near(of_w, 2.0 * sum(x, 0)));
  BOOST_TEST(near(of_x, broadcast_to(w, {5, 3})));
  BOOST_TEST(near(xg::vmap(xg::grad(f), {.in = {whole, 0}})(w, x), 2.0 * x));
}

BOOST_AUTO_TEST_CASE(it_costs_nothing) {
  const auto plain = [](const Var& x) { return log1p(exp(-abs(x))) + maximum(x, 0.0); };
  const auto with_rule = xg::custom_vjp(
      [&](const Var& x) {
        return std::pair{plain(x), std::tuple{x}};
      },
      [](const std::tuple<Var>& r, const Var& dy) { return dy * sigmoid(std::get<0>(r)); });
  const auto by_hand = xg::compile([&](const Var& x) { return std::pair{sum(plain(x)), sigmoid(x)}; });
  const auto step = xg::compile([&](const Var& x) {
    const auto [value, slope] = xg::value_and_grad([&](const Var& y) { return sum(with_rule(y)); })(x);
    return std::pair{value, slope};
  });
  const Var x = wave({1000});
  const std::string plan = step.plan(x);
  BOOST_TEST(plan.substr(plan.find(':')) == by_hand.plan(x).substr(by_hand.plan(x).find(':')));
  BOOST_TEST(same(step(x).second, by_hand(x).second));
}

BOOST_AUTO_TEST_CASE(a_call_is_its_body) {
  // Without a rule: derivatives and batches are those of the function; plans and values those of its body.
  xg::Tape tape;
  const Var x = tape.leaf(wave({3, 2}));
  const Var other = tape.leaf(wave({2}, 1.0));
  xg::ir::TapeState& state = xg::VarAccess::tape(x);
  const auto first = static_cast<xg::ir::NodeId>(state.size());
  const std::array inputs{xg::detail::append_input(state, x)};
  const Var at = xg::VarAccess::recorded(state, inputs[0]);
  const std::array outputs{xg::VarAccess::node(sum(exp(at) * other, 1)), xg::VarAccess::node(at - 1.5)};
  const auto cut = xg::detail::extract(state, first, inputs, outputs);
  BOOST_REQUIRE(cut.captured.size() == 1);
  BOOST_TEST(cut.captured[0] == xg::VarAccess::node(other));
  const auto payload = std::make_shared<xg::ir::Payload>(xg::ir::Payload{cut.function, nullptr});
  const std::array arguments{xg::VarAccess::node(x * 0.5), cut.captured[0]};
  const std::vector<Var> called = xg::detail::record_call(state, payload, arguments);
  const Var expected = sum(exp(x * 0.5) * other, 1);
  BOOST_TEST(same(tape.evaluate(called[0]), tape.evaluate(expected)));
  BOOST_TEST(same(tape.evaluate(called[1]), tape.evaluate(x * 0.5 - 1.5)));
  const std::vector<Var> slopes = tape.gradients(sum(called[0] * called[0]) + sum(called[1]), {x, other});
  const std::vector<Var> wanted = tape.gradients(sum(expected * expected) + sum(x * 0.5 - 1.5), {x, other});
  for (std::size_t k = 0; k < 2; ++k) BOOST_TEST(near(tape.evaluate(slopes[k]), tape.evaluate(wanted[k])));
}

BOOST_AUTO_TEST_CASE(plans_are_found_by_the_bodies) {
  const auto slope = [](double exponent) {
    const auto f = xg::custom_jvp([=](const Var& x) { return pow(x, exponent) + 17.0; },
                                  [=](const Var& x, const Var& dx) { return dx * exponent * pow(x, exponent - 1.0); });
    return xg::grad([&](const Var& x) { return sum(f(x) * f(x + 1.0)); })(wave({7}) + 4.0);
  };
  (void)slope(3.3);
  const std::size_t plans = xg::plan_cache().plans;
  (void)slope(2.7);  // other numbers, the same structure
  BOOST_TEST(xg::plan_cache().plans == plans);
  (void)slope(2.0);  // the number 2 is known to the planner
  BOOST_TEST(xg::plan_cache().plans == plans + 1);
}

BOOST_AUTO_TEST_CASE(bad_rules) {
  const Var x = wave({3});
  const auto with = [](const Var& cotangent) {
    return xg::custom_vjp(
        [](const Var& y) {
          return std::pair{sum(y), std::tuple<>()};
        },
        [cotangent](const std::tuple<>&, const Var&) { return cotangent; });
  };
  BOOST_TEST(throws<xg::ShapeError>([&] { return xg::grad(with(wave({2})))(x); },
                                    {"custom_vjp", "cotangent float64 [2]", "argument 0", "float64 [3]"}));
  BOOST_TEST(throws<xg::TypeError>([&] { return xg::grad(with(wave<float>({3})))(x); },
                                   {"custom_vjp", "float32", "argument 0"}));
  BOOST_TEST(same(xg::grad(with(Var()))(x), zeros_like(x)));
  const auto tangent =
      xg::custom_jvp([](const Var& y) { return sum(y); }, [](const Var&, const Var& dy) { return dy; });
  BOOST_TEST(throws<xg::ShapeError>([&] { return xg::jvp(tangent, x, x); }, {"custom_jvp", "tangent", "output 0"}));
  using Vars = std::vector<Var>;
  const auto tangents = [](std::size_t count) {
    return xg::custom_jvp([](const Var& y) { return Vars(20, y); },
                          [count](const Var&, const Var& dy) { return Vars(count, dy); });
  };
  for (const std::size_t count : {0U, 1U, 21U}) {
    BOOST_TEST(throws<xg::ShapeError>([&] { return xg::jvp(tangents(count), x, x); },
                                      {"custom_jvp", "tangent", "array", "20"}));
  }
  using Named = std::map<std::string, Var>;
  const auto named = xg::custom_vjp(
      [](const Named& y) {
        return std::pair{y.at("a") * y.at("b"), std::tuple<>()};
      },
      [](const std::tuple<>&, const Var& dy) {
        return Named{{"c", dy}, {"d", dy}};
      });
  BOOST_TEST(throws<xg::ShapeError>(
      [&] {
        return xg::grad([&](const Named& y) { return sum(named(y)); })(Named{{"a", x}, {"b", x}});
      },
      {"custom_vjp", "cotangent", "c", "a"}));
  // A rule that is not linear has no transpose.
  const auto bent = xg::custom_jvp([](const Var& y) { return y; }, [](const Var&, const Var& dy) { return dy * dy; });
  BOOST_TEST(
      throws<xg::TapeError>([&] { return xg::grad([&](const Var& y) { return sum(bent(y)); })(x); }, {"custom_jvp"}));
}

BOOST_AUTO_TEST_CASE(rules_that_are_not_linear_have_no_transpose) {
  const Var x = wave({3}, 1.0);
  const auto in_reverse = [&](auto rule) {
    const auto f = xg::custom_jvp([](const Var& y) { return y * y; }, rule);
    return xg::grad([f](const Var& y) { return sum(f(y)); })(x);
  };
  const auto refused = [&](auto rule, std::string_view why) {
    return throws<xg::TapeError>([&] { return in_reverse(rule); }, {"custom_jvp", "the rule is not linear", why});
  };
  BOOST_TEST(refused([](const Var&, const Var& d) { return d + 1.0; }, "add"));
  BOOST_TEST(refused([](const Var& y, const Var& d) { return d - y; }, "subtract"));
  BOOST_TEST(refused([](const Var& y, const Var& d) { return where(y > 0.0, d, y); }, "where"));
  BOOST_TEST(refused([](const Var& y, const Var&) { return y; }, "does not depend"));
  BOOST_TEST(refused([](const Var& y, const Var& d) { return y * stop_gradient(d); }, "stop_gradient"));
  BOOST_TEST(refused([](const Var&, const Var& d) { return sign(d); }, "sign"));
  BOOST_TEST(refused([](const Var&, const Var& d) { return d * d; }, "multiply"));
  BOOST_TEST(refused([](const Var& y, const Var& d) { return y / d; }, "divide"));
  BOOST_TEST(refused([](const Var&, const Var& d) { return minimum(d, 1.0); }, "minimum"));
  BOOST_TEST(refused([](const Var&, const Var& d) { return d * sum(tanh(d)); }, "multiply"));
  // What is 0 may be added, and what does not depend on the tangent may be anything.
  const Var y = 2.0 * x;
  BOOST_TEST(near(in_reverse([](const Var& at, const Var& d) { return 2.0 * at * d + zeros_like(at); }), y));
  BOOST_TEST(
      near(in_reverse([](const Var& at, const Var& d) { return where(at > 9.0, zeros_like(d), 2.0 * at * d); }), y));
  const Var zeros = zeros_like(x);
  BOOST_TEST(near(in_reverse([&](const Var& at, const Var& d) {
                    return xg::view(xg::concatenate({zeros, 2.0 * at * d}, 0), xt::range(3, 6)) + 0.0 * at;
                  }),
                  y));
  // The other way round.
  const auto clipped = xg::custom_vjp(
      [](const Var& at) {
        return std::pair{at, std::tuple<>()};
      },
      [](const std::tuple<>&, const Var& dy) { return maximum(dy, -1.0); });
  BOOST_TEST(throws<xg::TapeError>([&] { return xg::jvp(clipped, x, x); }, {"custom_vjp", "not linear", "maximum"}));
}

BOOST_AUTO_TEST_CASE(results_that_have_left_the_tape) {
  const auto left = xg::checkpoint([](const Var& y) { return Var(sum(y * y).item<double>()); });
  const Var x = wave({3}, 1.0);
  BOOST_TEST(throws<xg::TapeError>([&] { return xg::grad(left)(x); }, {"checkpoint", "not recorded"}));
  BOOST_TEST(throws<xg::TapeError>([&] { return xg::grad([&](const Var& v) { return sum(v) * left(v); })(x); },
                                   {"checkpoint", "not recorded"}));
  BOOST_TEST(throws<xg::TapeError>([&] { return xg::jvp(left, x, x); }, {"checkpoint"}));
  const auto constant = xg::checkpoint([](const Var&) { return Var(2.0); });
  BOOST_TEST(near(xg::grad([&](const Var& v) { return sum(v) * constant(v); })(x), 2.0 * ones_like(x)));
}

BOOST_AUTO_TEST_CASE(captured_variables) {
  const Var x = wave({3});
  const Var w = wave({3}, 1.0);
  const auto loss = [](const Var& weights, const Var& at) {
    const auto f = xg::custom_vjp(
        [&](const Var& y) {
          return std::pair{sum(y * weights), std::tuple<>()};
        },
        [&](const std::tuple<>&, const Var& dy) { return dy * weights; });
    return f(at);
  };
  BOOST_TEST(near(xg::grad<1>(loss)(w, x), w));
  BOOST_TEST(throws<xg::TapeError>([&] { return xg::grad<0>(loss)(w, x); }, {"custom_vjp", "captured", "argument"}));
  BOOST_TEST(throws<xg::TapeError>([&] { return xg::jvp([&](const Var& v) { return loss(v, x * v); }, w, w); },
                                   {"custom_vjp", "captured"}));
}

BOOST_AUTO_TEST_CASE(pullbacks_that_functions_capture) {
  // What the rule needs is an output of a call that stands before the function that asks for it.
  const auto ruled = xg::custom_vjp(
      [](const Var& x) {
        return std::pair{sin(x), cos(x) * 1.0};
      },
      [](const Var& cosine, const Var& dy) { return cosine * dy; });
  const Var x = wave({4}, 0.3);
  const auto total = [](const auto& f) { return [=](const Var& at) { return sum(square(f(at))); }; };
  const auto plain = [&](const Var& at) { return xg::vjp([](const Var& y) { return sin(y); }, at).pullback(at); };
  const auto checkpointed = [&](const Var& at) {
    const auto pullback = xg::vjp(ruled, at).pullback;
    return xg::checkpoint([&](const Var& v) { return pullback(v); })(at);
  };
  const auto chosen = [&](const Var& at) {
    const auto pullback = xg::vjp(ruled, at).pullback;
    return xg::cond(
        sum(at) > -100.0, [&](const Var& v) { return pullback(v); }, [](const Var& v) { return v; }, at);
  };
  BOOST_TEST(near(xg::compile(checkpointed)(x), plain(x)));
  BOOST_TEST(near(xg::compile(chosen)(x), plain(x)));
  BOOST_TEST(near(xg::grad(total(checkpointed))(x), xg::grad(total(plain))(x)));
  BOOST_TEST(near(xg::grad(total(chosen))(x), xg::grad(total(plain))(x)));
}

BOOST_AUTO_TEST_CASE(rules_that_use_functions_with_rules) {
  // Transposed, a rule knows what does not depend on its cotangent: a residual of a call that takes this, too.
  const auto scaled = xg::custom_vjp(
      [](const Var& y, const Var& s) {
        const Var e = exp(s);
        return std::pair{y * e, std::pair{e, y}};
      },
      [](const std::pair<Var, Var>& r, const Var& dy) {
        return std::tuple{dy * r.first, dy * r.first * r.second};
      });
  const auto f = xg::custom_vjp(
      [](const Var& x) {
        return std::pair{exp(x), x};
      },
      [=](const Var& x, const Var& dy) { return scaled(dy, x); });
  const Var x = wave({3}) * 0.5;
  const Var v = wave({3}, 1.0);
  BOOST_TEST(near(xg::jvp(f, x, v).tangent, exp(x) * v));
  BOOST_TEST(near(xg::jacobian(f, xg::Mode::forward)(x), xg::jacobian(f, xg::Mode::reverse)(x)));
  BOOST_TEST(xg::testing::check_gradients(f, x));
}

BOOST_AUTO_TEST_CASE(rules_that_are_second_derivatives) {
  const auto total = [](const Var& x) { return sum(where(x > 0.0, sqrt(x), 0.25 * x) * sin(x)); };
  const auto gradient = xg::grad(total);
  const auto with = [&](const auto& rule) {
    return xg::custom_vjp([&](const Var& x) { return std::pair{gradient(x), x}; }, rule);
  };
  const Var x = xt::xarray<double>{0.3, -0.4, 1.0};
  const Var v = wave({3}, 1.0);
  const auto check = [&](const auto& f) {
    const auto loss = [&](const Var& y) { return sum(sin(f(y))); };
    const auto plain = [&](const Var& y) { return sum(sin(gradient(y))); };
    BOOST_TEST(near(xg::jvp(f, x, v).tangent, xg::hvp(total, x, v)));
    BOOST_TEST(near(xg::grad(loss)(x), xg::grad(plain)(x)));
    BOOST_TEST(near(xg::hessian(loss)(x), xg::hessian(plain)(x)));
    BOOST_TEST(near(xg::grad([&](const Var& y) { return sum(xg::jvp(f, y, v).tangent); })(x),
                    xg::grad([&](const Var& y) { return sum(xg::jvp(gradient, y, v).tangent); })(x)));
  };
  check(with([&](const Var& at, const Var& dy) { return xg::jvp(gradient, at, dy).tangent; }));
  check(with([&](const Var& at, const Var& dy) {
    return xg::grad([&](const Var& y) { return xg::jvp(total, y, dy).tangent; })(at);
  }));
}

BOOST_AUTO_TEST_CASE(examples_have_no_value_outside) {
  xg::Tape tape;
  const Var x = tape.leaf(wave({3}));
  Var leaked;
  (void)xg::vmap([&](const Var& y) { return leaked = y * 2.0; })(x);
  BOOST_TEST(throws<xg::TapeError>([&] { return leaked.array<double>(); }, {"vmap()", "outside"}));
  BOOST_TEST(throws<xg::TapeError>([&] { return tape.evaluate(leaked + x); }, {"vmap()", "outside"}));
  BOOST_TEST(same(tape.evaluate(x * 1.0), wave({3})));  // nothing of it stays behind
}

BOOST_AUTO_TEST_SUITE_END()
