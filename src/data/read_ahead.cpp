#include <xgrad/data/read_ahead.hpp>

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>

#include <xgrad/core/errors.hpp>

namespace xgrad::data::detail {

struct Ahead::State {
  std::function<Thing()> make;
  std::size_t depth = 1;

  std::mutex mutex;
  std::condition_variable changed;
  // Of both threads, behind the mutex.
  std::deque<Thing> made;
  std::exception_ptr error;  ///< what comes after all that is made
  bool stopping = false;

  std::thread thread;

  void run() {
    for (;;) {
      {
        std::unique_lock lock(mutex);
        changed.wait(lock, [this] { return stopping || made.size() < depth; });
        if (stopping) return;
      }
      try {
        Thing thing = make();
        const std::lock_guard lock(mutex);
        made.push_back(std::move(thing));
      } catch (...) {
        const std::lock_guard lock(mutex);
        error = std::current_exception();
      }
      changed.notify_all();
      const std::lock_guard lock(mutex);
      if (error) return;
    }
  }
};

Ahead::Ahead(std::function<Thing()> make, std::size_t depth) : state_(std::make_unique<State>()) {
  if (depth == 0) throw ValueError("read_ahead: 0 batches ahead; it must be one at least");
  state_->make = std::move(make);
  state_->depth = depth;
}

Ahead::~Ahead() { stop(); }

Ahead::Thing Ahead::next() {
  State& state = *state_;
  if (!state.thread.joinable()) state.thread = std::thread([&state] { state.run(); });
  Thing result;
  {
    std::unique_lock lock(state.mutex);
    state.changed.wait(lock, [&state] { return !state.made.empty() || state.error; });
    if (state.made.empty()) std::rethrow_exception(state.error);
    result = std::move(state.made.front());
    state.made.pop_front();
  }
  state.changed.notify_all();
  return result;
}

void Ahead::stop() {
  State& state = *state_;
  {
    const std::lock_guard lock(state.mutex);
    state.stopping = true;
  }
  state.changed.notify_all();
  if (state.thread.joinable()) state.thread.join();
  state.made.clear();
  state.error = nullptr;
  state.stopping = false;
}

}  // namespace xgrad::data::detail
