// Jobs that fail, each in the way that the first argument names. What they print and how they end is compared outside.
#include <chrono>
#include <iostream>
#include <limits>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>
#include <xgrad/mpi.hpp>

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

using Failure = void (*)(const Job&);

Failure failure_named(const std::string& name) {
  if (name == "throws") return throws;
  if (name == "late") return late;
  if (name == "ends_early") return ends_early;
  if (name == "other_ways") return other_ways;
  if (name == "unequal") return unequal;
  if (name == "both_receive") return both_receive;
  if (name == "leaves") return leaves;
  throw std::invalid_argument("no failure is called " + name);
}

void run(int argc, char** argv) {
  const mpi::Session session(argc, argv, {.time_limit = std::chrono::seconds(2)});
  const mpi::Communicator world = session.world();
  failure_named(argv[1])({world, world.rank() + 1 == world.size()});
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  if (argv[1] != std::string("leaves")) {
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
