// What single optimisers do that the table of all does not show.
#include "optim_rows.hpp"
#include "refusals.hpp"

BOOST_AUTO_TEST_SUITE(test_optim_special)

using namespace optim_rows;
using std::sqrt;

namespace {

Var array(std::vector<double> values) { return Var(values); }
Numbers numbers(const Var& x) { return Numbers(x.array<double>().data(), x.array<double>().data() + x.size()); }
bool near(const Var& x, const Numbers& expected, double tolerance = 1e-14) {
  const Numbers given = numbers(x);
  bool good = given.size() == expected.size();
  for (std::size_t i = 0; good && i < given.size(); ++i) good = std::abs(given[i] - expected[i]) <= tolerance;
  return good;
}

/// A sum over all data has the gradient 2 (p - 1), the batch of step t has (2 + t / 10) (p - 1) + t.
optim::Extras extras_of_batch(double t) {
  optim::Extras all;
  all.gradient = [t](std::span<const Var> p) { return std::vector<Var>{(2.0 + 0.1 * t) * (p[0] - 1.0) + t}; };
  all.full_gradient = [](std::span<const Var> p) { return std::vector<Var>{2.0 * (p[0] - 1.0)}; };
  return all;
}
double of_batch(double t, double p) { return (2.0 + 0.1 * t) * (p - 1.0) + t; }

}  // namespace

BOOST_AUTO_TEST_CASE(svrg_takes_the_noise_of_batches_off) {
  const optim::Optimiser optimiser = optim::svrg({.rate = 0.1, .every = 3});
  Var p = array({3.0});
  optim::State state = optimiser.init(p);
  double expected = 3.0;
  double snapshot = 0.0;
  for (int i = 0; i < 7; ++i) {
    const double t = i;
    auto [u, next] = optimiser.update(array({of_batch(t, numbers(p)[0])}), state, p, extras_of_batch(t));
    if (i % 3 == 0) snapshot = expected;
    expected -= 0.1 * (of_batch(t, expected) - of_batch(t, snapshot) + 2.0 * (snapshot - 1.0));
    p = optim::apply(p, u);
    state = next;
    BOOST_TEST(near(p, {expected}));
  }
}

BOOST_AUTO_TEST_CASE(sarah_goes_on_from_the_estimate_before) {
  const optim::Optimiser optimiser = optim::sarah({.rate = 0.1, .every = 3});
  Var p = array({3.0});
  optim::State state = optimiser.init(p);
  double expected = 3.0;
  double before = 3.0;
  double v = 0.0;
  for (int i = 0; i < 7; ++i) {
    const double t = i;
    auto [u, next] = optimiser.update(array({of_batch(t, numbers(p)[0])}), state, p, extras_of_batch(t));
    v = i % 3 == 0 ? 2.0 * (expected - 1.0) : of_batch(t, expected) - of_batch(t, before) + v;
    before = expected;
    expected -= 0.1 * v;
    p = optim::apply(p, u);
    state = next;
    BOOST_TEST(near(p, {expected}));
  }
}

BOOST_AUTO_TEST_CASE(sam_by_a_gradient_of_a_function) {
  const auto f = [](const Model& m) { return loss(m); };
  const optim::Optimiser optimiser = optim::sam(optim::sgd({.rate = 0.1}), {.rho = 0.2, .adaptive = true});
  const Model m = first_model();
  const Model u =
      optimiser.update(gradient(m), optimiser.init(m), m, {.gradient = optim::gradient_at(xg::grad(f), m)}).updates;
  const Arrays p = first_arrays();
  const Arrays g = gradient(p);
  Arrays scaled = g;
  for (std::size_t k = 0; k < 2; ++k) {
    for (std::size_t i = 0; i < p[k].size(); ++i) scaled[k][i] *= std::abs(p[k][i]);
  }
  Arrays worst = p;
  for (std::size_t k = 0; k < 2; ++k) {
    for (std::size_t i = 0; i < p[k].size(); ++i) worst[k][i] += 0.2 * p[k][i] * p[k][i] * g[k][i] / norm(scaled);
  }
  const Arrays there = gradient(worst);
  BOOST_TEST(distance(u, model_of<double>([&](std::size_t k, std::size_t i) { return -0.1 * there[k][i]; })) < 1e-14);
}

BOOST_AUTO_TEST_CASE(rows_that_were_not_looked_up_stay) {
  const optim::Optimiser optimiser = optim::sparse_adam({.rate = 0.1});
  const Var p = xt::xarray<double>{{1.0, 2.0}, {3.0, 4.0}};
  const Var g = xt::xarray<double>{{1.0, 0.0}, {0.0, 0.0}};
  auto [first, state] = optimiser.update(g, optimiser.init(p), p);
  auto [second, last] = optimiser.update(xg::zeros({2, 2}), state, p);
  BOOST_TEST(near(first, {-0.1, 0.0, 0.0, 0.0}, 1e-8));
  BOOST_TEST(near(second, {0.0, 0.0, 0.0, 0.0}));
  BOOST_TEST(near(last.read("mu", p), numbers(state.read("mu", p))));
}

BOOST_AUTO_TEST_CASE(ftrl_makes_zeros) {
  const optim::Optimiser optimiser = optim::ftrl({.rate = 0.5, .beta = 1.0, .l1 = 10.0});
  Var p = array({0.3, -0.2});
  optim::State state = optimiser.init(p);
  for (int i = 0; i < 3; ++i) {
    auto [u, next] = optimiser.update(array({1.0, 2.0}), state, p);
    p = optim::apply(p, u);
    state = next;
  }
  BOOST_TEST(numbers(p)[0] == 0.0);
}

BOOST_AUTO_TEST_CASE(fromage_leaves_zero) {
  const optim::Optimiser fromage = optim::fromage(0.1);
  const Var p = xg::zeros({2});
  const Var u = fromage.update(xg::ones({2}), fromage.init(p), p).updates;
  BOOST_TEST(amax(abs(u + 0.1 / std::sqrt(1.01))).item<double>() < 1e-15);
  const Var still = fromage.update(p, fromage.init(xg::ones({2})), xg::ones({2})).updates;
  BOOST_TEST(amax(abs(still)).item<double>() == 0.0);
}

// With one parameter and a constant gradient Adam's steps are the rate, so the rate of descent settles.
BOOST_AUTO_TEST_CASE(swats_goes_over_to_descent) {
  const optim::Optimiser optimiser = optim::swats({.rate = 0.1});
  const auto step = xg::compile([&](const Var& p, const optim::State& s) {
    auto [u, next] = optimiser.update(2.0 * ones_like(p), s, p);
    return std::pair{u, next};
  });
  const Var p = array({0.0});
  optim::State state = optimiser.init(p);
  std::vector<double> way;
  for (int i = 0; i < 80; ++i) {
    auto [u, next] = step(p, state);
    way.push_back(numbers(u)[0]);
    state = next;
  }
  BOOST_TEST(state.number("switched").item<std::int64_t>() == 1);
  BOOST_TEST(std::abs(state.number("sgd_rate").item<double>() - 0.05) < 1e-8);  // 0.1^2 / (0.1 * 2)
  BOOST_TEST(std::abs(way.front() + 0.1) < 1e-8);
  BOOST_TEST(std::abs(way[2] + 0.1 * 0.1) < 1e-8);  // momentum starts anew at the third step
  BOOST_TEST(std::abs(way.back() + 0.1) < 1e-3);
}

BOOST_AUTO_TEST_CASE(diagonals_of_hessians) {
  const auto f = [](const Model& m) { return loss(m) + 0.25 * sum(square(square(m.bias))); };
  const Model m = first_model();
  const Model h = optim::hutchinson(f, m, xg::random::Key(5));
  const Model expected{model_of<double>(curvature).weight, model_of<double>(curvature).bias + 3.0 * square(m.bias)};
  BOOST_TEST(distance(h, expected) < 1e-14);
  const Model one = optim::hutchinson(f, first_model<float>(), xg::random::Key(5));
  BOOST_TEST((one.weight.dtype() == xg::DType::Float32));
}

BOOST_AUTO_TEST_CASE(sophia_without_new_curvature_keeps_the_old) {
  const optim::Optimiser optimiser = optim::sophia({.rate = 0.1});
  const Var p = array({1.0});
  const optim::State first = optimiser.update(p, optimiser.init(p), p, {.curvature = array({4.0})}).state;
  const optim::State second = optimiser.update(p, first, p).state;
  BOOST_TEST(near(second.read("curvature", p), {0.04}));
}

// A schedule of a decay: the weights that have come together take the bias off, whatever they were.
BOOST_AUTO_TEST_CASE(moments_of_decays_that_vary_are_unbiased) {
  const optim::Optimiser optimiser =
      optim::adam({.rate = 0.1, .beta1 = optim::linear(0.2, 0.9, 5), .beta2 = optim::linear(0.5, 0.99, 5), .eps = 0.0});
  const Var p = array({1.0});
  optim::State state = optimiser.init(p);
  for (int i = 0; i < 8; ++i) {
    auto [u, next] = optimiser.update(array({3.0}), state, p);
    BOOST_TEST(near(u, {-0.1}));  // of a constant gradient the means are itself and its square
    state = next;
  }
}

// Rates learnt through training: the derivative of the end with respect to schedules' and states' numbers.
BOOST_AUTO_TEST_CASE(derivatives_through_training) {
  const auto end = [](const Var& peak, const Var& decay) {
    const optim::Optimiser optimiser =
        optim::adamw({.rate = [peak](const Var& t) { return peak / (1.0 + t); }, .decay = decay});
    return loss(steps_of(optimiser, {first_model(), optimiser.init(first_model())}, 5).first);
  };
  const auto [by_peak, by_decay] = xg::grad<0, 1>(end)(Var(0.1), Var(0.02));
  const double h = 1e-6;
  const auto at = [&](double a, double b) { return end(a, b).item<double>(); };
  BOOST_TEST(std::abs(by_peak.item<double>() - (at(0.1 + h, 0.02) - at(0.1 - h, 0.02)) / (2.0 * h)) < 1e-6);
  BOOST_TEST(std::abs(by_decay.item<double>() - (at(0.1, 0.02 + h) - at(0.1, 0.02 - h)) / (2.0 * h)) < 1e-6);
}

// So are all others: epsilons and betas are Vars, schedules or numbers of the state.
BOOST_AUTO_TEST_CASE(derivatives_with_respect_to_other_settings) {
  using Make = std::function<optim::Optimiser(const optim::Setting&)>;
  const std::vector<std::pair<double, Make>> all{
      {0.05, [](const optim::Setting& x) { return optim::adam({.rate = 0.1, .eps = x}); }},
      {0.05, [](const optim::Setting& x) { return optim::rmsprop({.rate = 0.1, .eps = x}); }},
      {0.05, [](const optim::Setting& x) { return optim::adagrad({.rate = 0.1, .eps = x}); }},
      {0.05, [](const optim::Setting& x) { return optim::adabelief({.rate = 0.1, .eps = x}); }},
      {0.8, [](const optim::Setting& x) { return optim::radam({.rate = 0.1, .beta1 = x}); }},
      {0.7, [](const optim::Setting& x) { return optim::radam({.rate = 0.1, .beta2 = x, .threshold = 4.1}); }},
      {0.6, [](const optim::Setting& x) { return optim::madgrad({.rate = 0.1, .momentum = x}); }},
      {0.6, [](const optim::Setting& x) { return optim::schedule_free_adamw({.rate = 0.1, .beta1 = x}); }},
      {0.01, [](const optim::Setting& x) { return optim::adabound({.rate = 0.1, .gamma = x}); }},
      {0.3, [](const optim::Setting& x) { return optim::sophia({.rate = 0.1, .gamma = x}); }},
  };
  for (const auto& [value, make] : all) {
    const auto end = [&make = make](const Var& x) {
      const optim::Optimiser optimiser = make(x);
      return loss(steps_of(optimiser, {first_model(), optimiser.init(first_model())}, 6).first);
    };
    const auto at = [&](double x) { return end(x).item<double>(); };
    const double h = 1e-5 * value;
    const double expected = (at(value + h) - at(value - h)) / (2.0 * h);
    const double given = xg::grad(end)(Var(value)).item<double>();
    BOOST_TEST(std::abs(given - expected) <= 1e-6 + 1e-5 * std::abs(expected),
               make(value).text() << ": " << given << ", differences " << expected);
    const optim::Optimiser by_schedule = make(optim::constant(value));
    const optim::Optimiser by_number = make(value);
    const Training x = steps_of(by_schedule, {first_model(), by_schedule.init(first_model())}, 4);
    const Training y = steps_of(by_number, {first_model(), by_number.init(first_model())}, 4);
    BOOST_TEST(same_bits<double>(xg::tree::arrays(x.first), xg::tree::arrays(y.first)), make(value).text());
  }
}

// A loop of steps that stays a loop.
BOOST_AUTO_TEST_CASE(steps_inside_of_scan) {
  const optim::Optimiser optimiser = optim::adam({.rate = optim::linear(0.1, 0.0, 20)});
  const Training first{first_model(), optimiser.init(first_model())};
  const auto all = [&](const Training& start) {
    return xg::scan(
               [&](const Training& t, const std::tuple<>&) {
                 return std::pair{one_step(optimiser, t), std::tuple<>()};
               },
               start, std::tuple<>(), {.length = 10})
        .first;
  };
  const Training looped = xg::compile(all)(first);
  BOOST_TEST(distance(looped.first, steps_of(optimiser, first, 10).first) < 1e-15);
}

// ---- L-BFGS

namespace {

/// The two loops over lists of changes, in plain numbers.
Reference lbfgs_in_plain_numbers(double rate, std::size_t memory) {
  struct Change {
    Arrays s, y;
  };
  struct Kept {
    std::vector<Change> changes;
    Arrays step, gradient;
  };
  const auto added = [](Arrays a, double factor, const Arrays& b) {
    for (std::size_t k = 0; k < a.size(); ++k) {
      for (std::size_t i = 0; i < a[k].size(); ++i) a[k][i] += factor * b[k][i];
    }
    return a;
  };
  auto kept = std::make_shared<Kept>();
  return [=](Arrays& p, const Arrays& g) {
    const bool first = kept->step.empty();
    if (!first) {
      const Change change{kept->step, added(g, -1.0, kept->gradient)};
      if (dot(change.s, change.y) > 1e-10) kept->changes.push_back(change);
      if (kept->changes.size() > memory) kept->changes.erase(kept->changes.begin());
    }
    Arrays q = g;
    std::vector<double> alpha(kept->changes.size());
    for (std::size_t k = alpha.size(); k-- > 0;) {
      const Change& c = kept->changes[k];
      alpha[k] = dot(c.s, q) / dot(c.s, c.y);
      q = added(q, -alpha[k], c.y);
    }
    if (!alpha.empty()) {
      const Change& c = kept->changes.back();
      q = added(like(q), dot(c.s, c.y) / dot(c.y, c.y), q);
    }
    for (std::size_t k = 0; k < alpha.size(); ++k) {
      const Change& c = kept->changes[k];
      q = added(q, alpha[k] - dot(c.y, q) / dot(c.s, c.y), c.s);
    }
    double size = 0.0;
    for (const Numbers& each : g) {
      for (const double x : each) size += std::abs(x);
    }
    kept->step = added(like(q), -rate * (first ? std::min(1.0, 1.0 / size) : 1.0), q);
    kept->gradient = g;
    p = added(p, 1.0, kept->step);
  };
}

}  // namespace

BOOST_AUTO_TEST_CASE(lbfgs) {
  check({.name = "lbfgs",
         .make = [](const optim::Setting& r) { return optim::lbfgs({.rate = r, .memory = 3}); },
         .reference = [] { return lbfgs_in_plain_numbers(0.5, 3); },
         .rate = 0.5,
         .steps = 60,
         .falls_to = 1e-12,
         .same_bits = false});
  // With as many changes as there are directions it is Newton's method on a quadratic, near the end.
  const optim::Optimiser optimiser = optim::lbfgs();
  const Training end = steps_of(optimiser, {first_model(), optimiser.init(first_model())}, 40);
  BOOST_TEST(loss(end.first).item<double>() < 1e-20);
  refusals::check_refused<xg::ValueError>([] { return optim::lbfgs({.memory = 0}); },
                                          {"lbfgs: memory is 0; it must be at least 1 (Nocedal 1980)"});
  refusals::check_refused<xg::ValueError>([] { return optim::lbfgs({.rate = -1.0}); }, {"lbfgs: rate is -1"});
}

// ---- what has needs of its own: K-FAC and differentially private descent

namespace {

/// Compiled as called, resumed with the same bits, in float32: as the rows of the others. f: (weights, state) -> both.
template <class F>
void check_steps(const optim::Optimiser& optimiser, const Var& start, F f, bool random) {
  using Pair = std::pair<Var, optim::State>;
  const auto run = [&](Pair at, int n) {
    for (int i = 0; i < n; ++i) at = f(at);
    return at;
  };
  const Pair first{start, optimiser.init(start)};
  const Pair called = run(first, 5);
  const auto step = xg::compile(f);
  Pair compiled = first;
  for (int i = 0; i < 5; ++i) compiled = step(std::move(compiled));
  BOOST_TEST(amax(abs(compiled.first - called.first)).template item<double>() < 1e-13);
  const Pair half = run(first, 2);
  const optim::State again = xg::tree::with_arrays(optimiser.init(start), xg::tree::arrays(half.second));
  BOOST_TEST(same_bits<double>(xg::tree::arrays(run({half.first, again}, 3)), xg::tree::arrays(called)));
  const Var narrow = cast<float>(start);
  const Var end = run({narrow, optimiser.init(narrow)}, 5).first;
  BOOST_TEST((end.dtype() == xg::DType::Float32));
  if (!random) BOOST_TEST(amax(abs(end - called.first)).template item<double>() < 1e-4);
}

}  // namespace

BOOST_AUTO_TEST_CASE(steps_of_kfac) {
  const optim::Optimiser optimiser = optim::kfac({.rate = 0.1, .momentum = 0.0, .damping = 0.1});
  const Var x = reshape(sin(xg::arange(12.0)), {6, 2});
  const Var solution = reshape(cos(xg::arange(6.0)), {2, 3});
  const auto step = [&](const std::pair<Var, optim::State>& at) {
    const Var own = cast(x, at.first.dtype());
    const Var d = matmul(own, at.first - cast(solution, at.first.dtype()));
    auto [u, next] =
        optimiser.update(matmul(transpose(own), d) / 6.0, at.second, at.first, {.inputs = own, .output_gradients = d});
    return std::pair{optim::apply(at.first, u), next};
  };
  const Var start = xg::zeros({2, 3});
  check_steps(optimiser, start, step, false);
  std::pair<Var, optim::State> at{start, optimiser.init(start)};
  for (int i = 0; i < 300; ++i) at = step(at);
  BOOST_TEST(amax(abs(at.first - solution)).item<double>() < 1e-2);
  // Of one input and one output, and of no outputs.
  for (const std::size_t outputs : {1U, 0U}) {
    const Var weights = xg::ones({1, outputs});
    const Var d = xg::ones({4, outputs});
    const auto [u, next] = optimiser.update(weights, optimiser.init(weights), weights,
                                            {.inputs = xg::ones({4, 1}), .output_gradients = d});
    BOOST_TEST((u.shape() == weights.shape()));
    BOOST_TEST(all(isfinite(u)).item<bool>());
  }
}

BOOST_AUTO_TEST_CASE(steps_of_dp_sgd) {
  const auto step_of = [](const optim::Optimiser& optimiser) {
    return [&optimiser](const std::pair<Var, optim::State>& at) {
      const Var samples = xg::stack({at.first - 1.0, 2.0 * (at.first - 1.0)});  // the gradients of two
      auto [u, next] = optimiser.update(samples, at.second, at.first);
      return std::pair{optim::apply(at.first, u), next};
    };
  };
  const optim::Optimiser noisy = optim::dp_sgd({.rate = 0.1, .noise = 0.3});
  check_steps(noisy, xg::zeros({3}), step_of(noisy), true);
  const optim::Optimiser quiet = optim::dp_sgd({.rate = 0.1, .noise = 0.0});
  check_steps(quiet, xg::zeros({3}), step_of(quiet), false);
  std::pair<Var, optim::State> at{xg::zeros({3}), quiet.init(xg::zeros({3}))};
  for (int i = 0; i < 300; ++i) at = step_of(quiet)(at);
  BOOST_TEST(amax(abs(at.first - 1.0)).item<double>() < 1e-6);
  // A number, nothing, and arrays of nothing: the samples come first.
  std::pair<Var, optim::State> number{Var(3.0), quiet.init(Var(3.0))};
  for (int i = 0; i < 300; ++i) number = step_of(quiet)(number);
  BOOST_TEST(std::abs(number.first.item<double>() - 1.0) < 1e-6);
  for (const std::size_t n : {0U, 2U}) {
    const std::vector<Var> none(n, xg::zeros({0, 3}));
    const std::vector<Var> samples(n, xg::zeros({4, 0, 3}));
    const auto [u, next] = noisy.update(samples, noisy.init(none), none);
    BOOST_TEST(u.size() == n);
    for (const Var& each : u) BOOST_TEST((each.shape() == xg::Shape{0, 3}));
  }
}

// ---- SWATS

namespace {

Reference swats_in_plain_numbers(double rate, double eps) {
  struct Kept {
    Arrays m, v, b;
    double t = 0.0, mean = 0.0, descent = 0.0;
    bool switched = false;
  };
  auto k = std::make_shared<Kept>();
  return [=](Arrays& p, const Arrays& g) {
    constexpr double beta1 = 0.9, beta2 = 0.999;
    if (k->m.empty()) k->m = k->v = k->b = like(p);
    k->t += 1.0;
    Arrays d = p;
    const Arrays before = p;
    for (std::size_t a = 0; a < p.size(); ++a) {
      for (std::size_t i = 0; i < p[a].size(); ++i) {
        double& m = k->m[a][i] = beta1 * k->m[a][i] + (1.0 - beta1) * g[a][i];
        double& v = k->v[a][i] = beta2 * k->v[a][i] + (1.0 - beta2) * g[a][i] * g[a][i];
        d[a][i] = -rate * m / (1.0 - std::pow(beta1, k->t)) / (std::sqrt(v / (1.0 - std::pow(beta2, k->t))) + eps);
        if (k->switched) k->b[a][i] = beta1 * k->b[a][i] + g[a][i];
        p[a][i] += k->switched ? -(1.0 - beta1) * k->descent * k->b[a][i] : d[a][i];
      }
    }
    const double gamma = dot(d, d) / -dot(d, g);
    k->mean = beta2 * k->mean + (1.0 - beta2) * gamma;
    const double unbiased = k->mean / (1.0 - std::pow(beta2, k->t));
    if (!k->switched && k->t > 1.0 && std::abs(unbiased - gamma) < eps && unbiased > 0.0) {
      k->descent = unbiased;
      k->switched = true;
    }
  };
}

}  // namespace

BOOST_AUTO_TEST_CASE(swats) {
  for (const double eps : {1e-9, 1e-2}) {  // which is how settled the rate must be, too
    check({.name = "swats",
           .make = [=](const optim::Setting& r) { return optim::swats({.rate = r, .eps = eps}); },
           .reference = [=] { return swats_in_plain_numbers(0.05, eps); },
           .same_bits = false,
           .rate_matters = eps < 1e-5});
  }
}

BOOST_AUTO_TEST_SUITE_END()
