// Trees of containers, and functions of trees.
#include <array>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/xgrad.hpp>

#include "comparing.hpp"

BOOST_AUTO_TEST_SUITE(test_tree_containers)

namespace xg = xgrad;
namespace tree = xgrad::tree;
using comparing::throws;
using xg::Var;
using Paths = std::vector<std::string>;

/// Has two leaves.
struct Layer {
  Var weight = 1.0;
  Var bias = 0.0;
  std::size_t width = 0;
  std::string name = "layer";
};
XGRAD_FIELDS(Layer, weight, bias, width, name)

struct Network {
  std::vector<Layer> layers = std::vector<Layer>(2);
  Layer out;
};
XGRAD_FIELDS(Network, layers, out)

namespace {

template <class T>
Var total(const T& tree) {
  Var result = 0.0;
  tree::for_each(tree, [&](const Var& leaf) { result = result + sum(leaf * leaf); });
  return result;
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_kind) {
  const auto paths = [](const auto& value) { return tree::paths(value); };
  BOOST_TEST((paths(Var(1.0)) == Paths{""}));
  BOOST_TEST((paths(std::vector<Var>{1.0, 2.0}) == Paths{"0", "1"}));
  BOOST_TEST((paths(std::array<Var, 2>{1.0, 2.0}) == Paths{"0", "1"}));
  BOOST_TEST((paths(std::tuple{Var(1.0), 3, Var(2.0)}) == Paths{"0", "2"}));
  BOOST_TEST((paths(std::pair{Var(1.0), Var(2.0)}) == Paths{"0", "1"}));
  BOOST_TEST((paths(std::optional<Var>(1.0)) == Paths{""}));
  BOOST_TEST((paths(std::map<std::string, Var>{{"b", 1.0}, {"a", 2.0}}) == Paths{"a", "b"}));
  const std::map<std::string, Var, std::greater<>> descending{{"a", 2.0}, {"b", 1.0}};
  BOOST_TEST((paths(descending) == Paths{"b", "a"}));
}

BOOST_AUTO_TEST_CASE(empty_ones) {
  BOOST_TEST(tree::leaves(std::vector<Var>()).empty());
  BOOST_TEST(tree::leaves(std::array<Var, 0>()).empty());
  BOOST_TEST(tree::leaves(std::tuple<>()).empty());
  BOOST_TEST(tree::leaves(std::optional<Var>()).empty());
  BOOST_TEST(tree::leaves(std::map<std::string, Var>()).empty());
  const auto f = [](const std::vector<std::optional<Var>>& v) { return total(v); };
  const auto g = xg::grad(f)(std::vector<std::optional<Var>>{std::nullopt, 3.0, std::nullopt});
  BOOST_TEST(!g[0].has_value());
  BOOST_TEST(g[1]->item<double>() == 6.0);
  BOOST_TEST(xg::grad(f)(std::vector<std::optional<Var>>()).empty());
}

BOOST_AUTO_TEST_CASE(nested_at_will) {
  using Deep = std::map<std::string, std::vector<std::pair<std::optional<Layer>, std::array<std::tuple<Var, int>, 2>>>>;
  Deep deep;
  deep["k"].push_back({Layer(), {std::tuple{Var(1.0), 1}, std::tuple{Var(2.0), 2}}});
  deep["k"].push_back({std::nullopt, {std::tuple{Var(3.0), 3}, std::tuple{Var(4.0), 4}}});
  BOOST_TEST(
      (tree::paths(deep) == Paths{"k.0.0.weight", "k.0.0.bias", "k.0.1.0.0", "k.0.1.1.0", "k.1.1.0.0", "k.1.1.1.0"}));
  const Deep g = xg::grad([](const Deep& d) { return total(d); })(deep);
  BOOST_TEST(std::get<0>(g.at("k")[1].second[1]).item<double>() == 8.0);
  BOOST_TEST(std::get<1>(g.at("k")[1].second[1]) == 4);
  BOOST_TEST(!g.at("k")[1].first.has_value());
}

BOOST_AUTO_TEST_CASE(numbers_in_containers_ride_along) {
  const std::pair<Var, std::vector<double>> x{2.0, {1.0, 2.0}};
  const auto g = xg::grad([](const auto& p) { return p.first * p.second[1]; })(x);
  BOOST_TEST(g.first.item<double>() == 2.0);
  BOOST_TEST((g.second == std::vector<double>{1.0, 2.0}));
}

BOOST_AUTO_TEST_CASE(leaves_in_order_and_back) {
  Network network;
  double next = 1.0;
  tree::for_each(network, [&](Var& leaf) { leaf = next++; });
  const std::vector<Var> leaves = tree::leaves(network);
  BOOST_TEST(leaves.size() == 6U);
  for (std::size_t i = 0; i < leaves.size(); ++i) BOOST_TEST(leaves[i].item<double>() == static_cast<double>(i + 1));
  const std::vector<Var> reversed(leaves.rbegin(), leaves.rend());
  const Network back = tree::with_leaves(network, reversed);
  BOOST_TEST(back.layers[0].weight.item<double>() == 6.0);
  BOOST_TEST(back.out.bias.item<double>() == 1.0);
  BOOST_TEST(network.layers[0].weight.item<double>() == 1.0);
}

BOOST_AUTO_TEST_CASE(with_leaves_needs_as_many) {
  const std::vector<Var> three(3, Var(1.0));
  BOOST_TEST(throws<xg::ShapeError>([&] { return tree::with_leaves(Layer(), three).width; }, {"3 leaves", "2"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return tree::with_leaves(Network(), three).out.width; }, {"3 leaves", "6"}));
}

BOOST_AUTO_TEST_CASE(map_of_two_trees) {
  Layer a;
  a.name = "a";
  Layer b;
  b.weight = 10.0;
  b.bias = 20.0;
  const Layer result = tree::map(a, b, [](const Var& x, const Var& y) { return x - 0.5 * y; });
  BOOST_TEST(result.weight.item<double>() == -4.0);
  BOOST_TEST(result.bias.item<double>() == -10.0);
  BOOST_TEST(result.name == "a");
  // The second may be of another type with as many leaves.
  const Layer other = tree::map(a, std::vector<Var>{3.0, 4.0}, [](const Var&, const Var& y) { return y; });
  BOOST_TEST(other.bias.item<double>() == 4.0);
  const auto second = [](const Var&, const Var& y) { return y; };
  BOOST_TEST(
      throws<xg::ShapeError>([&] { return tree::map(a, std::vector<Var>{3.0}, second).width; }, {"1 leaf", "2"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return tree::map(Var(1.0), a, second).size(); }, {"2 leaves", "1"}));
}

BOOST_AUTO_TEST_CASE(concepts) {
  static_assert(tree::Tree<Var>);
  static_assert(tree::Tree<Network>);
  static_assert(tree::Tree<std::vector<Layer>>);
  static_assert(tree::Tree<std::optional<Var>>);
  static_assert(!tree::Tree<double>);
  static_assert(!tree::Tree<std::string>);
  static_assert(!tree::Tree<std::vector<bool>>);
  static_assert(!tree::Tree<xt::xarray<double>>);
  static_assert(!tree::Tree<std::map<int, Var>>);
}

BOOST_AUTO_TEST_SUITE_END()
