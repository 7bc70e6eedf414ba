// What transformations are combined with, and the links of chains.
#include "optim_rows.hpp"

#include <array>

BOOST_AUTO_TEST_SUITE(test_optim_combine)

using namespace optim_rows;
using optim::Setting;
using std::sqrt;
namespace tree = xg::tree;

namespace {

using K1 = std::array<double, 1>;
using K2 = std::array<double, 2>;
using K3 = std::array<double, 3>;

constexpr double rate = 0.05;

Var array(std::vector<double> values) { return Var(values); }
Numbers numbers(const Var& x) {
  const Var wide = cast<double>(x);
  return Numbers(wide.array<double>().data(), wide.array<double>().data() + wide.size());
}
bool near(const Var& x, const Numbers& expected, double tolerance = 1e-14) {
  const Numbers given = numbers(x);
  bool good = given.size() == expected.size();
  for (std::size_t i = 0; good && i < given.size(); ++i) good = std::abs(given[i] - expected[i]) <= tolerance;
  return good;
}
/// What one step makes of a gradient, at the parameter.
Var once(const optim::Transformation& t, const Var& g, const Var& p, const optim::Extras& extras = {}) {
  return t.update(g, t.init(p), p, extras).updates;
}
Var once(const optim::Transformation& t, const Var& g) { return once(t, g, zeros_like(g)); }

std::vector<Row> rows() {
  return {
      {"chain",
       [](const Setting& r) {
         return optim::chain({optim::scale(2.0), optim::momentum(), optim::descend(r)});
       },
       elementwise<1>([](double& p, double g, K1& k, double) {
         k[0] = 0.9 * k[0] + 2.0 * g;
         p -= rate * k[0];
       }),
       rate, 600, 0.1},
      {"partition",
       [](const Setting& r) {
         return optim::partition({{"bias", optim::sgd({.rate = r})}, {"*", optim::adagrad({.rate = r})}});
       },
       []() -> Reference {
         auto sums = std::make_shared<Numbers>(6);
         return [sums](Arrays& p, const Arrays& g) {
           for (std::size_t i = 0; i < 6; ++i) {
             (*sums)[i] += g[0][i] * g[0][i];
             p[0][i] -= rate * g[0][i] / (sqrt((*sums)[i]) + 1e-10);
           }
           for (std::size_t i = 0; i < 3; ++i) p[1][i] -= rate * g[1][i];
         };
       }},
      {"accumulate", [](const Setting& r) { return optim::accumulate(3, optim::adagrad({.rate = r})); },
       elementwise<2>([](double& p, double g, K2& k, double t) {
         k[0] += g / 3.0;
         if (std::fmod(t, 3.0) != 0.0) return;
         k[1] += k[0] * k[0];
         p -= rate * k[0] / (sqrt(k[1]) + 1e-10);
         k[0] = 0.0;
       }),
       rate, 900},
      {"skip_not_finite",
       [](const Setting& r) { return optim::skip_not_finite(optim::sgd({.rate = r, .momentum = 0.9})); },
       elementwise<1>([](double& p, double g, K1& k, double) {
         k[0] = 0.9 * k[0] + g;
         p -= rate * k[0];
       })},
      {"ema_of_parameters", [](const Setting& r) { return optim::ema_of_parameters(optim::sgd({.rate = r})); },
       elementwise<1>([](double& p, double g, K1&, double) { p -= rate * g; })},
      {"swa", [](const Setting& r) { return optim::swa(optim::sgd({.rate = r})); },
       elementwise<1>([](double& p, double g, K1&, double) { p -= rate * g; })},
      {"lookahead",
       [](const Setting& r) { return optim::lookahead(optim::sgd({.rate = r}), {.every = 3, .alpha = 0.4}); },
       elementwise<1>([](double& p, double g, K1& k, double t) {
         if (t == 1.0) k[0] = p;
         p -= rate * g;
         if (std::fmod(t, 3.0) != 0.0) return;
         k[0] += 0.4 * (p - k[0]);
         p = k[0];
       }),
       rate, 900},
      {"inject",
       [](const Setting& r) {
         return optim::inject({{"rate", r.at()}}, [](const optim::Hyperparameters& h) {
           return optim::sgd({.rate = h.at("rate"), .momentum = 0.9});
         });
       },
       elementwise<1>([](double& p, double g, K1& k, double) {
         k[0] = 0.9 * k[0] + g;
         p -= rate * k[0];
       })},
      {"masked",
       [](const Setting& r) {
         return optim::masked([](std::string_view, const Var& p) { return p.dimension() == 2; },
                              optim::chain({optim::scale(1.0), optim::descend(r)}));
       },
       []() -> Reference {
         return [](Arrays& p, const Arrays& g) {
           for (std::size_t i = 0; i < 6; ++i) p[0][i] -= rate * g[0][i];
           for (std::size_t i = 0; i < 3; ++i) p[1][i] += g[1][i];
         };
       },
       rate, 1, 10.0},
  };
}

}  // namespace

BOOST_AUTO_TEST_CASE(rows_of_the_table) {
  for (const Row& row : rows()) check(row);
}

BOOST_AUTO_TEST_CASE(links) {
  const Var g = array({3.0, -4.0, 0.0});
  const Var p = array({1.0, 2.0, 2.0});
  BOOST_TEST(near(once(optim::identity(), g), {3.0, -4.0, 0.0}));
  BOOST_TEST(near(once(optim::frozen(), g), {0.0, 0.0, 0.0}));
  BOOST_TEST(near(once(optim::scale(-2.0), g), {-6.0, 8.0, 0.0}));
  BOOST_TEST(near(once(optim::descend(0.5), g), {-1.5, 2.0, 0.0}));
  BOOST_TEST(near(once(optim::sign_of(), g), {1.0, -1.0, 0.0}));
  BOOST_TEST(near(once(optim::clip_by_value(3.5), g), {3.0, -3.5, 0.0}));
  BOOST_TEST(near(once(optim::clip_by_norm(1.0), g), {0.6, -0.8, 0.0}));
  BOOST_TEST(near(once(optim::clip_by_norm(10.0), g), {3.0, -4.0, 0.0}));
  BOOST_TEST(near(once(optim::clip_by_norm(1.0), 0.0 * g), {0.0, 0.0, 0.0}));
  BOOST_TEST(near(once(optim::clip_by_norm(1.0), 1e300 * g), {0.6, -0.8, 0.0}));
  BOOST_TEST(near(once(optim::add_decay(0.1), g, p), {3.1, -3.8, 0.2}));
  BOOST_TEST(near(once(optim::clip_adaptive({.clipping = 0.5}), g, p), {0.9, -1.2, 0.0}, 1e-15));
  BOOST_TEST(near(once(optim::clip_adaptive({.clipping = 0.5, .eps = 0.01}), g, 0.0 * p), {0.003, -0.004, 0.0}, 1e-15));
  const Var matrix = xt::xarray<double>{{3.0, 1.0}, {4.0, 2.0}};
  BOOST_TEST(near(once(optim::clip_adaptive({.clipping = 1.0, .eps = 1.0}), matrix),
                  {0.6, 1.0 / sqrt(5.0), 0.8, 2.0 / sqrt(5.0)}));
  BOOST_TEST(near(once(optim::centralise(), matrix), {-0.5, -0.5, 0.5, 0.5}));
  BOOST_TEST(near(once(optim::centralise(), g), {3.0, -4.0, 0.0}));
}

BOOST_AUTO_TEST_CASE(norms_of_all_arrays) {
  const std::vector<Var> g{array({3.0}), array({4.0, 0.0})};
  const optim::Transformation clip = optim::clip_by_global_norm(1.0);
  const auto u = clip.update(g, clip.init(g), g).updates;
  BOOST_TEST(near(u[0], {0.6}));
  BOOST_TEST(near(u[1], {0.8, 0.0}));
  const std::vector<Var> mixed{cast<float>(g[0]), g[1]};
  const auto v = clip.update(mixed, clip.init(mixed), mixed).updates;
  BOOST_TEST((v[0].dtype() == xg::DType::Float32));
  BOOST_TEST((v[1].dtype() == xg::DType::Float64));
}

BOOST_AUTO_TEST_CASE(samples_are_clipped) {
  const Var g = xt::xarray<double>{{3.0, 4.0}, {0.0, 0.5}, {0.0, 0.0}};
  const Var p = array({1.0, 1.0});
  BOOST_TEST(near(once(optim::clip_per_sample(1.0), g, p), {0.2, 1.3 / 3.0}));
  const optim::Optimiser quiet = optim::dp_sgd({.rate = 0.5, .bound = 1.0, .noise = 0.0});
  BOOST_TEST(near(once(quiet, g, p), {-0.1, -0.65 / 3.0}));
  // Noise of deviation noise * bound / samples.
  const Var many = xg::zeros({4, 20000});
  const Var u = once(optim::dp_sgd({.rate = 1.0, .bound = 0.5, .noise = 2.0, .key = xg::random::Key(3)}), many,
                     xg::zeros({20000}));
  BOOST_TEST(std::abs(stddev(u).item<double>() - 0.25) < 0.005);
  BOOST_CHECK_THROW((void)once(quiet, p, p), xg::ShapeError);
  // Of two arrays together.
  const std::vector<Var> two{reshape(array({3.0}), {1, 1}), reshape(array({4.0}), {1, 1})};
  const std::vector<Var> model{array({0.0}), array({0.0})};
  const optim::Transformation clip = optim::clip_per_sample(1.0);
  BOOST_TEST(near(clip.update(two, clip.init(model), model).updates[1], {0.8}));
}

BOOST_AUTO_TEST_CASE(noise_is_of_the_key_and_the_step) {
  const optim::Transformation noise = optim::add_noise({.variance = 0.04, .gamma = 1.0, .key = xg::random::Key(1)});
  const Var p = xg::zeros({20000});
  auto [first, state] = noise.update(p, noise.init(p), p);
  auto [second, last] = noise.update(p, state, p);
  BOOST_TEST(std::abs(stddev(first).item<double>() - 0.2) < 0.004);
  BOOST_TEST(std::abs(stddev(second).item<double>() - 0.2 / sqrt(2.0)) < 0.004);
  BOOST_TEST(std::abs(mean(first * second).item<double>()) < 0.001);
  const std::vector<Var> both{p, p};
  const auto u = noise.update(both, noise.init(both), both).updates;
  BOOST_TEST(any(not_equal(u[0], u[1])).item<bool>());
}

BOOST_AUTO_TEST_CASE(averages_of_parameters) {
  const auto run = [](const optim::Optimiser& optimiser, std::size_t n) {
    return steps_of(optimiser, {first_model(), optimiser.init(first_model())}, n);
  };
  // The parameters of plain descent on the way.
  std::vector<Model> way{first_model()};
  for (int i = 0; i < 7; ++i)
    way.push_back(tree::map(way.back(), gradient(way.back()), [](const Var& p, const Var& g) { return p - rate * g; }));
  const optim::Optimiser sgd = optim::sgd({.rate = rate});

  const Training ema = run(optim::ema_of_parameters(sgd, {.decay = 0.5}), 3);
  const Model expected = tree::map(way[1], way[2], way[3], [](const Var& a, const Var& b, const Var& c) {
    return (0.125 * a + 0.25 * b + 0.5 * c) / 0.875;
  });
  BOOST_TEST(distance(optim::average(ema.second, ema.first), expected) < 1e-14);

  const Training biased = run(optim::ema_of_parameters(sgd, {.decay = 0.5, .unbiased = false}), 2);
  const Model from_start = tree::map(
      way[0], way[1], way[2], [](const Var& a, const Var& b, const Var& c) { return 0.25 * a + 0.25 * b + 0.5 * c; });
  BOOST_TEST(distance(optim::average(biased.second, biased.first), from_start) < 1e-14);

  const Training swa = run(optim::swa(sgd, {.start = 2, .every = 2}), 6);  // after updates 3 and 5, by counts 2 and 4
  const Model mean = tree::map(way[3], way[5], [](const Var& a, const Var& b) { return 0.5 * (a + b); });
  BOOST_TEST(distance(optim::average(swa.second, swa.first), mean) < 1e-14);
  const Training early = run(optim::swa(sgd, {.start = 5}), 3);
  BOOST_TEST(distance(optim::average(early.second, early.first), first_model()) == 0.0);

  // asgd from the first step on: the mean of all.
  const Training asgd = run(optim::asgd({.rate = rate, .lambda = 0.0, .start = 0.0}), 4);
  // Weights 1, 1, 1/2, 1/3: the average starts anew at the second step, as in PyTorch.
  const Model later =
      tree::map(way[2], way[3], way[4], [](const Var& a, const Var& b, const Var& c) { return (a + b + c) / 3.0; });
  BOOST_TEST(distance(optim::average(asgd.second, asgd.first), later) < 1e-14);

  const Training free = run(optim::schedule_free_sgd({.rate = rate}), 300);
  BOOST_TEST(loss(optim::average(free.second, free.first)).item<double>() < 0.05 * loss(first_model()).item<double>());

  BOOST_CHECK_THROW((void)optim::average(sgd.init(first_model()), first_model()), xg::ValueError);
}

BOOST_AUTO_TEST_CASE(ema_of_updates) {
  const optim::Transformation t = optim::ema({.decay = 0.5});
  const Var p = array({0.0});
  auto [first, state] = t.update(array({2.0}), t.init(p), p);
  const auto second = t.update(array({4.0}), state, p).updates;
  BOOST_TEST(near(first, {2.0}));
  BOOST_TEST(near(second, {(0.25 * 2.0 + 0.5 * 4.0) / 0.75}));
}

BOOST_AUTO_TEST_CASE(not_finite_gradients_are_skipped) {
  const optim::Optimiser optimiser = optim::skip_not_finite(optim::adam({.rate = 0.1}), 2);
  const Var p = array({1.0, 2.0});
  const Var bad = array({1.0, std::numeric_limits<double>::quiet_NaN()});
  const auto step = xg::compile([&](const Var& g, const optim::State& s) { return optimiser.update(g, s, p); });
  auto [good, state] = step(p, optimiser.init(p));
  BOOST_TEST(near(good, {-0.1, -0.1}, 1e-6));
  const std::vector<Var> before = tree::leaves(state);
  for (int i = 0; i < 2; ++i) {
    auto [none, next] = step(bad, state);
    BOOST_TEST(near(none, {0.0, 0.0}));
    BOOST_TEST(same_bits<double>(tree::leaves(next), before));
    state = next;
  }
  BOOST_TEST(state.number("skipped").item<std::int64_t>() == 2);
  BOOST_TEST(state.number("in_a_row").item<std::int64_t>() == 2);
  const optim::State reset = step(p, state).state;
  BOOST_TEST(reset.number("in_a_row").item<std::int64_t>() == 0);
  const Var through = step(bad, state).updates;  // the third in a row
  BOOST_TEST(any(isnan(through)).item<bool>());
}

// The inner one gets none of what is skipped: factorisations would refuse it, and derivatives would be NaN.
BOOST_AUTO_TEST_CASE(skipped_gradients_are_not_computed_with) {
  const Var p = reshape(array({1.0, 2.0, -1.0, 0.5}), {2, 2});
  const Var bad = std::numeric_limits<double>::quiet_NaN() * p;
  for (const optim::Optimiser& inner : {optim::shampoo(), optim::soap(), optim::galore(optim::adam(), {.rank = 1}),
                                        optim::chain({optim::centralise()})}) {
    const optim::Optimiser optimiser = optim::skip_not_finite(inner);
    const auto update = [&](const Var& g, const optim::State& s) { return optimiser.update(g, s, p); };
    const optim::State state = optimiser.init(p);
    for (const auto& [none, next] : {update(bad, state), xg::compile(update)(bad, state)}) {
      BOOST_TEST(near(reshape(none, {4}), {0.0, 0.0, 0.0, 0.0}));
      BOOST_TEST(same_bits<double>(tree::leaves(next), tree::leaves(state)));
    }
  }
  const auto end = [&](const Var& learnt) {
    const optim::Optimiser optimiser = optim::skip_not_finite(optim::adam({.rate = learnt}));
    const auto [none, next] = optimiser.update(bad, optimiser.init(p), p);
    const Var moved = optim::apply(p, none);
    return sum(optim::apply(moved, optimiser.update(p, next, moved).updates));
  };
  const double slope = xg::grad(end)(Var(xt::xarray<double>(0.1))).item<double>();
  BOOST_TEST(std::abs(slope + 2.0) < 1e-6);  // three signs down, one up
}

BOOST_AUTO_TEST_CASE(rates_fall_on_plateaus) {
  const optim::Transformation t = optim::reduce_on_plateau({.factor = 0.5, .patience = 1, .cooldown = 1, .least = 0.2});
  const Var g = array({1.0});
  optim::State state = t.init(g);
  // value, and the scale of the step
  const std::vector<std::pair<double, double>> way{{1.0, 1.0},  {0.9, 1.0},   {0.9, 1.0},  {0.9, 0.5},  {0.95, 0.5},
                                                   {0.95, 0.5}, {0.95, 0.25}, {0.1, 0.25}, {0.1, 0.25}, {0.1, 0.2}};
  for (const auto& [value, scale] : way) {
    auto [u, next] = t.update(g, state, g, {.value = value});
    BOOST_TEST(near(u, {scale}), "value " << value << ": " << numbers(u)[0] << ", not " << scale);
    state = next;
  }
}

BOOST_AUTO_TEST_CASE(plateaus_after_a_loss_that_is_not_finite) {
  const optim::Transformation t = optim::reduce_on_plateau({.factor = 0.5, .patience = 1});
  const Var g = array({1.0});
  optim::State state = t.init(g);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const double value : {nan, 1.0, 0.9, nan, 0.8, 0.7, 0.6}) {
    auto [u, next] = t.update(g, state, g, {.value = value});
    BOOST_TEST(near(u, {1.0}));
    state = next;
  }
  BOOST_TEST(state.number("best").item<double>() == 0.6);
}

BOOST_AUTO_TEST_CASE(hyperparameters_in_the_state) {
  const optim::Optimiser optimiser = optim::inject(
      {{"rate", 0.1}}, [](const optim::Hyperparameters& h) { return optim::sgd({.rate = h.at("rate")}); });
  const Var p = array({1.0});
  int recorded = 0;
  const auto step = xg::compile([&](const Var& g, const optim::State& s) {
    ++recorded;
    return optimiser.update(g, s, p);
  });
  optim::State state = optimiser.init(p);
  BOOST_TEST(state.number("rate").item<double>() == 0.1);
  BOOST_TEST(near(step(p, state).updates, {-0.1}));
  const optim::State other = state.with_number("rate", 0.5);
  BOOST_TEST(near(step(p, other).updates, {-0.5}));
  BOOST_TEST(recorded == 1);
  const auto slope =
      xg::grad([&](const optim::State& s) { return sum(optimiser.update(array({3.0}), s, p).updates); })(state);
  BOOST_TEST(slope.number("rate").item<double>() == -3.0);
}

BOOST_AUTO_TEST_CASE(selectors) {
  const Var p = 1.0;
  const auto fits = [&](const char* pattern, std::string_view path) { return optim::Selector(pattern)(path, p); };
  BOOST_TEST(fits("*", "a.b"));
  BOOST_TEST(fits("*", ""));
  BOOST_TEST(fits("a", "a.b"));
  BOOST_TEST(fits("a.b", "a.b"));
  BOOST_TEST(fits("*.bias", "layers.0.bias"));
  BOOST_TEST(fits("*bias", "bias"));
  BOOST_TEST(fits("layers.*.weight", "layers.0.weight"));
  BOOST_TEST(fits("*a*b*", "xaxxbx"));
  BOOST_TEST(!fits("a", "ab"));
  BOOST_TEST(!fits("*.bias", "bias"));
  BOOST_TEST(!fits("a.b", "a"));
  BOOST_TEST(!fits("*a*b", "xaxxbx"));
}

namespace {

struct Normalised {
  Var weight, mean;
  std::vector<Var> unused;
};
XGRAD_FIELDS(Normalised, weight, state(mean), static(unused))

}  // namespace

BOOST_AUTO_TEST_CASE(what_is_not_trained_stays) {
  const Normalised model{array({1.0}), array({5.0}), {array({7.0})}};
  const optim::Optimiser adamw = optim::adamw({.rate = 0.1, .decay = 0.5});
  const auto [u, state] = adamw.update(model, adamw.init(model), model);
  const Normalised next = optim::apply(model, u);
  BOOST_TEST(near(next.mean, {5.0}));
  BOOST_TEST(near(next.unused[0], {7.0}));
  BOOST_TEST(numbers(next.weight)[0] < 1.0);
}

BOOST_AUTO_TEST_CASE(state_is_a_tree) {
  const optim::Optimiser adam = optim::adam({.rate = optim::linear(0.1, 0.0, 10)});
  const optim::State state = adam.init(first_model());
  const std::vector<std::string> paths = tree::array_paths(state);
  const std::vector<std::string> expected{"0.mu_weight", "0.nu_weight", "0.mu.weight", "0.mu.bias",
                                          "0.nu.weight", "0.nu.bias",   "1.count"};
  BOOST_TEST(paths == expected, boost::test_tools::per_element());
  BOOST_TEST(tree::leaves(state).size() == 6U);  // the count is none
  BOOST_TEST((tree::arrays(state).back().dtype() == xg::DType::Int64));
  std::ostringstream text;
  text << state << "\n" << adam;
  BOOST_TEST(text.str().find("0.mu.weight  float64 [2, 3]") != std::string::npos);
  BOOST_TEST(text.str().find("adam(rate linear(0.1, 0, 10), beta1 0.9") != std::string::npos);
  BOOST_TEST(same_bits<double>({state.read("mu", first_model()).bias}, {xg::zeros({3})}));
}

// A custom transformation, as the documentation has it.
BOOST_AUTO_TEST_CASE(one_of_your_own) {
  const optim::Transformation twice(
      "twice", [](optim::Slots& slots) { slots.like("before"); },
      [](optim::Step& step) {
        const auto before = step.slot();
        for (std::size_t i = 0; i < step.size(); ++i) {
          const Var g = step.updates[i];
          step.updates[i] = g + before[i];
          before[i] = g;
        }
      });
  const Var p = array({1.0});
  auto [u, state] = twice.update(p, twice.init(p), p);
  BOOST_TEST(near(twice.update(2.0 * p, state, p).updates, {3.0}));

  const optim::Transformation greedy(
      "greedy", [](optim::Slots&) {}, [](optim::Step& step) { (void)step.slot(); });
  BOOST_CHECK_THROW((void)greedy.update(p, greedy.init(p), p), xg::ValueError);
  BOOST_CHECK_THROW((void)optim::chain({greedy, twice}).update(p, optim::chain({greedy, twice}).init(p), p),
                    xg::ValueError);
  const optim::Transformation widens(
      "widens", [](optim::Slots&) {}, [](optim::Step& step) { step.updates[0] = xg::zeros({5}); });
  BOOST_CHECK_THROW((void)widens.update(p, widens.init(p), p), xg::TypeError);
}

BOOST_AUTO_TEST_SUITE_END()
