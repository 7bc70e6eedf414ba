// The job that a session holds: its processes, how one waits for another, and how it ends when one of them fails.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <concepts>
#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <xgrad/mpi/errors.hpp>

#include "mpi/engine.hpp"

namespace xgrad::mpi {

using Seconds = std::chrono::duration<double>;

/// Exit code of a job that a failure ends.
inline constexpr int failure_exit_code = 70;

/// How one waits for what another process does: first at full speed, for answers come in microseconds; then other
/// threads and processes get the core; and when it takes longer than it should, one sleeps. Bytes move only while both
/// sides look at them, so for many of them one does not sleep for long.
class Patience {
 public:
  /// \param bytes  that are waited for.
  explicit Patience(Seconds limit, std::size_t bytes = 0);
  void pause();
  /// Whether it is time to look at what is not looked at every time.
  [[nodiscard]] bool now_and_then() const noexcept { return turn_ % 32 == 0; }
  [[nodiscard]] bool over() const;

 private:
  using Clock = std::chrono::steady_clock;

  Clock::time_point end_;
  Clock::time_point sleeps_from_;
  std::size_t turn_ = 0;
};

class Job {
 public:
  /// \param engine  none: one process.
  Job(std::unique_ptr<Engine> engine, Seconds time_limit, Seconds grace);

  [[nodiscard]] Engine* engine() noexcept { return engine_.get(); }
  [[nodiscard]] Seconds time_limit() const noexcept { return time_limit_; }

  /// Hosts of the ranks of the world; the handshake learns them.
  std::vector<std::string> hosts;
  std::size_t rank = 0;
  /// "rank 2 on node17", of the world.
  [[nodiscard]] std::string name_of(std::size_t world_rank) const;

  /// Waits until it is done. `what()` says for messages what is waited for.
  /// \param bytes  that are to come or to go.
  template <class What>
  void wait(Operation& operation, std::size_t bytes, const What& what) {
    wait(operation, bytes, what, time_limit_);
  }
  template <class What>
  void wait(Operation& operation, std::size_t bytes, const What& what, Seconds time_limit);
  /// The same, for what `done()` says.
  template <class Done, class What>
  void wait_until(const Done& done, Patience patience, const What& what, Seconds time_limit);

  /// Throws what has failed before. After a failure nothing is sent or received any more.
  /// \throws LaunchError  after the end of the session, and in a process that fork() has made.
  void require_whole();
  /// Throws what has failed in another process, or in another thread of this one.
  void hear();
  /// The same error is thrown here now and whenever a call is made, and the others throw PeerError with its text.
  template <class E>
  [[noreturn]] void fail(const std::string& text);
  /// The same for what MPI throws.
  [[noreturn]] void fail_in_mpi(const std::string& what, const std::string& message);
  /// Tells all others that this process has failed, if it is the first to say so.
  /// \param mismatch  they throw MismatchError, not PeerError.
  void tell(const std::string& text, bool mismatch = false) noexcept;

  /// Prints rank, host, step and the text; tells the others; ends the job after the time of grace.
  [[noreturn]] void end(const std::string& text) noexcept;
  /// After the last call: MPI ends with it.
  void finish();
  /// Leaves MPI as it is, in a process that fork() has made: it belongs to the other one.
  void abandon() noexcept;
  /// Whether this is a process that fork() has made of one of the job.
  [[nodiscard]] bool is_forked() const noexcept;
  /// Whether MPI may be called.
  [[nodiscard]] bool is_open() const noexcept { return !finished_ && !is_forked(); }
  [[nodiscard]] Seconds grace() const noexcept { return grace_; }

  /// Held while MPI makes a group of processes, which waits inside of MPI.
  std::mutex making_group;

 private:
  void remember(std::exception_ptr error);
  [[noreturn]] void fail_late(const std::string& what, Seconds time_limit);

  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Channel> control_;  // notices of failures go here, apart from all other messages
  Seconds time_limit_, grace_;
  std::mutex failing_;
  std::exception_ptr failure_;
  bool told_ = false;
  bool heard_ = false;  // of another's failure
  std::atomic<bool> finished_ = false;
  pid_t process_;
  std::string notice_;
  std::vector<std::unique_ptr<Operation>> notices_;
};

/// What at_step() has said; signal handlers ask, too.
std::size_t step_now() noexcept;
inline constexpr std::size_t no_step = static_cast<std::size_t>(-1);
/// What at_step() has said, as " at step 12", or nothing.
std::string step_text();

template <class Done, class What>
void Job::wait_until(const Done& done, Patience patience, const What& what, Seconds time_limit) {
  require_whole();
  while (!done()) {
    patience.pause();
    if (!patience.now_and_then()) continue;
    hear();
    if (patience.over()) fail_late(what(), time_limit);
  }
}

template <class What>
void Job::wait(Operation& operation, std::size_t bytes, const What& what, Seconds time_limit) {
  const auto done = [&] {
    try {
      return operation.done();
    } catch (const std::exception& error) {
      fail_in_mpi(what(), error.what());
    }
  };
  wait_until(done, Patience(time_limit, bytes), what, time_limit);
}

template <class E>
void Job::fail(const std::string& text) {
  const auto error = std::make_exception_ptr(E(text));
  remember(error);
  tell(text, std::same_as<E, MismatchError>);
  std::rethrow_exception(error);
}

/// The job of the session that there is, or none.
std::shared_ptr<Job> current_job();

}  // namespace xgrad::mpi
