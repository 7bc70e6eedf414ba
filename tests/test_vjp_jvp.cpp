// vjp, jvp, hvp, and their compositions.
#include "comparing.hpp"

#include <cmath>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/xgrad.hpp>

BOOST_AUTO_TEST_SUITE(test_vjp_jvp)

namespace xg = xgrad;
using comparing::near;
using comparing::same;
using comparing::throws;
using xg::Var;

namespace {

Var vector3() { return xt::xarray<double>{1.0, 2.0, 3.0}; }
Var direction3() { return xt::xarray<double>{0.5, -1.0, 2.0}; }

/// Smooth, with a full Jacobian: a vector of 2 from one of 3.
Var smooth(const Var& x) {
  const Var w = xt::xarray<double>{{0.5, -0.25, 1.0}, {1.5, 0.75, -0.5}};
  return tanh(matmul(w, x)) * sum(sin(x));
}

Var dot_product(const Var& a, const Var& b) { return sum(a * b); }

struct Pair {
  Var a;
  Var b;
  int n = 2;
};
XGRAD_FIELDS(Pair, a, b, n)

Pair products(const Pair& p) { return {p.a * p.b, p.a + p.b * p.b, p.n + 1}; }

}  // namespace

BOOST_AUTO_TEST_SUITE(reverse)

BOOST_AUTO_TEST_CASE(value_and_pullback) {
  const auto [y, pullback] = xg::vjp([](const Var& x) { return x * x; }, vector3());
  BOOST_TEST(!y.recorded());
  BOOST_TEST(same(y, vector3() * vector3()));
  const Var dx = pullback(direction3());
  BOOST_TEST(!dx.recorded());
  BOOST_TEST(same(dx, 2.0 * vector3() * direction3()));
  BOOST_TEST(same(pullback(xt::xarray<double>{0.0, 1.0, 0.0}), Var(xt::xarray<double>{0.0, 4.0, 0.0})));
  BOOST_TEST(same(pullback(direction3() * 1.0), dx));
  const auto copy = pullback;
  BOOST_TEST(same(copy(direction3()), dx));
}

BOOST_AUTO_TEST_CASE(a_pullback_outlives_its_function) {
  const auto make = [] {
    const Var local = vector3();
    return xg::vjp([local](const Var& x) { return x * x * local; }, vector3() + 1.0).pullback;
  };
  const auto pullback = make();
  BOOST_TEST(same(pullback(ones_like(vector3())), 2.0 * (vector3() + 1.0) * vector3()));
}

BOOST_AUTO_TEST_CASE(several_arguments_and_numbers) {
  const auto [y, pullback] = xg::vjp([](const Var& a, const Var& b) { return a * b; }, vector3(), 2.0);
  const std::tuple<Var, Var> derivatives = pullback(direction3());
  BOOST_TEST(same(std::get<0>(derivatives), 2.0 * direction3()));
  BOOST_TEST(same(std::get<1>(derivatives), dot_product(vector3(), direction3())));
  const auto scalar = xg::vjp([](const Var& x) { return x * x; }, 3.0);
  BOOST_TEST(scalar.pullback(2.0).item<double>() == 12.0);
  const auto expression = xg::vjp([](const Var& x) { return sum(x); }, xt::xarray<double>{1.0, 2.0} * 2.0);
  BOOST_TEST(same(expression.pullback(1.0), Var(xt::xarray<double>{1.0, 1.0})));
}

BOOST_AUTO_TEST_CASE(trees_in_and_out) {
  const Pair at{vector3(), direction3()};
  const auto [y, pullback] = xg::vjp(products, at);
  BOOST_TEST(same(y.a, vector3() * direction3()));
  BOOST_TEST(y.n == 3);
  const Var u = vector3() + 5.0;
  const Var v = direction3() - 1.0;
  const Pair back = pullback(Pair{u, v});
  BOOST_TEST(near(back.a, u * at.b + v));
  BOOST_TEST(near(back.b, u * at.a + 2.0 * v * at.b));
  BOOST_TEST(back.n == 2);
}

BOOST_AUTO_TEST_CASE(unused_arguments_get_zeros) {
  const auto f = [](const Var& a, const Var&) { return a * 2.0; };
  const auto [da, db] = xg::vjp(f, vector3(), direction3()).pullback(ones_like(vector3()));
  BOOST_TEST(same(da, 2.0 * ones_like(vector3())));
  BOOST_TEST(same(db, zeros_like(vector3())));
}

BOOST_AUTO_TEST_CASE(errors) {
  const auto [y, pullback] = xg::vjp([](const Var& x) { return x * x; }, vector3());
  BOOST_TEST(
      throws<xg::ShapeError>([&, &pullback = pullback] { return pullback(1.0); }, {"vjp", "cotangent", "[]", "[3]"}));
  BOOST_TEST(throws<xg::TypeError>(
      [&, &pullback = pullback] {
        return pullback(xt::xarray<float>{1.0F, 1.0F, 1.0F});
      },
      {"float32", "float64"}));
  BOOST_TEST(throws<xg::TypeError>([] { return xg::vjp([](const Var& x) { return x * 1.0; }, 3); }, {"vjp", "int64"}));
  const auto to_integers = xg::vjp([](const Var& x) { return argmax(x); }, vector3());
  BOOST_TEST(throws<xg::TypeError>([&] { return to_integers.pullback(1); }, {"int64"}));
  const auto tree = xg::vjp(products, Pair{vector3(), direction3()});
  BOOST_TEST(throws<xg::ShapeError>([&] { return tree.pullback(Pair{vector3(), 1.0}); }, {"[]", "[3]", "(b)"}));
  const auto list = xg::vjp([](const Var& x) { return std::vector<Var>{x, x}; }, vector3());
  BOOST_TEST(throws<xg::ShapeError>([&] { return list.pullback(std::vector<Var>{vector3()}); }, {"1 leaf", "2"}));
}

BOOST_AUTO_TEST_CASE(a_pullback_of_an_inner_trace_ends_with_it) {
  using P = decltype(xg::vjp(smooth, vector3()).pullback);
  std::vector<P> leaked;
  (void)xg::grad([&](const Var& x) {
    leaked.push_back(xg::vjp(smooth, x).pullback);
    return sum(leaked[0](xt::xarray<double>{1.0, 1.0}));
  })(vector3());
  BOOST_TEST(throws<xg::TapeError>([&] { return leaked[0](xt::xarray<double>{1.0, 1.0}); }, {"ended"}));
}

BOOST_AUTO_TEST_CASE(a_pullback_takes_cotangents_of_its_own_tape_only) {
  const auto result = xg::vjp([](const Var& x) { return x * x; }, vector3());
  const auto of_cotangent = [&](const Var& u) { return sum(result.pullback(u)); };
  BOOST_TEST(throws<xg::TapeError>([&] { return xg::grad(of_cotangent)(direction3()); }, {"another tape"}));
  // Inside another trace it gives values, as outside.
  const auto with_values = [&](const Var& x) { return sum(x * result.pullback(direction3())); };
  BOOST_TEST(same(xg::grad(with_values)(vector3()), 2.0 * vector3() * direction3()));
  BOOST_TEST(same(result.pullback(direction3()), 2.0 * vector3() * direction3()));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(forward)

BOOST_AUTO_TEST_CASE(value_and_tangent) {
  const auto [y, dy] = xg::jvp([](const Var& x) { return x * x; }, vector3(), direction3());
  BOOST_TEST(!y.recorded());
  BOOST_TEST(!dy.recorded());
  BOOST_TEST(same(y, vector3() * vector3()));
  BOOST_TEST(same(dy, 2.0 * vector3() * direction3()));
  BOOST_TEST(xg::jvp([](const Var& x) { return x * x; }, 3.0, 2.0).tangent.item<double>() == 12.0);
  const xt::xarray<double> plain{1.0, 2.0, 3.0};
  BOOST_TEST(
      same(xg::jvp([](const Var& x) { return x * x; }, plain, plain * 1.0).tangent, 2.0 * vector3() * vector3()));
}

BOOST_AUTO_TEST_CASE(several_arguments) {
  const auto f = [](const Var& a, const Var& b) { return a * b; };
  const Var a = vector3();
  const Var b = direction3();
  const Var expected = a * 2.0 + b * 3.0;
  BOOST_TEST(near(xg::jvp(f, std::tuple{a, b}, std::tuple{3.0 * ones_like(a), 2.0 * ones_like(a)}).tangent, expected));
  // Numbers and expressions, too.
  BOOST_TEST(xg::jvp(f, std::tuple{5.0, 7.0}, std::tuple{1.0, 0.0}).tangent.item<double>() == 7.0);
  BOOST_TEST(xg::jvp(f, std::tuple{5.0, 7.0}, std::tuple{0.0, 1.0}).tangent.item<double>() == 5.0);
  const xt::xarray<double> plain{1.0, 2.0};
  BOOST_TEST(same(xg::jvp(f, std::tuple{plain, 2.0}, std::tuple{plain * 10.0, 0.0}).tangent,
                  Var(xt::xarray<double>{20.0, 40.0})));
}

BOOST_AUTO_TEST_CASE(trees_in_and_out) {
  const Pair at{vector3(), direction3()};
  const Pair along{direction3() + 1.0, vector3() - 0.5};
  const auto [y, dy] = xg::jvp(products, at, along);
  BOOST_TEST(same(y.a, at.a * at.b));
  BOOST_TEST(near(dy.a, along.a * at.b + at.a * along.b));
  BOOST_TEST(near(dy.b, along.a + 2.0 * at.b * along.b));
  BOOST_TEST(dy.n == 3);
  BOOST_TEST((xg::tree::paths(xg::jvp(products, at, along)) ==
              std::vector<std::string>{"value.a", "value.b", "tangent.a", "tangent.b"}));
}

BOOST_AUTO_TEST_CASE(what_does_not_move) {
  const Var c = vector3();
  const auto constant = xg::jvp([&](const Var&) { return c; }, vector3(), direction3());
  BOOST_TEST(same(constant.tangent, zeros_like(c)));
  const auto stopped = xg::jvp([&](const Var& x) { return stop_gradient(x); }, vector3(), direction3());
  BOOST_TEST(same(stopped.tangent, zeros_like(c)));
  const auto with_integers = xg::jvp([](const Var& x) { return std::pair{x * x, argmax(x)}; }, vector3(), direction3());
  BOOST_TEST(with_integers.value.second.item<std::int64_t>() == 2);
  BOOST_TEST(same(with_integers.tangent.first, 2.0 * vector3() * direction3()));
  BOOST_TEST(with_integers.tangent.second.item<std::int64_t>() == 0);
  // The function that returns its argument.
  BOOST_TEST(same(xg::jvp([](const Var& x) { return x; }, vector3(), direction3()).tangent, direction3()));
  BOOST_TEST(same(xg::vjp([](const Var& x) { return x; }, vector3()).pullback(direction3()), direction3()));
}

BOOST_AUTO_TEST_CASE(errors) {
  const auto f = [](const Var& x) { return x * x; };
  BOOST_TEST(throws<xg::ShapeError>([&] { return xg::jvp(f, vector3(), 1.0); }, {"jvp", "tangent", "[]", "[3]"}));
  BOOST_TEST(throws<xg::TypeError>([&] { return xg::jvp(f, 1.0, xt::xarray<float>(1.0F)); }, {"float32"}));
  BOOST_TEST(
      throws<xg::TypeError>([&] { return xg::jvp(f, xt::xarray<int>{1}, xt::xarray<int>{1}); }, {"jvp", "int64 [1]"}));
  const Pair at{vector3(), vector3()};
  BOOST_TEST(throws<xg::ShapeError>(
      [&] {
        return xg::jvp(products, at, Pair{vector3(), 1.0}).value.a;
      },
      {"[]", "[3]", "(b)"}));
  BOOST_TEST(throws<xg::TapeError>([&] { return xg::jvp(f, vector3(), Var()); }, {"empty"}));
}

BOOST_AUTO_TEST_CASE(forward_is_reverse) {
  // u . (J v) = v . (J^T u)
  const Var u = xt::xarray<double>{0.75, -1.25};
  const Var forward = dot_product(u, xg::jvp(smooth, vector3(), direction3()).tangent);
  const Var reverse = dot_product(direction3(), xg::vjp(smooth, vector3()).pullback(u));
  BOOST_TEST(near(forward, reverse, 1e-14));
  BOOST_TEST(std::abs(forward.item<double>()) > 0.01);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(compositions)

namespace {

/// Central differences of g along v, good to about 1e-9.
template <class G>
Var differences(G g, const Var& x, const Var& v) {
  const double h = 1e-3;
  return (8.0 * (g(x + h * v) - g(x - h * v)) - (g(x + 2.0 * h * v) - g(x - 2.0 * h * v))) / (12.0 * h);
}

const Var& weights() {
  static const Var u = xt::xarray<double>{0.75, -1.25};
  return u;
}

}  // namespace

BOOST_AUTO_TEST_CASE(second_derivatives_agree_between_all_modes) {
  const Var x = vector3() * 0.25;
  const Var v = direction3();
  const auto reverse = [](const Var& y) { return xg::vjp(smooth, y).pullback(weights()); };
  const auto forward = [](const Var& y) { return xg::jvp(smooth, y, direction3()).tangent; };
  const Var forward_over_reverse = xg::jvp(reverse, x, v).tangent;
  const Var reverse_over_forward = xg::vjp(forward, x).pullback(weights());
  const Var reverse_over_reverse = xg::vjp(reverse, x).pullback(v);
  const Var forward_over_forward = dot_product(weights(), xg::jvp(forward, x, v).tangent);
  BOOST_TEST(near(forward_over_reverse, differences(reverse, x, v), 1e-8));
  BOOST_TEST(near(reverse_over_forward, forward_over_reverse, 1e-13));
  BOOST_TEST(near(reverse_over_reverse, forward_over_reverse, 1e-13));
  BOOST_TEST(near(forward_over_forward, dot_product(v, forward_over_reverse), 1e-13));
}

BOOST_AUTO_TEST_CASE(third_derivatives_agree_between_all_modes) {
  const Var x = vector3() * 0.25;
  const Var v = direction3();
  const auto f = [](const Var& y) { return dot_product(weights(), smooth(y)); };
  // d/dt of the second directional derivative, all along v.
  const auto along = [&](auto g) { return [=](const Var& y) { return xg::jvp(g, y, v).tangent; }; };
  const auto against = [&](auto g) { return [=](const Var& y) { return dot_product(xg::grad(g)(y), v); }; };
  const Var expected = differences(against(against(f)), x, v);
  BOOST_TEST(near(along(along(along(f)))(x), expected, 1e-8));
  const Var exact = against(against(against(f)))(x);
  BOOST_TEST(near(along(along(along(f)))(x), exact, 1e-12));
  BOOST_TEST(near(along(against(along(f)))(x), exact, 1e-12));
  BOOST_TEST(near(against(along(against(f)))(x), exact, 1e-12));
  BOOST_TEST(near(along(against(against(f)))(x), exact, 1e-12));
}

BOOST_AUTO_TEST_CASE(gradient_through_a_pullback) {
  // The cotangent depends on x as well.
  const auto f = [](const Var& x) {
    const auto [y, pullback] = xg::vjp([](const Var& z) { return z * z; }, x);
    return sum(pullback(x * y));  // sum 2 x * x^3
  };
  BOOST_TEST(near(xg::grad(f)(vector3()), 8.0 * pow(vector3(), 3.0)));
}

BOOST_AUTO_TEST_CASE(gradient_through_a_tangent) {
  const auto f = [](const Var& x) { return sum(xg::jvp([](const Var& z) { return z * z; }, x, x * x).tangent); };
  BOOST_TEST(near(xg::grad(f)(vector3()), 6.0 * vector3() * vector3()));  // sum 2 x^3
}

BOOST_AUTO_TEST_CASE(jvp_of_a_gradient_with_several_arguments) {
  const auto f = [](const Var& a, const Var& b) { return sum(a * a * b); };
  const auto [value, tangent] =
      xg::jvp(xg::grad<0, 1>(f), std::tuple{vector3(), direction3()}, std::tuple{ones_like(vector3()), vector3()});
  BOOST_TEST(near(std::get<0>(value), 2.0 * vector3() * direction3()));
  BOOST_TEST(near(std::get<0>(tangent), 2.0 * direction3() + 2.0 * vector3() * vector3()));
  BOOST_TEST(near(std::get<1>(tangent), 2.0 * vector3()));
}

BOOST_AUTO_TEST_CASE(on_a_tape_of_the_user) {
  xg::Tape tape;
  const Var x = tape.leaf(vector3());
  const Var dy = xg::jvp([](const Var& z) { return z * z * z; }, x, direction3()).tangent;
  BOOST_TEST(dy.recorded());
  BOOST_TEST(near(tape.evaluate(tape.gradient(sum(dy), x)), 6.0 * vector3() * direction3()));
  const auto [y, pullback] = xg::vjp([](const Var& z) { return z * z * z; }, x);
  BOOST_TEST(y.recorded());
  BOOST_TEST(near(tape.evaluate(tape.gradient(sum(pullback(direction3())), x)), 6.0 * vector3() * direction3()));
}

BOOST_AUTO_TEST_CASE(hessian_times_vector) {
  const auto f = [](const Var& x) { return prod(x) + sum(exp(x)); };
  const Var x = vector3();
  const Var v = direction3();
  const Var product = xg::hvp(f, x, v);
  BOOST_TEST(!product.recorded());
  BOOST_TEST(near(product, matmul(xg::hessian(f)(x), v), 1e-12));
  BOOST_TEST(near(product, differences(xg::grad(f), x, v), 1e-8));
  BOOST_TEST(xg::hvp([](const Var& y) { return y * y * y; }, 2.0, 1.0).item<double>() == 12.0);
}

BOOST_AUTO_TEST_CASE(hessian_times_vector_of_trees) {
  using Tree = std::map<std::string, Var>;
  const auto f = [](const Tree& t) { return sum(t.at("a") * t.at("a") * t.at("b")); };
  const Tree x{{"a", vector3()}, {"b", 2.0}};
  const Tree v{{"a", direction3()}, {"b", 0.5}};
  const Tree product = xg::hvp(f, x, v);
  BOOST_TEST(near(product.at("a"), 4.0 * direction3() + vector3()));
  BOOST_TEST(near(product.at("b"), 2.0 * dot_product(vector3(), direction3())));
}

BOOST_AUTO_TEST_CASE(hvp_inside_a_gradient) {
  const auto f = [](const Var& x) { return sum(pow(x, 4.0)); };
  const auto curvature = [&](const Var& x) { return sum(xg::hvp(f, x, ones_like(x))); };  // sum 12 x^2
  BOOST_TEST(near(xg::grad(curvature)(vector3()), 24.0 * vector3()));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE_END()
