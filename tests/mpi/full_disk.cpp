// A process that cannot write: all processes throw, and the checkpoint before stays whole.
#include <sys/resource.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <xgrad/mpi.hpp>
#include <xgrad/random.hpp>
#include <xgrad/train.hpp>
#include <xgrad/xgrad.hpp>

#include "mpi/checks.hpp"

namespace {

namespace fs = std::filesystem;
namespace mpi = xgrad::mpi;
namespace train = xgrad::train;
namespace xg = xgrad;

void limit_files(rlim_t bytes) {
  rlimit limit{};
  ::getrlimit(RLIMIT_FSIZE, &limit);
  limit.rlim_cur = bytes;
  ::setrlimit(RLIMIT_FSIZE, &limit);
}

using Run = std::vector<xg::Var>;

bool same_as(const fs::path& folder, const Run& expected, std::uint64_t step) {
  const auto found = train::latest(folder);
  if (!found) return false;
  const auto read = train::restore(*found, expected);
  return read.notes.step == step && array_equal(read.run[0], expected[0]).item<bool>();
}

void is_told(const mpi::Communicator& world, const fs::path& folder, bool background) {
  const auto processes = mpi::shards(world.size(), world).processes;
  train::Checkpoint checkpoints({.folder = folder, .background = background, .processes = processes});
  const auto run = [](std::int64_t seed) { return Run{xg::random::normal(xg::random::Key(seed), {30000})}; };
  checkpoints.save(run(1), {.step = 1});
  checkpoints.wait();
  if (world.rank() == world.size() - 1) limit_files(20000);  // as a disk that is full for this process alone
  std::string message;
  try {
    checkpoints.save(run(2), {.step = 2});
    checkpoints.wait();
  } catch (const xg::IoError& error) {
    message = error.what();
  }
  limit_files(RLIM_INFINITY);
  CHECK(message.find("step 2 is not saved") != std::string::npos);
  if (world.rank() + 1 != world.size()) {
    CHECK(message.find("process " + std::to_string(world.size() - 1)) != std::string::npos);
  }
  world.barrier();
  CHECK(same_as(folder, run(1), 1));
  world.barrier();
  checkpoints.save(run(3), {.step = 3});  // and it goes on
  checkpoints.wait();
  world.barrier();
  CHECK(same_as(folder, run(3), 3));
  world.barrier();
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGXFSZ, SIG_IGN);
  const mpi::Session session(argc, argv, {.time_limit = std::chrono::seconds(60), .threads = 1});
  const mpi::Communicator world = session.world();
  const fs::path folder = argv[1];
  if (world.rank() == 0) fs::remove_all(folder);
  world.barrier();
  is_told(world, folder / "at_once", false);
  is_told(world, folder / "later", true);
  if (world.rank() == 0) fs::remove_all(folder);
  return checks_failed();
}
