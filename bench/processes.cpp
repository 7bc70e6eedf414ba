// Steps of training by several processes: time, bytes that are sent, and the share of the time in which a process waits
// for others.
//
//     bench_processes [threads [hidden [shards [slices]]]]
//     mpirun -np 2 bench_processes 1
//
// A line for each way: milliseconds of a step (the median), samples in a second, megabytes that a process sends in a
// step and their bound 2 (P-1)/P of the gradient's bytes, milliseconds in exchanges, megabytes of the optimiser's
// state.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <tuple>
#include <utility>
#include <vector>

#include <xgrad/loss.hpp>
#include <xgrad/mpi.hpp>
#include <xgrad/nn.hpp>
#include <xgrad/optim.hpp>
#include <xgrad/random.hpp>
#include <xgrad/threads.hpp>
#include <xgrad/train.hpp>
#include <xgrad/xgrad.hpp>

namespace {

namespace xg = xgrad;
namespace mpi = xgrad::mpi;
namespace nn = xgrad::nn;
namespace train = xgrad::train;
using Clock = std::chrono::steady_clock;

constexpr std::size_t inputs = 784;
constexpr std::size_t batch = 512;

struct Mlp {
  nn::Linear first, second, out;
  xg::Var operator()(const xg::Var& x) const { return out(tanh(second(tanh(first(x))))); }
};
XGRAD_FIELDS(Mlp, first, second, out)

double since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

/// Processes whose exchanges are counted.
class Counted final : public train::Processes {
 public:
  explicit Counted(std::shared_ptr<const train::Processes> all) : all_(std::move(all)) {}
  [[nodiscard]] std::size_t rank() const noexcept override { return all_->rank(); }
  [[nodiscard]] std::size_t size() const noexcept override { return all_->size(); }
  void exchange(std::string_view what, std::span<const std::span<const std::byte>> sent,
                std::span<const std::span<std::byte>> received) const override {
    const auto begin = Clock::now();
    all_->exchange(what, sent, received);
    seconds += since(begin);
    for (std::size_t p = 0; p < sent.size(); ++p) bytes += p == rank() ? 0.0 : static_cast<double>(sent[p].size());
  }
  mutable double seconds = 0.0, bytes = 0.0;

 private:
  std::shared_ptr<const train::Processes> all_;
};

double megabytes(const auto& tree) {
  double sum = 0.0;
  for (const xg::Var& x : xg::tree::arrays(tree)) sum += static_cast<double>(x.size() * xg::size_of(x.dtype()));
  return sum / 1e6;
}

}  // namespace

int main(int argc, char** argv) {
  mpi::Session session(argc, argv);
  const mpi::Communicator world = session.world();
  const auto argument = [&](int i, std::size_t usual) {
    return argc > i ? static_cast<std::size_t>(std::atoll(argv[i])) : usual;
  };
  xg::set_threads(static_cast<int>(argument(1, 1)));
  const std::size_t hidden = argument(2, 1024);
  train::Shards shards = mpi::shards(argument(3, 4), world, {.state_in_slices = argument(4, 0) != 0});
  std::shared_ptr<const Counted> counted;
  if (shards.processes) {
    counted = std::make_shared<const Counted>(shards.processes);
    shards.processes = counted;
  }
  const xg::random::Key key(1);
  Mlp model{nn::linear(key.fold_in(0), inputs, hidden), nn::linear(key.fold_in(1), hidden, hidden),
            nn::linear(key.fold_in(2), hidden, 10)};
  const std::tuple rows(xg::random::normal(key.fold_in(3), {batch, inputs}, xg::DType::Float32),
                        xg::random::randint(key.fold_in(4), 0, 10, {batch}));
  const auto mine = xg::data::batches(rows, {.size = batch, .part = shards.own()}).at(0, 0);
  const auto step = train::step(train::supervised(xg::loss::CrossEntropy{}), xg::optim::adam(), {.shards = shards});
  xg::optim::State state = step.init(model);
  const double gradient = megabytes(model);
  const double of_state = megabytes(state);
  xg::Var loss;
  std::vector<double> times;
  std::vector<double> waits;
  double bytes = 0.0;
  for (int i = 0; i < 40; ++i) {
    world.barrier("a step");
    const double bytes_before = counted ? counted->bytes : 0.0;
    const double seconds_before = counted ? counted->seconds : 0.0;
    const auto begin = Clock::now();
    std::tie(model, state, loss) = step(std::move(model), std::move(state), std::get<0>(mine), std::get<1>(mine));
    if (i < 8) continue;
    times.push_back(since(begin));
    if (!counted) continue;
    waits.push_back(counted->seconds - seconds_before);
    bytes = counted->bytes - bytes_before;
  }
  const auto median = [](std::vector<double> all) {
    if (all.empty()) return 0.0;
    std::ranges::sort(all);
    return all[all.size() / 2];
  };
  if (world.rank() != 0) return 0;
  const auto n = static_cast<double>(world.size());
  std::printf(
      "%zu processes of %d threads: %7.2f ms, %8.0f samples/s, %6.2f MB sent (bound %6.2f), %6.2f ms in exchanges, "
      "state %6.2f MB\n",
      world.size(), static_cast<int>(argument(1, 1)), 1e3 * median(times), static_cast<double>(batch) / median(times),
      bytes / 1e6, 2.0 * (n - 1.0) / n * gradient, 1e3 * median(waits), of_state);
}
