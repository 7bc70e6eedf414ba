// Training steps with an optimiser compiled in ask for no memory once they have run, counted by the program's own
// operator new (counted_memory.hpp).
#include "counted_memory.hpp"
#include "optim_rows.hpp"

#include <xgrad/train/step.hpp>

#include "memory/buffer.hpp"

BOOST_AUTO_TEST_SUITE(test_optim_allocations)

using namespace optim_rows;

namespace {

std::size_t allocations_of_steps(const optim::Optimiser& optimiser) {
  const auto step = xg::compile([&](const Model& m, const optim::State& s) {
    const auto [value, slope] = xg::value_and_grad([](const Model& p) { return loss(p); })(m);
    auto [updates, next] = optimiser.update(slope, s, m, {.value = value});
    return std::tuple{optim::apply(m, updates), next, value};
  });
  Model model = first_model();
  optim::State state = optimiser.init(model);
  Var value;
  std::size_t before = 0;
  // The code of short programs is written in their eighth run, and that of the update within accumulate() in the 24th.
  for (int i = 0; i < 46; ++i) {
    if (i == 26) before = counted_memory::allocations;
    std::tie(model, state, value) = step(std::move(model), std::move(state));
  }
  return counted_memory::allocations - before;
}

}  // namespace

BOOST_AUTO_TEST_CASE(compiled_steps) {
  const std::vector<optim::Optimiser> all{
      optim::sgd({.momentum = 0.9}),
      optim::adam(),
      optim::adamw({.rate = optim::cosine(1e-3, 20)}),
      optim::chain({optim::clip_by_global_norm(1.0), optim::lion()}),
      optim::skip_not_finite(optim::rmsprop({.momentum = 0.5})),
      optim::ema_of_parameters(optim::lamb()),
      optim::prodigy(),
      optim::polyak_sgd(),
      optim::muon(),
      optim::lbfgs({.memory = 3}),
      optim::by_name("adagrad"),
      optim::noisy_sgd(),
      optim::accumulate(3, optim::adam()),  // within a cond()
      // shampoo and soap ask for some: factorisations of matrices do.
      optim::inject({{"rate", 0.1}},
                    [](const optim::Hyperparameters& h) { return optim::sgd({.rate = h.at("rate")}); }),
  };
  for (const optim::Optimiser& optimiser : all) {
    const std::size_t count = allocations_of_steps(optimiser);
    if (xg::memory::recycles_memory) BOOST_TEST(count == 0U, optimiser.text() << " allocated " << count << " times");
  }
}

/// What rate and moments have in common is computed once, and then there is one loop over each array.
BOOST_AUTO_TEST_CASE(an_update_is_one_loop_for_each_array) {
  const optim::Optimiser adamw = optim::adamw({.rate = optim::cosine(1e-3, 20)});
  const auto step = xg::compile([&](const Model& m, const optim::State& s, const Model& g) {
    auto [updates, next] = adamw.update(g, s, m);
    return std::pair{optim::apply(m, updates), next};
  });
  const Model model = first_model();
  const std::string plan = step.plan(model, adamw.init(model), model);
  BOOST_TEST(plan.find(": 3 steps") != std::string::npos, plan);
}

/// The steps of xgrad::train, which hand over model, state and loss, and the terms of it.
BOOST_AUTO_TEST_CASE(steps_of_training) {
  namespace train = xg::train;
  const auto error = [](const Model& m, const Var& x) { return loss(m) * mean(x); };
  const auto in_training = [](const Model& m, const Var& x, const xg::nn::Training& training) {
    return loss(m) * mean(x + 0.01 * xg::random::normal(training.key, x.shape(), xg::DType::Float64));
  };
  const Var batch = xg::ones({12});
  const xg::random::Key key(1);
  const auto count = [&](const auto& objective, const train::StepOptions& options) {
    const optim::Optimiser adam = optim::chain({optim::clip_by_global_norm(1.0), optim::adam()});
    const auto step = train::step(objective, adam, options);
    Model model = first_model();
    optim::State state = adam.init(model);
    std::size_t before = 0;
    for (int i = 0; i < 30; ++i) {
      if (i == 10) before = counted_memory::allocations;
      auto next = step(std::move(model), std::move(state), batch, key);
      model = std::move(std::get<0>(next));
      state = std::move(std::get<1>(next));
    }
    return xg::memory::recycles_memory ? counted_memory::allocations - before : 0;
  };
  BOOST_TEST(count(error, {}) == 0U);
  BOOST_TEST(count(error, {.keep_finite = true}) == 0U);
  BOOST_TEST(count(in_training, {.shards = 4}) == 0U);
  BOOST_TEST(count(train::mixed(train::Term{"a", error}, train::Term{"b", in_training, 0.5}), {}) == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
