// Trees: reflected structs and standard containers, nested at will.
#include <array>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <boost/hana/adapt_struct.hpp>
#include <boost/hana/define_struct.hpp>
#include <boost/hana/keys.hpp>
#include <boost/hana/length.hpp>
#include <boost/test/unit_test.hpp>

#include <xgrad/core/errors.hpp>
#include <xgrad/xgrad.hpp>

namespace xg = xgrad;

namespace app {

enum class Activation { Tanh, Relu };

xg::Var identity(const xg::Var& x) { return x; }

struct Linear {
  xg::Var weight = xt::xarray<double>{1.0, 2.0};
  xg::Var bias = 0.5;
  int width = 2;
  std::string label = "linear";
  Activation activation = Activation::Relu;
  bool frozen = true;
  xg::Var (*after)(const xg::Var&) = identity;
};
XGRAD_FIELDS(Linear, weight, bias, width, label, activation, frozen, after)

struct Net {
  std::vector<Linear> layers{Linear{}, Linear{}};
  std::optional<xg::Var> scale = {};
  std::map<std::string, xg::Var> named = {};
  std::tuple<xg::Var, int> pair = {3.0, 7};
  std::array<std::pair<xg::Var, xg::Var>, 1> table = {};
};
XGRAD_FIELDS(Net, layers, scale, named, pair, table)

struct Base {
  xg::Var inherited = 1.0;
};
struct Derived : Base {
  xg::Var own = 2.0;
};
XGRAD_FIELDS(Derived, inherited, own)

template <class T>
struct Two {
  T first, second;
  XGRAD_MEMBER_FIELDS(Two, first, second)
};

class Hidden {
 public:
  explicit Hidden(double value) : secret_(value) {}
  [[nodiscard]] const xg::Var& secret() const { return secret_; }

 private:
  xg::Var secret_;

 public:
  XGRAD_MEMBER_FIELDS(Hidden, secret_)
};

struct Recursive {
  xg::Var value = 1.0;
  std::vector<Recursive> children = {};
};
XGRAD_FIELDS(Recursive, value, children)

struct HanaDefined {
  BOOST_HANA_DEFINE_STRUCT(HanaDefined, (xg::Var, a), (int, n), (xg::Var, b));
};

struct HanaAdapted {
  xg::Var u, v;
};

struct Sixty {
  xg::Var a0 = 0.0, a1 = 1.0, a2 = 2.0, a3 = 3.0, a4 = 4.0, a5 = 5.0, a6 = 6.0, a7 = 7.0, a8 = 8.0, a9 = 9.0;
  xg::Var b0 = 0.0, b1 = 1.0, b2 = 2.0, b3 = 3.0, b4 = 4.0, b5 = 5.0, b6 = 6.0, b7 = 7.0, b8 = 8.0, b9 = 9.0;
  xg::Var c0 = 0.0, c1 = 1.0, c2 = 2.0, c3 = 3.0, c4 = 4.0, c5 = 5.0, c6 = 6.0, c7 = 7.0, c8 = 8.0, c9 = 9.0;
  xg::Var d0 = 0.0, d1 = 1.0, d2 = 2.0, d3 = 3.0, d4 = 4.0, d5 = 5.0, d6 = 6.0, d7 = 7.0, d8 = 8.0, d9 = 9.0;
  xg::Var e0 = 0.0, e1 = 1.0, e2 = 2.0, e3 = 3.0, e4 = 4.0, e5 = 5.0, e6 = 6.0, e7 = 7.0, e8 = 8.0, e9 = 9.0;
  xg::Var f0 = 0.0, f1 = 1.0, f2 = 2.0, f3 = 3.0, f4 = 4.0, f5 = 5.0, f6 = 6.0, f7 = 7.0, f8 = 8.0, f9 = 9.0;
};
XGRAD_FIELDS(Sixty, a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, c0, c1, c2, c3, c4,
             c5, c6, c7, c8, c9, d0, d1, d2, d3, d4, d5, d6, d7, d8, d9, e0, e1, e2, e3, e4, e5, e6, e7, e8, e9, f0, f1,
             f2, f3, f4, f5, f6, f7, f8, f9)

}  // namespace app

BOOST_HANA_ADAPT_STRUCT(app::HanaAdapted, u, v);

namespace {

/// Sum of the squares of all leaves, times one for each place, so that no two leaves have the same gradient.
template <class T>
xg::Var weighted_squares(const T& tree) {
  xg::Var total = 0.0;
  double weight = 0.0;
  xg::tree::for_each(tree, [&](const xg::Var& leaf) { total = total + (weight += 1.0) * sum(square(leaf)); });
  return total;
}

/// Checks that the gradient has the tree's type and, leaf for leaf, the value 2 k leaf.
template <class T>
T checked_gradient(const T& tree) {
  const auto [value, gradient] = xg::value_and_grad([](const T& t) { return weighted_squares(t); })(tree);
  static_assert(std::is_same_v<std::remove_cvref_t<decltype(gradient)>, T>);
  const std::vector<xg::Var> points = xg::tree::leaves(tree);
  const std::vector<xg::Var> derivatives = xg::tree::leaves(gradient);
  BOOST_TEST_REQUIRE(points.size() == derivatives.size());
  for (std::size_t k = 0; k < points.size(); ++k) {
    const double factor = 2.0 * (static_cast<double>(k) + 1.0);
    BOOST_TEST((points[k].shape() == derivatives[k].shape()));
    BOOST_TEST(sum(abs(derivatives[k] - factor * points[k])).template item<double>() == 0.0);
  }
  return gradient;
}

app::Net make_net() {
  app::Net net;
  net.scale = 4.0;
  net.named = {{"zeta", 5.0}, {"alpha", xt::xarray<double>{6.0, 7.0}}};
  net.table[0] = {8.0, 9.0};
  return net;
}

}  // namespace

BOOST_AUTO_TEST_CASE(paths_name_the_leaves_in_order) {
  const std::vector<std::string> expected{"layers.0.weight", "layers.0.bias", "layers.1.weight", "layers.1.bias",
                                          "scale",           "named.alpha",   "named.zeta",      "pair.0",
                                          "table.0.0",       "table.0.1"};
  BOOST_TEST(xg::tree::paths(make_net()) == expected, boost::test_tools::per_element());
  BOOST_TEST(xg::tree::paths(xg::Var(1.0)) == std::vector<std::string>{""}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(gradients_have_the_type_of_the_tree) {
  const app::Net gradient = checked_gradient(make_net());
  BOOST_TEST(gradient.scale.has_value());
  BOOST_TEST(gradient.named.at("zeta").item<double>() == 2.0 * 7.0 * 5.0);
}

BOOST_AUTO_TEST_CASE(what_is_no_var_rides_along) {
  app::Net net = make_net();
  net.layers[1].width = 11;
  net.layers[1].label = "second";
  net.layers[1].activation = app::Activation::Tanh;
  net.layers[1].frozen = false;
  const app::Net gradient = checked_gradient(net);
  BOOST_TEST(gradient.layers[1].width == 11);
  BOOST_TEST(gradient.layers[1].label == "second");
  BOOST_TEST((gradient.layers[1].activation == app::Activation::Tanh));
  BOOST_TEST(!gradient.layers[1].frozen);
  BOOST_TEST((gradient.layers[1].after == app::identity));
  BOOST_TEST(std::get<1>(gradient.pair) == 7);
}

BOOST_AUTO_TEST_CASE(every_kind_of_reflection) {
  checked_gradient(app::Derived{});
  checked_gradient(app::Two<xg::Var>{1.0, 2.0});
  checked_gradient(app::Two<app::Two<xg::Var>>{{1.0, 2.0}, {3.0, 4.0}});
  checked_gradient(app::HanaDefined{1.0, 3, xt::xarray<double>{2.0, 3.0}});
  checked_gradient(app::HanaAdapted{1.0, 2.0});
  BOOST_TEST(checked_gradient(app::Hidden(3.0)).secret().item<double>() == 6.0);
  struct Local {
    xg::Var only;
    XGRAD_MEMBER_FIELDS(Local, only)
  };
  checked_gradient(Local{5.0});
  BOOST_TEST(xg::tree::paths(app::HanaDefined{})[1] == "b");
}

BOOST_AUTO_TEST_CASE(sixty_fields) {
  checked_gradient(app::Sixty{});
  BOOST_TEST(xg::tree::paths(app::Sixty{})[59] == "f9");
  constexpr std::size_t keys = decltype(boost::hana::length(boost::hana::keys(app::Sixty{})))::value;
  BOOST_TEST(keys == 60U);
}

BOOST_AUTO_TEST_CASE(trees_may_contain_themselves) {
  app::Recursive root{1.0, {{2.0, {}}, {3.0, {{4.0, {}}}}}};
  checked_gradient(root);
  BOOST_TEST(xg::tree::paths(root)[3] == "children.1.children.0.value");
}

BOOST_AUTO_TEST_CASE(empty_trees) {
  BOOST_TEST(xg::tree::leaves(std::vector<xg::Var>{}).empty());
  BOOST_TEST(xg::tree::leaves(std::optional<xg::Var>{}).empty());
  BOOST_TEST(xg::tree::leaves(std::tuple<>{}).empty());
  const auto loss = [](const std::vector<xg::Var>& none, const xg::Var& x) {
    return x + static_cast<double>(none.size());
  };
  BOOST_TEST(xg::grad(loss)(std::vector<xg::Var>{}, 1.0).empty());
}

BOOST_AUTO_TEST_CASE(maps_over_one_tree_and_two) {
  const app::Linear layer;
  const app::Linear doubled = xg::tree::map(layer, [](const xg::Var& x) { return 2.0 * x; });
  BOOST_TEST(doubled.weight.array<double>()(1) == 4.0);
  BOOST_TEST(doubled.label == "linear");
  const app::Linear sum = xg::tree::map(layer, doubled, [](const xg::Var& a, const xg::Var& b) { return a + b; });
  BOOST_TEST(sum.bias.item<double>() == 1.5);
  double total = 0.0;
  xg::tree::for_each(layer, [&](const xg::Var& leaf) { total += xgrad::sum(leaf).item<double>(); });
  BOOST_TEST(total == 3.5);
}

BOOST_AUTO_TEST_CASE(other_numbers_of_leaves_are_refused) {
  const auto names_both = [](const xg::ShapeError& error) {
    const std::string text = error.what();
    return text.find("tree") != std::string::npos && text.find('1') != std::string::npos &&
           text.find('2') != std::string::npos;
  };
  const std::vector<xg::Var> one{1.0};
  const std::vector<xg::Var> two{1.0, 2.0};
  const auto add = [](const xg::Var& a, const xg::Var& b) { return a + b; };
  BOOST_CHECK_EXCEPTION(xg::tree::map(one, two, add), xg::ShapeError, names_both);
  BOOST_CHECK_EXCEPTION(xg::tree::map(two, one, add), xg::ShapeError, names_both);
  BOOST_CHECK_EXCEPTION(xg::tree::with_leaves(one, two), xg::ShapeError, names_both);
}

BOOST_AUTO_TEST_CASE(errors_name_leaves_by_their_paths) {
  app::Net net = make_net();
  net.layers[1].weight = xt::xarray<int>{1, 2};
  const auto names_it = [](const xg::TypeError& error) {
    const std::string text = error.what();
    return text.find("layers.1.weight") != std::string::npos && text.find("int64") != std::string::npos;
  };
  BOOST_CHECK_EXCEPTION(xg::grad([](const app::Net& n) { return weighted_squares(n); })(net), xg::TypeError, names_it);
}

BOOST_AUTO_TEST_CASE(results_may_be_trees) {
  const auto f = [](const app::Linear& layer) {
    return std::map<std::string, xg::Var>{{"w", square(layer.weight)}, {"b", 3.0 * layer.bias}};
  };
  const app::Linear layer;
  const auto [value, pullback] = xg::vjp(f, layer);
  BOOST_TEST(value.at("b").item<double>() == 1.5);
  const app::Linear cotangent =
      pullback(std::map<std::string, xg::Var>{{"w", xt::xarray<double>{1.0, 10.0}}, {"b", 2.0}});
  BOOST_TEST(cotangent.weight.array<double>()(1) == 40.0);
  BOOST_TEST(cotangent.bias.item<double>() == 6.0);
  const auto [same, tangent] = xg::jvp(f, layer, app::Linear{});
  BOOST_TEST(tangent.at("w").array<double>()(1) == 8.0);
}
