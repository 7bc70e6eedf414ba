#include "parallel.hpp"

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <xgrad/core/errors.hpp>
#include <xgrad/threads.hpp>

#if defined(XGRAD_THREAD_SANITIZER)
#include <sanitizer/tsan_interface.h>
#endif

namespace xgrad {
namespace {

/// What one thread did before this call comes before what others do after theirs of `happens_after`. oneTBB sees to
/// that, but its library is not instrumented, so ThreadSanitizer has to be told.
void happens_before([[maybe_unused]] char& event) {
#if defined(XGRAD_THREAD_SANITIZER)
  __tsan_release(&event);
#endif
}
void happens_after([[maybe_unused]] char& event) {
#if defined(XGRAD_THREAD_SANITIZER)
  __tsan_acquire(&event);
#endif
}

/// The threads of oneTBB that may work for us. Evaluations hold on to the arena that they began with.
struct Setting {
  std::mutex mutex;
  std::shared_ptr<tbb::task_arena> arena;
  std::unique_ptr<tbb::global_control> most;  // oneTBB itself stops at the number of cores
  std::atomic<int> count{1};

  static Setting& instance() {
    static auto* setting = new Setting;  // never destroyed: threads may outlive static objects
    return *setting;
  }
};

}  // namespace

void set_threads(int count) {
  if (count < 1 || count > most_threads) {
    throw ValueError("set_threads: the number of threads must be from 1 to " + std::to_string(most_threads) + ", not " +
                     std::to_string(count));
  }
  Setting& setting = Setting::instance();
  const std::scoped_lock lock(setting.mutex);
  if (count > 1) {
    setting.most = std::make_unique<tbb::global_control>(tbb::global_control::max_allowed_parallelism,
                                                         static_cast<std::size_t>(count));
  }
  setting.arena = count == 1 ? nullptr : std::make_shared<tbb::task_arena>(count);
  setting.count.store(count, std::memory_order_relaxed);
}

int threads() noexcept { return Setting::instance().count.load(std::memory_order_relaxed); }

namespace backend::cpu::parallel {

void parallel_rounds(std::size_t rounds, RoundFunction function, void* context) {
  Setting& setting = Setting::instance();
  if (rounds > 1 && setting.count.load(std::memory_order_relaxed) > 1) {
    std::shared_ptr<tbb::task_arena> arena;
    {
      const std::scoped_lock lock(setting.mutex);
      arena = setting.arena;
    }
    if (arena) {
      char called = 0;
      char done = 0;
      happens_before(called);
      const auto run = [&](std::size_t round) {
        happens_after(called);
        function(context, round);
        happens_before(done);
      };
      arena->execute([&] { tbb::parallel_for(std::size_t{0}, rounds, run); });
      happens_after(done);
      return;
    }
  }
  for (std::size_t round = 0; round < rounds; ++round) function(context, round);
}

}  // namespace backend::cpu::parallel
}  // namespace xgrad
