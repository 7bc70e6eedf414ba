#include "measure.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <ctime>

namespace bench {
namespace {

constexpr double sample_nanoseconds = 20e6;

double now(Clock clock) {
  if (clock == Clock::wall) {
    const std::chrono::duration<double, std::nano> since = std::chrono::steady_clock::now().time_since_epoch();
    return since.count();
  }
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_nsec);
}

/// How many steps fill a sample. Runs the step until it is warm.
int steps_per_sample(const Step& step, Clock clock) {
  step();
  for (int count = 1;; count *= 4) {
    const double taken = nanoseconds(step, count, clock);
    if (taken > sample_nanoseconds / 8.0)
      return std::max(1, static_cast<int>(std::lround(sample_nanoseconds / taken * count)));
  }
}

}  // namespace

double nanoseconds(const Step& step, int count, Clock clock) {
  const double begin = now(clock);
  for (int i = 0; i < count; ++i) step();
  return now(clock) - begin;
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

std::vector<double> measure(const std::vector<Step>& contestants, Clock clock,
                            const std::function<void(std::size_t)>& prepare) {
  std::vector<int> counts;
  for (std::size_t k = 0; k < contestants.size(); ++k) {
    prepare(k);
    counts.push_back(steps_per_sample(contestants[k], clock));
  }
  std::vector<std::vector<double>> taken(contestants.size());
  for (int sample = 0; sample < samples; ++sample) {
    for (std::size_t k = 0; k < contestants.size(); ++k) {
      prepare(k);
      if (counts[k] > 1) contestants[k]();  // its data back into the caches
      taken[k].push_back(nanoseconds(contestants[k], counts[k], clock) / counts[k]);
    }
  }
  std::vector<double> result;
  for (const std::vector<double>& each : taken) result.push_back(median(each));
  return result;
}

}  // namespace bench
