// vmap: axes, trees, nesting in itself and in the other transforms, errors. test_ops_vmap has the operations.
#include "comparing.hpp"

#include <cmath>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/testing.hpp>
#include <xgrad/xgrad.hpp>

BOOST_AUTO_TEST_SUITE(test_vmap)

namespace xg = xgrad;
using comparing::near;
using comparing::same;
using comparing::throws;
using comparing::wave;
using xg::Shape;
using xg::Var;
using xg::whole;

namespace {

struct Dense {
  Var weight, bias;
  Var operator()(const Var& x) const { return tanh(matmul(x, weight) + bias); }
};
XGRAD_FIELDS(Dense, weight, bias)

struct Net {
  Dense hidden, out;
  std::string name = "net";
  Var operator()(const Var& x) const { return out(hidden(x)); }
};
XGRAD_FIELDS(Net, hidden, out, static(name))

Net net() { return {{wave({3, 4}) * 0.3, wave({4}, 1.0) * 0.1}, {wave({4, 2}, 2.0) * 0.3, wave({2}, 3.0) * 0.1}}; }

Var error(const Net& model, const Var& x, const Var& y) { return mean(square(model(x) - y)); }

/// f of each row, one after the other.
template <class F>
Var loop(F f, const Var& x) {
  std::vector<Var> results;
  for (std::size_t i = 0; i < x.shape()[0]; ++i) results.push_back(f(view(x, i)));
  return xg::stack(results);
}

Var energy(const Var& x) { return sum(x * x * x) + prod(x) + log(sum(exp(x))); }

}  // namespace

BOOST_AUTO_TEST_CASE(axes_in_and_out) {
  const Var x = wave({2, 3, 4});
  const auto f = [](const Var& a) { return cumsum(a, 0) * sum(a); };
  for (std::ptrdiff_t in = -3; in < 3; ++in) {
    const auto from = static_cast<std::size_t>(in < 0 ? in + 3 : in);
    const Var first = transpose(x, from == 0 ? xg::Axes{0, 1, 2} : from == 1 ? xg::Axes{1, 0, 2} : xg::Axes{2, 0, 1});
    const Var expected = loop(f, first);
    const Var along_first = xg::vmap(f, {.in = {in}})(x);
    BOOST_TEST(near(along_first, expected));
    BOOST_TEST(near(xg::vmap(f, {.in = {in}, .out = 1})(x), transpose(expected, {1, 0, 2})));
    BOOST_TEST(near(xg::vmap(f, {.in = {in}, .out = -1})(x), transpose(expected, {1, 2, 0})));
  }
}

BOOST_AUTO_TEST_CASE(what_is_the_same_for_all) {
  const Var a = wave({5, 3});
  const Var b = wave({3}, 1.0);
  const auto product = [](const Var& x, const Var& y) { return x * y; };
  BOOST_TEST(same(xg::vmap(product, {.in = {0, whole}})(a, b), a * b));
  BOOST_TEST(same(xg::vmap(product, {.in = {whole, 0}})(b, a), a * b));
  BOOST_TEST(same(xg::vmap([&](const Var& x) { return x * b; })(a), a * b));  // captured
  BOOST_TEST(same(xg::vmap([&](const Var&) { return b; })(a), broadcast_to(b, {5, 3})));
  BOOST_TEST(
      same(xg::vmap([](const Var&) -> Var { return 2.5; })(a), Var(xt::xarray<double>(xt::ones<double>({5}) * 2.5))));
  // Numbers, texts and functions are handed on.
  const auto scaled = [](const Var& x, double factor, const std::string& how) {
    return how == "twice" ? x * (2.0 * factor) : x;
  };
  BOOST_TEST(same(xg::vmap(scaled)(a, 1.5, std::string("twice")), a * 3.0));
  BOOST_TEST(same(xg::vmap(scaled, {.in = {0, whole, whole}})(a, 1.5, "twice"), a * 3.0));
}

BOOST_AUTO_TEST_CASE(xtensor_arrays_and_element_types) {
  const xt::xarray<float> x = {{1.0F, 2.0F}, {3.0F, 4.0F}};
  const Var norms = xg::vmap([](const Var& row) { return norm(row); })(x);
  BOOST_TEST(norms.dtype() == xg::DType::Float32);
  BOOST_TEST(near(norms, Var(xt::xarray<float>{std::sqrt(5.0F), 5.0F}), 1e-6));
  BOOST_TEST(same(xg::vmap([](const Var& row) { return sum(row); })(x + x), Var(xt::xarray<float>{6.0F, 14.0F})));
  // A number of the example is an array of one: float32 stays float32.
  const Var scaled = xg::vmap([](const Var& a, const Var& b) { return a * b; })(Var(x), norms);
  BOOST_TEST(scaled.dtype() == xg::DType::Float32);
  BOOST_TEST(same(scaled, Var(x) * expand_dims(norms, 1)));
}

BOOST_AUTO_TEST_CASE(no_example_and_no_element) {
  const Var none = xt::xarray<double>::from_shape({0, 3});
  BOOST_TEST(xg::vmap([](const Var& x) { return sum(tanh(x)); })(none).shape() == Shape{0});
  BOOST_TEST(xg::vmap([](const Var& x) { return matmul(wave({2, 3}), x); })(none).shape() == (Shape{0, 2}));
  BOOST_TEST(xg::vmap(xg::grad([](const Var& x) { return sum(x * x); }))(none).shape() == (Shape{0, 3}));
  const Var empty = xt::xarray<double>::from_shape({4, 0});
  BOOST_TEST(
      same(xg::vmap([](const Var& x) { return sum(x); })(empty), Var(xt::xarray<double>(xt::zeros<double>({4})))));
  BOOST_TEST(
      same(xg::vmap([](const Var& x) { return prod(x); })(empty), Var(xt::xarray<double>(xt::ones<double>({4})))));
}

BOOST_AUTO_TEST_CASE(trees) {
  std::vector<Net> models{net(), xg::tree::map(net(), [](const Var& x) { return x * -0.5; }), net()};
  Net all = models[0];
  std::size_t used = 0;
  xg::tree::for_each(all, [&](Var& leaf) {
    std::vector<Var> same_leaf;
    for (const Net& each : models) same_leaf.push_back(xg::tree::leaves(each)[used]);
    leaf = xg::stack(same_leaf);
    ++used;
  });
  const Var x = wave({3, 3});
  const Var y = xg::vmap([](const Net& model, const Var& input) { return model(input); })(all, x);
  for (std::size_t i = 0; i < 3; ++i) BOOST_TEST(near(view(y, i), models[i](view(x, i))));
  // Results are trees, too, and what holds no Var rides along.
  const Net gradients = xg::vmap(xg::grad(error), {.in = {whole, 0, 0}})(net(), x, y);
  BOOST_TEST(gradients.name == "net");
  const auto [value, parts] = xg::vmap([](const Var& a) {
    return std::pair(sum(a), std::map<std::string, Var>{{"half", a / 2.0}});
  })(x);
  BOOST_TEST(same(value, sum(x, 1)));
  BOOST_TEST(same(parts.at("half"), x / 2.0));
}

BOOST_AUTO_TEST_CASE(gradients_for_each_sample) {
  const Var x = wave({6, 3});
  const Var y = wave({6, 2}, 1.0);
  const Net model = net();
  const auto per_sample = xg::vmap(xg::grad(error), {.in = {whole, 0, 0}});
  const Net all = per_sample(model, x, y);
  const Net compiled = xg::compile(per_sample)(model, x, y);
  const std::vector<Var> leaves = xg::tree::leaves(all);
  for (std::size_t i = 0; i < 6; ++i) {
    const std::vector<Var> one = xg::tree::leaves(xg::grad(error)(model, view(x, i), view(y, i)));
    for (std::size_t k = 0; k < one.size(); ++k) {
      BOOST_TEST(near(view(leaves[k], i), one[k]));
      BOOST_TEST(near(view(xg::tree::leaves(compiled)[k], i), one[k]));
    }
  }
}

BOOST_AUTO_TEST_CASE(nested_in_itself) {
  const Var a = wave({3, 4});
  const Var b = wave({5, 4}, 1.0);
  const auto product = [](const Var& x, const Var& y) { return dot(x, y); };
  const auto table = xg::vmap([&](const Var& x) { return xg::vmap(product, {.in = {whole, 0}})(x, b); });
  BOOST_TEST(near(table(a), matmul(a, transpose(b))));
  const auto by_arguments = xg::vmap(xg::vmap(product, {.in = {whole, 0}}), {.in = {0, whole}});
  BOOST_TEST(near(by_arguments(a, b), matmul(a, transpose(b))));
  BOOST_TEST(near(xg::vmap(xg::vmap(product, {.in = {0, whole}}), {.in = {whole, 0}})(a, b), matmul(b, transpose(a))));
  const Var cube = wave({2, 3, 4});
  BOOST_TEST(near(xg::vmap(xg::vmap(xg::grad(energy)))(cube), xg::vmap(xg::vmap(xg::grad(energy)), {.in = {0}})(cube)));
  BOOST_TEST(near(reshape(xg::vmap(xg::vmap(energy))(cube), {6}), xg::vmap(energy)(reshape(cube, {6, 4}))));
}

BOOST_AUTO_TEST_CASE(with_every_other_transform) {
  const Var x = wave({4, 3});
  const Var v = wave({4, 3}, 1.0);
  const auto total = [](const Var& all) { return sum(sin(xg::vmap(energy)(all))); };
  const auto plain = [](const Var& all) { return sum(sin(loop(energy, all))); };
  BOOST_TEST(near(xg::grad(total)(x), xg::grad(plain)(x)));
  BOOST_TEST(near(xg::hvp(total, x, v), xg::hvp(plain, x, v)));
  BOOST_TEST(near(xg::hessian(total)(x), xg::hessian(plain)(x)));
  BOOST_TEST(near(xg::jvp(xg::vmap(energy), x, v).tangent,
                  xg::vmap([](const Var& p, const Var& t) { return xg::jvp(energy, p, t).tangent; })(x, v)));
  BOOST_TEST(near(xg::vmap(xg::hessian(energy))(x), loop(xg::hessian(energy), x)));
  BOOST_TEST(near(xg::vmap(xg::jacobian([](const Var& a) { return a * sum(a); }))(x),
                  loop(xg::jacobian([](const Var& a) { return a * sum(a); }), x)));
  BOOST_TEST(near(xg::vmap([](const Var& p, const Var& t) { return xg::hvp(energy, p, t); })(x, v),
                  xg::stack({xg::hvp(energy, view(x, 0), view(v, 0)), xg::hvp(energy, view(x, 1), view(v, 1)),
                             xg::hvp(energy, view(x, 2), view(v, 2)), xg::hvp(energy, view(x, 3), view(v, 3))})));
  const auto [y, pullback] = xg::vjp(xg::vmap(xg::grad(energy)), x);
  BOOST_TEST(near(pullback(v), xg::hvp([](const Var& all) { return sum(xg::vmap(energy)(all)); }, x, v)));
  BOOST_TEST(near(xg::vmap([](const Var& p) { return xg::vjp(energy, p).pullback(2.0); })(x),
                  2.0 * xg::vmap(xg::grad(energy))(x)));
  const auto compiled = xg::compile(xg::vmap(xg::grad(energy)));
  BOOST_TEST(near(compiled(x), loop(xg::grad(energy), x)));
  BOOST_TEST(near(compiled(v), loop(xg::grad(energy), v)));
  // A compiled function is one more function.
  const auto inner = xg::compile(xg::grad(energy));
  BOOST_TEST(near(xg::vmap([&](const Var& p) { return inner(p); })(x), compiled(x)));
  BOOST_TEST(xg::testing::check_gradients([](const Var& all) { return xg::vmap(energy)(all); }, x));
}

BOOST_AUTO_TEST_CASE(derivatives_by_what_is_the_same_for_all) {
  const Var x = wave({4, 3});
  const Var w = wave({3}, 1.0);
  const auto batched = [&](const Var& weights) {
    return sum(xg::vmap([](const Var& a, const Var& b) { return tanh(dot(a, b)); }, {.in = {0, whole}})(x, weights));
  };
  const auto captured = [&](const Var& weights) {
    return sum(xg::vmap([&](const Var& a) { return tanh(dot(a, weights)); })(x));
  };
  const auto plain = [&](const Var& weights) { return sum(tanh(matmul(x, weights))); };
  BOOST_TEST(near(xg::grad(batched)(w), xg::grad(plain)(w)));
  BOOST_TEST(near(xg::grad(captured)(w), xg::grad(plain)(w)));
  BOOST_TEST(near(xg::hessian(captured)(w), xg::hessian(plain)(w)));
}

BOOST_AUTO_TEST_CASE(conditions_name_the_value) {
  static const xg::Requirement requirement("positive: {} is not positive");
  const auto f = [](const Var& x) { return xg::checked(x, x > 0.0, requirement); };
  const Var good = xt::xarray<double>{1.0, 2.0};
  BOOST_TEST(same(xg::vmap(f)(good), good));
  const Var bad = xt::xarray<double>{1.0, -2.5};
  BOOST_TEST(throws<xg::ValueError>([&] { return xg::vmap(f)(bad); }, {"-2.5"}));
  const auto choose = [](const Var& x, const Var& i) { return take(x, i, 0); };
  const Var x = wave({2, 3, 2});
  const Var indices = xt::xarray<std::int64_t>{{0, 2}, {1, 3}};
  BOOST_TEST(throws<xg::ValueError>([&] { return xg::vmap(choose)(x, indices); }, {"take: index 3", "extent 3"}));
  const auto slope = xg::grad([&](const Var& y, const Var& i) { return sum(choose(y, i)); });
  BOOST_TEST(throws<xg::ValueError>([&] { return xg::vmap(slope)(x, indices); }, {"take: index 3", "extent 3"}));
}

BOOST_AUTO_TEST_CASE(bad_input) {
  const Var a = wave({4, 3});
  const auto product = [](const Var& x, const Var& y) { return x * y; };
  BOOST_TEST(throws<xg::ShapeError>(
      [&] {
        return xg::vmap(product)(a, wave({3, 3}));
      },
      {"vmap", "argument 1", "3 examples", "argument 0", "4"}));
  BOOST_TEST(
      throws<xg::ShapeError>([&] { return xg::vmap(product)(a, Var(2.0)); }, {"argument 1", "no axis 0", "whole"}));
  BOOST_TEST(throws<xg::ShapeError>(
      [&] {
        return xg::vmap(product, {.in = {2, 0}})(a, a);
      },
      {"argument 0", "no axis 2"}));
  BOOST_TEST(throws<xg::ValueError>([&] { return xg::vmap(product, {.in = {0}})(a, a); }, {"1 axes", "2 arguments"}));
  BOOST_TEST(throws<xg::ValueError>([&] { return xg::vmap(product, {.in = {whole, whole}})(a, a); }, {"no argument"}));
  BOOST_TEST(throws<xg::ValueError>(
      [&] {
        return xg::vmap([](const Var& x, int n) { return x * n; }, {.in = {0, 0}})(a, 3);
      },
      {"argument 1", "no array"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return xg::vmap([](const Var& x) { return sum(x); }, {.out = 1})(a); },
                                    {"vmap", "[4]", "no axis 1"}));
  const std::map<std::string, Var> model{{"bias", wave({4})}, {"weight", wave({3, 4})}};
  BOOST_TEST(throws<xg::ShapeError>(
      [&] { return xg::vmap([](const std::map<std::string, Var>& m) { return m.at("bias"); })(model); },
      {"argument 0, weight", "argument 0, bias"}));
  BOOST_TEST(throws<xg::TapeError>([&] { return xg::vmap([](const Var& x) { return x * x.array<double>()(0); })(a); },
                                   {"vmap()", "where()"}));
  BOOST_TEST(throws<xg::TapeError>([&] { return xg::vmap([](const Var& x) { return x; })(Var()); }, {"argument"}));
  const Var wide = wave({1, 1, 1, 1, 1, 1, 2, 2});
  BOOST_TEST(
      throws<xg::ShapeError>([&] { return xg::vmap([&](const Var& x) { return x * wide; })(wave({3})); }, {"vmap"}));
  // Nothing of it stays behind: values are known again, also after an exception.
  BOOST_TEST(xg::grad([&](const Var& x) {
               BOOST_CHECK_THROW((void)xg::vmap([](const Var& y) { return y * sum(y).item<double>(); })(x),
                                 xg::TapeError);
               BOOST_TEST(view(x, 0, 0).item<double>() == 0.0);
               return sum(x);
             })(a)
                 .size() == 12);
}

BOOST_AUTO_TEST_SUITE_END()
