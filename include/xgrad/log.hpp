// Messages about what works, but slower or otherwise than its author may think.
#pragma once

#include <functional>
#include <string_view>

#include <xgrad/core/language.hpp>

#pragma GCC visibility push(default)

namespace xgrad {

/// Receives a message: one line, without a line break. Several threads may call it. What it throws is ignored.
using LogHandler = std::function<void(std::string_view message)>;

/// Hands messages to a function of yours from now on; an empty one silences them. Returns the handler that was set.
/// At the start messages go to standard error, each with "xgrad: " before it.
///
///     xg::set_log_handler({});                                                       // silence
///     xg::set_log_handler([](std::string_view message) { my_logger.warn(message); });
LogHandler set_log_handler(LogHandler handler);

namespace detail {

/// Hands a message to the handler.
void log(std::string_view message) noexcept;

}  // namespace detail
}  // namespace xgrad

#pragma GCC visibility pop
