// A training whose checkpoints are written in slices while it goes on, and of which a process may be killed.
//
//     mpi_killed FOLDER [RANK STEP MICROSECONDS]
//
// That rank is killed so many microseconds after that step. Who is not prints the check sum of all that comes out.
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <iostream>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include <xgrad/mpi.hpp>
#include <xgrad/nn.hpp>
#include <xgrad/optim.hpp>
#include <xgrad/random.hpp>
#include <xgrad/train.hpp>
#include <xgrad/xgrad.hpp>

namespace {

namespace xg = xgrad;
namespace mpi = xgrad::mpi;
namespace train = xgrad::train;
using xg::Var;
using xg::random::Key;

struct Mlp {
  xg::nn::Linear hidden, out;
  Var operator()(const Var& x) const { return out(tanh(hidden(x))); }
};
XGRAD_FIELDS(Mlp, hidden, out)

struct Sum {
  std::uint64_t value = 0xcbf29ce484222325U;
  void add(const void* bytes, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      value = (value ^ static_cast<const unsigned char*>(bytes)[i]) * 0x100000001b3U;
    }
  }
};

}  // namespace

int main(int argc, char** argv) {
  mpi::Session session(argc, argv, {.time_limit = std::chrono::seconds(60), .threads = 1});
  const mpi::Communicator world = session.world();
  const auto number = [&](int i) { return argc > i ? std::stoul(argv[i]) : 0UL; };
  const bool is_victim = argc > 4 && number(2) == world.rank();

  const Var x = xg::random::normal(Key(1), {320, 20}, xg::DType::Float32);
  const Var y = sin(matmul(x, xg::random::normal(Key(5), {20, 3}, xg::DType::Float32)));
  const Mlp model{xg::nn::linear(Key(2), 20, 257), xg::nn::linear(Key(3), 257, 3)};
  const auto objective = [](const Mlp& m, const Var& rows, const Var& targets) {
    return mean(square(m(rows) - targets));
  };
  const auto on_step = [&](const train::Seen<Mlp>& seen) {
    if (is_victim && seen.now.step == number(3)) {
      std::thread([wait = number(4)] {
        std::this_thread::sleep_for(std::chrono::microseconds(wait));
        ::kill(::getpid(), SIGKILL);
      }).detach();
    }
    return true;
  };
  const auto fitted =
      train::fit(model, objective, xg::optim::adam({.rate = 1e-2}), std::tuple(x, y),
                 {.epochs = 6,
                  .batches = {.size = 32},
                  .key = Key(4),
                  .shards = mpi::shards(16, world, {.state_in_slices = world.size() % 2 == 0}),
                  .validation = std::tuple(Var(x), Var(y)),
                  .on_step = on_step,
                  .show = train::Show::quiet,
                  .checkpoint = train::CheckpointOptions{.folder = argv[1], .every_steps = 2, .background = true}});
  Sum sum;
  for (const Var& each : xg::tree::arrays(fitted.model)) {
    sum.add(each.array<float>().data(), each.size() * sizeof(float));
  }
  for (const train::Progressed& row : fitted.history.steps) sum.add(&row.loss, sizeof(row.loss));
  sum.add(&fitted.best_value, sizeof(fitted.best_value));
  std::cout << "steps " << fitted.history.steps.size() << " sum " << std::hex << sum.value << std::endl;
}
