// How many threads evaluate.
#pragma once

namespace xgrad {

/// Lets evaluations use up to `count` threads, the caller's among them; small ones stay on the caller's thread. Results
/// are the same to the last bit for any number. The start is 1.
/// \throws ValueError  unless count is at least 1.
void set_threads(int count);

/// The number that was set.
[[nodiscard]] int threads() noexcept;

}  // namespace xgrad
