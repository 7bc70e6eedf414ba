// Members marked state: carried, compiled, batched and computed, but no leaves. Maps of several trees.
#include "comparing.hpp"

#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/loss.hpp>
#include <xgrad/xgrad.hpp>

BOOST_AUTO_TEST_SUITE(test_tree_state)

namespace xg = xgrad;
using comparing::near;
using comparing::same;
using comparing::throws;
using comparing::wave;
using xg::Shape;
using xg::Var;

namespace {

/// Divides by a running maximum of what it has seen, and counts.
struct Scaler {
  Var weight;
  Var largest;
  Var count;
  std::string name = "scaler";
};
XGRAD_FIELDS(Scaler, weight, state(largest), state(count), name)

struct Statistics {
  Var mean;
  std::vector<Var> others;
};
XGRAD_FIELDS(Statistics, mean, others)

struct Deep {
  std::vector<Scaler> layers;
  std::optional<Statistics> statistics;
  Var bias;
};
XGRAD_FIELDS(Deep, layers, state(statistics), bias)

template <class T>
struct Inside {
  T trained, carried;
  XGRAD_MEMBER_FIELDS(Inside, trained, state(carried))
};

Scaler scaler() { return {wave({3}), xt::xarray<double>{1.0, 2.0, 4.0}, std::int64_t{0}}; }

Deep deep() { return {{scaler(), scaler()}, Statistics{wave({2}), {wave({1}), wave({1}, 1.0)}}, wave({3}, 2.0)}; }

Var output(const Scaler& s, const Var& x) { return x * s.weight / s.largest; }

std::pair<Scaler, Var> seen(Scaler s, const Var& x) {
  const Var y = output(s, x);
  s.largest = maximum(s.largest, amax(abs(x), 0));
  s.count = s.count + 1;
  return {s, sum(y * y)};
}

}  // namespace

BOOST_AUTO_TEST_CASE(leaves_are_without_state) {
  using Names = std::vector<std::string>;
  BOOST_TEST((xg::tree::paths(scaler()) == Names{"weight"}));
  BOOST_TEST((xg::tree::array_paths(scaler()) == Names{"weight", "largest", "count"}));
  BOOST_TEST((xg::tree::paths(deep()) == Names{"layers.0.weight", "layers.1.weight", "bias"}));
  BOOST_TEST((xg::tree::array_paths(deep()) ==
              Names{"layers.0.weight", "layers.0.largest", "layers.0.count", "layers.1.weight", "layers.1.largest",
                    "layers.1.count", "statistics.mean", "statistics.others.0", "statistics.others.1", "bias"}));
  BOOST_TEST(xg::tree::leaves(deep()).size() == 3U);
  BOOST_TEST(xg::tree::arrays(deep()).size() == 10U);
  BOOST_TEST(xg::tree::to_string(scaler()) ==
             "weight   float64 [3]\n"
             "largest  float64 [3]  state\n"
             "count    int64 []  state");
  const Inside<Var> inside{wave({2}), wave({3})};
  BOOST_TEST((xg::tree::paths(inside) == Names{"trained"}));
  BOOST_TEST((xg::tree::array_paths(inside) == Names{"trained", "carried"}));
}

BOOST_AUTO_TEST_CASE(maps_and_replacements_pass_state_by) {
  const Scaler doubled = xg::tree::map(scaler(), [](const Var& x) { return 2.0 * x; });
  BOOST_TEST(same(doubled.weight, 2.0 * scaler().weight));
  BOOST_TEST(same(doubled.largest, scaler().largest));
  const Scaler other = xg::tree::with_leaves(scaler(), std::vector<Var>{wave({3}, 5.0)});
  BOOST_TEST(same(other.weight, wave({3}, 5.0)));
  BOOST_TEST(same(other.largest, scaler().largest));
  const Scaler all = xg::tree::with_arrays(scaler(), std::vector<Var>{Var(1.0), Var(2.0), Var(3)});
  BOOST_TEST(all.count.item<std::int64_t>() == 3);
  BOOST_TEST(throws<xg::ShapeError>([] { return xg::tree::with_arrays(scaler(), std::vector<Var>{Var(1.0)}); }, {"3"}));
  std::size_t arrays = 0;
  const Deep model = deep();
  xg::tree::for_each_array(model, [&](const Var&) { ++arrays; });
  BOOST_TEST(arrays == 10U);
  // A penalty of a model is of what is trained.
  BOOST_TEST(near(xg::loss::L2{}(scaler()), xg::loss::L2{}(scaler().weight)));
}

BOOST_AUTO_TEST_CASE(state_has_no_derivative) {
  const Var x = wave({4, 3}, 1.0);
  const auto loss = [&](const Scaler& s) { return seen(s, x).second; };
  const Scaler gradient = xg::grad(loss)(scaler());  // integers among the state are no obstacle
  const Var weight = scaler().weight;
  BOOST_TEST(near(gradient.weight, sum(2.0 * weight * square(x / scaler().largest), 0)));
  BOOST_TEST(same(gradient.largest, scaler().largest));
  BOOST_TEST(!gradient.count.recorded());
  const Scaler product = xg::hvp(loss, scaler(), scaler());
  BOOST_TEST(near(product.weight, gradient.weight));
  const auto [value, tangent] = xg::jvp(loss, scaler(), scaler());
  BOOST_TEST(near(tangent, sum(gradient.weight * weight)));
  // What a function returns beside its loss may hold state that it computed.
  const auto [l, g, after] = xg::value_and_grad([&](const Scaler& s) {
    auto [next, y] = seen(s, x);
    return std::pair{y, next};
  })(scaler());
  BOOST_TEST(same(after.largest, maximum(scaler().largest, amax(abs(x), 0))));
  BOOST_TEST(after.count.item<std::int64_t>() == 1);
}

BOOST_AUTO_TEST_CASE(state_goes_through_compiled_functions) {
  const auto train = [](const Scaler& s, const Var& x) {
    const auto [loss, gradient, next] = xg::value_and_grad([&](const Scaler& model) {
      auto [after, y] = seen(model, x);
      return std::pair{y, after};
    })(s);
    return std::pair{xg::tree::map(next, gradient, [](const Var& w, const Var& g) { return w - 0.01 * g; }), loss};
  };
  const auto step = xg::compile(train);
  Scaler compiled = scaler();
  Scaler plain = scaler();
  for (int i = 0; i < 5; ++i) {
    const Var x = wave({4, 3}, 0.5 * i) * (1.0 + i);
    compiled = step(std::move(compiled), x).first;
    plain = train(plain, x).first;
  }
  BOOST_TEST(near(compiled.weight, plain.weight));
  BOOST_TEST(same(compiled.largest, plain.largest));
  BOOST_TEST(compiled.count.item<std::int64_t>() == 5);
}

BOOST_AUTO_TEST_CASE(state_in_batches_and_own_derivatives) {
  const Var x = wave({4, 2, 3}, 1.0);
  const auto [models, values] =
      xg::vmap([](const Scaler& s, const Var& each) { return seen(s, each); }, {.in = {xg::whole, 0}})(scaler(), x);
  for (std::ptrdiff_t i = 0; i < 4; ++i) {
    const auto [model, value] = seen(scaler(), view(x, i));
    BOOST_TEST(near(view(values, i), value));
    BOOST_TEST(same(view(models.largest, i), model.largest));
    BOOST_TEST(view(models.count, i).item<std::int64_t>() == 1);
  }
  const auto again = xg::vmap([](const Scaler& s, const Var& each) { return seen(s, each).second; });
  BOOST_TEST(throws<xg::ShapeError>([&] { return again(scaler(), view(x, xt::range(0, 3))); },
                                    {"argument 0, count", "no axis 0"}));
  const auto ruled = xg::custom_vjp(
      [](const Scaler& s, const Var& each) {
        return std::pair{seen(s, each).second, s};
      },
      [](const Scaler& s, const Var& dy) {
        Scaler cotangent = s;
        cotangent.weight = dy * s.largest;  // as one sees
        return std::tuple{cotangent, Var()};
      });
  const Scaler gradient = xg::grad([&](const Scaler& s) { return ruled(s, view(x, 0)); })(scaler());
  BOOST_TEST(near(gradient.weight, scaler().largest));
  BOOST_TEST(same(gradient.largest, scaler().largest));
}

BOOST_AUTO_TEST_CASE(tapes_compute_state) {
  xg::Tape tape;
  const Scaler model = tape.leaf(scaler());
  const auto [after, loss] = seen(model, wave({4, 3}));
  const Scaler values = tape.evaluate(after);
  BOOST_TEST(!values.largest.recorded());
  BOOST_TEST(!values.count.recorded());
  const Scaler gradient = tape.gradient(loss, model);
  BOOST_TEST(gradient.weight.shape() == Shape{3});
}

BOOST_AUTO_TEST_CASE(trees_of_types_that_are_known_at_run_time) {
  using xg::tree::AnyTree;
  const std::vector<AnyTree> model{AnyTree(scaler()), AnyTree(), AnyTree(wave({3})), AnyTree(deep())};
  BOOST_TEST(xg::tree::leaves(model).size() == 5U);
  BOOST_TEST(xg::tree::arrays(model).size() == 14U);
  BOOST_TEST(xg::tree::paths(model)[0] == "0.weight");
  BOOST_TEST(xg::tree::paths(model)[1] == "2");
  BOOST_TEST(xg::tree::paths(model)[2] == "3.layers.0.weight");
  BOOST_TEST(model[1].empty());
  BOOST_TEST((model[0].type() == typeid(Scaler)));
  const Var x = wave({4, 3});
  const auto loss = [&](const std::vector<AnyTree>& layers) {
    return sum(output(layers[0].as<Scaler>(), x) * layers[2].as<Var>());
  };
  const std::vector<AnyTree> gradient = xg::grad(loss)(model);
  const auto plain = [&](const Scaler& s, const Var& w) { return sum(output(s, x) * w); };
  BOOST_TEST(near(gradient[0].as<Scaler>().weight, xg::grad<0>(plain)(scaler(), wave({3})).weight));
  BOOST_TEST(near(gradient[2].as<Var>(), xg::grad<1>(plain)(scaler(), wave({3}))));
  BOOST_TEST(same(gradient[3].as<Deep>().bias, zeros_like(deep().bias)));
  // A copy is one of its own; other statics are another recording.
  std::vector<AnyTree> other = model;
  other[0].as<Scaler>().weight = wave({3}, 9.0);
  BOOST_TEST(same(model[0].as<Scaler>().weight, scaler().weight));
  const auto compiled = xg::compile([&](const std::vector<AnyTree>& layers) {
    return layers[0].as<Scaler>().name == "scaler" ? loss(layers) : -loss(layers);
  });
  BOOST_TEST(near(compiled(other), loss(other)));
  other[0].as<Scaler>().name = "other";
  BOOST_TEST(near(compiled(other), -loss(other)));
  other[0] = AnyTree(std::vector<Scaler>{scaler()});
  BOOST_TEST(throws<xg::TypeError>([&] { return compiled(other); }, {"AnyTree", "vector", "Scaler"}));
  BOOST_TEST(throws<xg::TypeError>([&] { return model[1].as<Var>(); }, {"empty"}));
}

BOOST_AUTO_TEST_CASE(several_trees_at_once) {
  const std::vector<Var> a{Var(1.0), Var(2.0)};
  const std::vector<Var> b{Var(10.0), Var(20.0)};
  const std::tuple<Var, Var> c{Var(100.0), Var(200.0)};
  const auto three = xg::tree::map(a, b, c, [](const Var& x, const Var& y, const Var& z) { return x + y + z; });
  BOOST_TEST(three[1].item<double>() == 222.0);
  const auto four =
      xg::tree::map(c, a, b, a, [](const Var& w, const Var& x, const Var& y, const Var& z) { return w + x * y + z; });
  BOOST_TEST(std::get<1>(four).item<double>() == 242.0);
  const auto six = xg::tree::map(a, b, c, a, b, c, [](const auto&... leaves) { return (leaves + ...); });
  BOOST_TEST(six[0].item<double>() == 222.0);
  BOOST_TEST(throws<xg::ShapeError>(
      [&] {
        return xg::tree::map(a, b, std::vector<Var>{Var(1.0)}, [](const Var& x, const Var&, const Var&) { return x; });
      },
      {"1 leaf", "2"}));
}

BOOST_AUTO_TEST_SUITE_END()
