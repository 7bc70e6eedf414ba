// How a job begins, and how it does not: in one process, with an environment as launchers make it.
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <limits>
#include <sstream>
#include <string>
#include <vector>
#include <xgrad/mpi.hpp>
#include <xgrad/threads.hpp>
#include <xgrad/xgrad.hpp>

#include "mpi/checks.hpp"
#include "mpi/handshake.hpp"
#include "mpi/launcher.hpp"
#include "mpi/sum_schedule.hpp"

namespace {

namespace mpi = xgrad::mpi;

/// A variable of the environment while it lives.
struct Variable {
  Variable(const char* name, const char* value) : name_(name) { ::setenv(name, value, 1); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;
  ~Variable() { ::unsetenv(name_); }

 private:
  const char* name_;
};

#define CHECK_SAYS(message, part)                                              \
  do {                                                                         \
    const std::string said = message;                                          \
    if (!contains(said, part)) std::cerr << "said: " << said << "\n";          \
    check_equal(contains(said, part), true, "says " part, __FILE__, __LINE__); \
  } while (false)

void begin(const mpi::SessionOptions& options = {}) {
  int argc = 0;
  char** argv = nullptr;
  const mpi::Session session(argc, argv, options);
}

void mpi_is_missing() {
  const Variable engine("XGRAD_MPI_ENGINE", "/nowhere/libxgrad_mpi_engine.so");
  begin();  // one process needs none
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS"}) {
    const Variable size(name, "4");
    CHECK_SAYS(message_of<mpi::LaunchError>([] { begin(); }), "MPI is missing");
    CHECK_SAYS(message_of<mpi::LaunchError>([] { begin(); }), "/nowhere/libxgrad_mpi_engine.so");
  }
  const Variable not_a_module("XGRAD_MPI_ENGINE", "libm.so.6");
  const Variable size("PMI_SIZE", "2");
  CHECK_SAYS(message_of<mpi::LaunchError>([] { begin(); }), "is not a module of xgrad");
}

void sessions_and_options() {
  CHECK_SAYS(message_of<mpi::LaunchError>([] { (void)mpi::world(); }), "there is no session");
  CHECK_SAYS(message_of<xgrad::ValueError>([] { begin({.time_limit = std::chrono::seconds(0)}); }), "must be positive");
  for (const double endless :
       {std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN(), 1e10}) {
    const std::chrono::duration<double> time(endless);
    CHECK_SAYS(message_of<xgrad::ValueError>([&] { begin({.time_limit = time}); }), "at most 1e+09 s");
    CHECK_SAYS(message_of<xgrad::ValueError>([&] { begin({.grace = time}); }), "at most 1e+09 s");
  }
  CHECK_SAYS(message_of<xgrad::ValueError>([] { begin({.threads = 0}); }), "0 threads");
  begin({.threads = 3});
  CHECK_EQUAL(xgrad::threads(), 3);
  int argc = 0;
  char** argv = nullptr;
  std::optional<mpi::Communicator> old;
  {
    const mpi::Session session(argc, argv);
    CHECK_SAYS(message_of<mpi::LaunchError>([] { begin(); }), "there is one already");
    old = mpi::world();
    CHECK_EQUAL(old->size(), 1U);
    CHECK_EQUAL(old->split(3).size(), 1U);
    old->barrier();
    CHECK_SAYS(message_of<xgrad::ValueError>([&] { old->send_bytes({}, 0); }), "is not another process");
    CHECK_SAYS(message_of<xgrad::ValueError>([&] { (void)old->name(1); }), "rank 1");
  }
  CHECK_SAYS(message_of<mpi::LaunchError>([&] { old->barrier(); }), "has ended");
}

void operations_of_one_process() {
  int argc = 0;
  char** argv = nullptr;
  const mpi::Session session(argc, argv);
  const mpi::Communicator world = session.world();
  const xgrad::Var x(xt::xarray<float>{1.0F, 2.0F});
  CHECK_EQUAL(mpi::all_sum(world, x).array<float>()(1), 2.0F);
  CHECK_EQUAL(mpi::all_gather(world, x).shape(0), 1U);
  CHECK_EQUAL(mpi::reduce_scatter(world, mpi::all_gather(world, x)).shape(0), 2U);
  CHECK_SAYS(message_of<xgrad::ShapeError>([&] { (void)mpi::reduce_scatter(world, x); }),
             "for each of the 1 processes");
  CHECK_SAYS(message_of<xgrad::TypeError>([&] { (void)mpi::all_mean(world, xgrad::Var(3)); }), "is int64");
  CHECK_SAYS(message_of<xgrad::ValueError>([&] { (void)mpi::broadcast(world, x, 1); }), "rank 1 is not one of the 1");
  CHECK_SAYS(message_of<xgrad::ValueError>([&] { (void)mpi::send(world, x, 0); }), "is not another");
}

void launchers_say_how_many_cores() {
  {
    const Variable cores("SLURM_CPUS_PER_TASK", "7");
    CHECK_EQUAL(mpi::threads_of(mpi::launch()), 7);
  }
  mpi::Launch many;
  many.processes_here = 1000000;
  CHECK_EQUAL(mpi::threads_of(many), 1);
  const Variable here("SLURM_STEP_TASKS_PER_NODE", "2(x3),1");
  CHECK_EQUAL(mpi::launch().processes_here.value_or(0), 2U);
  const Variable nonsense("PMI_SIZE", "many");
  CHECK(!mpi::launch().processes);
}

template <class Change>
std::string refusal(const Change& change) {
  std::vector<mpi::Greeting> all(3, mpi::greeting());
  change(all[2]);
  return message_of<mpi::LaunchError>([&] { (void)mpi::hosts_of(all); });
}

void greetings_are_compared() {
  CHECK_SAYS(refusal([](mpi::Greeting&) {}), "no error");
  CHECK_SAYS(refusal([](mpi::Greeting& each) { std::strcpy(each.version.data(), "0.0.7"); }), "rank 2 on ");
  CHECK_SAYS(refusal([](mpi::Greeting& each) { std::strcpy(each.version.data(), "0.0.7"); }), "has xgrad 0.0.7");
  CHECK_SAYS(refusal([](mpi::Greeting& each) { each.byte_order = 0x04030201; }), "has big-endian numbers");
  CHECK_SAYS(refusal([](mpi::Greeting& each) { each.protocol += 1; }), "has protocol ");
  CHECK_SAYS(refusal([](mpi::Greeting& each) { each.magic[0] = '?'; }), "is not a process of this library");
}

/// As SumTree says it: again and again the one with the most shards, of several the last, gives its right half away.
std::vector<std::size_t> dealt(std::size_t shards, std::size_t processes) {
  std::vector<std::size_t> bounds{0, shards};
  while (bounds.size() <= processes) {
    std::size_t most = 0;
    for (std::size_t p = 1; p + 1 < bounds.size(); ++p) {
      if (bounds[p + 1] - bounds[p] >= bounds[most + 1] - bounds[most]) most = p;
    }
    bounds.insert(bounds.begin() + static_cast<std::ptrdiff_t>(most) + 1,
                  mpi::tree_cut(bounds[most], bounds[most + 1]));
  }
  return bounds;
}

void shards_are_dealt() {
  const mpi::SumTree three(16, 3);
  CHECK_EQUAL(three.first_shard(1), 8U);
  CHECK_EQUAL(three.first_shard(2), 12U);
  CHECK_EQUAL(three.first_shard(3), 16U);
  CHECK_SAYS(message_of<xgrad::ValueError>([] { mpi::SumTree(2, 3); }), "2 shards cannot be dealt to 3 processes");
  CHECK_SAYS(message_of<xgrad::ValueError>([] { mpi::SumTree(2, 0); }), "processes");
  // Whoever has a subtree has a whole one, and all elements end up with somebody, for any numbers.
  for (std::size_t shards = 1; shards <= 20; ++shards) {
    for (std::size_t processes = 1; processes <= shards; ++processes) {
      const mpi::SumTree tree(shards, processes);
      const std::vector<std::size_t> bounds = dealt(shards, processes);
      for (std::size_t p = 0; p <= processes; ++p) CHECK_EQUAL(tree.first_shard(p), bounds[p]);
      std::size_t sent = 0;
      std::size_t received = 0;
      for (std::size_t rank = 0; rank < processes; ++rank) {
        for (const mpi::SumRound& round : mpi::sum_rounds(tree, rank, 100)) {
          for (const mpi::Piece& piece : round.sends) sent += piece.last - piece.first;
          for (const mpi::Piece& piece : round.receives) received += piece.last - piece.first;
        }
      }
      CHECK_EQUAL(sent, 100 * (processes - 1));
      CHECK_EQUAL(received, sent);
    }
  }
}

}  // namespace

int main() {
  mpi_is_missing();
  sessions_and_options();
  operations_of_one_process();
  launchers_say_how_many_cores();
  greetings_are_compared();
  shards_are_dealt();
  return checks_failed();
}
