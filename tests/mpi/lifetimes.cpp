// What outlives what it belongs to, and threads and processes beside the one that has made the session.
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <functional>
#include <future>
#include <optional>
#include <string>
#include <vector>
#include <xgrad/mpi.hpp>
#include <xgrad/xgrad.hpp>

#include "mpi/checks.hpp"

namespace {

namespace mpi = xgrad::mpi;
namespace xg = xgrad;
using xg::Var;

/// The same in two threads, each with a group of its own.
void in_two_threads(const mpi::Communicator& world, const std::function<void(const mpi::Communicator&)>& work) {
  const mpi::Communicator one = world.split(0);
  const mpi::Communicator other = world.split(0);
  auto thread = std::async(std::launch::async, [&] { work(one); });
  work(other);
  thread.get();
}

/// On one rank the first thread is the first, on another one the second.
void threads_split(const mpi::Communicator& world) {
  in_two_threads(world, [](const mpi::Communicator& group) {
    for (int k = 0; k < 50; ++k) {
      const mpi::Communicator part = group.split(0, -static_cast<int>(group.rank()));
      part.barrier();
      CHECK_EQUAL(part.rank(), part.size() - 1 - group.rank());
    }
  });
}

void threads_compute(const mpi::Communicator& world) {
  in_two_threads(world, [](const mpi::Communicator& group) {
    const auto step = xg::compile([&](const Var& x) { return mpi::all_mean(group, 1.0 + mpi::all_mean(group, x)); });
    Var x(xt::xarray<double>(xt::zeros<double>({1000})));
    for (int k = 0; k < 50; ++k) x = step(x);
    CHECK_EQUAL(x.array<double>()(999), 50.0);
  });
}

/// A child of a process is none of the job: it can neither talk nor end it.
void children(const mpi::Communicator& world, const std::function<void()>& leave) {
  const pid_t child = ::fork();
  if (child == 0) {
    const bool refused = contains(message_of<mpi::LaunchError>([&] { world.barrier(); }), "fork()");
    leave();
    std::_Exit(refused && contains(message_of<mpi::LaunchError>([] { (void)mpi::world(); }), "no session") ? 7 : 8);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7);
  world.barrier("after the child");
}

struct Left {
  std::vector<double> place = std::vector<double>(1 << 18);
  std::optional<mpi::Transfer> receive, send;
  std::function<Var(const Var&)> step;
};

void run(int argc, char** argv, Left& left) {
  auto session =
      std::make_unique<mpi::Session>(argc, argv, mpi::SessionOptions{.time_limit = std::chrono::seconds(30)});
  const mpi::Communicator world = session->world();
  threads_split(world);
  threads_compute(world);
  children(world, [&] { session.reset(); });
  left.step = xg::compile([world](const Var& x) { return mpi::all_sum(world, x); });
  CHECK_EQUAL(left.step(Var(1.0)).item<double>(), static_cast<double>(world.size()));
  if (world.rank() == 0) left.receive = world.start_receive_bytes(std::as_writable_bytes(std::span(left.place)), 1);
  if (world.rank() == 0) left.send = world.start_send_bytes(std::as_bytes(std::span(left.place)), 1, 2);
}

}  // namespace

int main(int argc, char** argv) {
  Left left;
  run(argc, argv, left);
  CHECK(contains(message_of<mpi::LaunchError>([&] { (void)left.step(Var(1.0)); }), "has ended"));
  if (left.receive) CHECK(contains(message_of<mpi::LaunchError>([&] { (void)left.receive->done(); }), "has ended"));
  left.receive.reset();  // MPI has ended, and is not asked to take it back
  left.send.reset();
  CHECK(contains(message_of<mpi::LaunchError>([&] { const mpi::Session again(argc, argv); }), "can begin only once"));
  return checks_failed();
}
