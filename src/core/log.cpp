#include <xgrad/log.hpp>

#include <iostream>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace xgrad {
namespace {

struct Log {
  std::mutex mutex;
  std::shared_ptr<const LogHandler> handler = std::make_shared<const LogHandler>([](std::string_view message) {
    std::string line = "xgrad: ";
    line.append(message).append("\n");  // in one piece, so that those of two threads do not mix
    std::cerr << line << std::flush;
  });

  static Log& instance() {
    static auto* log = new Log;  // never destroyed: destructors of static objects may evaluate
    return *log;
  }
};

}  // namespace

LogHandler set_log_handler(LogHandler handler) {
  auto shared = std::make_shared<const LogHandler>(std::move(handler));
  Log& log = Log::instance();
  const std::scoped_lock lock(log.mutex);
  std::swap(log.handler, shared);
  return *shared;
}

void detail::log(std::string_view message) noexcept {
  try {
    Log& log = Log::instance();
    std::shared_ptr<const LogHandler> handler;
    {
      const std::scoped_lock lock(log.mutex);
      handler = log.handler;
    }
    if (*handler) (*handler)(message);
  } catch (...) {  // NOLINT(bugprone-empty-catch): a message must not break what it speaks of
  }
}

}  // namespace xgrad
