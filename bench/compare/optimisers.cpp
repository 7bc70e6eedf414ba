// A step of an optimiser alone, compiled, with the parameters moved in place.
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <xgrad/optim.hpp>

#include "../programs/optimisers.hpp"
#include "contest.hpp"
#include "libtorch/libtorch.hpp"
#include "machine.hpp"

namespace bench {
namespace {

namespace optim = xgrad::optim;
using Leaves = std::vector<xgrad::Var>;

Leaves leaves(const std::vector<std::vector<float>>& arrays) {
  Leaves result;
  for (const std::vector<float>& each : arrays) result.push_back(var(each));
  return result;
}

Program descent(const Descent& data, const optim::Optimiser& optimiser) {
  const auto move = [optimiser](const Leaves& p, const optim::State& s, const Leaves& g) {
    auto [updates, next] = optimiser.update(g, s, p);
    return std::tuple{optim::apply(p, updates), next};
  };
  struct State {
    decltype(xgrad::compile(move)) step;
    Leaves parameters, gradients;
    optim::State state;
  };
  Leaves parameters = leaves(data.parameters);
  const auto s = std::make_shared<State>(
      State{xgrad::compile(move), parameters, leaves(data.gradients), optimiser.init(parameters)});
  return {
      [s] { std::tie(s->parameters, s->state) = s->step(std::move(s->parameters), std::move(s->state), s->gradients); },
      [s] { return to_vectors(s->parameters); }};
}

Case adamw(std::size_t arrays, std::size_t elements) {
  return {
      "adamw_" + std::to_string(arrays) + "x" + std::to_string(elements),
      std::to_string(arrays) + " arrays of " + std::to_string(elements), "float32", 5.0, [=] {
        const Descent data = make_descent(arrays, elements);
        return Contest{descent(data, optim::adamw({.rate = adamw_rate, .decay = adamw_decay})), libtorch::adamw(data)};
      }};
}

/// Adam reads parameter, gradient and two moments and writes all but the gradient: 28 bytes an element. The triad moves
/// 24 bytes an element.
Measured adam_beside_triad() {
  constexpr std::size_t elements = 10'000'000;
  const Program ours = descent(make_descent(1, elements), optim::adam());
  for (int i = 0; i < 3; ++i) ours.step();
  const std::vector<double> ns = measure({ours.step, triad(elements)}, Clock::processor);
  const double gigabytes = 28.0 * elements / ns[0];
  const double of_triad = 24.0 * elements / ns[1];
  return {ns[0], gigabytes / of_triad, {{"triad_ns", ns[1]}, {"triad_gigabytes_per_second", of_triad}}};
}

}  // namespace

std::vector<Case> optimiser_cases() { return {adamw(60, 100), adamw(60, 1000)}; }

std::vector<Limit> optimiser_limits() {
  return {{"triad_adam_1e7", "10000000", "float32", "fraction", 0.7, adam_beside_triad}};
}

}  // namespace bench
