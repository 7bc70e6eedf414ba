// grad and value_and_grad: arguments, results, errors, nesting.
#include "comparing.hpp"

#include <cmath>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/xgrad.hpp>

BOOST_AUTO_TEST_SUITE(test_grad)

namespace xg = xgrad;
using comparing::near;
using comparing::same;
using comparing::throws;
using comparing::wave;
using xg::Var;

namespace {

Var vector3() { return xt::xarray<double>{1.0, 2.0, 3.0}; }

struct Layer {
  Var weight = 1.0;
  Var bias = 0.0;
  int width = 3;
};
XGRAD_FIELDS(Layer, weight, bias, width)

struct Model {
  std::vector<Layer> layers;
  std::string name = "model";
};
XGRAD_FIELDS(Model, layers, name)

const auto weighted_sum = [](const Var& a, const Var& x, const Var& b) { return sum(a * a * x + b); };

}  // namespace

BOOST_AUTO_TEST_SUITE(arguments)

BOOST_AUTO_TEST_CASE(one_argument) {
  const auto f = [](const Var& x) { return sum(x * x); };
  const auto [value, gradient] = xg::value_and_grad(f)(vector3());
  BOOST_TEST(!value.recorded());
  BOOST_TEST(!gradient.recorded());
  BOOST_TEST(value.item<double>() == 14.0);
  BOOST_TEST(same(gradient, 2.0 * vector3()));
  BOOST_TEST(same(xg::grad(f)(vector3()), 2.0 * vector3()));
}

BOOST_AUTO_TEST_CASE(chosen_positions) {
  const Var a = vector3();
  const Var x = xt::xarray<double>{1.0, 10.0, 100.0};
  const Var b = 5.0;
  const Var da = 2.0 * a * x;
  const Var dx = a * a;
  const Var db = 3.0 * ones_like(b);
  BOOST_TEST(same(xg::grad(weighted_sum)(a, x, b), da));
  BOOST_TEST(same(xg::grad<1>(weighted_sum)(a, x, b), dx));
  BOOST_TEST(same(xg::grad<2>(weighted_sum)(a, x, b), db));
  const std::tuple<Var, Var> first_and_last = xg::grad<0, 2>(weighted_sum)(a, x, b);
  BOOST_TEST(same(std::get<0>(first_and_last), da));
  BOOST_TEST(same(std::get<1>(first_and_last), db));
  const auto [value, backwards] = xg::value_and_grad<2, 0>(weighted_sum)(a, x, b);
  BOOST_TEST(same(std::get<0>(backwards), db));
  BOOST_TEST(same(std::get<1>(backwards), da));
  BOOST_TEST(same(value, weighted_sum(a, x, b)));
  const auto [p, q, r] = xg::grad<0, 1, 2>(weighted_sum)(a, x, b);
  BOOST_TEST(same(p, da));
  BOOST_TEST(same(q, dx));
  BOOST_TEST(same(r, db));
}

BOOST_AUTO_TEST_CASE(numbers_and_expressions) {
  const auto square_sum = [](const Var& x) { return sum(x * x); };
  const xt::xarray<double> plain{1.0, 2.0, 3.0};
  BOOST_TEST(same(xg::grad(square_sum)(plain), 2.0 * vector3()));
  BOOST_TEST(same(xg::grad(square_sum)(plain * 2.0), 4.0 * vector3()));
  BOOST_TEST(same(xg::grad(square_sum)(xt::xarray<double>(plain)), 2.0 * vector3()));
  BOOST_TEST(xg::grad(square_sum)(1.5).item<double>() == 3.0);
  BOOST_TEST((xg::grad(square_sum)(xt::xarray<float>{1.0F}).dtype() == xg::DType::Float32));
  static_assert(std::is_same_v<decltype(xg::grad(square_sum)(plain)), Var>);
  static_assert(std::is_same_v<decltype(xg::grad(square_sum)(1.5)), Var>);
  // Where nothing is differentiated, arguments arrive as they are.
  const auto with_plain = [](const Var& x, const xt::xarray<double>& y, int n, const std::string& text) {
    return sum(x * y) * n * static_cast<double>(text.size());
  };
  BOOST_TEST(same(xg::grad(with_plain)(vector3(), plain, 2, "four"), 8.0 * vector3()));
  const auto by_value = [](const Var& x, std::vector<double> numbers, std::unique_ptr<double> factor) {
    return sum(x) * numbers[0] * *factor;
  };
  BOOST_TEST(same(xg::grad(by_value)(vector3(), std::vector<double>{2.0}, std::make_unique<double>(3.0)),
                  6.0 * ones_like(vector3())));
  int changed = 0;
  const auto with_reference = [](const Var& x, int& counter) {
    ++counter;
    return sum(x);
  };
  (void)xg::grad(with_reference)(vector3(), changed);
  BOOST_TEST(changed == 1);
}

BOOST_AUTO_TEST_CASE(trees) {
  const auto f = [](const Model& m, const Var& x) {
    Var y = x;
    for (const Layer& layer : m.layers) y = y * layer.weight + layer.bias;
    return sum(y);
  };
  Model model;
  model.layers = {Layer{.weight = 2.0, .bias = 1.0}, Layer{.weight = vector3(), .bias = 0.5, .width = 7}};
  const Model g = xg::grad(f)(model, vector3());
  BOOST_TEST(g.layers.size() == 2U);
  BOOST_TEST(near(g.layers[0].weight, 14.0));
  BOOST_TEST(near(g.layers[0].bias, 6.0));
  BOOST_TEST(near(g.layers[1].weight, 2.0 * vector3() + 1.0));
  BOOST_TEST(near(g.layers[1].bias, 3.0));
  BOOST_TEST(g.layers[1].width == 7);
  BOOST_TEST(g.name == "model");
  const auto [model_gradient, dx] = xg::grad<0, 1>(f)(model, vector3());
  BOOST_TEST(near(dx, 2.0 * vector3()));
  BOOST_TEST(near(model_gradient.layers[0].weight, g.layers[0].weight));
  BOOST_TEST(xg::grad(f)(Model(), vector3()).layers.empty());
}

BOOST_AUTO_TEST_CASE(the_same_var_twice) {
  const auto f = [](const Var& a, const Var& b) { return sum(a * b * b); };
  const Var x = vector3();
  const auto [da, db] = xg::grad<0, 1>(f)(x, x);
  BOOST_TEST(same(da, x * x));
  BOOST_TEST(same(db, 2.0 * x * x));
  const auto both = xg::grad([](const std::vector<Var>& v) { return v[0] * v[1]; })(std::vector<Var>{3.0, 3.0});
  BOOST_TEST(both[0].item<double>() == 3.0);
}

BOOST_AUTO_TEST_CASE(arguments_stay_as_they_are) {
  Var x = vector3();
  const auto f = [](Var y) {
    y *= y;
    y += 1.0;
    return sum(y);
  };
  BOOST_TEST(same(xg::grad(f)(x), 2.0 * vector3()));
  BOOST_TEST(same(x, vector3()));
  BOOST_TEST(!x.recorded());
}

BOOST_AUTO_TEST_CASE(captured_vars_are_constants) {
  const Var c = vector3();
  BOOST_TEST(same(xg::grad([&](const Var& x) { return sum(x * c * c); })(vector3()), c * c));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(auxiliary_results)

BOOST_AUTO_TEST_CASE(of_a_pair) {
  const auto f = [](const Var& x) { return std::pair{sum(x * x), x + 1.0}; };
  const auto [value, gradient, auxiliary] = xg::value_and_grad(f)(vector3());
  static_assert(std::is_same_v<std::remove_cvref_t<decltype(auxiliary)>, Var>);
  BOOST_TEST(value.item<double>() == 14.0);
  BOOST_TEST(same(gradient, 2.0 * vector3()));
  BOOST_TEST(same(auxiliary, vector3() + 1.0));
  BOOST_TEST(!auxiliary.recorded());
  const auto [only_gradient, same_auxiliary] = xg::grad(f)(vector3());
  BOOST_TEST(same(only_gradient, gradient));
  BOOST_TEST(same(same_auxiliary, auxiliary));
}

BOOST_AUTO_TEST_CASE(of_a_tuple) {
  const auto one = [](const Var& x) { return std::tuple{sum(x), x * 2.0}; };
  const auto a = xg::value_and_grad(one)(vector3());
  static_assert(std::is_same_v<decltype(a.auxiliary), Var>);
  BOOST_TEST(same(a.auxiliary, 2.0 * vector3()));

  const auto several = [](const Var& x) {
    return std::tuple{sum(x), 42, std::string("text"), std::vector<Var>{x, x * x}, Layer{.weight = x, .width = 9}};
  };
  const auto b = xg::value_and_grad(several)(vector3());
  const auto& [number, text, list, layer] = b.auxiliary;
  BOOST_TEST(number == 42);
  BOOST_TEST(text == "text");
  BOOST_TEST(same(list[1], vector3() * vector3()));
  BOOST_TEST(!list[1].recorded());
  BOOST_TEST(same(layer.weight, vector3()));
  BOOST_TEST(layer.bias.item<double>() == 0.0);
  BOOST_TEST(layer.width == 9);
  BOOST_TEST(same(b.gradient, ones_like(vector3())));
}

BOOST_AUTO_TEST_CASE(that_do_not_depend_on_the_arguments) {
  const auto f = [](const Var& x) { return std::tuple{sum(x), Var(2.5), vector3(), 7.5, true}; };
  const auto result = xg::value_and_grad(f)(vector3());
  BOOST_TEST(std::get<0>(result.auxiliary).item<double>() == 2.5);
  BOOST_TEST(same(std::get<1>(result.auxiliary), vector3()));
  BOOST_TEST(std::get<2>(result.auxiliary) == 7.5);
  BOOST_TEST(std::get<3>(result.auxiliary));
}

BOOST_AUTO_TEST_CASE(results_are_trees) {
  const auto f = [](const Var& x) { return std::pair{sum(x), x}; };
  const auto result = xg::value_and_grad(f)(vector3());
  BOOST_TEST((xg::tree::paths(result) == std::vector<std::string>{"value", "gradient", "auxiliary"}));
  BOOST_TEST((xg::tree::paths(xg::grad(f)(vector3())) == std::vector<std::string>{"gradient", "auxiliary"}));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(errors)

BOOST_AUTO_TEST_CASE(unused_arguments) {
  const auto f = [](const Model& m, const Var&, const Var& b) { return sum(m.layers[0].weight * b); };
  Model model;
  model.layers = {Layer{.weight = vector3(), .bias = 1.0}};
  const auto [g, dx] = xg::grad<0, 1>(f)(model, vector3(), 2.0);
  BOOST_TEST(same(dx, 0.0 * vector3()));
  BOOST_TEST(same(g.layers[0].bias, zeros_like(Var(1.0))));
  BOOST_TEST(throws<xg::ValueError>([&] { return xg::grad<0, 1>(f, {.strict = true})(model, vector3(), 2.0); },
                                    {"argument 0, layers.0.bias", "argument 1"}));
  BOOST_TEST(throws<xg::ValueError>([&] { return xg::value_and_grad<1>(f, {.strict = true})(model, vector3(), 2.0); },
                                    {"argument 1"}));
  BOOST_TEST(same(xg::grad<2>(f, {.strict = true})(model, vector3(), 2.0), sum(vector3())));
  // Multiplied by nothing, or stopped, is unused as well.
  const auto stopped = [](const Var& x) { return sum(stop_gradient(x)); };
  BOOST_TEST(throws<xg::ValueError>([&] { return xg::grad(stopped, {.strict = true})(vector3()); }, {"argument 0"}));
  BOOST_TEST(throws<xg::ValueError>([&] { return xg::grad(stopped, {.connected = true})(vector3()); },
                                    {"the loss depends on nothing"}));
  BOOST_TEST(same(std::get<1>(xg::grad<0, 1>(f, {.connected = true})(model, vector3(), 2.0)), 0.0 * vector3()));
  const auto constant = [](const Var&) { return Var(3.0); };
  BOOST_TEST(same(xg::grad(constant)(vector3()), 0.0 * vector3()));
  BOOST_TEST(xg::value_and_grad(constant)(vector3()).value.item<double>() == 3.0);
}

BOOST_AUTO_TEST_CASE(integers_have_no_derivative) {
  const auto f = [](const Model& m) { return sum(m.layers[0].weight * 1.0); };
  Model model;
  model.layers = {Layer{.weight = xt::xarray<int>{1, 2}}};
  BOOST_TEST(throws<xg::TypeError>([&] { return xg::grad(f)(model); },
                                   {"grad", "int64 [2]", "layers.0.weight", "floating-point"}));
  const auto g = [](const Var& x) { return sum(x * 1.0); };
  BOOST_TEST(throws<xg::TypeError>([&] { return xg::grad(g)(3); }, {"int64"}));
  BOOST_TEST(throws<xg::TypeError>([&] { return xg::grad(g)(xt::xarray<bool>{true}); }, {"bool [1]"}));
  // Beside the differentiated ones they are welcome.
  const auto h = [](const Var& x, const Var& n) { return sum(x * n); };
  BOOST_TEST(same(xg::grad(h)(vector3(), xt::xarray<int>{1, 0, 2}), Var(xt::xarray<double>{1.0, 0.0, 2.0})));
}

BOOST_AUTO_TEST_CASE(the_loss_must_be_a_floating_point_scalar) {
  BOOST_TEST(throws<xg::ShapeError>([] { return xg::grad([](const Var& x) { return x * 2.0; })(vector3()); },
                                    {"grad", "[3]", "scalar", "mean() or sum()"}));
  BOOST_TEST(throws<xg::ShapeError>(
      [] { return xg::grad([](const Var& x) { return sum(x, 0, xg::keep_dims); })(vector3()); }, {"[1]"}));
  BOOST_TEST(throws<xg::TypeError>([] { return xg::grad([](const Var& x) { return sum(x > 2.0); })(vector3()); },
                                   {"int64", "floating-point"}));
  BOOST_TEST(throws<xg::TapeError>([] { return xg::grad([](const Var&) { return Var(); })(vector3()); }, {"empty"}));
}

BOOST_AUTO_TEST_CASE(an_empty_argument) {
  const auto f = [](const Layer& layer) { return sum(layer.weight); };
  BOOST_TEST(throws<xg::TapeError>([&] { return xg::grad(f)(Layer{.bias = Var()}); }, {"empty"}));
}

BOOST_AUTO_TEST_CASE(exceptions_leave_no_trace) {
  const auto f = [](const Var& x) { return sum(x * x); };
  const auto failing = [&](const Var& x) -> Var {
    if (f(x).item<double>() > 0.0) throw std::runtime_error("not today");
    return f(x);
  };
  for (int i = 0; i < 3; ++i) {
    BOOST_CHECK_THROW((void)xg::grad(failing)(vector3()), std::runtime_error);
    BOOST_CHECK_THROW((void)xg::grad([&](const Var& x) { return sum(xg::grad(failing)(x)); })(vector3()),
                      std::runtime_error);
    BOOST_CHECK_THROW((void)xg::vjp(failing, vector3()), std::runtime_error);
    BOOST_CHECK_THROW((void)xg::jvp(failing, vector3(), vector3()), std::runtime_error);
    // Results would be recorded still if a trace were left behind.
    BOOST_TEST(!xg::grad(f)(vector3()).recorded());
    BOOST_TEST(same(xg::grad(f)(vector3()), 2.0 * vector3()));
  }
  // Thrown and caught inside.
  const auto careful = [&](const Var& x) {
    try {
      (void)xg::grad(failing)(x);
    } catch (const std::runtime_error&) {
    }
    return f(x);
  };
  BOOST_TEST(same(xg::grad(careful)(vector3()), 2.0 * vector3()));
  BOOST_TEST(!(vector3() + 1.0).recorded());
}

BOOST_AUTO_TEST_CASE(a_traced_var_that_leaks_is_refused) {
  Var leaked;
  const auto f = [&](const Var& x) {
    leaked = x * 2.0;
    return sum(leaked);
  };
  (void)xg::grad(f)(vector3());
  BOOST_TEST(throws<xg::TapeError>([&] { return leaked + 1.0; }, {"ended"}));
  BOOST_TEST(throws<xg::TapeError>([&] { return leaked.array<double>(); }, {"ended"}));
  BOOST_TEST(throws<xg::TapeError>([&] { return xg::grad([&](const Var& x) { return sum(x * leaked); })(vector3()); },
                                   {"ended"}));
}

BOOST_AUTO_TEST_CASE(recorded_vars_of_another_tape) {
  xg::Tape tape;
  const Var w = tape.leaf(vector3());
  // The argument is not recorded, so the function gets a tape of its own.
  BOOST_TEST(throws<xg::TapeError>([&] { return xg::grad([&](const Var& x) { return sum(x * w); })(vector3()); },
                                   {"two tapes"}));
  BOOST_TEST(
      throws<xg::TapeError>([&] { return xg::grad([&](const Var&) { return sum(w); })(vector3()); }, {"another tape"}));
  // With a recorded argument it goes onto that tape.
  const Var gradient = xg::grad([&](const Var& x) { return sum(x * x * w); })(w);
  BOOST_TEST(gradient.recorded());
  BOOST_TEST(same(tape.evaluate(gradient), 2.0 * vector3() * vector3()));
  BOOST_TEST(same(tape.evaluate(tape.gradient(sum(gradient), w)), 4.0 * vector3()));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(inside_a_trace)

BOOST_AUTO_TEST_CASE(values_steer_the_function) {
  int halvings = 0;
  const auto f = [&](const Var& x) {
    Var y = sum(x * x);
    while (y.item<double>() > 1.0) {
      y = y * 0.5;
      ++halvings;
    }
    return y + sum(x.array<double>());
  };
  const auto [value, gradient] = xg::value_and_grad(f)(vector3());
  BOOST_TEST(halvings == 4);
  BOOST_TEST(value.item<double>() == 14.0 / 16.0 + 6.0);
  BOOST_TEST(same(gradient, vector3() / 8.0));  // what was read is a constant
}

BOOST_AUTO_TEST_CASE(concrete_operations_stay_concrete) {
  (void)xg::grad([](const Var& x) {
    const Var constant = vector3() * 2.0;
    BOOST_TEST(!constant.recorded());
    BOOST_TEST((x * constant).recorded());
    return sum(x * constant);
  })(vector3());
}

BOOST_AUTO_TEST_CASE(stop_gradient_as_a_constant) {
  const auto f = [](const Var& x) { return sum(x * stop_gradient(x * x)); };
  BOOST_TEST(same(xg::grad(f)(vector3()), vector3() * vector3()));
  BOOST_TEST(same(stop_gradient(vector3()), vector3()));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(nesting)

BOOST_AUTO_TEST_CASE(higher_derivatives) {
  const auto f = [](const Var& x) { return exp(2.0 * x); };
  const double e = std::exp(1.0);
  const auto first = xg::grad(f);
  const auto second = xg::grad(first);
  const auto third = xg::grad(second);
  const auto fourth = xg::grad(third);
  BOOST_TEST(near(first(0.5), 2.0 * e, 1e-14));
  BOOST_TEST(near(second(0.5), 4.0 * e, 1e-14));
  BOOST_TEST(near(third(0.5), 8.0 * e, 1e-14));
  BOOST_TEST(near(fourth(0.5), 16.0 * e, 1e-14));
}

BOOST_AUTO_TEST_CASE(gradient_of_a_gradient_of_an_array) {
  const auto f = [](const Var& x) { return sum(x * x * x); };
  const auto norm_of_gradient = [&](const Var& x) { return sum(square(xg::grad(f)(x))); };
  // sum (3 x^2)^2, derivative 36 x^3
  BOOST_TEST(near(xg::grad(norm_of_gradient)(vector3()), 36.0 * pow(vector3(), 3.0)));
}

BOOST_AUTO_TEST_CASE(perturbations_are_not_confused) {
  // d/dx [x * d/dy (x + y) at y = 1] = 1, for every pair of modes
  const auto reverse = [](auto f, const Var& x) { return xg::grad(f)(x); };
  const auto forward = [](auto f, const Var& x) { return xg::jvp(f, x, 1.0).tangent; };
  const auto outer = [](auto by_outer, auto by_inner) {
    return by_outer([=](const Var& x) { return x * by_inner([&](const Var& y) { return x + y; }, Var(1.0)); },
                    Var(3.0));
  };
  BOOST_TEST(outer(reverse, reverse).template item<double>() == 1.0);
  BOOST_TEST(outer(reverse, forward).template item<double>() == 1.0);
  BOOST_TEST(outer(forward, reverse).template item<double>() == 1.0);
  BOOST_TEST(outer(forward, forward).template item<double>() == 1.0);
  // d/dx [x * d/dy (x * y) at y = x] = d/dx x^2 = 2 x
  const auto square_by = [](auto by_outer, auto by_inner) {
    return by_outer([=](const Var& x) { return x * by_inner([&](const Var& y) { return x * y; }, x); }, Var(3.0));
  };
  BOOST_TEST(square_by(reverse, reverse).template item<double>() == 6.0);
  BOOST_TEST(square_by(reverse, forward).template item<double>() == 6.0);
  BOOST_TEST(square_by(forward, reverse).template item<double>() == 6.0);
  BOOST_TEST(square_by(forward, forward).template item<double>() == 6.0);
}

BOOST_AUTO_TEST_CASE(inner_gradient_at_concrete_points) {
  // The inner derivative depends on x only through the captured variable.
  const auto f = [](const Var& x) {
    const auto [value, gradient] = xg::value_and_grad([&](const Var& w) { return sum(w * w * x); })(vector3());
    BOOST_TEST(gradient.recorded());
    return value + sum(gradient);  // (14 + 12) x
  };
  BOOST_TEST(xg::grad(f)(2.0).item<double>() == 26.0);
}

BOOST_AUTO_TEST_CASE(a_step_of_descent_inside_a_loss) {
  // Learning to learn: the derivative of the loss after one step with respect to the step size.
  const auto loss = [](const Var& w) { return sum(square(w)); };
  const auto after = [&](const Var& rate) {
    Var w = vector3();
    for (int i = 0; i < 3; ++i) w = w - rate * xg::grad(loss)(w);
    return loss(w);
  };
  // 14 (1 - 2 r)^6
  const auto [value, slope] = xg::value_and_grad(after)(0.1);
  BOOST_TEST(near(value, 14.0 * std::pow(0.8, 6)));
  BOOST_TEST(near(slope, -168.0 * std::pow(0.8, 5)));
}

BOOST_AUTO_TEST_CASE(auxiliary_results_of_inner_functions) {
  const auto inner = [](const Var& x) { return std::pair{sum(x * x), x * 3.0}; };
  const auto outer = [&](const Var& x) {
    const auto [value, gradient, auxiliary] = xg::value_and_grad(inner)(x);
    return value + sum(gradient) + sum(auxiliary);
  };
  BOOST_TEST(same(xg::grad(outer)(vector3()), 2.0 * vector3() + 5.0));
}

BOOST_AUTO_TEST_SUITE_END()

// ---- results that have left the tape

BOOST_AUTO_TEST_CASE(a_loss_that_was_computed_of_values_is_refused) {
  const Var x = wave({3});
  const auto by_item = [](const Var& y) { return Var(sum(y * y).item<double>()); };
  const auto by_array = [](const Var& y) { return Var(xt::sum(y.array<double>())()); };
  const auto as_array = [](const Var& y) { return sum(Var(y.array<double>())); };
  const auto of_a_pair = [&](const Var& y) { return std::pair{by_item(y), y}; };
  const auto each = [&](const char* what, auto f) {
    BOOST_TEST_CONTEXT(what) {
      BOOST_TEST(throws<xg::TapeError>([&] { return xg::grad(f)(x); }, {"grad", "not recorded", "item()"}));
      BOOST_TEST(throws<xg::TapeError>([&] { return xg::value_and_grad(f)(x); }, {"not recorded"}));
      BOOST_TEST(throws<xg::TapeError>([&] { return xg::vjp(f, x); }, {"vjp", "not recorded"}));
      BOOST_TEST(throws<xg::TapeError>([&] { return xg::jvp(f, x, x); }, {"jvp", "not recorded"}));
      BOOST_TEST(throws<xg::TapeError>([&] { return xg::jacobian(f)(x); }, {"jacobian", "not recorded"}));
      BOOST_TEST(throws<xg::TapeError>([&] { return xg::hvp(f, x, x); }, {"not recorded"}));
      BOOST_TEST(throws<xg::TapeError>([&] { return xg::hessian(f)(x); }, {"not recorded"}));
    }
  };
  each("item", by_item);
  each("array", by_array);
  each("a concrete array", as_array);
  BOOST_TEST(throws<xg::TapeError>([&] { return xg::grad(of_a_pair)(x); }, {"not recorded"}));
  // Of what an outer function recorded, too.
  BOOST_TEST(throws<xg::TapeError>([&] {
    return xg::grad(
        [&](const Var& y) { return sum(xg::grad([&](const Var&) { return Var(sum(y).item<double>()); })(y) * y); })(x);
  }));
}

BOOST_AUTO_TEST_CASE(values_may_be_read_if_the_loss_is_recorded) {
  const Var x = wave({3});
  std::ostringstream log;
  const auto f = [&](const Var& y) {
    const Var loss = sum(y * y);
    log << loss;
    return std::pair{loss.item<double>() > 1e9 ? -loss : loss, loss.item<double>()};
  };
  BOOST_TEST(near(xg::grad(f)(x).gradient, 2.0 * x));
}

BOOST_AUTO_TEST_CASE(a_constant_loss_on_purpose) {
  const Var x = wave({3});
  const Var other = sum(wave({3}, 1.0));
  BOOST_TEST(near(xg::grad([](const Var&) { return Var(2.0); })(x), zeros_like(x)));
  BOOST_TEST(near(xg::grad([&](const Var&) { return other; })(x), zeros_like(x)));
  BOOST_TEST(near(xg::grad([&](const Var&) { return Var(other.item<double>()); })(x), zeros_like(x)));
  BOOST_TEST(near(xg::grad([](const Var& y) {
                    (void)y.array<double>();
                    return stop_gradient(sum(y));
                  })(x),
                  zeros_like(x)));
  BOOST_TEST(near(xg::vjp([&](const Var&) { return other; }, x).pullback(1.0), zeros_like(x)));
}

BOOST_AUTO_TEST_SUITE_END()
