// libtorch's optimisers behind an interface without its headers, as libtorch.hpp.
#pragma once

#include <cstdint>
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

/// Rows of pixels with labels, and the weights of two dense layers with tanh between them, y = tanh(x a + b) c + d.
struct DenseLayers {
  std::int64_t samples = 0, inputs = 0, hidden = 0, outputs = 0;
  std::vector<double> pixels;
  std::vector<std::int64_t> labels;
  std::vector<double> a, b, c, d;
};

/// The losses before each of so many steps on the cross-entropy of all samples, by "sgd", "adam", "adamw", "rmsprop",
/// "adagrad" or "lbfgs".
std::vector<double> losses_while_training(const std::string& optimiser, const DenseLayers& layers, int steps);

/// Seconds for a step of AdamW for so many float32 arrays of a size, the least of some tries.
double seconds_of_adamw(int arrays, int size, int steps);

}  // namespace libtorch
