// A step of data-parallel training between processes: measured, and as the model of xgrad/mpi/cost.hpp has it.
//
//     mpirun -np 2 bench_two_hosts [width = 512 [steps = 30]]
//
// How long a shard takes is measured while all processes compute, each by itself: they may share cores.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
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
  xg::nn::Linear first, second, out;
  Var operator()(const Var& x) const { return out(relu(second(relu(first(x))))); }
};
XGRAD_FIELDS(Mlp, first, second, out)

constexpr std::size_t shards = 16;
constexpr std::size_t rows = 256;

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

double largest(const mpi::Communicator& world, double here) {
  std::vector<double> all(world.size(), 0.0);
  all[world.rank()] = here;
  world.sum_in_place(std::span(all));
  return *std::max_element(all.begin(), all.end());
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// The median of steps with some shards of which this process has all or its part.
double step_seconds(const mpi::Communicator& world, const train::Shards& of, std::size_t own_rows, std::int64_t width,
                    int steps) {
  const auto objective = [](const Mlp& m, const Var& x, const Var& y) { return mean(square(m(x) - y)); };
  const auto adam = xg::optim::adam({.rate = 1e-3});
  Mlp model{xg::nn::linear(Key(1), 784, width), xg::nn::linear(Key(2), width, width),
            xg::nn::linear(Key(3), width, 10)};
  auto state = adam.init(model);
  auto step = train::step(objective, adam, {.shards = of});
  const Var x = xg::random::normal(Key(4), {own_rows, 784}, xg::DType::Float32);
  const Var y = xg::random::normal(Key(5), {own_rows, 10}, xg::DType::Float32);
  std::vector<double> seconds;
  for (int i = 0; i < steps + 3; ++i) {
    world.barrier();
    const auto begin = std::chrono::steady_clock::now();
    Var loss;
    std::tie(model, state, loss) = step(std::move(model), std::move(state), x, y);
    static_cast<void>(loss.item<float>());
    seconds.push_back(largest(world, seconds_since(begin)));
  }
  return median({seconds.begin() + 3, seconds.end()});
}

}  // namespace

int main(int argc, char** argv) {
  mpi::Session session(argc, argv, {.threads = 1});
  const mpi::Communicator world = session.world();
  const std::int64_t width = argc > 1 ? std::stol(argv[1]) : 512;
  const int steps = argc > 2 ? std::stoi(argv[2]) : 30;

  const mpi::SumTree tree(shards, world.size());
  const std::size_t own = tree.first_shard(world.rank() + 1) - tree.first_shard(world.rank());
  const std::size_t own_rows = rows / shards * own;
  // Alone with as many shards as in a step of all, and with half of them: what a shard takes, and what is done once.
  const double alone = step_seconds(world, {own}, own_rows, width, steps);
  const double half = own > 1 ? step_seconds(world, {own / 2}, own_rows / 2, width, steps) : alone / 2.0;
  const double shard = std::max(0.0, (alone - half) / (static_cast<double>(own) - static_cast<double>(own / 2)));
  const mpi::Link link = mpi::measure_link(world);
  const auto parameters = static_cast<double>(784 * width + width + width * width + width + width * 10 + 10);
  const mpi::StepWork work{.shards = shards,
                           .shard_seconds = shard,
                           .update_seconds = std::max(0.0, alone - static_cast<double>(own) * shard),
                           .gradient_bytes = 4.0 * parameters};
  const mpi::StepTime model = mpi::step_time(work, link, world.size());
  const double measured = step_seconds(world, mpi::shards(shards, world), own_rows, width, steps);
  if (world.rank() != 0) return 0;
  std::printf("%zu processes, %.2f MB of gradient; link: %.0f us, %.1f us a message, %.1f MB/s\n", world.size(),
              work.gradient_bytes / 1e6, 1e6 * link.latency, 1e6 * link.per_message, link.bandwidth / 1e6);
  std::printf("model: %.2f ms = shards %.2f + update %.2f + messages %.2f + bytes %.2f\n", 1e3 * model.total(),
              1e3 * model.compute, 1e3 * model.update, 1e3 * model.messages, 1e3 * model.bytes);
  std::printf("measured: %.2f ms, %+.1f %% off the model\n", 1e3 * measured, 100.0 * (measured / model.total() - 1.0));
  // The same work and link for more processes, each on a core of its own.
  for (const std::size_t processes : std::initializer_list<std::size_t>{1, 2, 4, 8, 16}) {
    std::printf("  %3zu processes: %8.2f ms\n", processes, 1e3 * mpi::step_time(work, link, processes).total());
  }
  return 0;
}
