// libtorch's optimisers behind an interface without its headers, as libtorch.hpp.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace libtorch {

/// The gradient at some parameters.
using Slope = std::function<std::vector<double>(const std::vector<double>&)>;

std::vector<std::string> optimisers();

/// Where an optimiser gets to from a start in so many steps.
std::vector<double> descend(const std::string& optimiser, const std::vector<double>& start, const Slope& slope,
                            int steps);

/// Seconds for a step of AdamW for so many float32 arrays of a size, the least of some tries.
double seconds_of_adamw(int arrays, int size, int steps);

}  // namespace libtorch
