// How many threads evaluate.
#pragma once

#include <xgrad/core/language.hpp>

#pragma GCC visibility push(default)

namespace xgrad {

/// More than any machine of today has. Each thread takes memory for its stack and its workspaces.
inline constexpr int most_threads = 1024;

/// Lets evaluations use up to `count` threads, the caller's among them; small ones stay on the caller's thread. Results
/// are the same to the last bit for any number. The start is 1.
/// \throws ValueError  unless count is from 1 to most_threads.
void set_threads(int count);

/// The number that was set.
[[nodiscard]] int threads() noexcept;

}  // namespace xgrad

#pragma GCC visibility pop
