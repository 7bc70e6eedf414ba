#include <xgrad/solve/interrupt.hpp>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <mutex>
#include <system_error>

namespace xgrad::solve {
namespace {

// What the handler touches is lock-free, or written before it is set.
std::atomic<bool> pressed{false};
static_assert(std::atomic<bool>::is_always_lock_free);
using Action = struct sigaction;
Action action_before;

std::mutex guards_mutex;
std::size_t guards = 0;
bool handler_set = false;

extern "C" void note_interrupt(int) {
  const int error = errno;
  pressed.store(true);
  sigaction(SIGINT, &action_before, nullptr);
  errno = error;
}

bool is_ours(const Action& action) {
  return (action.sa_flags & SA_SIGINFO) == 0 && action.sa_handler == note_interrupt;
}

void set_handler() {
  Action now{};
  if (sigaction(SIGINT, nullptr, &now) != 0) {
    throw std::system_error(errno, std::generic_category(), "solve::StopAtInterrupt: the handler cannot be read");
  }
  if ((now.sa_flags & SA_SIGINFO) == 0 && now.sa_handler == SIG_IGN) return;
  action_before = now;
  Action ours{};
  ours.sa_handler = note_interrupt;
  ours.sa_flags = SA_RESTART;
  sigemptyset(&ours.sa_mask);
  if (sigaction(SIGINT, &ours, nullptr) != 0) {
    throw std::system_error(errno, std::generic_category(), "solve::StopAtInterrupt: the handler cannot be set");
  }
  handler_set = true;
}

}  // namespace

StopAtInterrupt::StopAtInterrupt() {
  const std::lock_guard lock(guards_mutex);
  if (guards == 0) {
    pressed.store(false);
    set_handler();
  }
  ++guards;
}

StopAtInterrupt::~StopAtInterrupt() {
  const std::lock_guard lock(guards_mutex);
  if (--guards > 0) return;
  Action now{};
  // A handler that somebody set in the meantime stays.
  if (handler_set && sigaction(SIGINT, nullptr, &now) == 0 && is_ours(now)) sigaction(SIGINT, &action_before, nullptr);
  handler_set = false;
  pressed.store(false);
}

bool StopAtInterrupt::interrupted() noexcept { return pressed.load(); }

}  // namespace xgrad::solve
