// compile(): recorded once, replayed with other values. Misuse: test_compile_errors.cpp.
#include "comparing.hpp"

#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/xgrad.hpp>

BOOST_AUTO_TEST_SUITE(test_compile)

namespace xg = xgrad;
using comparing::near;
using comparing::same;
using comparing::throws;
using comparing::wave;
using xg::DType;
using xg::Var;

namespace {

struct Linear {
  Var weight, bias;
  Var operator()(const Var& x) const { return matmul(x, weight) + bias; }
};
XGRAD_FIELDS(Linear, weight, bias)

struct Mlp {
  Linear hidden, out;
  Var operator()(const Var& x) const { return out(tanh(hidden(x))); }
};
XGRAD_FIELDS(Mlp, hidden, out)

Var squared_error(const Mlp& model, const Var& x, const Var& y) { return mean(square(model(x) - y)); }

std::pair<Mlp, Var> mlp_step(const Mlp& model, const Var& x, const Var& y) {
  const auto [loss, gradient] = xg::value_and_grad(squared_error)(model, x, y);
  return {xg::tree::map(model, gradient, [](const Var& w, const Var& g) { return w - 0.1 * g; }), loss};
}

Mlp small_mlp() { return {{wave({3, 5}), wave({5}, 1.0)}, {wave({5, 2}, 2.0), wave({2}, 3.0)}}; }

enum class Activation { none, tanh };
struct Layer {
  Var weight;
  Activation activation = Activation::none;
  std::string name;
  int power = 1;
  double scale = 1.0;
};
XGRAD_FIELDS(Layer, weight, activation, name, power, scale)

}  // namespace

BOOST_AUTO_TEST_SUITE(values)

BOOST_AUTO_TEST_CASE(linear_regression) {
  const Var x = wave({40, 3});
  const Var y = wave({40}, 0.3);
  int recorded = 0;
  const auto plain = [&](const Var& w, const Var& a, const Var& b) {
    ++recorded;
    const auto loss = [](const Var& v, const Var& p, const Var& q) { return mean(square(matmul(p, v) - q)); };
    const auto [value, gradient] = xg::value_and_grad(loss)(w, a, b);
    return std::tuple{w - 0.02 * gradient, value, gradient};
  };
  const auto step = xg::compile(plain);
  Var w = wave({3}, 5.0);
  for (int i = 0; i < 20; ++i) {
    const auto expected = plain(w, x, y);
    recorded = i == 0 ? 0 : recorded - 1;
    const auto [next, value, gradient] = step(w, x, y);
    BOOST_TEST(near(next, std::get<0>(expected)));
    BOOST_TEST(near(value, std::get<1>(expected)));
    BOOST_TEST(near(gradient, std::get<2>(expected)));
    BOOST_TEST(!next.recorded());
    w = next;
  }
  BOOST_TEST(recorded == 1);
}

BOOST_AUTO_TEST_CASE(training_with_a_donated_model) {
  const Var x = wave({7, 3}, 0.1);
  const Var y = wave({7, 2}, 0.2);
  const auto step = xg::compile(mlp_step);
  Mlp plain = small_mlp();
  Mlp model = small_mlp();
  for (int i = 0; i < 10; ++i) {
    Var expected;
    Var loss;
    std::tie(plain, expected) = mlp_step(plain, x, y);
    std::tie(model, loss) = step(std::move(model), x, y);
    BOOST_TEST(near(loss, expected));
    const std::vector<Var> leaves = xg::tree::leaves(model);
    const std::vector<Var> wanted = xg::tree::leaves(plain);
    for (std::size_t k = 0; k < leaves.size(); ++k) BOOST_TEST(near(leaves[k], wanted[k]));
  }
}

BOOST_AUTO_TEST_CASE(all_kinds_of_trees) {
  using Map = std::map<std::string, Var>;
  const auto f = [](const std::tuple<Var, std::pair<Var, Var>>& t, const std::vector<Var>& v,
                    const std::optional<Var>& o, const Map& m, const std::array<Var, 2>& a) {
    Var total = std::get<0>(t) * std::get<1>(t).first - std::get<1>(t).second;
    for (const Var& each : v) total = total + each;
    if (o) total = total * *o;
    for (const auto& [key, value] : m) total = total + value * static_cast<double>(key.size());
    Map named{{"sum", sum(total)}, {"all", total}};
    return std::tuple{std::vector<Var>{total, a[0] + a[1]}, std::optional<Var>(a[0]), std::optional<Var>(), named};
  };
  const auto compiled = xg::compile(f);
  const std::tuple<Var, std::pair<Var, Var>> t{wave({3}), {wave({3}, 1), wave({3}, 2)}};
  const std::array<Var, 2> a{wave({2}), wave({2}, 1)};
  const std::vector<std::vector<Var>> vectors{{}, {wave({3}, 3)}, {wave({3}, 3), wave({3}, 4)}};
  const std::vector<std::optional<Var>> optionals{std::nullopt, wave({3}, 5)};
  const std::vector<Map> maps{{}, {{"x", wave({3}, 6)}}, {{"yy", wave({3}, 6)}}, {{"x", 1.0}, {"zzz", 2.0}}};
  for (int round = 0; round < 2; ++round) {
    for (const auto& v : vectors) {
      for (const auto& o : optionals) {
        for (const auto& m : maps) {
          const auto expected = f(t, v, o, m, a);
          const auto given = compiled(t, v, o, m, a);
          BOOST_TEST(near(std::get<0>(given).at(0), std::get<0>(expected)[0]));
          BOOST_TEST(near(std::get<0>(given).at(1), std::get<0>(expected)[1]));
          BOOST_TEST(same(std::get<1>(given).value(), a[0]));
          BOOST_TEST(!std::get<2>(given).has_value());
          BOOST_TEST(near(std::get<3>(given).at("sum"), std::get<3>(expected).at("sum")));
          BOOST_TEST(near(std::get<3>(given).at("all"), std::get<3>(expected).at("all")));
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(numbers_and_expressions_as_arguments) {
  int recorded = 0;
  const auto f = [&](const Var& x, const Var& factor, const Var& count) {
    ++recorded;
    return x * factor + count;
  };
  const auto compiled = xg::compile(f);
  const xt::xarray<double> x = {1.0, 2.0, 3.0};
  const xt::xarray<double> other = {-1.0, 0.0, 7.0};
  BOOST_TEST(same(compiled(x, 2.0, 1), Var(xt::xarray<double>{3.0, 5.0, 7.0})));
  BOOST_TEST(same(compiled(2.0 * x, 0.5, 2), Var(xt::xarray<double>{3.0, 4.0, 5.0})));
  BOOST_TEST(same(compiled(other, -1.0, 0), Var(xt::xarray<double>{1.0, 0.0, -7.0})));
  BOOST_TEST(same(compiled(xt::abs(other - x), x(1), 3), Var(xt::xarray<double>{7.0, 7.0, 11.0})));
  BOOST_TEST(recorded == 1);
  BOOST_TEST(same(compiled(x, 2.5F, 1), f(x, 2.5F, 1)));
  const double nan = std::nan("");
  BOOST_TEST(same(compiled(x, nan, 1), f(x, nan, 1)));
}

// As everywhere, a number gives way to the type of an array, whether it is an argument or in the function.
BOOST_AUTO_TEST_CASE(numbers_as_arguments_are_weak) {
  const auto f = [](const Var& x, const Var& factor) { return x * factor * 2.0; };
  const auto compiled = xg::compile(f);
  const Var x = wave<float>({4});
  for (int round = 0; round < 2; ++round) {
    for (const double factor : {0.5, 1.0, 3.0}) {
      BOOST_TEST(same(compiled(x, factor), f(x, factor)));
      const Var array = xg::Array<double>(xg::Shape(), factor);
      BOOST_TEST(same(compiled(x, array), f(x, array)));
      BOOST_TEST(same(compiled(x, xg::Array<float>(xg::Shape(), static_cast<float>(factor))), f(x, factor)));
    }
    BOOST_TEST(same(compiled(x, 2), f(x, 2)));
  }
}

BOOST_AUTO_TEST_CASE(captured_vars_are_fixed) {
  Var offset = wave({3}, 1.0);
  const Var kept = offset;
  const auto compiled = xg::compile([&offset](const Var& x) {
    return std::tuple{x + offset, offset, x * sum(offset)};
  });
  const Var x = wave({3});
  for (int round = 0; round < 3; ++round) {
    const auto [total, captured, scaled] = compiled(x);
    BOOST_TEST(same(total, x + kept));
    BOOST_TEST(same(captured, kept));
    BOOST_TEST(near(scaled, x * sum(kept)));
    offset = wave({3}, 9.0);  // what it was when recorded counts
  }
  BOOST_TEST(same(kept, wave({3}, 1.0)));
}

BOOST_AUTO_TEST_CASE(results_that_are_no_new_arrays) {
  const Var captured = wave({2, 3}, 4.0);
  const auto f = [&](const Var& x, const Var& y) {
    const Var z = x + y;
    std::vector<Var> all{x, y, x, captured, 7.0, 3, xt::xarray<double>{1.0, 2.0}, zeros_like(x), full_like(x, 2.0)};
    all.insert(all.end(), {z, z, transpose(z), reshape(z, {3, 2}), reshape(z, {-1}), reshape(z, {6}), view(z, 0)});
    all.insert(all.end(), {transpose(x), transpose(x), reshape(x, {6}),
                           view(x, xt::all(), xt::range(2, xt::placeholders::_, -1))});
    all.insert(all.end(),
               {broadcast_to(y, {2, 2, 3}), broadcast_to(Var(1.5), {2}), z * 1.0, z + 0.0, stop_gradient(z)});
    all.insert(all.end(),
               {-(-x), cast(x, DType::Float64), cast(x, DType::Float32), x < y, sum(Var(3.0)), transpose(captured)});
    return all;
  };
  const auto compiled = xg::compile(f);
  for (int round = 0; round < 3; ++round) {
    const Var x = wave({2, 3}, round);
    const Var y = wave({2, 3}, 2.0 + round);
    const std::vector<Var> expected = f(x, y);
    const std::vector<Var> given = compiled(x, y);
    BOOST_TEST_REQUIRE(given.size() == expected.size());
    for (std::size_t k = 0; k < given.size(); ++k) {
      BOOST_TEST_INFO("result " << k);
      BOOST_TEST(same(given[k], expected[k]));
    }
  }
  BOOST_TEST(same(captured, wave({2, 3}, 4.0)));
  const auto nothing = xg::compile([](const Var&) { return std::vector<Var>(); });
  BOOST_TEST(nothing(1.0).empty());
  BOOST_TEST(nothing(2.0).empty());
  const auto alone = xg::compile([&] { return captured * 2.0; });
  BOOST_TEST(same(alone(), captured * 2.0));
  BOOST_TEST(same(alone(), captured * 2.0));
}

BOOST_AUTO_TEST_CASE(a_result_does_not_change_when_the_function_runs_again) {
  const auto compiled = xg::compile([](const Var& x) { return std::pair{x * 2.0, sum(x)}; });
  const auto [first, first_sum] = compiled(wave({100}));
  const auto [second, second_sum] = compiled(wave({100}, 1.0));
  BOOST_TEST(same(first, wave({100}) * 2.0));
  BOOST_TEST(near(first_sum, sum(wave({100}))));
  BOOST_TEST(same(second, wave({100}, 1.0) * 2.0));
}

BOOST_AUTO_TEST_CASE(empty_arrays) {
  const auto f = [](const Var& x, const Var& w) { return std::tuple{x * 2.0, sum(x), matmul(x, w), sum(x, 0)}; };
  const auto compiled = xg::compile(f);
  for (int round = 0; round < 2; ++round) {
    for (const xg::Shape& shape : {xg::Shape{0, 3}, xg::Shape{4, 3}, xg::Shape{1, 3}}) {
      const Var x = wave(shape);
      const Var w = wave({3, 2});
      const auto expected = f(x, w);
      const auto given = compiled(x, w);
      BOOST_TEST(near(std::get<0>(given), std::get<0>(expected)));
      BOOST_TEST(near(std::get<1>(given), std::get<1>(expected)));
      BOOST_TEST(near(std::get<2>(given), std::get<2>(expected)));
      BOOST_TEST(near(std::get<3>(given), std::get<3>(expected)));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(signatures)

BOOST_AUTO_TEST_CASE(shapes_and_element_types) {
  int recorded = 0;
  const auto f = [&](const Var& x) {
    ++recorded;
    return sum(x * x + 1);
  };
  const auto compiled = xg::compile(f);
  const std::vector<Var> inputs{wave({6}),           wave({2, 3}),     wave({3, 2}),
                                wave({1, 6}),        wave<float>({6}), wave<std::int64_t>({6}),
                                wave<float>({2, 3}), wave({}),         wave({0})};
  for (int round = 0; round < 3; ++round) {
    for (const Var& x : inputs) {
      const Var given = compiled(x);
      recorded -= round == 0 ? 0 : 1;
      BOOST_TEST(near(given, f(x)));
      recorded -= round == 0 ? 1 : 0;
    }
  }
  BOOST_TEST(recorded == static_cast<int>(inputs.size()) - 0);
}

BOOST_AUTO_TEST_CASE(a_hundred_shapes) {
  const auto f = [](const Var& x) { return std::pair{exp(x) - mean(x), sum(x, 0)}; };
  const auto compiled = xg::compile(f);
  for (int round = 0; round < 2; ++round) {
    for (std::size_t n = 1; n <= 100; ++n) {
      const Var x = wave({n, 101 - n}, round);
      const auto [a, b] = compiled(x);
      BOOST_TEST(near(a, f(x).first));
      BOOST_TEST(near(b, f(x).second));
    }
  }
}

BOOST_AUTO_TEST_CASE(members_that_ride_along) {
  int recorded = 0;
  const auto f = [&](const Layer& layer, const Var& x) {
    ++recorded;
    Var y = x * layer.weight * layer.scale;
    if (layer.activation == Activation::tanh) y = tanh(y);
    if (layer.name == "negative") y = -y;
    Var result = y;
    for (int i = 1; i < layer.power; ++i) result = result * y;
    return Layer{result, layer.activation, layer.name + "!", layer.power, layer.scale};
  };
  const auto compiled = xg::compile(f);
  const Var x = wave({4}, 1.0);
  const std::vector<Layer> layers{{wave({4}), Activation::none, "a", 1, 1.0},
                                  {wave({4}), Activation::tanh, "a", 1, 1.0},
                                  {wave({4}), Activation::none, "negative", 1, 1.0},
                                  {wave({4}), Activation::none, "a", 3, 1.0},
                                  {wave({4}), Activation::none, "a", 1, 0.25}};
  for (int round = 0; round < 2; ++round) {
    for (const Layer& layer : layers) {
      const Layer expected = f(layer, x);
      const Layer given = compiled(layer, x);
      BOOST_TEST(near(given.weight, expected.weight));
      BOOST_TEST((given.activation == expected.activation));
      BOOST_TEST(given.name == expected.name);
      BOOST_TEST(given.power == expected.power);
      BOOST_TEST(given.scale == expected.scale);
    }
  }
  BOOST_TEST(recorded == 3 * static_cast<int>(layers.size()));  // twice plainly, once compiled
}

// 1 / 0 and 1 / -0 differ, so a recording for the one does not serve the other; NaN is found again.
BOOST_AUTO_TEST_CASE(numbers_that_ride_along_are_compared_as_they_are) {
  int recorded = 0;
  const auto compiled = xg::compile([&recorded](const Layer& layer) {
    ++recorded;
    return layer.weight + 1.0 / layer.scale;
  });
  const auto with = [](double scale) { return Layer{wave({4}), Activation::none, "", 1, scale}; };
  for (int round = 0; round < 2; ++round) {
    for (const double scale : {0.0, -0.0, std::numeric_limits<double>::quiet_NaN()}) {
      BOOST_TEST(same(compiled(with(scale)), wave({4}) + 1.0 / scale));
    }
  }
  BOOST_TEST(recorded == 3);
}

BOOST_AUTO_TEST_CASE(argument_types_of_one_function) {
  const auto f = [](const auto& a, const auto& b) {
    Var total = 0.0;
    xg::tree::for_each(a, [&](const Var& leaf) { total = total + sum(leaf); });
    xg::tree::for_each(b, [&](const Var& leaf) { total = total - 2.0 * sum(leaf); });
    return total;
  };
  const auto compiled = xg::compile(f);
  const std::vector<Var> list{wave({2}), wave({2}, 1)};
  const std::pair<Var, Var> pair{wave({2}), wave({2}, 1)};
  for (int round = 0; round < 2; ++round) {
    BOOST_TEST(near(compiled(list, pair), f(list, pair)));
    BOOST_TEST(near(compiled(pair, list), f(pair, list)));
    BOOST_TEST(near(compiled(list, wave({3})), f(list, wave({3}))));
    BOOST_TEST(near(compiled(pair, pair), f(pair, pair)));
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(transforms)

BOOST_AUTO_TEST_CASE(differentiated) {
  const auto f = [](const Var& x) { return sum(exp(0.1 * x) * sin(x)); };
  const auto compiled = xg::compile(f);
  const Var x = wave({5});
  const Var v = wave({5}, 2.0);
  (void)compiled(x);  // known beforehand or not
  BOOST_TEST(near(xg::grad(compiled)(x), xg::grad(f)(x)));
  BOOST_TEST(near(xg::jvp(compiled, x, v).tangent, xg::jvp(f, x, v).tangent));
  BOOST_TEST(near(xg::vjp(compiled, x).pullback(2.0), xg::vjp(f, x).pullback(2.0)));
  BOOST_TEST(near(xg::hessian(compiled)(x), xg::hessian(f)(x)));
  BOOST_TEST(near(xg::hvp(compiled, x, v), xg::hvp(f, x, v)));
  xg::Tape tape;
  const Var leaf = tape.leaf(x);
  BOOST_TEST(near(tape.gradient(compiled(leaf), leaf), xg::grad(f)(x)));
  BOOST_TEST(near(compiled(x), f(x)));
}

BOOST_AUTO_TEST_CASE(derivatives_compiled) {
  const auto f = [](const Var& x) { return sum(exp(0.1 * x) * sin(x)); };
  const auto gradient = xg::compile(xg::grad(f));
  const auto hessian = xg::compile(xg::hessian(f));
  const auto tangent = xg::compile([&](const Var& x, const Var& v) { return xg::jvp(f, x, v); });
  const auto product = xg::compile([&](const Var& x, const Var& v) { return xg::hvp(f, x, v); });
  const auto jacobian = xg::compile(xg::jacobian([](const Var& x) { return x * sum(x); }));
  for (int round = 0; round < 2; ++round) {
    const Var x = wave({5}, round);
    const Var v = wave({5}, 2.0 + round);
    BOOST_TEST(near(gradient(x), xg::grad(f)(x)));
    BOOST_TEST(near(hessian(x), xg::hessian(f)(x)));
    BOOST_TEST(near(tangent(x, v).tangent, xg::jvp(f, x, v).tangent));
    BOOST_TEST(near(product(x, v), xg::hvp(f, x, v)));
    BOOST_TEST(near(jacobian(x), xg::jacobian([](const Var& y) { return y * sum(y); })(x)));
  }
}

BOOST_AUTO_TEST_CASE(compiled_in_compiled) {
  const auto inner = xg::compile([](const Var& x, const Var& y) { return x * sin(y); });
  const auto outer = xg::compile([&](const Var& x) {
    const Var constant = inner(2.0, 3.0);  // no recorded argument: computed while the outer one is recorded
    return std::tuple{inner(x, x) + constant, xg::grad([&](const Var& y) { return sum(inner(y, x)); })(x)};
  });
  for (int round = 0; round < 2; ++round) {
    const Var x = wave({4}, round);
    const auto [value, gradient] = outer(x);
    BOOST_TEST(near(value, x * sin(x) + 2.0 * std::sin(3.0)));
    BOOST_TEST(near(gradient, sin(x)));
    BOOST_TEST(near(inner(x, x), x * sin(x)));
  }
}

// Inside another transform only the captured Var is recorded: its derivative must not get lost, so it is refused.
BOOST_AUTO_TEST_CASE(recorded_captured_vars_are_refused) {
  const Var x = wave({4});
  const auto loss = [&](const Var& w) {
    const auto inner = xg::compile([w](const Var& y) { return sum(y * w); });
    return inner(x);
  };
  BOOST_TEST(throws<xg::TapeError>([&] { return xg::grad(loss)(wave({4}, 1.0)); }, {"two tapes", "as an argument"}));
  BOOST_TEST(near(xg::grad([](const Var& y) { return sum(y * y); })(x), 2.0 * x));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_CASE(several_threads) {
  const auto step = xg::compile(mlp_step);
  const Var y = wave({7, 2}, 0.2);
  const Var wide = wave({9, 2}, 0.2);
  constexpr int count = 4;
  std::vector<Mlp> expected(count);
  const auto train = [&](int t, const auto& one_step) {
    Mlp model = small_mlp();
    Var loss;
    for (int i = 0; i < 30; ++i) {
      const bool odd = (i + t) % 2 == 1;
      std::tie(model, loss) = one_step(std::move(model), wave({odd ? 7U : 9U, 3}, t), odd ? y : wide);
    }
    return model;
  };
  for (int t = 0; t < count; ++t) expected[static_cast<std::size_t>(t)] = train(t, mlp_step);
  std::vector<Mlp> given(count);
  std::vector<std::thread> threads;
  for (int t = 0; t < count; ++t) {
    threads.emplace_back([&, t] { given[static_cast<std::size_t>(t)] = train(t, step); });
  }
  for (std::thread& thread : threads) thread.join();
  for (std::size_t t = 0; t < count; ++t) {
    const std::vector<Var> leaves = xg::tree::leaves(given[t]);
    const std::vector<Var> wanted = xg::tree::leaves(expected[t]);
    for (std::size_t k = 0; k < leaves.size(); ++k) BOOST_TEST(near(leaves[k], wanted[k], 1e-9));
  }
}

BOOST_AUTO_TEST_CASE(copies_of_a_compiled_function_share_its_recordings) {
  int recorded = 0;
  const auto compiled = xg::compile([&](const Var& x) {
    ++recorded;
    return x + 1.0;
  });
  const auto copy = compiled;  // NOLINT(*-unnecessary-copy-*)
  BOOST_TEST(same(compiled(wave({3})), wave({3}) + 1.0));
  BOOST_TEST(same(copy(wave({3}, 1.0)), wave({3}, 1.0) + 1.0));
  BOOST_TEST(recorded == 1);
}

BOOST_AUTO_TEST_SUITE_END()
