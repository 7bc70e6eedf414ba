// Optimisers beside libtorch's: the same way to the last digits.
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

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

}  // namespace

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
