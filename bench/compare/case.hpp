// The two kinds of measurement: comparisons with libtorch, and comparisons with limits.
#pragma once

#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "measure.hpp"
#include "program.hpp"

namespace bench {

constexpr double none = std::numeric_limits<double>::quiet_NaN();

struct Contest {
  Program ours, theirs;
};

/// The same work with both libraries.
struct Case {
  std::string id, size, dtype;
  double at_least;                 ///< libtorch's time / ours, on one thread
  std::function<Contest()> start;  ///< makes the data, which may be large
};

std::vector<Case> small_cases();
std::vector<Case> elementwise_cases();
std::vector<Case> cross_entropy_cases();
std::vector<Case> loss_cases();
std::vector<Case> mlp_cases();
std::vector<Case> optimiser_cases();
std::vector<Case> layernorm_cases();
std::vector<Case> stack_cases();
std::vector<Case> einsum_cases();
std::vector<Case> process_cases();
std::vector<Case> convolution_cases();

struct Measured {
  double ours_ns;                                       ///< `none` where no time is measured
  double value;                                         ///< what is bounded
  std::vector<std::pair<std::string, double>> details;  ///< what it was computed from
};

/// Our work, on one thread, beside what the machine can do or what must not be exceeded.
struct Limit {
  std::string id, size, dtype;
  std::string field;  ///< "fraction", which has a lower bound, or "cost", which has an upper one
  double bound;
  std::function<Measured()> run;
};

std::vector<Limit> machine_limits();
std::vector<Limit> optimiser_limits();
std::vector<Limit> cost_limits();
std::vector<Limit> footprint_limits();
std::vector<Limit> behaviour_limits();
std::vector<Limit> einsum_limits();
std::vector<Limit> process_limits();

}  // namespace bench
