// The life of a job of several processes: from where main() begins to where it ends.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>

#include <xgrad/mpi/communicator.hpp>

#pragma GCC visibility push(default)

namespace xgrad::mpi {

struct SessionOptions {
  /// How long a call waits for another process before it throws TimeoutError. It must be longer than the longest time
  /// that one process computes while others wait for it.
  std::chrono::duration<double> time_limit = std::chrono::minutes(10);
  /// Threads that evaluate, for set_threads(); none: the share of this process in the cores that the launcher gives.
  std::optional<int> threads = std::nullopt;
  /// Lets std::cout and std::clog of all ranks through, not of rank 0 alone.
  bool output_everywhere = false;
  /// How long a process that has failed lets the others hear of it, before it ends the job.
  std::chrono::duration<double> grace = std::chrono::seconds(1);
};

/// One in a program, at the beginning of main(). Started alone, the program is a job of one process, for which MPI is
/// neither needed nor loaded; started by mpirun, mpiexec or srun, it is one of their processes.
///
///     int main(int argc, char** argv) {
///       xg::mpi::Session session(argc, argv);
///       const xg::mpi::Communicator world = session.world();
///
/// An exception that leaves main(), or the scope of the session, ends the job: the process says its rank, its host, the
/// step (see at_step()) and what was thrown, tells the others, whose calls then throw PeerError, and after
/// SessionOptions::grace ends all of them, with an exit code that is not 0.
///
/// A process that is lost (killed, out of memory, its host gone) is found by the launcher, which ends the others; the
/// first one that is left says rank, host and step, and whom it misses on its host.
class Session {
 public:
  /// \throws LaunchError  if there is a session, or has been one of several processes; if MPI is missing though a
  ///                      launcher has started several processes; if processes differ in their versions of the library
  ///                      or their byte order.
  /// \throws ValueError   if the time limit is not positive, a time is negative or above 1e9 s, or threads are not from
  ///                      1 to most_threads.
  Session(int& argc, char**& argv, const SessionOptions& options = {});
  /// Waits for the others to end their sessions, too.
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// All processes of the job.
  [[nodiscard]] Communicator world() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// All processes of the job of the session that there is.
/// \throws LaunchError  if there is none.
[[nodiscard]] Communicator world();

/// What messages of a process that fails name as its step, from now on. Loops of train/ say it themselves.
void at_step(std::size_t step) noexcept;

}  // namespace xgrad::mpi

#pragma GCC visibility pop
