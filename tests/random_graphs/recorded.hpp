// Random programs on tapes, with their gradients, and in functions with transforms.
#pragma once

#include <functional>

#include "program.hpp"
#include "transforms.hpp"

namespace random_graphs {

/// A program on a tape, with gradients behind it.
struct Recorded {
  xgrad::Tape tape;
  std::vector<Var> inputs;  // by instruction; empty Vars for others
  std::vector<Var> outputs;
  std::vector<Var> gradients;

  [[nodiscard]] std::vector<Var> all() const {
    std::vector<Var> result = outputs;
    result.insert(result.end(), gradients.begin(), gradients.end());
    return result;
  }
};

/// Of programs that are longer gradients are not differentiated again.
inline constexpr std::size_t most_nodes = 4000;

/// The values of all instructions, of the inputs.
using Runner = std::function<std::vector<Var>(const std::vector<Var>& inputs, xgrad::Tape& tape)>;

void record(Recorded& recorded, const Program& program, const std::vector<Var>& inputs, bool with_gradients,
            const Runner& runner, std::size_t most = most_nodes);
void record(Recorded& recorded, const Program& program, const std::vector<Var>& inputs, bool with_gradients);

/// Outputs, gradients and the loss of a compiled function of the leaves, with transforms.
std::vector<Var> compiled_with_transforms(const Program& program, const std::vector<Var>& inputs,
                                          TransformCounts& counts);

/// The derivative of the loss in a direction, in forward mode.
struct Slope {
  std::vector<Var> direction;  ///< for each leaf that has a gradient
  double along;
};
Slope slope_with_transforms(const Program& program, const std::vector<Var>& inputs, TransformCounts& counts);

}  // namespace random_graphs
