// Steps of training of libtorch's nets behind an interface without its headers, as libtorch.hpp.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "recurrent.hpp"  // Doubles

namespace libtorch {

/// A net made of torch::nn's modules, and all that it is trained with.
struct TrainedNet {
  std::string name;              ///< one of trained_nets()
  std::vector<Doubles> weights;  ///< to begin with, in the order and the shapes of parameters()
  Doubles x;
  Doubles y;                         ///< targets, without labels; of "vae" its noise
  std::vector<std::int64_t> labels;  ///< for the mean cross-entropy
};

struct TrainedSteps {
  std::vector<double> losses;    ///< before each step
  std::vector<Doubles> weights;  ///< after the last
};

std::vector<std::string> trained_nets();

/// So many steps of torch::optim::Adam, all samples in each.
TrainedSteps train(const TrainedNet& task, double rate, int steps);

}  // namespace libtorch
