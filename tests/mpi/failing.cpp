// Jobs that fail, each in the way that the first argument names. What they print and how they end is compared outside.
#include <chrono>
#include <future>
#include <iostream>
#include <limits>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>
#include <xgrad/mpi.hpp>

#include "mpi/load_engine.hpp"

namespace {

namespace mpi = xgrad::mpi;

struct Job {
  mpi::Communicator world;
  bool is_last;
};

/// One process fails while the others wait for it.
void throws(const Job& job) {
  mpi::at_step(12);
  if (job.is_last) throw std::runtime_error("the disk is full");
  job.world.barrier();
}

/// One process computes for longer than the others wait.
void late(const Job& job) {
  if (job.is_last) std::this_thread::sleep_for(std::chrono::seconds(60));
  job.world.barrier();
}

/// One process thinks that all is done.
void ends_early(const Job& job) {
  if (!job.is_last) job.world.barrier("after the last step");
}

/// One process receives while the others add.
void other_ways(const Job& job) {
  if (job.is_last) {
    (void)mpi::receive(job.world, xgrad::Var(1.0), 0);
  } else {
    (void)mpi::all_sum(job.world, xgrad::Var(1.0));
  }
}

/// A collective that one process alone calls in the end, and another one.
void unequal(const Job& job) {
  mpi::at_step(3);
  if (job.is_last) (void)mpi::broadcast(job.world, xgrad::Var(1.0));
  else (void)mpi::all_sum(job.world, xgrad::Var(1.0));
}

/// Two processes wait for each other.
void both_receive(const Job& job) {
  if (job.world.rank() < 2) (void)mpi::receive(job.world, xgrad::Var(1.0), 1 - job.world.rank());
}

/// What leaves the session is caught outside of it.
void leaves(const Job& job) {
  if (job.is_last) throw std::runtime_error("of a scope");
  job.world.barrier();
}

/// An exception while something is on its way, for which the other process waits.
void unwinds(const Job& job) {
  std::vector<double> place(100);
  if (!job.is_last) return job.world.barrier();
  const mpi::Transfer transfer = job.world.start_receive_bytes(std::as_writable_bytes(std::span(place)), 0);
  throw std::runtime_error("of a scope");
}

/// What one thread hears, the others do, too.
void other_thread(const Job& job) {
  const mpi::Communicator second = job.world.split(0);
  auto thread = std::async(std::launch::async, [&] {
    if (job.is_last) (void)mpi::receive(second, xgrad::Var(1.0F), 0);
    else (void)mpi::send(second, xgrad::Var(1.0), 1);
  });
  if (!job.is_last) std::this_thread::sleep_for(std::chrono::seconds(60));
  try {
    job.world.barrier();
  } catch (const mpi::MpiError& error) {
    std::cerr << std::string("the first thread: ") + error.what() + "\n";
  }
  thread.get();
}

/// A process that has begun MPI, and then is stopped.
void stops_at_the_beginning(int argc, char** argv) {
  const auto engine = mpi::load_engine(argc, argv);
  const auto group = engine->world()->split(0, 0);
  std::this_thread::sleep_for(std::chrono::seconds(60));
}

using Failure = void (*)(const Job&);

Failure failure_named(const std::string& name) {
  if (name == "throws") return throws;
  if (name == "late") return late;
  if (name == "ends_early") return ends_early;
  if (name == "other_ways") return other_ways;
  if (name == "unequal") return unequal;
  if (name == "both_receive") return both_receive;
  if (name == "leaves") return leaves;
  if (name == "unwinds") return unwinds;
  if (name == "other_thread") return other_thread;
  throw std::invalid_argument("no failure is called " + name);
}

void run(int argc, char** argv) {
  // What is found before is not found by the time limit.
  const bool found_before = argv[1] == std::string("unwinds") || argv[1] == std::string("other_thread");
  const mpi::Session session(argc, argv, {.time_limit = std::chrono::seconds(found_before ? 60 : 2)});
  const mpi::Communicator world = session.world();
  failure_named(argv[1])({world, world.rank() + 1 == world.size()});
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  if (argv[1] == std::string("stops")) {
    stops_at_the_beginning(argc, argv);
    return 0;
  }
  if (argv[1] != std::string("leaves") && argv[1] != std::string("unwinds")) {
    run(argc, argv);
    return 0;
  }
  try {
    run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "caught " << error.what() << "\n";
  }
  return 0;
}
