// Trees: reflected structs, containers, paths, members that ride along.
#include "comparing.hpp"

#include <array>
#include <cmath>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include <boost/hana/adapt_struct.hpp>
#include <boost/hana/define_struct.hpp>
#include <boost/hana/keys.hpp>
#include <boost/hana/length.hpp>
#include <boost/test/unit_test.hpp>
#include <xgrad/xgrad.hpp>

// In no namespace.
struct Global {
  xgrad::Var x = 1.0;
};
XGRAD_FIELDS(Global, x)

struct Adapted {
  xgrad::Var x = 1.0;
  int n = 5;
  xgrad::Var y = 2.0;
};
BOOST_HANA_ADAPT_STRUCT(Adapted, x, n, y);

struct Opaque {
  std::vector<int*> pointers;
};
template <>
inline constexpr bool xgrad::tree::is_static<Opaque> = true;

BOOST_AUTO_TEST_SUITE(test_tree)

namespace xg = xgrad;
namespace tree = xgrad::tree;
using comparing::same;
using comparing::throws;
using xg::Var;
using Paths = std::vector<std::string>;

namespace outer::inner {

enum class Activation { identity, tanh };

struct Layer {
  Var weight = 1.0;
  Var bias = 0.0;
  int width = 4;
  Activation activation = Activation::tanh;
  std::string name = "layer";
  bool trained = false;
  double (*initial)(double) = std::sqrt;
  std::vector<bool> mask = {true, false};
  const char* label = "fixed";
  const int version = 3;
};
XGRAD_FIELDS(Layer, weight, bias, width, activation, name, trained, initial, mask, label, version)

struct Network {
  std::vector<Layer> layers = std::vector<Layer>(2);
  Layer out;
};
XGRAD_FIELDS(Network, layers, out)

struct Stateless {};
XGRAD_FIELDS(Stateless)

/// Has members that no tree knows of, or must not touch.
struct Partly {
  Var known = 1.0;
  std::function<double()> unknown = [] { return 7.0; };
  Var cache = 5.0;
  unsigned flags : 3 = 6;
};
XGRAD_FIELDS(Partly, known, static(unknown), static(cache), static(flags))

struct Recursive {
  Var value;
  std::vector<Recursive> children;
};
XGRAD_FIELDS(Recursive, value, children)

class Derived : public Layer {
 public:
  Var scale = 2.0;
};
XGRAD_FIELDS(Derived, weight, bias, scale, width, activation, name, static(trained), initial, mask, label, version)

/// Plain containers of every kind.
struct Plain {
  Var x = 1.0;
  std::vector<int> sizes = {1, 2};
  std::vector<std::vector<std::string>> words = {{"a"}};
  std::array<double, 2> range = {0.0, 1.0};
  double matrix[2][2] = {{1.0, 2.0}, {3.0, 4.0}};
  std::map<std::string, int> by_name = {{"a", 1}};
  std::map<int, double> by_number = {{1, 2.0}};
  std::unordered_map<std::string, bool> any_order = {{"a", true}};
  std::set<int> set = {3};
  std::deque<float> queue = {1.0F};
  std::optional<int> maybe = 1;
  std::variant<int, std::string> either = "b";
  std::pair<int, std::vector<bool>> both = {1, {true}};
  std::tuple<char, double> several = {'c', 0.5};
};
XGRAD_FIELDS(Plain, x, sizes, words, range, matrix, by_name, by_number, any_order, set, queue, maybe, either, both,
             several)

}  // namespace outer::inner

struct Defined {
  BOOST_HANA_DEFINE_STRUCT(Defined, (Var, x), (int, n), (Var, y));
};

template <class T>
struct Templated {
  T first;
  T second;
  XGRAD_MEMBER_FIELDS(Templated, first, second)
};

class Private {
 public:
  explicit Private(Var value) : value_(std::move(value)) {}
  [[nodiscard]] const Var& value() const { return value_; }

 private:
  Var value_;
  int count_ = 3;

 public:
  XGRAD_MEMBER_FIELDS(Private, value_, count_)
};

#define SIX(prefix) prefix##0, prefix##1, prefix##2, prefix##3, prefix##4, prefix##5
#define SIXTY SIX(a), SIX(b), SIX(c), SIX(d), SIX(e), SIX(f), SIX(g), SIX(h), SIX(i), SIX(j)
struct Sixty {
  Var SIXTY;
};
XGRAD_FIELDS(Sixty, a0, a1, a2, a3, a4, a5, b0, b1, b2, b3, b4, b5, c0, c1, c2, c3, c4, c5, d0, d1, d2, d3, d4, d5, e0,
             e1, e2, e3, e4, e5, f0, f1, f2, f3, f4, f5, g0, g1, g2, g3, g4, g5, h0, h1, h2, h3, h4, h5, i0, i1, i2, i3,
             i4, i5, j0, j1, j2, j3, j4, j5)

struct WithOpaque {
  Var x = 1.0;
  Opaque opaque;
};
XGRAD_FIELDS(WithOpaque, x, opaque)

using outer::inner::Activation;
using outer::inner::Layer;
using outer::inner::Network;

namespace {

/// Every leaf plus one, to see that a tree goes through a transform in its own type.
template <class T>
T plus_one(const T& tree) {
  return tree::map(tree, [](const Var& leaf) { return leaf + 1.0; });
}

template <class T>
Var total(const T& tree) {
  Var result = 0.0;
  tree::for_each(tree, [&](const Var& leaf) { result = result + sum(leaf * leaf); });
  return result;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(structs)

BOOST_AUTO_TEST_CASE(in_a_namespace_with_defaults) {
  const Layer layer;
  BOOST_TEST((tree::paths(layer) == Paths{"weight", "bias"}));
  const Layer g = xg::grad([](const Layer& l) { return total(l); })(layer);
  BOOST_TEST(g.weight.item<double>() == 2.0);
  BOOST_TEST(g.bias.item<double>() == 0.0);
}

BOOST_AUTO_TEST_CASE(other_members_ride_along) {
  Layer layer;
  layer.width = 9;
  layer.activation = Activation::identity;
  layer.name = "first";
  layer.trained = true;
  layer.mask = {false, false, true};
  layer.initial = [](double x) { return 2.0 * x; };
  const Layer result = plus_one(layer);
  BOOST_TEST(result.weight.item<double>() == 2.0);
  BOOST_TEST(result.width == 9);
  BOOST_TEST((result.activation == Activation::identity));
  BOOST_TEST(result.name == "first");
  BOOST_TEST(result.trained);
  BOOST_TEST(result.initial(4.0) == 8.0);
  BOOST_TEST((result.mask == std::vector<bool>{false, false, true}));
  BOOST_TEST(result.label == std::string("fixed"));
  BOOST_TEST(result.version == 3);
}

BOOST_AUTO_TEST_CASE(nested) {
  Network network;
  network.layers[1].weight = xt::xarray<double>{1.0, 2.0};
  BOOST_TEST((tree::paths(network) ==
              Paths{"layers.0.weight", "layers.0.bias", "layers.1.weight", "layers.1.bias", "out.weight", "out.bias"}));
  const Network g = xg::grad([](const Network& n) { return total(n); })(network);
  BOOST_TEST(same(g.layers[1].weight, Var(xt::xarray<double>{2.0, 4.0})));
  BOOST_TEST(g.out.name == "layer");
}

BOOST_AUTO_TEST_CASE(without_members_and_at_global_scope) {
  BOOST_TEST(tree::leaves(outer::inner::Stateless()).empty());
  BOOST_TEST((tree::paths(std::tuple{Global(), outer::inner::Stateless(), Global()}) == Paths{"0.x", "2.x"}));
}

BOOST_AUTO_TEST_CASE(static_members) {
  outer::inner::Partly partly;
  partly.flags = 5;
  BOOST_TEST((tree::paths(partly) == Paths{"known"}));
  const auto result = plus_one(partly);
  BOOST_TEST(result.known.item<double>() == 2.0);
  BOOST_TEST(result.unknown() == 7.0);
  BOOST_TEST(result.cache.item<double>() == 5.0);
  BOOST_TEST(result.flags == 5U);
  namespace hana = boost::hana;
  static_assert(decltype(hana::length(hana::keys(partly)))::value == 1);
}

BOOST_AUTO_TEST_CASE(static_members_are_compared_by_compile) {
  struct Scaled {
    Var weight = 3.0;
    Var factor = 2.0;
    int power = 1;
    XGRAD_MEMBER_FIELDS(Scaled, weight, static(factor), static(power))
  };
  int recordings = 0;
  const auto f = xg::compile([&recordings](const Scaled& s) {
    ++recordings;
    return s.weight * pow(s.factor, static_cast<double>(s.power));
  });
  Scaled scaled;
  BOOST_TEST(f(scaled).item<double>() == 6.0);
  scaled.weight = 4.0;
  BOOST_TEST(f(scaled).item<double>() == 8.0);
  BOOST_TEST(recordings == 1);
  scaled.power = 2;
  BOOST_TEST(f(scaled).item<double>() == 16.0);
  scaled.factor = 3.0;
  BOOST_TEST(f(scaled).item<double>() == 36.0);
  BOOST_TEST(recordings == 3);
  // Arrays are the same while they are shared.
  scaled.factor = xt::xarray<double>{1.0, 2.0};
  scaled.weight = xt::xarray<double>{1.0, 1.0};
  (void)f(scaled);
  const Scaled copy = scaled;
  (void)f(copy);
  BOOST_TEST(recordings == 4);
  scaled.factor = xt::xarray<double>{1.0, 3.0};
  BOOST_TEST(f(scaled).array<double>()(1) == 9.0);
  BOOST_TEST(recordings == 5);
}

BOOST_AUTO_TEST_CASE(plain_containers_ride_along) {
  using outer::inner::Plain;
  BOOST_TEST((tree::paths(Plain()) == Paths{"x"}));
  int recordings = 0;
  const auto f = xg::compile([&recordings](const Plain& p) {
    ++recordings;
    return tree::map(p, [](const Var& x) { return x + 1.0; });
  });
  Plain plain;
  BOOST_TEST((f(plain).words == plain.words));
  BOOST_TEST((f(plain).either == plain.either));
  BOOST_TEST(recordings == 1);
  // Whatever differs is another signature.
  const auto differs = [&](auto change) {
    const int before = recordings;
    Plain other;
    change(other);
    (void)f(other);
    (void)f(other);
    return recordings == before + 1;
  };
  BOOST_TEST(differs([](Plain& p) { p.sizes[1] = 3; }));
  BOOST_TEST(differs([](Plain& p) { p.sizes.pop_back(); }));
  BOOST_TEST(differs([](Plain& p) { p.words[0][0] = "b"; }));
  BOOST_TEST(differs([](Plain& p) { p.range[0] = -0.0; }));
  BOOST_TEST(differs([](Plain& p) { p.range[0] = NAN; }));
  BOOST_TEST(differs([](Plain& p) { p.matrix[1][0] = 5.0; }));
  BOOST_TEST(differs([](Plain& p) { p.by_name["b"] = 2; }));
  BOOST_TEST(differs([](Plain& p) { p.by_number[1] = 3.0; }));
  BOOST_TEST(differs([](Plain& p) { p.any_order["a"] = false; }));
  BOOST_TEST(differs([](Plain& p) { p.set.insert(4); }));
  BOOST_TEST(differs([](Plain& p) { p.queue.push_front(2.0F); }));
  BOOST_TEST(differs([](Plain& p) { p.maybe = std::nullopt; }));
  BOOST_TEST(differs([](Plain& p) { p.either = 7; }));
  BOOST_TEST(differs([](Plain& p) { p.both.second[0] = false; }));
  BOOST_TEST(differs([](Plain& p) { std::get<1>(p.several) = 0.25; }));
}

BOOST_AUTO_TEST_CASE(are_printed_as_trees) {
  Network network;
  network.layers.resize(1);
  network.layers[0].weight = xt::xarray<float>::from_shape({784, 128});
  network.out.bias = Var();
  std::ostringstream text;
  text << network;
  BOOST_TEST(text.str() ==
             "layers.0.weight  float32 [784, 128]\n"
             "layers.0.bias    float64 []\n"
             "out.weight       float64 []\n"
             "out.bias         empty");
  BOOST_TEST(tree::to_string(std::vector<Var>{1.0, 2}) == "0  float64 []\n1  int64 []");
  BOOST_TEST(tree::to_string(Var(1.0)) == "float64 []");
  std::ostringstream more;
  more << outer::inner::Stateless() << ' ' << Templated<Var>{1.0, 2.0};
  BOOST_TEST(more.str() == "no arrays first   float64 []\nsecond  float64 []");
}

BOOST_AUTO_TEST_CASE(what_is_done_at_leaves_may_return_something) {
  const std::vector<Var> two = {Var(1.0), xt::xarray<double>{2.0, 3.0}};
  std::size_t count = 0;
  tree::for_each(two, [&](const Var& leaf) { return count += leaf.size(); });
  BOOST_TEST(count == 3U);
}

BOOST_AUTO_TEST_CASE(sixty_fields) {
  Sixty many;
  double next = 0.0;
  tree::for_each(many, [&](Var& leaf) { leaf = next++; });
  const Paths paths = tree::paths(many);
  BOOST_TEST(paths.size() == 60U);
  BOOST_TEST(paths.front() == "a0");
  BOOST_TEST(paths[36] == "g0");
  BOOST_TEST(paths.back() == "j5");
  BOOST_TEST(many.g0.item<double>() == 36.0);
  const Sixty g = xg::grad([](const Sixty& s) { return total(s); })(many);
  BOOST_TEST(g.j5.item<double>() == 118.0);
}

BOOST_AUTO_TEST_CASE(templates_private_members_local_classes) {
  struct Local {
    Var x = 3.0;
    Templated<Var> both{1.0, 2.0};
    XGRAD_MEMBER_FIELDS(Local, x, both)
  };
  BOOST_TEST((tree::paths(Local()) == Paths{"x", "both.first", "both.second"}));
  const Local g = xg::grad([](const Local& l) { return l.x * l.both.second; })(Local());
  BOOST_TEST(g.x.item<double>() == 2.0);
  BOOST_TEST(g.both.second.item<double>() == 3.0);

  const Templated<std::vector<Var>> lists{{1.0, 2.0}, {3.0}};
  BOOST_TEST((tree::paths(lists) == Paths{"first.0", "first.1", "second.0"}));

  BOOST_TEST((tree::paths(Private(1.0)) == Paths{"value_"}));
  BOOST_TEST(plus_one(Private(4.0)).value().item<double>() == 5.0);
}

BOOST_AUTO_TEST_CASE(arrays_of_what_has_no_default) {
  struct Size {
    explicit Size(int n) : value(n) {}
    int value;
  };
  struct Choosy {  // made from several values, too
    explicit Choosy(int) {}
    Choosy(int, int) {}
    Choosy(int, int, int) {}
  };
  struct Local {
    Var x;
    Size sizes[3];
    Choosy choosy;
    Var y;
    Choosy pairs[2][2];
    Size last;
    double numbers[2];
    XGRAD_MEMBER_FIELDS(Local, x, static(sizes), static(choosy), y, static(pairs), static(last), numbers)
  };
  const Local local{
      1.0,       {Size(1), Size(2), Size(3)}, Choosy(1), 2.0, {{Choosy(1), Choosy(2)}, {Choosy(3), Choosy(4)}}, Size(4),
      {5.0, 6.0}};
  BOOST_TEST((tree::paths(local) == Paths{"x", "y"}));
  const Local g = xg::grad([](const Local& l) { return l.x * l.y; })(local);
  BOOST_TEST(g.x.item<double>() == 2.0);
  BOOST_TEST(g.sizes[2].value == 3);
  // Seven members, so that a list of fewer is refused, however many it has.
  using namespace tree::detail;
  static_assert(count_members<Local, most_values<Local, 7>()>().own == 7);
  static_assert(count_members<Local, most_values<Local, 1>()>().own == 7);
  struct Base {
    Size sizes[2];
  };
  struct Derived : Base {
    Size own[2];
    Var x;
  };
  static_assert(count_members<Derived, most_values<Derived, 2>(), Derived>().own == 2);
  static_assert(count_members<Derived, most_values<Derived, 2>(), Derived>().unlisted_base);
}

BOOST_AUTO_TEST_CASE(hana_structs) {
  const Defined defined{1.0, 5, 2.0};
  const auto check = [](auto value) {
    BOOST_TEST((tree::paths(value) == Paths{"x", "y"}));
    const auto g = xg::grad([](const decltype(value)& v) { return v.x * v.y; })(value);
    BOOST_TEST(g.x.template item<double>() == 2.0);
    BOOST_TEST(g.y.template item<double>() == 1.0);
    BOOST_TEST(g.n == 5);
  };
  check(Adapted());
  check(defined);
}

BOOST_AUTO_TEST_CASE(ours_are_hana_structs) {
  namespace hana = boost::hana;
  static_assert(hana::Struct<Layer>::value);
  static_assert(hana::Struct<Templated<Var>>::value);
  static_assert(decltype(hana::length(hana::keys(Network())))::value == 2);
}

BOOST_AUTO_TEST_CASE(derived_classes_with_fields_of_their_own) {
  const outer::inner::Derived derived;
  BOOST_TEST((tree::paths(derived) == Paths{"weight", "bias", "scale"}));
  BOOST_TEST(plus_one(derived).scale.item<double>() == 3.0);
  BOOST_TEST(plus_one(derived).weight.item<double>() == 2.0);
}

BOOST_AUTO_TEST_CASE(a_struct_that_holds_itself) {
  using outer::inner::Recursive;
  const Recursive family{1.0, {{2.0, {}}, {3.0, {{4.0, {}}}}}};
  BOOST_TEST(
      (tree::paths(family) == Paths{"value", "children.0.value", "children.1.value", "children.1.children.0.value"}));
  const Recursive g = xg::grad([](const Recursive& r) { return total(r); })(family);
  BOOST_TEST(g.children[1].children[0].value.item<double>() == 8.0);
}

BOOST_AUTO_TEST_CASE(classes_that_are_told_to_ride_along) {
  int n = 0;
  WithOpaque tree;
  tree.opaque.pointers = {&n};
  BOOST_TEST(plus_one(tree).opaque.pointers[0] == &n);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE_END()
