// A training that is killed with SIGKILL at random moments and started again from its checkpoints ends with the same
// bits as one that was left alone.
//
//   killed_training 200 [SEED]     so many kills; also says in which folder, if anything is wrong
//   killed_training train FOLDER   what is killed
#include <signal.h>  // NOLINT(modernize-deprecated-headers): kill
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <tuple>
#include <utility>

#include <xgrad/log.hpp>
#include <xgrad/ops/activation.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/linalg.hpp>
#include <xgrad/ops/reduce.hpp>
#include <xgrad/optim.hpp>
#include <xgrad/random.hpp>
#include <xgrad/train/checkpoint.hpp>
#include <xgrad/transform/compile.hpp>
#include <xgrad/transform/grad.hpp>

namespace {

namespace fs = std::filesystem;
namespace xg = xgrad;
using Clock = std::chrono::steady_clock;

constexpr std::uint64_t steps = 120;
constexpr std::uint64_t batches_per_epoch = 20;

struct KilledNet {
  xg::Var hidden, out;
};
XGRAD_FIELDS(KilledNet, hidden, out)

/// All that changes from step to step.
struct KilledRun {
  KilledNet net;
  xg::optim::State state;
  xg::random::Key key;
};
XGRAD_FIELDS(KilledRun, net, state, key)

// ---- the training

xg::Var noisy_loss(const KilledNet& net, const xg::random::Key& key) {
  const auto [for_data, for_noise] = key.split<2>();
  const xg::Var x = xg::random::normal(for_data, {32, 4}, xg::DType::Float32);
  const xg::Var kept = xg::random::bernoulli(for_noise, 0.8, {32, 16});
  const xg::Var y = matmul(where(kept, tanh(matmul(x, net.hidden)), 0.0) / 0.8, net.out);
  return mean(square(y - sum(x * x, {1}, xg::KeepDims::yes)));
}

void train_into(const fs::path& folder) {
  const auto [for_hidden, for_out, for_steps] = xg::random::Key(5).split<3>();
  const xg::optim::Optimiser optimiser = xg::optim::adam({.rate = 1e-2});
  KilledRun run;
  run.net = {xg::random::normal(for_hidden, {4, 16}, xg::DType::Float32) * 0.5,
             xg::random::normal(for_out, {16, 1}, xg::DType::Float32) * 0.25};
  run.state = optimiser.init(run.net);
  run.key = for_steps;
  auto step = xg::compile([&](const KilledRun& now) {
    const auto [here, next] = now.key.split<2>();
    const auto [loss, gradient] = xg::value_and_grad(noisy_loss)(now.net, here);
    const auto [updates, state] = optimiser.update(gradient, now.state, now.net);
    return std::tuple{KilledRun{xg::optim::apply(now.net, updates), state, next}, loss};
  });

  xg::train::Checkpoint checkpoints({.folder = folder, .every_steps = 3});
  xg::train::CheckpointNotes now;
  if (auto found = checkpoints.resume(run)) {
    run = found->run;
    now = found->notes;
  }
  double sum = now.score.value_or(0.0);
  while (now.step < steps) {
    xg::Var loss;
    std::tie(run, loss) = step(std::move(run));
    ++now.step;
    now.batch = (now.batch + 1) % batches_per_epoch;
    sum += static_cast<double>(loss.item<float>());
    now.score = sum;
    now.history.steps.push_back({.epoch = now.epoch, .step = now.step, .loss = sum});
    if (now.batch == 0) ++now.epoch;
    if (checkpoints.is_due(now)) checkpoints.save(run, now);
  }
}

// ---- killing it

pid_t started(const std::string& program, const fs::path& folder) {
  std::string train = "train";
  std::string path = folder.string();
  std::string self = program;
  char* arguments[] = {self.data(), train.data(), path.data(), nullptr};  // NOLINT(*-c-arrays)
  pid_t child = 0;
  if (const int error = ::posix_spawn(&child, self.c_str(), nullptr, nullptr, arguments, environ); error != 0) {
    throw std::system_error(error, std::generic_category(), "posix_spawn");
  }
  return child;
}

/// Whether it ended by itself within that time; else it is killed.
bool has_ended(pid_t child, std::chrono::duration<double> time) {
  const auto until = Clock::now() + time;
  int status = 0;
  while (Clock::now() < until) {
    if (::waitpid(child, &status, WNOHANG) == child) {
      if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) throw std::runtime_error("the training failed");
      return true;
    }
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  ::kill(child, SIGKILL);
  ::waitpid(child, &status, 0);
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) return false;
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) throw std::runtime_error("the training failed");
  return true;  // just before
}

std::string last_bytes(const fs::path& folder) {
  const auto path = xg::train::latest(folder);
  if (!path || path->filename() != "step_0000000" + std::to_string(steps) + ".safetensors") {
    throw std::runtime_error("the last checkpoint is not of the last step");
  }
  std::ifstream file(*path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// Files that were begun and are not complete.
std::size_t unfinished_in(const fs::path& folder) {
  std::size_t result = 0;
  if (!fs::exists(folder)) return 0;
  for (const auto& entry : fs::directory_iterator(folder)) result += entry.path().extension() != ".safetensors" ? 1 : 0;
  return result;
}

struct Kills {
  std::size_t kills = 0, trainings = 0, while_writing = 0;
};

Kills kill_and_compare(const std::string& program, const fs::path& folder, std::size_t kills, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto begin = Clock::now();
  const fs::path undisturbed = folder / "undisturbed";
  while (!has_ended(started(program, undisturbed), std::chrono::hours(1))) {
  }
  const std::string wanted = last_bytes(undisturbed);
  // From before main() to the end.
  std::uniform_real_distribution<double> moment(0.0, std::chrono::duration<double>(Clock::now() - begin).count());
  Kills result;
  while (result.kills < kills) {
    const fs::path disturbed = folder / ("disturbed_" + std::to_string(result.trainings++));
    while (true) {
      const bool done = result.kills >= kills;
      if (has_ended(started(program, disturbed), std::chrono::duration<double>(done ? 3600.0 : moment(random)))) break;
      ++result.kills;
      result.while_writing += unfinished_in(disturbed);
    }
    if (last_bytes(disturbed) != wanted) throw std::runtime_error("other bits in " + disturbed.string());
    fs::remove_all(disturbed);
  }
  return result;
}

int judge(const std::string& program, std::size_t kills, std::uint64_t seed) {
  const fs::path folder = fs::temp_directory_path() / ("xgrad_killed_" + std::to_string(std::random_device()()));
  try {
    const Kills result = kill_and_compare(program, folder, kills, seed);
    std::cout << result.kills << " kills in " << result.trainings << " trainings, " << result.while_writing
              << " of them while a file was written: the same bits\n";
    fs::remove_all(folder);
    return 0;
  } catch (const std::exception& error) {
    std::cout << "seed " << seed << ", folder " << folder << ": " << error.what() << "\n";
    return 1;
  }
}

}  // namespace

int main(int count, char** arguments) {
  const std::string first = count > 1 ? arguments[1] : "10";
  if (first == "train" && count == 3) {
    xg::set_log_handler({});  // where it goes on from
    train_into(arguments[2]);
    return 0;
  }
  const std::uint64_t seed = count > 2 ? std::stoull(arguments[2]) : std::random_device()();
  return judge(arguments[0], std::stoul(first), seed);
}
