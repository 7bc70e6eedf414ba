// debug::explain: why a gradient is zero.
#include <cmath>
#include <limits>
#include <map>
#include <sstream>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/xgrad.hpp>

#include "comparing.hpp"

struct ExplainedLayer {
  xgrad::Var weight, bias;
};
XGRAD_FIELDS(ExplainedLayer, weight, bias)
struct ExplainedNet {
  std::vector<ExplainedLayer> layers;
  std::map<std::string, xgrad::Var> extra;
};
XGRAD_FIELDS(ExplainedNet, layers, extra)

BOOST_AUTO_TEST_SUITE(test_explain)

namespace xg = xgrad;
using comparing::throws;
using comparing::wave;
using xg::Var;
using xg::debug::GradientReport;
using xg::debug::LeafGradient;
using xg::debug::ZeroBecause;
using xg::debug::ZeroCause;

namespace {

template <class T>
std::string printed(const T& x) {
  std::ostringstream text;
  text << x;
  return text.str();
}

/// The only cause for the first argument of a function, of which the gradient is zero.
template <class F, class... A>
ZeroCause only_cause(const F& f, const A&... a) {
  const GradientReport report = xg::debug::explain(f, a...);
  BOOST_TEST_INFO(printed(report));
  BOOST_REQUIRE(!report.leaves.empty());
  const LeafGradient& leaf = report.leaves[0];
  BOOST_TEST((leaf.is_zero() && leaf.not_finite == 0));
  BOOST_REQUIRE(leaf.causes.size() == 1U);
  return leaf.causes[0];
}

/// What one says in a test: why, the operation, and a part of the details.
bool is(const ZeroCause& cause, ZeroBecause because, const std::string& operation, const std::string& details = "") {
  BOOST_TEST_INFO(printed(cause));
  BOOST_TEST((cause.because == because));
  BOOST_TEST(cause.operation == operation);
  BOOST_TEST(cause.details.find(details) != std::string::npos);
  return cause.because == because && cause.operation == operation;
}

Var positive(const xg::Shape& shape) { return square(wave(shape)) + 0.5; }

}  // namespace

// ---- a row for each cause

BOOST_AUTO_TEST_CASE(not_used) {
  const ZeroCause cause = only_cause([](const Var&, const Var& y) { return sum(y); }, wave({2}), wave({3}));
  BOOST_TEST(is(cause, ZeroBecause::NotUsed, ""));
  BOOST_TEST(cause.way.empty());
  // A value that was read is a hint, though the loss is recorded.
  const auto reads = [](const Var& x, const Var& y) { return sum(y) * sum(x).item<double>(); };
  BOOST_TEST(is(only_cause(reads, wave({2}), wave({3})), ZeroBecause::NotUsed, "", "item()"));
}

BOOST_AUTO_TEST_CASE(not_recorded) {
  const auto left = [](const Var& x) { return Var(sum(x).item<double>()); };
  BOOST_TEST(is(only_cause(left, wave({2})), ZeroBecause::NotRecorded, "", "values were read"));
  const ZeroCause constant = only_cause([](const Var&) { return Var(1.0); }, wave({2}));
  BOOST_TEST(is(constant, ZeroBecause::NotRecorded, ""));
  BOOST_TEST(constant.details.empty());
}

BOOST_AUTO_TEST_CASE(stopped) {
  const auto f = [](const Var& x) { return sum(xg::debug::label(xg::stop_gradient(sin(x)), "target") * 2.0); };
  const ZeroCause cause = only_cause(f, wave({2, 3}));
  BOOST_TEST(is(cause, ZeroBecause::StopGradient, "stop_gradient"));
  BOOST_TEST(cause.label == "target");
  BOOST_TEST(cause.type == "float64 [2, 3]");
  BOOST_TEST(cause.way.starts_with("stop_gradient > 'target' > multiply > sum"));
}

BOOST_AUTO_TEST_CASE(no_derivative) {
  const Var x = wave({4});
  const auto of = [&](const auto& f) { return only_cause([&](const Var& y) { return sum(f(y)); }, x); };
  using xg::DType;
  BOOST_TEST(is(of([](const Var& y) { return sign(y); }), ZeroBecause::NoDerivative, "sign"));
  BOOST_TEST(is(of([](const Var& y) { return where(y > 0.1, 1.0, 0.0) * 2.0; }), ZeroBecause::NoDerivative, "less"));
  BOOST_TEST(is(of([](const Var& y) { return cast(cast(y, DType::Int64), DType::Float64); }), ZeroBecause::NoDerivative,
                "cast"));
  BOOST_TEST(is(of([](const Var& y) { return one_hot(argmax(y), 4); }), ZeroBecause::NoDerivative, "argmax"));
  BOOST_TEST(
      is(of([](const Var& y) { return take(Var(wave({9})), argsort(y), 0); }), ZeroBecause::NoDerivative, "argsort"));
  BOOST_TEST(is(of([](const Var& y) { return cast(xg::top_k(y, 2).second, DType::Float64); }),
                ZeroBecause::NoDerivative, "top_k"));
  // Of what follows from comparisons these are named, not what was made of them.
  const ZeroCause range = of([](const Var& y) { return cast((y > 0.0) && (y < 1.0), DType::Float64); });
  BOOST_TEST(is(range, ZeroBecause::NoDerivative, "less"));
  BOOST_TEST(range.times == 2U);
}

BOOST_AUTO_TEST_CASE(not_selected) {
  const Var x = -positive({4});
  const auto of = [&](const auto& f) { return only_cause([&](const Var& y) { return sum(f(y)); }, x); };
  BOOST_TEST(is(of([](const Var& y) { return relu(y); }), ZeroBecause::NotSelected, "relu", "at all 4 elements"));
  BOOST_TEST(is(of([](const Var& y) { return maximum(y, 3.0); }), ZeroBecause::NotSelected, "maximum",
                "the other is 3 at all 4 elements"));
  BOOST_TEST(
      is(of([](const Var& y) { return maximum(3.0, y); }), ZeroBecause::NotSelected, "maximum", "the other is 3"));
  BOOST_TEST(is(of([](const Var& y) { return minimum(y * y, -1.0); }), ZeroBecause::NotSelected, "minimum"));
  // The condition depends on it, too, and is a comparison.
  const auto other = [](const Var& y) { return where(y < 0.0, 7.0, y); };
  const GradientReport both = xg::debug::explain([&](const Var& y) { return sum(other(y)); }, x);
  BOOST_REQUIRE(both.leaves[0].causes.size() == 2U);
  BOOST_TEST(is(both.leaves[0].causes[0], ZeroBecause::NotSelected, "where", "the other is 7, its operand is in [-"));
  BOOST_TEST(is(both.leaves[0].causes[1], ZeroBecause::NoDerivative, "less"));
  // Only elements that matter are looked at.
  const Var mixed = xt::xarray<double>{-1.0, -2.0, 3.0};
  const Var weights = xt::xarray<double>{1.0, 1.0, 0.0};
  BOOST_TEST(is(only_cause([&](const Var& y) { return sum(relu(y) * weights); }, mixed), ZeroBecause::NotSelected,
                "relu", "in [-2, -1] at the 2 of 3 elements that matter"));
}

BOOST_AUTO_TEST_CASE(zero_factor) {
  const Var x = positive({2, 3});
  const Var zeros = xt::zeros<double>({2, 3});
  BOOST_TEST(is(only_cause([&](const Var& y) { return sum(y * zeros); }, x), ZeroBecause::ZeroFactor, "multiply",
                "the other is 0 at all 6 elements"));
  const Var matrix = xt::zeros<double>({3, 4});
  BOOST_TEST(is(only_cause([&](const Var& y) { return sum(matmul(y, matrix)); }, x), ZeroBecause::ZeroFactor, "matmul",
                "float64 [3, 4], is 0"));
  // Behind a where products absorb.
  const Var some = xt::xarray<bool>{{true, true, false}, {false, false, false}};
  BOOST_TEST(is(only_cause([&](const Var& y) { return sum(where(some, y * zeros, 0.0)); }, x), ZeroBecause::ZeroFactor,
                "multiply", "at the 2 of 6 elements that matter"));
}

BOOST_AUTO_TEST_CASE(zero_slope) {
  const Var zeros = xt::zeros<double>({3});
  BOOST_TEST(is(only_cause([](const Var& y) { return sum(square(y)); }, zeros), ZeroBecause::ZeroSlope, "square",
                "its operand is 0 at all 3"));
  BOOST_TEST(is(only_cause([](const Var& y) { return sum(tanh(y)); }, positive({3}) * 100.0), ZeroBecause::ZeroSlope,
                "tanh", "its operand is in ["));
  BOOST_TEST(is(only_cause([](const Var& y) { return sum(abs(y)); }, zeros), ZeroBecause::ZeroSlope, "abs"));
  BOOST_TEST(is(only_cause([](const Var& y) { return xg::norm(y); }, zeros), ZeroBecause::ZeroSlope, "norm"));
}

BOOST_AUTO_TEST_CASE(underflow) {
  BOOST_TEST(is(only_cause([](const Var& y) { return sum(y * 1e-200) * 1e-200; }, wave({3})), ZeroBecause::Underflow,
                "multiply"));
  BOOST_TEST(is(only_cause([](const Var& y) { return sum(cast(y, xg::DType::Float64)) * 1e-100; },
                           cast(wave({3}), xg::DType::Float32)),
                ZeroBecause::Underflow, "cast"));
}

BOOST_AUTO_TEST_CASE(other_elements) {
  const auto f = [](const Var& x, const Var& y) { return sum(view(xg::concatenate({y, x}), xt::range(0, 3))); };
  BOOST_TEST(is(only_cause(f, wave({2}), wave({3})), ZeroBecause::OtherElements, "concatenate"));
}

BOOST_AUTO_TEST_CASE(cancelled) {
  BOOST_TEST(is(only_cause([](const Var& x) { return sum(xg::debug::label(x * 2.0, "twice") - x * 2.0); }, wave({2})),
                ZeroBecause::Cancelled, "leaf", "several ways"));
  const Var signs = xt::xarray<double>{1.0, -1.0};
  BOOST_TEST(is(only_cause([&](const Var& x) { return sum(broadcast_to(x, {2}) * signs); }, wave({1})),
                ZeroBecause::Cancelled, "broadcast"));
  const Var matrix = xt::xarray<double>{{1.0, -1.0}};
  BOOST_TEST(is(only_cause([&](const Var& x) { return sum(matmul(x, matrix)); }, wave({2, 1})), ZeroBecause::Cancelled,
                "matmul", "add up to 0"));
}

BOOST_AUTO_TEST_CASE(custom_rules) {
  const auto value = [](const Var& x) { return std::pair{sin(x), std::tuple<>()}; };
  const auto zeros = xg::custom_vjp(value, [](const std::tuple<>&, const Var& dy) { return zeros_like(dy); });
  const auto nothing = xg::custom_vjp(value, [](const std::tuple<>&, const Var&) { return Var(); });
  const auto forward =
      xg::custom_jvp([](const Var& x) { return sin(x); }, [](const Var&, const Var& dx) { return dx * 0.0; });
  const ZeroCause cause = only_cause([&](const Var& x) { return sum(zeros(x)); }, wave({2, 2}));
  BOOST_TEST(is(cause, ZeroBecause::CustomRule, "custom_vjp"));
  BOOST_TEST(cause.type == "float64 [2, 2]");
  BOOST_TEST(
      is(only_cause([&](const Var& x) { return sum(nothing(x)); }, wave({2})), ZeroBecause::CustomRule, "custom_vjp"));
  BOOST_TEST(
      is(only_cause([&](const Var& x) { return sum(forward(x)); }, wave({2})), ZeroBecause::CustomRule, "custom_jvp"));
}

BOOST_AUTO_TEST_CASE(no_floats) {
  const Var labels = xt::xarray<std::int64_t>{0, 1};
  BOOST_TEST(is(only_cause([](const Var& l, const Var& x) { return sum(take_along_axis(x, l, 0)); }, labels, wave({2})),
                ZeroBecause::NoFloats, ""));
}

// ---- inside of functions

BOOST_AUTO_TEST_CASE(runs_of_loops) {
  const auto cut_in = [](bool reverse, double at) {
    return [=](const Var& w, const Var& xs) {
      const auto run = [&](const Var& h, const Var& x) {
        const Var next = where(equal(x, at), xg::stop_gradient(h), h + w * x * 0.0);
        return std::pair{next, next};
      };
      return sum(xg::scan(run, w * 1.0, xs, {.reverse = reverse}).first);
    };
  };
  const Var xs = xt::xarray<double>{0.0, 1.0, 2.0, 3.0};
  const auto places = [&](bool reverse, double at) {
    std::map<std::string, std::string> result;
    const GradientReport report = xg::debug::explain(cut_in(reverse, at), wave({}), xs);
    BOOST_TEST_INFO(printed(report));
    BOOST_TEST(report.leaves[0].is_zero());
    for (const ZeroCause& cause : report.leaves[0].causes) result[cause.operation] = cause.place;
    return result;
  };
  BOOST_TEST(places(false, 1.0).at("stop_gradient") == "run [1] of scan");
  BOOST_TEST(places(false, 1.0).at("where") == "run [3] of scan");  // of the two, it took the other there
  BOOST_TEST(places(false, 1.0).at("multiply") == "run [3] of scan");
  BOOST_TEST(places(true, 2.0).at("stop_gradient") == "run [2] of scan");
  BOOST_TEST(places(true, 2.0).at("multiply") == "run [0] of scan");

  // The same in several runs is said once.
  const auto dead = [](const Var& w, const Var& rows) {
    return sum(xg::scan(
                   [&](const Var& h, const Var& x) {
                     return std::pair{h, relu(w - square(x))};
                   },
                   Var(0.0), rows)
                   .second);
  };
  const ZeroCause cause = only_cause(dead, Var(xt::xarray<double>(-1.0)), xs);
  BOOST_TEST(is(cause, ZeroBecause::NotSelected, "relu"));
  BOOST_TEST(cause.times == 4U);
}

BOOST_AUTO_TEST_CASE(branches_and_loops_of_unknown_length) {
  const auto f = [](const Var& x) {
    const auto body = [](const Var& v) {
      return xg::cond(
          sum(v) > 3.0, [](const Var& u) { return xg::debug::label(sign(u) * 9.0, "end"); },
          [](const Var& u) { return u * 2.0; }, v);
    };
    return sum(xg::while_loop([](const Var& v) { return sum(v) < 8.0; }, body, x, {.at_most = 20}));
  };
  const ZeroCause cause = only_cause(f, Var(xt::xarray<double>{0.5, 0.5}));
  BOOST_TEST(is(cause, ZeroBecause::NoDerivative, "sign"));
  BOOST_TEST(cause.place.starts_with("branch 1 of switch, in "));
  BOOST_TEST(cause.way.find("'end'") != std::string::npos);
  // What only the other branch uses.
  const auto other = [](const Var& unused, const Var& x) {
    return xg::cond(
        sum(x) > 100.0, [&](const Var& v) { return sum(v * unused); }, [](const Var& v) { return sum(v); }, x);
  };
  BOOST_TEST(is(only_cause(other, wave({3}), wave({3})), ZeroBecause::NotTaken, ""));
  // What only decides, or is only checked.
  const auto decides = [](const Var& limit, const Var& x) {
    return xg::cond(
        sum(limit) > 100.0, [](const Var& v) { return sum(v); }, [](const Var& v) { return -sum(v); }, x);
  };
  BOOST_TEST(is(only_cause(decides, wave({3}), wave({3})), ZeroBecause::NotTaken, ""));
  static const xg::Requirement requirement("too small: {}");
  const auto checks = [](const Var& limit, const Var& x) { return sum(checked(x, limit > -9.0, requirement)); };
  BOOST_TEST(is(only_cause(checks, wave({3}), wave({3})), ZeroBecause::NotTaken, ""));
  // A loop of no runs.
  const auto none = [](const Var& x, const Var& start) {
    return xg::fori_loop(
        0, [&](const Var&, const Var& v) { return v + sum(x); }, sum(start));
  };
  const GradientReport report = xg::debug::explain(none, wave({2}), wave({2}));
  BOOST_TEST_INFO(printed(report));
  BOOST_TEST((report.leaves[0].is_zero() && report.leaves[0].causes.size() == 1U));
  BOOST_TEST((report.leaves[1].zeros == 0U && report.leaves[1].causes.empty()));
}

BOOST_AUTO_TEST_CASE(checkpoints_and_rules_around) {
  const auto inner = xg::checkpoint([](const Var& y) { return relu(y) * 2.0; });
  BOOST_TEST(
      is(only_cause([&](const Var& x) { return sum(inner(x)); }, -positive({3})), ZeroBecause::NotSelected, "relu"));
  // observe has a rule of its own, which hands all on.
  const auto seen = [](const Var& x) { return sum(relu(xg::debug::observe(x, [](const Var&) {}))); };
  BOOST_TEST(is(only_cause(seen, -positive({3})), ZeroBecause::NotSelected, "relu"));
}

BOOST_AUTO_TEST_CASE(loops_too_long_to_be_looked_into) {
  const auto f = [](const Var& w) {
    return sum(xg::fori_loop(
        100000, [](const Var&, const Var& h) { return relu(h - 1.0) * 0.5; }, w));
  };
  BOOST_TEST(is(only_cause(f, wave({})), ZeroBecause::TooLong, "scan"));
}

BOOST_AUTO_TEST_CASE(transforms_inside) {
  // The gradient of a gradient: a second derivative that is zero.
  const auto linear = [](const Var& x) { return sum(square(xg::grad([](const Var& y) { return sum(y * 3.0); })(x))); };
  BOOST_TEST(is(only_cause(linear, wave({3})), ZeroBecause::NotUsed, ""));
  const auto batched = [](const Var& xs) { return sum(xg::vmap([](const Var& x) { return relu(x); })(xs)); };
  BOOST_TEST(is(only_cause(batched, -positive({2, 3})), ZeroBecause::NotSelected, "relu", "at all 6 elements"));
  const auto compiled = xg::compile([](const Var& x) { return xg::stop_gradient(x); });
  BOOST_TEST(is(only_cause([&](const Var& x) { return sum(compiled(x)); }, wave({2})), ZeroBecause::StopGradient,
                "stop_gradient"));
}

// ---- reports

BOOST_AUTO_TEST_CASE(leaves_of_trees) {
  const ExplainedNet net{{{wave({3, 4}), -100.0 * positive({4})}, {wave({4, 2}), wave({2})}},
                         {{"scale", Var(xt::xarray<double>(2.0))}, {"unused", wave({5})}}};
  const auto loss = [](const ExplainedNet& n, const Var& x, const Var& y) {
    const auto layer = [](const ExplainedLayer& l, const Var& h) { return matmul(h, l.weight) + l.bias; };
    const Var hidden = xg::debug::label(relu(layer(n.layers[0], x)), "hidden");
    return std::pair{mean(square(layer(n.layers[1], hidden) * n.extra.at("scale") - y)), hidden};
  };
  const GradientReport report = xg::debug::explain(loss, net, wave({5, 3}), wave({5, 2}) + 7.0);
  BOOST_TEST_INFO(printed(report));
  BOOST_REQUIRE(report.leaves.size() == 8U);
  const std::vector<std::string> paths{"argument 0, layers.0.weight",
                                       "argument 0, layers.0.bias",
                                       "argument 0, layers.1.weight",
                                       "argument 0, layers.1.bias",
                                       "argument 0, extra[scale]",
                                       "argument 0, extra[unused]",
                                       "argument 1",
                                       "argument 2"};
  for (std::size_t k = 0; k < 8; ++k) {
    if (k != 4 && k != 5) BOOST_TEST(report.leaves[k].path == paths[k]);
    const bool dead = k <= 2 || k == 5 || k == 6;
    BOOST_TEST(report.leaves[k].is_zero() == dead);
    BOOST_TEST(report.leaves[k].causes.empty() != dead);
  }
  for (const std::size_t k : {0U, 1U, 6U}) {
    BOOST_TEST(is(report.leaves[k].causes[0], ZeroBecause::NotSelected, "relu", "at all 20 elements"));
    BOOST_TEST(report.leaves[k].causes[0].label == "hidden");
  }
  BOOST_TEST(is(report.leaves[2].causes[0], ZeroBecause::ZeroFactor, "matmul", "float64 [5, 4], is 0"));
  BOOST_TEST(is(report.leaves[5].causes[0], ZeroBecause::NotUsed, ""));
  const std::string text = printed(report);
  BOOST_TEST(text.find("argument 0, layers.0.bias, float64 [4]: the gradient is zero\n  relu 'hidden' (float64 [5, 4]):"
                       " did not take its operand; its operand is in [") != std::string::npos);
  BOOST_TEST(text.find("the way to the loss: relu > 'hidden' > matmul > add") != std::string::npos);
  BOOST_TEST(text.find("argument 2, float64 [5, 2]: the gradient is nowhere zero\n") != std::string::npos);
}

// What is counted is what grad gives.
BOOST_AUTO_TEST_CASE(counts_are_those_of_gradients) {
  const auto compare = [](const auto& f, const Var& x) {
    const Var gradient = xg::grad(f)(x);
    std::size_t zeros = 0;
    std::size_t odd = 0;
    for (const double g : comparing::doubles(gradient)) {
      zeros += g == 0.0 ? 1 : 0;
      odd += std::isfinite(g) ? 0 : 1;
    }
    const GradientReport report = xg::debug::explain(f, x);
    BOOST_TEST_INFO(printed(report));
    BOOST_TEST(report.leaves[0].zeros == zeros);
    BOOST_TEST(report.leaves[0].not_finite == odd);
    BOOST_TEST(report.leaves[0].causes.empty() == (zeros < x.size()));
    return std::pair{zeros, odd};
  };
  const Var x = wave({4, 5});
  compare([](const Var& y) { return sum(relu(y)); }, x);
  compare([](const Var& y) { return sum(sort(y) * y); }, x);
  compare([](const Var& y) { return sum(square(amax(y, 0))); }, x);
  compare([](const Var& y) { return sum(cumprod(view(y, 0))); }, x);
  compare(
      [](const Var& y) {
        return sum(xg::scan(
                       [](const Var& h, const Var& row) {
                         const Var next = sin(h + relu(row));
                         return std::pair{next, next * row};
                       },
                       zeros_like(view(y, 0)), y)
                       .second);
      },
      x);
  compare([](const Var& y) { return norm(y); }, x);
  compare([](const Var& y) { return sum(sqrt(relu(y))); }, x);
  const auto at_zero = compare([](const Var& y) { return sum(sqrt(y)); }, Var(xt::xarray<double>{0.0, 1.0, 0.0}));
  BOOST_TEST(at_zero.second == 2U);
}

BOOST_AUTO_TEST_CASE(gradients_that_are_not_finite) {
  const GradientReport report =
      xg::debug::explain([](const Var& y) { return sum(sqrt(y)); }, Var(xt::xarray<double>{0.0, 1.0, 0.0}));
  BOOST_TEST(printed(report) ==
             "argument 0, float64 [3]: the gradient is nowhere zero; at 2 of 3 elements it is not "
             "finite: debug::nan_guard of the gradient says why\n");
  const GradientReport empty = xg::debug::explain([](const Var& y) { return sum(y); }, Var(xt::zeros<double>({0})));
  BOOST_TEST(printed(empty) == "argument 0, float64 [0]: it has no elements\n");
}

BOOST_AUTO_TEST_CASE(the_loss_itself) {
  const GradientReport report = xg::debug::explain([](const Var& y) { return y; }, wave({}));
  BOOST_TEST((report.leaves[0].zeros == 0U && report.leaves[0].causes.empty()));
}

BOOST_AUTO_TEST_CASE(refused) {
  BOOST_TEST(throws<xg::ShapeError>([] { return xg::debug::explain([](const Var& x) { return x; }, wave({2})); },
                                    {"explain", "[2]", "scalar"}));
  const auto inside = [](const Var& x) {
    (void)xg::debug::explain([](const Var& y) { return sum(y); }, x);
    return sum(x);
  };
  BOOST_TEST(throws<xg::TapeError>([&] { return xg::grad(inside)(wave({2})); }, {"explain", "outermost"}));
}

BOOST_AUTO_TEST_SUITE_END()
