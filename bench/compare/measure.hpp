// Timing of contestants in turns.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

namespace bench {

enum class Clock {
  processor,  ///< of this process, all threads together: a busy machine disturbs it less; for work on one thread
  wall
};

using Step = std::function<void()>;

constexpr int samples = 11;

/// Median nanoseconds of one step of each contestant. The contestants take turns, so that a busy moment of the machine
/// hits all of them; each sample repeats a step for some milliseconds.
///
/// \param prepare  called with the number of the contestant that is to run next.
std::vector<double> measure(
    const std::vector<Step>& contestants, Clock clock,
    const std::function<void(std::size_t)>& prepare = [](std::size_t) {});

/// Nanoseconds of `count` steps.
double nanoseconds(const Step& step, int count, Clock clock);

double median(std::vector<double> values);

}  // namespace bench
