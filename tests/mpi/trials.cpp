// Trials: the same results on any number of processes, in whatever order they are made.
#include <chrono>
#include <stdexcept>
#include <thread>
#include <vector>
#include <xgrad/mpi.hpp>
#include <xgrad/xgrad.hpp>

#include "mpi/checks.hpp"

namespace {

namespace mpi = xgrad::mpi;
namespace xg = xgrad;

struct Asked {
  double rate;
  std::int64_t steps;
};

struct Fit {
  std::vector<xg::Var> weights;
  xg::Var loss;
};

XGRAD_FIELDS(Asked, rate, steps)
XGRAD_FIELDS(Fit, weights, loss)

Fit fitted(const Asked& asked) {
  if (asked.rate > 0.9) throw std::runtime_error("it diverges");
  xg::Var w = xg::ones({3});
  const auto loss = [](const xg::Var& at) { return sum(square(at - 2.0)); };
  for (std::int64_t i = 0; i < asked.steps; ++i) w = w - asked.rate * xg::grad(loss)(w);
  return {{w, xg::Var()}, loss(w)};
}

void results_are_those_of_one_process(const mpi::Communicator& world, mpi::HandOut hand_out) {
  std::vector<Asked> asked;
  for (int i = 0; i < 7; ++i) asked.push_back({i == 4 ? 1.0 : 0.05 * (i + 1), 3 + i});
  const Fit like{{xg::Var(), xg::Var()}, xg::Var()};
  const auto made = mpi::trials(world, asked, fitted, {.hand_out = hand_out}, like);
  CHECK_EQUAL(made.size(), 7U);
  for (std::size_t i = 0; i < made.size(); ++i) {
    CHECK_EQUAL(made[i].number, i);
    CHECK(made[i].rank < world.size());
    if (hand_out == mpi::HandOut::in_turn) CHECK_EQUAL(made[i].rank, i % world.size());
    if (i == 4) {
      CHECK(!made[i].result);
      CHECK_EQUAL(made[i].error, "it diverges");
      CHECK_EQUAL(made[i].settings, "rate 1, steps 7");
      continue;
    }
    const Fit alone = fitted(asked[i]);
    CHECK(made[i].result && !made[i].result->weights[1].defined());
    CHECK(array_equal(made[i].result->weights[0], alone.weights[0]).item<bool>());
    CHECK_EQUAL(made[i].result->loss.item<double>(), alone.loss.item<double>());
  }
}

void who_is_free_makes_more(const mpi::Communicator& world) {
  if (world.size() == 1) return;
  const std::vector<int> lengths(12, 5);
  const auto wait = [&](int length) {
    std::this_thread::sleep_for(std::chrono::milliseconds(world.rank() == 0 ? 40 * length : length));
    return static_cast<double>(length);
  };
  const auto made = mpi::trials(world, lengths, wait, {.hand_out = mpi::HandOut::as_free});
  std::size_t of_first = 0;
  for (const auto& trial : made) of_first += trial.rank == 0;
  CHECK(of_first >= 1 && of_first <= 3);
  CHECK_EQUAL(made[11].settings, "5");
  CHECK_EQUAL(made[11].result.value(), 5.0);
}

// Results of few trials are known to processes that made none; a slow one may take longer than other calls may wait.
void trials_may_be_slow(const mpi::Communicator& world) {
  const auto made = mpi::trials(world, std::vector<double>{1.0}, [](double x) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2500));
    return 2.0F * static_cast<float>(x);
  });
  CHECK_EQUAL(made[0].result.value(), 2.0F);
  CHECK(mpi::trials(world, std::vector<double>{}, [](double x) { return x; }).empty());
}

void other_settings_are_refused(const mpi::Communicator& world) {
  if (world.size() == 1) return;
  std::string message;
  try {
    static_cast<void>(mpi::trials(world, std::vector<int>{1, static_cast<int>(world.rank())}, [](int x) { return x; }));
  } catch (const mpi::MismatchError& error) {
    message = error.what();
  }
  CHECK(message.find("trials") != std::string::npos);
  CHECK(message.find("settings with the check sum") != std::string::npos);
  world.barrier();
}

}  // namespace

int main(int argc, char** argv) {
  const mpi::Session session(argc, argv, {.time_limit = std::chrono::seconds(2)});
  const mpi::Communicator world = session.world();
  results_are_those_of_one_process(world, mpi::HandOut::in_turn);
  results_are_those_of_one_process(world, mpi::HandOut::as_free);
  who_is_free_makes_more(world);
  trials_may_be_slow(world);
  other_settings_are_refused(world);
  return checks_failed();
}
