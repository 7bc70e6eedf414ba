#include "mpi/lost.hpp"

#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "mpi/packed.hpp"

namespace xgrad::mpi {
namespace {

struct Neighbour {
  pid_t process;  // 0: on another host
  std::string name;
};

// What the handler reads: made before it is installed, and never changed while it is.
std::vector<Neighbour> neighbours;
std::size_t own_rank = 0;
struct sigaction handler_before;
bool is_watching = false;
volatile std::sig_atomic_t has_ended = 0;

// Standard error without anything that a signal handler must not call.
void say(std::string_view text) noexcept {
  while (!text.empty()) {
    const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

void say(std::size_t number) noexcept {
  char digits[24];
  char* first = digits + sizeof(digits);
  do {
    *--first = static_cast<char>('0' + number % 10);
    number /= 10;
  } while (number > 0);
  say(std::string_view(first, static_cast<std::size_t>(digits + sizeof(digits) - first)));
}

bool is_gone(const Neighbour& neighbour) noexcept {
  return neighbour.process != 0 && ::kill(neighbour.process, 0) != 0 && errno == ESRCH;
}

void say_who_is_gone() noexcept {
  for (std::size_t rank = 0; rank < own_rank; ++rank) {
    if (!is_gone(neighbours[rank])) return;  // that one says it
  }
  say("xgrad::mpi: ");
  say(neighbours[own_rank].name);
  if (const std::size_t step = step_now(); step != no_step) {
    say(" at step ");
    say(step);
  }
  say(": the launcher ends the job; ");
  bool any = false;
  for (const Neighbour& each : neighbours) {
    if (!is_gone(each)) continue;
    say(any ? ", " : "lost: ");
    say(each.name);
    any = true;
  }
  say(any ? "\n" : "no process of this host is lost\n");
}

void on_end(int signal) {
  if (has_ended == 0) {
    has_ended = 1;
    say_who_is_gone();
    ::usleep(200000);  // the others look, too
  }
  ::signal(signal, SIG_DFL);
  ::raise(signal);
}

}  // namespace

void watch_for_lost(const std::shared_ptr<Members>& world) {
  if (world->size() == 1) return;
  const std::vector<std::string> processes = gathered_texts(world, std::to_string(::getpid()));
  neighbours.clear();
  for (std::size_t rank = 0; rank < world->size(); ++rank) {
    const bool is_here = world->job->hosts[rank] == world->job->hosts[world->rank];
    neighbours.push_back({is_here ? static_cast<pid_t>(std::atol(processes[rank].c_str())) : 0, world->name(rank)});
  }
  own_rank = world->rank;
  struct sigaction now {};
  if (::sigaction(SIGTERM, nullptr, &now) != 0 || now.sa_handler != SIG_DFL) return;
  now.sa_handler = on_end;
  is_watching = ::sigaction(SIGTERM, &now, &handler_before) == 0;
}

void stop_watching_for_lost() noexcept {
  if (is_watching) ::sigaction(SIGTERM, &handler_before, nullptr);
  is_watching = false;
}

}  // namespace xgrad::mpi
