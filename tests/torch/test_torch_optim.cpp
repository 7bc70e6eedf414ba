// Optimisers beside libtorch's: the same way to the last digits.
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <xgrad/io/csv.hpp>
#include <xgrad/loss.hpp>
#include <xgrad/optim.hpp>
#include <xgrad/xgrad.hpp>

#include "optimisers.hpp"

BOOST_AUTO_TEST_SUITE(test_torch_optim)

namespace xg = xgrad;
namespace optim = xgrad::optim;
using xg::Var;

namespace {

std::map<std::string, optim::Optimiser> counterparts() {
  const auto decayed = [](const optim::Optimiser& optimiser) {
    return optim::chain({optim::add_decay(0.1), optimiser});
  };
  return {
      {"sgd", optim::sgd({.rate = 0.05})},
      {"sgd momentum", optim::sgd({.rate = 0.05, .momentum = 0.9, .dampening = 0.3})},
      {"sgd nesterov", optim::sgd({.rate = 0.05, .momentum = 0.9, .nesterov = true})},
      {"sgd decay", decayed(optim::sgd({.rate = 0.05, .momentum = 0.5}))},
      {"adagrad", optim::adagrad({.rate = 0.05, .initial = 0.1})},
      {"adagrad decay", decayed(optim::adagrad({.rate = optim::inverse_time(0.05, 0.2)}))},
      {"rmsprop", optim::rmsprop({.rate = 0.05})},
      {"rmsprop centred", optim::rmsprop({.rate = 0.05, .decay = 0.9, .momentum = 0.5, .centred = true})},
      {"adam", optim::adam({.rate = 0.05})},
      {"adam decay", decayed(optim::adam({.rate = 0.05, .beta1 = 0.8, .beta2 = 0.9}))},
      {"amsgrad", optim::amsgrad({.rate = 0.05, .beta2 = 0.5})},
      {"adamw", optim::adamw({.rate = 0.05, .decay = 0.1})},
  };
}

/// The gradient of sum (1 - p_i)^2 / 2 + (p_{i+1} - p_i^2)^2, a valley.
std::vector<double> slope(const std::vector<double>& p) {
  std::vector<double> g(p.size());
  for (std::size_t i = 0; i < p.size(); ++i) g[i] = p[i] - 1.0;
  for (std::size_t i = 0; i + 1 < p.size(); ++i) {
    const double e = p[i + 1] - p[i] * p[i];
    g[i] -= 4.0 * p[i] * e;
    g[i + 1] += 2.0 * e;
  }
  return g;
}

std::vector<double> numbers(const Var& x) { return {x.array<double>().data(), x.array<double>().data() + x.size()}; }

struct Layers {
  Var a, b, c, d;
};
XGRAD_FIELDS(Layers, a, b, c, d)

/// Handwritten digits; the same start for both.
libtorch::DenseLayers digits() {
  const Var table = xg::io::read_csv(XGRAD_EXAMPLE_DATA "/digits.csv");
  libtorch::DenseLayers result;
  result.samples = 300;
  result.inputs = 64;
  result.hidden = 12;
  result.outputs = 10;
  const auto rows = xt::range(0, result.samples);
  result.pixels = numbers(view(table, rows, xt::range(0, 64)) / 16.0);
  const Var labels = cast<std::int64_t>(view(table, rows, 64));
  result.labels = {labels.array<std::int64_t>().data(), labels.array<std::int64_t>().data() + labels.size()};
  const auto drawn = [](std::int64_t seed, std::size_t n, std::size_t inputs) {
    return numbers(xg::random::normal(xg::random::Key(seed), {n}) / std::sqrt(static_cast<double>(inputs)));
  };
  result.a = drawn(1, 64 * 12, 64);
  result.b = drawn(2, 12, 64);
  result.c = drawn(3, 12 * 10, 12);
  result.d = drawn(4, 10, 12);
  return result;
}

std::vector<double> our_losses(const optim::Optimiser& optimiser, const libtorch::DenseLayers& layers, int steps) {
  const Var x = reshape(Var(layers.pixels), {layers.samples, layers.inputs});
  const Var labels = layers.labels;
  Layers model{reshape(Var(layers.a), {layers.inputs, layers.hidden}), layers.b,
               reshape(Var(layers.c), {layers.hidden, layers.outputs}), layers.d};
  const auto objective = [&](const Layers& p) {
    return mean(xg::loss::CrossEntropy{}(matmul(tanh(matmul(x, p.a) + p.b), p.c) + p.d, labels));
  };
  const auto step = xg::compile([&](const Layers& p, const optim::State& s) {
    auto [loss, slope] = xg::value_and_grad(objective)(p);
    auto [updates, next] = optimiser.update(slope, s, p);
    return std::tuple{optim::apply(p, updates), next, loss};
  });
  optim::State state = optimiser.init(model);
  std::vector<double> losses;
  for (int i = 0; i < steps; ++i) {
    Var loss;
    std::tie(model, state, loss) = step(std::move(model), std::move(state));
    losses.push_back(loss.item<double>());
  }
  return losses;
}

}  // namespace

// A model of digits: value, gradients and steps are those of libtorch, 50 steps long.
BOOST_AUTO_TEST_CASE(the_same_losses_while_training) {
  const libtorch::DenseLayers layers = digits();
  const std::map<std::string, optim::Optimiser> ours{
      {"sgd", optim::sgd({.rate = 0.5, .momentum = 0.9})},   {"adam", optim::adam({.rate = 0.01})},
      {"adamw", optim::adamw({.rate = 0.01, .decay = 0.1})}, {"rmsprop", optim::rmsprop({.rate = 0.005})},
      {"adagrad", optim::adagrad({.rate = 0.05})},           {"lbfgs", optim::lbfgs({.rate = 0.5})},
  };
  for (const auto& [name, optimiser] : ours) {
    BOOST_TEST_CONTEXT(name) {
      const std::vector<double> expected = libtorch::losses_while_training(name, layers, 50);
      const std::vector<double> given = our_losses(optimiser, layers, 50);
      double most = 0.0;
      for (std::size_t i = 0; i < expected.size(); ++i) most = std::max(most, std::abs(given[i] - expected[i]));
      BOOST_TEST(most < 1e-10, "losses differ by " << most);
      BOOST_TEST_MESSAGE(name << ": from " << given.front() << " to " << given.back() << ", beside libtorch's "
                              << most);
      BOOST_TEST(given.back() < 0.5 * given.front());
    }
  }
}

BOOST_AUTO_TEST_CASE(the_same_way) {
  const std::vector<double> start{0.3, -0.2, 0.5, 0.1, -0.4, 0.6, 0.05};
  const auto ours = counterparts();
  for (const std::string& name : libtorch::optimisers()) {
    BOOST_TEST_CONTEXT(name) {
      BOOST_TEST_REQUIRE(ours.contains(name));
      const optim::Optimiser& optimiser = ours.at(name);
      for (const int steps : {1, 2, 5, 20}) {
        const std::vector<double> expected = libtorch::descend(name, start, slope, steps);
        Var p = start;
        optim::State state = optimiser.init(p);
        for (int i = 0; i < steps; ++i) {
          auto [u, next] = optimiser.update(Var(slope(numbers(p))), state, p);
          p = optim::apply(p, u);
          state = next;
        }
        for (std::size_t i = 0; i < start.size(); ++i) {
          const double given = numbers(p)[i];
          BOOST_TEST(std::abs(given - expected[i]) <= 1e-12 * std::max(1.0, std::abs(expected[i])),
                     steps << " steps: " << given << ", not " << expected[i]);
        }
      }
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
