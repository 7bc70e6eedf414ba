// What the two libraries have in common: a program that can be run and checked. C++17, as problems.hpp.
#pragma once

#include <functional>
#include <vector>

namespace bench {

/// Arrays as doubles, whatever their element type.
using Arrays = std::vector<std::vector<double>>;

/// One contestant.
struct Program {
  std::function<void()> step;       ///< what is timed
  std::function<Arrays()> results;  ///< values and gradients of the last step, or the state it left
};

}  // namespace bench
