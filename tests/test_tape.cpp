// Tape: leaves, gradients, lifetimes, length. Values: test_evaluate.cpp.
#include "comparing.hpp"
#include "every_operation.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <ctime>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/xgrad.hpp>

#include "var/record.hpp"

BOOST_AUTO_TEST_SUITE(test_tape)

namespace xg = xgrad;
using comparing::near;
using comparing::same;
using comparing::throws;
using xg::Tape;
using xg::Var;

namespace {

Var matrix() { return xt::xarray<double>{{1.0, 2.0}, {3.0, 4.0}}; }

// So many nodes that walking them by recursion would overflow the stack. Frames are larger under sanitizers, where each
// node takes fifty times as long.
#if defined(__SANITIZE_ADDRESS__)
constexpr int long_chain = 200'000;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
constexpr int long_chain = 200'000;
#else
constexpr int long_chain = 1'000'000;
#endif
#else
constexpr int long_chain = 1'000'000;
#endif

double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

}  // namespace

BOOST_AUTO_TEST_SUITE(imperative)

BOOST_AUTO_TEST_CASE(leaf_gradient_item) {
  Tape tape;
  const Var w = tape.leaf(matrix());
  BOOST_TEST(w.recorded());
  const Var loss = sum(square(w) * 3.0);
  const Var dw = tape.gradient(loss, w);
  BOOST_TEST(dw.recorded());
  BOOST_TEST(loss.item<double>() == 90.0);
  BOOST_TEST(tape.item<double>(loss) == 90.0);
  BOOST_TEST(same(tape.evaluate(dw), 6.0 * matrix()));
  BOOST_TEST(same(w, matrix()));
  BOOST_TEST(tape.leaf(2.0).dtype() == xg::DType::Float64);
  BOOST_TEST(tape.leaf(xt::xarray<float>{1.0F}).dtype() == xg::DType::Float32);
  BOOST_TEST(tape.leaf(xt::xarray<int>{1}).dtype() == xg::DType::Int64);
}

BOOST_AUTO_TEST_CASE(a_large_leaf_is_not_copied) {
  Tape tape;
  const Var x = xt::xarray<double>::from_shape({1000});
  const Var leaf = tape.leaf(x);
  BOOST_TEST(leaf.array<double>().data() == x.array<double>().data());
  const std::vector<Var> values = tape.evaluate(std::vector<Var>{leaf, leaf + 1.0});
  BOOST_TEST(values[0].array<double>().data() == x.array<double>().data());
}

BOOST_AUTO_TEST_CASE(several_inputs) {
  Tape tape;
  const Var a = tape.leaf(2.0);
  const Var b = tape.leaf(3.0);
  const Var unused = tape.leaf(matrix());
  const Var loss = a * a * b;
  const std::vector<Var> all = tape.gradients(loss, {a, b, unused, a, loss});
  BOOST_TEST(all.size() == 5U);
  BOOST_TEST(all[0].item<double>() == 12.0);
  BOOST_TEST(all[1].item<double>() == 4.0);
  BOOST_TEST(same(all[2], 0.0 * matrix()));
  BOOST_TEST(all[3].item<double>() == 12.0);
  BOOST_TEST(all[4].item<double>() == 1.0);
  BOOST_TEST(tape.gradients(loss, std::vector<Var>{}).empty());
}

BOOST_AUTO_TEST_CASE(trees_of_inputs) {
  Tape tape;
  using Model = std::map<std::string, std::vector<Var>>;
  const Model model{{"a", {2.0, 3.0}}, {"b", {matrix()}}};
  const Model leaves = tape.leaf(model);
  const Var loss = leaves.at("a")[0] * leaves.at("a")[1] + sum(leaves.at("b")[0]);
  const Model gradient = tape.gradient(loss, leaves);
  BOOST_TEST(gradient.at("a")[0].recorded());
  const Model values = tape.evaluate(gradient);
  BOOST_TEST(!values.at("a")[0].recorded());
  BOOST_TEST(values.at("a")[0].item<double>() == 3.0);
  BOOST_TEST(values.at("a")[1].item<double>() == 2.0);
  BOOST_TEST(same(values.at("b")[0], ones_like(matrix())));
}

BOOST_AUTO_TEST_CASE(with_respect_to_intermediates) {
  Tape tape;
  const Var x = tape.leaf(3.0);
  const Var y = x * x;
  const Var z = y * y + x;
  BOOST_TEST(tape.gradient(z, y).item<double>() == 18.0);
  BOOST_TEST(tape.gradient(z, x).item<double>() == 109.0);
  BOOST_TEST(tape.gradient(y, z).item<double>() == 0.0);  // recorded later
}

BOOST_AUTO_TEST_CASE(leaf_of_a_recorded_var_lets_derivatives_through) {
  Tape tape;
  const Var x = tape.leaf(3.0);
  const Var again = tape.leaf(x * x);
  BOOST_TEST(again.item<double>() == 9.0);
  const Var z = again * x;
  BOOST_TEST(tape.gradient(z, again).item<double>() == 3.0);
  BOOST_TEST(tape.gradient(z, x).item<double>() == 27.0);
}

BOOST_AUTO_TEST_CASE(cotangents) {
  Tape tape;
  const Var x = tape.leaf(xt::xarray<double>{1.0, 2.0, 3.0});
  const Var y = x * x;
  const Var weights = xt::xarray<double>{1.0, 10.0, 100.0};
  BOOST_TEST(same(tape.gradients(y, {x}, weights)[0], Var(xt::xarray<double>{2.0, 40.0, 600.0})));
  BOOST_TEST(
      same(tape.gradients(y, {x}, xt::xarray<double>{0.0, 1.0, 0.0})[0], Var(xt::xarray<double>{0.0, 4.0, 0.0})));
  // A recorded cotangent is differentiated like anything else.
  const Var v = tape.leaf(weights);
  const Var vjp = tape.gradients(y, {x}, v)[0];
  BOOST_TEST(same(tape.gradient(sum(vjp), v), 2.0 * tape.evaluate(x)));
  BOOST_TEST(same(tape.gradient(sum(vjp), x), 2.0 * weights));
  // Of a scalar it is a factor.
  BOOST_TEST(tape.gradients(sum(x), {x}, 5.0)[0].array<double>()(1) == 5.0);
  const Var f = tape.leaf(xt::xarray<float>{1.0F});
  BOOST_TEST(same(tape.gradients(sum(f), {f}, 0.5)[0], Var(xt::xarray<float>{0.5F})));

  BOOST_TEST(throws<xg::ShapeError>([&] { return tape.gradients(y, {x}); }, {"gradient", "[3]", "scalar"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return tape.gradients(y, {x}, 1.0); }, {"cotangent", "[]", "[3]"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return tape.gradients(y, {x}, matrix()); }, {"[2, 2]", "[3]"}));
  BOOST_TEST(throws<xg::TypeError>(
      [&] {
        return tape.gradients(y, {x}, xt::xarray<float>{1.0F, 1.0F, 1.0F});
      },
      {"float32", "float64"}));
  Tape other;
  (void)other.leaf(weights);
  const Var stranger = other.leaf(weights);
  BOOST_TEST(throws<xg::TapeError>([&] { return tape.gradients(y, {x}, stranger); }));
}

BOOST_AUTO_TEST_CASE(what_has_no_derivative) {
  Tape tape;
  const Var x = tape.leaf(matrix());
  const Var n = tape.leaf(xt::xarray<int>{1, 2});
  const Var b = x > 2.0;
  BOOST_TEST(throws<xg::TypeError>([&] { return tape.gradient(sum(n * 1.0), n); }, {"gradient", "int64 [2]"}));
  BOOST_TEST(throws<xg::TypeError>([&] { return tape.gradient(sum(x), b); }, {"bool [2, 2]"}));
  BOOST_TEST(throws<xg::TypeError>([&] { return tape.gradient(sum(n), x); }, {"int64"}));
  BOOST_TEST(throws<xg::TypeError>([&] { return tape.gradients(n, {x}, xt::xarray<int>{1, 1}); }, {"int64"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return tape.gradient(x, x); }, {"[2, 2]", "scalar"}));
  BOOST_TEST(throws<xg::TapeError>([&] { return tape.leaf(Var()); }, {"empty"}));
  BOOST_TEST(throws<xg::TapeError>([&] { return tape.gradient(Var(), x); }, {"empty"}));
  BOOST_TEST(throws<xg::TapeError>([&] { return tape.gradient(sum(x), Var()); }, {"empty"}));
  BOOST_TEST(throws<xg::TapeError>([&] { return tape.evaluate(std::vector<Var>{x, Var()}); }, {"empty"}));
}

BOOST_AUTO_TEST_CASE(several_gradients_on_one_tape) {
  Tape tape;
  const Var x = tape.leaf(2.0);
  const Var y = x * x * x;
  const Var first = tape.gradient(y, x);
  const Var again = tape.gradient(y, x);
  const Var other = tape.gradient(y * 10.0, x);
  BOOST_TEST(first.item<double>() == 12.0);
  BOOST_TEST(again.item<double>() == 12.0);
  BOOST_TEST(other.item<double>() == 120.0);
}

BOOST_AUTO_TEST_CASE(gradients_of_gradients) {
  Tape tape;
  const Var x = tape.leaf(0.5);
  Var derivative = sin(x);
  const double expected[] = {std::cos(0.5), -std::sin(0.5), -std::cos(0.5), std::sin(0.5), std::cos(0.5)};
  for (const double each : expected) {
    derivative = tape.gradient(derivative, x);
    BOOST_TEST(near(tape.evaluate(derivative), each, 1e-14));
  }
}

BOOST_AUTO_TEST_CASE(stop_gradient_stops) {
  Tape tape;
  const Var x = tape.leaf(3.0);
  BOOST_TEST(tape.gradient(x * stop_gradient(x), x).item<double>() == 3.0);
  BOOST_TEST(tape.gradient(stop_gradient(x * x), x).item<double>() == 0.0);
  BOOST_TEST(stop_gradient(x).item<double>() == 3.0);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(lifetimes)

BOOST_AUTO_TEST_CASE(vars_of_a_finished_tape_are_refused) {
  Var stale;
  {
    Tape tape;
    stale = tape.leaf(matrix()) * 2.0;
  }
  const auto check_all = [&](const Var& good) {
    for (const EveryOperation& operation : every_operation()) {
      BOOST_TEST_CONTEXT(operation.name) {
        BOOST_TEST(throws<xg::TapeError>([&] { return operation.run(stale, good), 0; }, {"tape", "ended"}));
      }
    }
  };
  check_all(matrix());
  {
    // The state of the tape is used again and has nodes of the same numbers.
    Tape next;
    const Var a = next.leaf(matrix());
    const Var b = a * 3.0 + a;
    BOOST_TEST(throws<xg::TapeError>([&] { return next.leaf(stale); }, {"ended"}));
    BOOST_TEST(throws<xg::TapeError>([&] { return next.evaluate(stale); }, {"ended"}));
    BOOST_TEST(throws<xg::TapeError>([&] { return next.gradient(sum(b), stale); }, {"ended"}));
    BOOST_TEST(throws<xg::TapeError>([&] { return next.gradient(stale, a); }, {"ended"}));
    BOOST_TEST(throws<xg::TapeError>([&] { return next.gradients(b, {a}, stale); }, {"ended"}));
    check_all(b);
    BOOST_TEST(same(next.evaluate(b), matrix() * 4.0));
  }
  BOOST_TEST(throws<xg::TapeError>([&] { return xg::grad([](const Var& x) { return sum(x); })(stale); }, {"ended"}));
  BOOST_TEST(
      throws<xg::TapeError>([&] { return xg::grad([&](const Var& x) { return sum(x * stale); })(1.0); }, {"ended"}));
  BOOST_TEST(stale.recorded());
  stale = 1.0;  // the handle itself is fine
  BOOST_TEST(stale.item<double>() == 1.0);
}

BOOST_AUTO_TEST_CASE(vars_of_two_tapes_are_refused) {
  Tape one;
  Tape two;
  const Var a = one.leaf(matrix());
  const Var b = two.leaf(matrix());
  for (const EveryOperation& operation : every_operation()) {
    if (!operation.several) continue;
    BOOST_TEST_CONTEXT(operation.name) {
      BOOST_TEST(throws<xg::TapeError>([&] { return operation.run(a, b), 0; }, {"two tapes"}));
    }
  }
  BOOST_TEST(throws<xg::TapeError>([&] { return two.leaf(a); }, {"not recorded on this tape"}));
  BOOST_TEST(throws<xg::TapeError>([&] { return two.evaluate(a); }, {"not recorded on this tape"}));
  BOOST_TEST(throws<xg::TapeError>([&] { return two.gradient(sum(b), a); }, {"not recorded on this tape"}));
  BOOST_TEST(throws<xg::TapeError>([&] { return two.gradient(sum(a), b); }, {"not recorded on this tape"}));
  BOOST_TEST(throws<xg::TapeError>([&] { return two.gradient(matrix(), b); }, {"not recorded on this tape"}));
  BOOST_TEST(throws<xg::TapeError>([&] { return two.gradient(sum(b), 1.0); }, {"not recorded on this tape"}));
}

BOOST_AUTO_TEST_CASE(moved_tapes) {
  Tape tape;
  const Var x = tape.leaf(3.0);
  Tape moved = std::move(tape);
  BOOST_TEST(moved.gradient(x * x, x).item<double>() == 6.0);
  BOOST_TEST(tape.size() == 0U);
  BOOST_TEST(tape.bytes() == 0U);
  const auto refused = [](auto f) { return throws<xg::TapeError>(f, {"moved from"}); };
  BOOST_TEST(refused([&] { return tape.leaf(1.0); }));
  BOOST_TEST(refused([&] { return tape.gradient(x, x); }));
  BOOST_TEST(refused([&] { return tape.evaluate(x); }));
  tape = Tape();
  const Var fresh = tape.leaf(4.0);
  BOOST_TEST(tape.gradient(fresh * fresh, fresh).item<double>() == 8.0);
  Tape& alias = moved;
  moved = std::move(alias);
  BOOST_TEST(moved.gradient(x * x, x).item<double>() == 6.0);
  moved = Tape();  // ends the tape of x
  BOOST_TEST(throws<xg::TapeError>([&] { return x.item<double>(); }, {"ended"}));
}

BOOST_AUTO_TEST_CASE(references_to_shapes_stay_valid) {
  Tape tape;
  const Var x = tape.leaf(matrix());
  const xg::Shape& shape = x.shape();
  Var y = x;
  for (std::size_t i = 1; i < 3000; ++i) y = xg::concatenate({y, view(x, xt::range(0, 1))});
  BOOST_TEST((y.shape() == xg::Shape{3001, 2}));
  BOOST_TEST((shape == xg::Shape{2, 2}));
  BOOST_TEST(&x.shape() == &shape);
}

BOOST_AUTO_TEST_CASE(nodes_may_be_appended_like_others) {
  using namespace xgrad::detail;
  TapeState& tape = *TapeState::acquire();
  const NodeId x = tape.append_constant(xg::DType::Float64, tape.intern({}), {.real = 1.0});
  const std::array inputs{x, x, x};
  const std::array attributes{std::int64_t{7}, std::int64_t{8}};
  NodeId last = tape.append(opcode<xg::primitives::Where>, xg::DType::Float64, tape.intern({}), inputs, attributes);
  for (int i = 0; i < 100'000; ++i) {  // the lists of both grow now and then
    last = tape.append(opcode<xg::primitives::Where>, xg::DType::Float64, tape.intern({}), tape.inputs(last),
                       tape.attributes(last));
  }
  BOOST_TEST(std::ranges::equal(tape.inputs(last), inputs));
  BOOST_TEST(std::ranges::equal(tape.attributes(last), attributes));
  tape.release();
}

BOOST_AUTO_TEST_CASE(sizes) {
  Tape tape;
  BOOST_TEST(tape.size() == 0U);
  const Var x = tape.leaf(matrix());
  BOOST_TEST(tape.size() == 1U);
  const std::size_t bytes = tape.bytes();
  BOOST_TEST(bytes > 0U);
  (void)(x + x);
  BOOST_TEST(tape.size() == 2U);
  BOOST_TEST(tape.bytes() > bytes);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(long_tapes)

BOOST_AUTO_TEST_CASE(a_chain_of_a_million_nodes) {
  constexpr int length = long_chain;
  const double begin = cpu_seconds();
  Tape tape;
  const Var x = tape.leaf(0.5);
  Var y = x;
  double value = 0.5;
  double derivative = 1.0;
  for (int i = 0; i < length; ++i) {
    y = sin(y);
    derivative *= std::cos(value);
    value = std::sin(value);
  }
  BOOST_TEST(tape.size() == length + 1U);
  BOOST_TEST_MESSAGE("bytes per node: " << static_cast<double>(tape.bytes()) / static_cast<double>(tape.size()));
  BOOST_TEST(static_cast<double>(tape.bytes()) / static_cast<double>(tape.size()) < 64.0);
  const Var dx = tape.gradient(y, x);
  BOOST_TEST(near(tape.evaluate(y), value, 1e-12));
  const double found = dx.item<double>();
  BOOST_TEST(std::abs(found - derivative) <= 1e-9 * std::abs(derivative));
  BOOST_TEST_MESSAGE("seconds: " << cpu_seconds() - begin);
}

BOOST_AUTO_TEST_CASE(a_long_chain_forward) {
  constexpr int length = long_chain;
  const auto f = [](const Var& x) {
    Var y = x;
    for (int i = 0; i < length; ++i) y = y + x;
    return y;
  };
  const auto [value, tangent] = xg::jvp(f, 0.5, 2.0);
  BOOST_TEST(value.item<double>() == 0.5 * (length + 1));
  BOOST_TEST(tangent.item<double>() == 2.0 * (length + 1));
}

namespace {

/// Asks for a value after every step, as a search or a solver does.
double seconds_of_data_dependent_loop(int length) {
  const double begin = cpu_seconds();
  Tape tape;
  const Var rate = tape.leaf(1e-6);
  Var x = tape.leaf(1.0);
  int steps = 0;
  while (steps < length && x.item<double>() > 0.0) {
    x = x - rate * x;
    ++steps;
  }
  BOOST_TEST(steps == length);
  return cpu_seconds() - begin;
}

}  // namespace

BOOST_AUTO_TEST_CASE(evaluating_in_a_loop_takes_linear_time) {
  (void)seconds_of_data_dependent_loop(1000);
  const double few = seconds_of_data_dependent_loop(20'000);
  const double many = seconds_of_data_dependent_loop(160'000);
  BOOST_TEST_MESSAGE("20,000 steps: " << few << " s, 160,000 steps: " << many << " s");
  BOOST_TEST(many < 24.0 * few);  // 8 if linear, 64 if quadratic
}

BOOST_AUTO_TEST_CASE(a_large_tape_does_not_slow_down_what_follows) {
  const auto seconds_of_small_operations = [] {
    const double begin = cpu_seconds();
    Var x = 1.0;
    for (int i = 0; i < 20'000; ++i) x = x + 1.0;
    BOOST_TEST(x.item<double>() == 20'001.0);
    return cpu_seconds() - begin;
  };
  const double before = seconds_of_small_operations();
  (void)seconds_of_data_dependent_loop(100'000);
  const double after = seconds_of_small_operations();
  BOOST_TEST(after < 5.0 * before + 0.01);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE_END()
