// Functions with batching rules of the user's, and sequential ones.
#include "comparing.hpp"

#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

#include <xgrad/xgrad.hpp>

BOOST_AUTO_TEST_SUITE(test_custom_vmap)

namespace xg = xgrad;
using comparing::near;
using comparing::same;
using comparing::throws;
using comparing::wave;
using xg::Var;

namespace {

Var one(const Var& a, const Var& b) { return sum(a * sin(b)); }

}  // namespace

BOOST_AUTO_TEST_CASE(the_rule_is_used) {
  int calls = 0;
  const auto f = xg::custom_vmap(one, [&calls](const Var& a, const Var& b) {
    ++calls;
    return sum(a * sin(b), -1);
  });
  const Var a = wave({4, 3});
  const Var b = wave({4, 3}, 2.0);
  const Var c = wave({3}, 1.0);
  BOOST_TEST(near(f(c, c), one(c, c)));
  BOOST_TEST(calls == 0);
  BOOST_TEST(near(xg::vmap(f)(a, b), xg::vmap(one)(a, b)));
  BOOST_TEST(calls == 1);
  BOOST_TEST(near(xg::vmap(f, {.in = {0, xg::whole}})(a, c), xg::vmap(one, {.in = {0, xg::whole}})(a, c)));
  BOOST_TEST(calls == 2);
  // In all other transforms: of the batch, and of one.
  const auto total = [&](const auto& g) {
    return [g](const Var& x, const Var& y) { return sum(square(xg::vmap(g)(x, y))); };
  };
  BOOST_TEST(near(xg::grad<0>(total(f))(a, b), xg::grad<0>(total(one))(a, b)));
  BOOST_TEST(near(xg::grad<1>(total(f))(a, b), xg::grad<1>(total(one))(a, b)));
  BOOST_TEST(near(xg::vmap(xg::grad(f))(a, b), xg::vmap(xg::grad(one))(a, b)));
  BOOST_TEST(near(xg::compile(xg::vmap(f))(a, b), xg::vmap(one)(a, b)));
  const auto of_first = [&](const auto& g) { return [g, b](const Var& x) { return xg::vmap(g)(x, b); }; };
  BOOST_TEST(near(xg::jvp(of_first(f), a, b).tangent, xg::jvp(of_first(one), a, b).tangent));
  BOOST_TEST(near(xg::hessian(f)(c, c), xg::hessian(one)(c, c)));
  // Nested: the rule is of the inner batch, which is batched in its turn.
  const Var table = wave({2, 4, 3});
  const auto nested = [&](const auto& g) { return xg::vmap(xg::vmap(g)); };
  BOOST_TEST(near(nested(f)(table, 2.0 * table), nested(one)(table, 2.0 * table)));
}

BOOST_AUTO_TEST_CASE(one_after_the_other) {
  using Pair = std::pair<Var, Var>;
  const auto f = [](const Pair& p, const Var& y) {
    return std::map<std::string, Var>{{"product", p.first * y}, {"sum", sum(p.second) + y}};
  };
  const Pair p{wave({5, 2}), wave({5, 3}, 1.0)};
  const Var y = wave({5, 2}, 2.0);
  const auto together = xg::vmap(f)(p, y);
  const auto in_turn = xg::vmap(xg::sequential(f))(p, y);
  BOOST_TEST(near(in_turn.at("product"), together.at("product")));
  BOOST_TEST(near(in_turn.at("sum"), together.at("sum")));
  const auto of_pair = [](const Pair& q) { return q.first * sum(q.second); };
  BOOST_TEST(near(xg::vmap(xg::sequential(of_pair))(p), xg::vmap(of_pair)(p)));
  const auto loss = [&](const auto& g) {
    return [g](const Pair& q, const Var& z) { return sum(square(xg::vmap(g)(q, z).at("sum"))); };
  };
  const auto [of_p, of_y] = xg::grad<0, 1>(loss(xg::sequential(f)))(p, y);
  const auto [p_right, y_right] = xg::grad<0, 1>(loss(f))(p, y);
  BOOST_TEST(near(of_p.second, p_right.second));
  BOOST_TEST(near(of_y, y_right));
}

BOOST_AUTO_TEST_CASE(axes_of_each_array) {
  using Layer = std::tuple<Var, Var, Var>;
  const Layer layer{wave({2, 3}), wave({3, 2}, 1.0), wave({3}, 2.0)};
  const auto f = [](const Layer& l) {
    return std::pair{std::get<0>(l) * std::get<1>(l), sum(std::get<2>(l) * std::get<0>(l))};
  };
  const xg::BatchAxis in = xg::leaf_axes({0, -1, xg::whole});
  const auto [products, sums] = xg::vmap(f, {.in = {in}, .out = xg::leaf_axes({1, 0})})(layer);
  const auto& [a, b, c] = layer;
  BOOST_TEST(same(products, transpose(a * transpose(b))));
  BOOST_TEST(near(sums, sum(a * c, 1)));
  BOOST_TEST(throws<xg::ValueError>(
      [&] {
        return xg::vmap(f, {.in = {xg::leaf_axes({0, 1})}})(layer);
      },
      {"vmap", "2 axes", "argument 0", "3 arrays"}));
  BOOST_TEST(throws<xg::ValueError>([&] { return xg::vmap(f, {.in = {in}, .out = xg::leaf_axes({0})})(layer); },
                                    {"vmap", "1 axis", "the result", "2 arrays"}));
  BOOST_TEST(
      throws<xg::ValueError>([&] { return xg::vmap(f, {.in = {in}, .out = xg::whole})(layer); }, {"vmap", "whole"}));
  BOOST_TEST(throws<xg::ShapeError>(
      [&] {
        return xg::vmap(f, {.in = {xg::leaf_axes({2, 0, 0})}})(layer);
      },
      {"vmap", "no axis 2"}));
}

BOOST_AUTO_TEST_CASE(bad_rules_are_refused) {
  const auto with = [](auto rule) {
    return [rule] { return xg::vmap(xg::custom_vmap([](const Var& x) { return 2.0 * x; }, rule))(wave({4, 3})); };
  };
  BOOST_TEST(throws<xg::ShapeError>(with([](const Var& x) { return sum(x, 0); }),
                                    {"custom_vmap", "float64 [3]", "output 0", "[4, 3]"}));
  BOOST_TEST(throws<xg::TypeError>(with([](const Var& x) { return cast(x, xg::DType::Float32); }),
                                   {"custom_vmap", "float32", "float64"}));
  const auto captures = [](const Var& x) {
    return xg::custom_vmap([&](const Var& y) { return x * y; }, [](const Var& y) { return y; })(2.0 * x);
  };
  BOOST_TEST(throws<xg::TapeError>([&] { return xg::vmap(captures)(wave({4, 3})); }, {"custom_vmap", "captured"}));
}

BOOST_AUTO_TEST_SUITE_END()
