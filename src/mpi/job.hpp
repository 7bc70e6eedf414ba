// The job that a session holds: its processes, how one waits for another, and how it ends when one of them fails.
#pragma once

#include <chrono>
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
  template <class What>
  void wait(Operation& operation, const What& what);

  /// Throws what has failed before. After a failure nothing is sent or received any more.
  void require_whole();
  /// Throws PeerError if another process has said that it failed.
  void hear();
  /// The same error is thrown here now and whenever a call is made, and the others throw PeerError with its text.
  template <class E>
  [[noreturn]] void fail(const std::string& text);
  /// The same for what MPI throws.
  [[noreturn]] void fail_in_mpi(const std::string& what, const std::string& message);
  /// Tells all others that this process has failed, if it is the first to say so.
  void tell(const std::string& text) noexcept;

  /// Prints rank, host, step and the text; tells the others; ends the job after the time of grace.
  [[noreturn]] void end(const std::string& text) noexcept;
  /// After the last call: MPI ends with it.
  void finish();
  /// No call is possible any more.
  [[nodiscard]] bool finished() const noexcept { return finished_; }

 private:
  void remember(std::exception_ptr error);
  [[noreturn]] void fail_late(const std::string& what);

  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Channel> control_;  // notices of failures go here, apart from all other messages
  Seconds time_limit_, grace_;
  std::mutex failing_;
  std::exception_ptr failure_;
  bool told_ = false;
  bool heard_ = false;  // of another's failure
  bool finished_ = false;
  std::string notice_;
  std::vector<std::unique_ptr<Operation>> notices_;
};

/// What at_step() has said, as " at step 12", or nothing.
std::string step_text();

/// How one waits for what another process does: first at full speed, for answers come in microseconds; then other
/// threads and processes get the core.
class Patience {
 public:
  explicit Patience(Seconds limit);
  void pause();
  /// Whether it is time to look at what is not looked at every time.
  [[nodiscard]] bool now_and_then() const noexcept { return turn_ % 32 == 0; }
  [[nodiscard]] bool over() const;

 private:
  std::chrono::steady_clock::time_point end_;
  std::size_t turn_ = 0;
};

template <class What>
void Job::wait(Operation& operation, const What& what) {
  require_whole();
  Patience patience(time_limit_);
  for (;;) {
    bool done = false;
    try {
      done = operation.done();
    } catch (const std::exception& error) {
      fail_in_mpi(what(), error.what());
    }
    if (done) return;
    patience.pause();
    if (!patience.now_and_then()) continue;
    hear();
    if (patience.over()) {
      operation.cancel();
      fail_late(what());
    }
  }
}

template <class E>
void Job::fail(const std::string& text) {
  const auto error = std::make_exception_ptr(E(text));
  remember(error);
  tell(text);
  std::rethrow_exception(error);
}

/// The job of the session that there is, or none.
std::shared_ptr<Job> current_job();

}  // namespace xgrad::mpi
