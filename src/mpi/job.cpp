#include "mpi/job.hpp"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <iostream>
#include <sstream>
#include <thread>
#include <xgrad/mpi/session.hpp>

#include "mpi/lost.hpp"

namespace xgrad::mpi {
namespace {

constexpr int notice_tag = 0;
// What every MPI sends at once, without waiting for the other side.
constexpr std::size_t most_bytes_of_notice = 2000;
// What a notice begins with.
constexpr char mismatch_mark = 'm';
constexpr char failure_mark = 'f';

std::atomic<std::size_t> current_step = no_step;

}  // namespace

void at_step(std::size_t step) noexcept { current_step = step; }

std::size_t step_now() noexcept { return current_step; }

std::string step_text() {
  const std::size_t step = current_step;
  return step == no_step ? "" : " at step " + std::to_string(step);
}

Patience::Patience(Seconds limit, std::size_t bytes) {
  const auto now = Clock::now();
  // A gigabyte in a second is less than memory gives, and more than most networks.
  const Seconds at_work(std::min(1e-3 + 4e-9 * static_cast<double>(bytes), 1.0));
  sleeps_from_ = now + std::chrono::duration_cast<Clock::duration>(at_work);
  end_ = now + std::chrono::duration_cast<Clock::duration>(limit);
}

void Patience::pause() {
  ++turn_;
  if (turn_ < 64) return;
  if (!now_and_then() || Clock::now() < sleeps_from_) {
    ::sched_yield();
  } else {
    std::this_thread::sleep_for(std::chrono::microseconds(100));
  }
}

bool Patience::over() const { return Clock::now() > end_; }

Job::Job(std::unique_ptr<Engine> engine, Seconds time_limit, Seconds grace)
    : engine_(std::move(engine)), time_limit_(time_limit), grace_(grace), process_(::getpid()) {
  if (engine_) control_ = engine_->world()->split(0, 0);
  if (control_) rank = control_->rank();
}

std::string Job::name_of(std::size_t world_rank) const {
  std::string text = "rank " + std::to_string(world_rank);
  if (world_rank < hosts.size()) text += " on " + hosts[world_rank];
  return text;
}

void Job::remember(std::exception_ptr error) {
  const std::lock_guard guard(failing_);
  if (!failure_) failure_ = std::move(error);
}

void Job::require_whole() {
  if (finished_) throw LaunchError("xgrad::mpi: the session of this group of processes has ended");
  if (is_forked()) throw LaunchError("xgrad::mpi: a process that fork() has made has no part in the job");
  const std::lock_guard guard(failing_);
  if (failure_) std::rethrow_exception(failure_);
}

void Job::hear() {
  require_whole();
  if (!control_) return;
  const auto notice = control_->take(notice_tag);
  if (!notice) return;
  std::string text(notice->bytes.size(), ' ');
  std::memcpy(text.data(), notice->bytes.data(), text.size());
  {
    const std::lock_guard guard(failing_);
    told_ = heard_ = true;  // they all know
  }
  const bool mismatch = !text.empty() && text[0] == mismatch_mark;
  const std::string what = text.substr(std::min<std::size_t>(1, text.size()));
  const auto error = mismatch ? std::make_exception_ptr(MismatchError(what)) : std::make_exception_ptr(PeerError(what));
  remember(error);
  std::rethrow_exception(error);
}

void Job::fail_in_mpi(const std::string& what, const std::string& message) {
  fail<PeerError>("xgrad::mpi: " + name_of(rank) + step_text() + ": " + what + ": " + message);
}

void Job::fail_late(const std::string& what, Seconds time_limit) {
  std::ostringstream text;
  text << "xgrad::mpi: " << name_of(rank) << step_text() << ": " << what
       << " has waited for more than the time limit of " << time_limit.count() << " s";
  fail<TimeoutError>(text.str());
}

void Job::tell(const std::string& text, bool mismatch) noexcept {
  try {
    {
      const std::lock_guard guard(failing_);
      if (told_ || !control_) return;
      told_ = true;
      notice_ = (mismatch ? mismatch_mark : failure_mark) + text.substr(0, most_bytes_of_notice);
    }
    const auto* bytes = reinterpret_cast<const std::byte*>(notice_.data());
    for (std::size_t other = 0; other < control_->size(); ++other) {
      if (other != rank) notices_.push_back(control_->send(bytes, notice_.size(), other, notice_tag));
    }
    Patience patience(std::min(grace_, Seconds(0.2)));
    while (!patience.over() &&
           !std::all_of(notices_.begin(), notices_.end(), [](const auto& each) { return each->done(); })) {
      patience.pause();
    }
  } catch (...) {  // MPI does not send any more; the end of the job tells the others, too
  }
}

void Job::end(const std::string& text) noexcept {
  try {
    const std::string own = "xgrad::mpi: " + name_of(rank) + step_text();
    // What was thrown by xgrad::mpi on this rank begins so itself.
    std::cerr << (text.rfind(own, 0) == 0 ? text : own + ": " + text) + "\n" << std::flush;
    tell(own + ": " + text);
    stop_watching_for_lost();  // all is said
    // The one that failed first ends the job; the others only if it cannot any more.
    std::this_thread::sleep_for(heard_ ? 2 * grace_ + Seconds(1) : grace_);
  } catch (...) {
  }
  if (engine_) engine_->abort(failure_exit_code);
  std::_Exit(failure_exit_code);
}

void Job::finish() {
  finished_ = true;
  notices_.clear();
  control_.reset();
  engine_.reset();
}

void Job::abandon() noexcept {
  finished_ = true;
  for (auto& each : notices_) (void)each.release();
  (void)control_.release();
  (void)engine_.release();
}

bool Job::is_forked() const noexcept { return ::getpid() != process_; }

}  // namespace xgrad::mpi
