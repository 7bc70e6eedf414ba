#include "recorded.hpp"

namespace random_graphs {
namespace {

Var loss_of(const Program& program, const std::vector<Var>& outputs) {
  Var loss = 0.0;
  double weight = 1.0;
  for (const Var& output : outputs) {
    if (!is_floating(output.dtype())) continue;
    Var term;
    switch (program.loss_form) {
      case 0:
        term = sum(output);
        break;
      case 1:
        term = mean(square(output));
        break;
      default:
        term = sum(tanh(output) * output);
    }
    loss = loss + weight * cast(term, DType::Float64);
    weight *= -0.75;
  }
  return loss;
}

std::vector<Var> outputs_of(const Program& program, const std::vector<Var>& values) {
  std::vector<Var> outputs;
  for (const std::size_t output : program.outputs) outputs.push_back(values[output]);
  return outputs;
}

/// Of the inputs, by instruction, those that are leaves; with gradients, or all.
std::vector<Var> leaves_of(const Program& program, const std::vector<Var>& inputs, bool floating) {
  std::vector<Var> leaves;
  for (std::size_t i = 0; i < program.instructions.size(); ++i) {
    const Instruction& each = program.instructions[i];
    if (!each.run && each.leaf && (!floating || is_floating(each.dtype))) leaves.push_back(inputs[i]);
  }
  return leaves;
}

/// Others in their places.
std::vector<Var> with_leaves(const Program& program, std::vector<Var> inputs, const std::vector<Var>& leaves,
                             bool floating) {
  std::size_t used = 0;
  for (std::size_t i = 0; i < program.instructions.size(); ++i) {
    const Instruction& each = program.instructions[i];
    if (!each.run && each.leaf && (!floating || is_floating(each.dtype))) inputs[i] = leaves[used++];
  }
  return inputs;
}

}  // namespace

void record(Recorded& recorded, const Program& program, const std::vector<Var>& inputs, bool with_gradients) {
  record(recorded, program, inputs, with_gradients,
         [&](const std::vector<Var>& given, xgrad::Tape& tape) { return run(program, given, &tape); });
}

void record(Recorded& recorded, const Program& program, const std::vector<Var>& inputs, bool with_gradients,
            const Runner& runner, std::size_t most) {
  const std::vector<Var> values = runner(inputs, recorded.tape);
  recorded.outputs = outputs_of(program, values);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Instruction& each = program.instructions[i];
    recorded.inputs.push_back(!each.run && each.leaf ? values[i] : Var());
  }
  if (!with_gradients) return;
  const std::vector<Var> leaves = leaves_of(program, values, true);
  const Var loss = loss_of(program, recorded.outputs);
  if (!loss.recorded() || leaves.empty()) return;
  recorded.gradients = recorded.tape.gradients(loss, leaves);
  if (program.second_order && recorded.tape.size() < most) {
    const Var again = loss_of(program, recorded.gradients);
    const std::vector<Var> second = recorded.tape.gradients(again, leaves);
    recorded.gradients.insert(recorded.gradients.end(), second.begin(), second.end());
  }
  recorded.gradients.push_back(loss);
}

std::vector<Var> compiled_with_transforms(const Program& program, const std::vector<Var>& inputs,
                                          TransformCounts& counts) {
  const auto f = [&](const std::vector<Var>& leaves) {
    const std::vector<Var> given = with_leaves(program, inputs, leaves, false);
    std::vector<Var> results;
    const auto loss = [&](const std::vector<Var>& floats) {
      results = outputs_of(
          program, run_with_transforms(program, with_leaves(program, given, floats, true), Within::Compiled, counts));
      return loss_of(program, results);
    };
    const auto [value, gradients] = xgrad::value_and_grad(loss)(leaves_of(program, given, true));
    results.insert(results.end(), gradients.begin(), gradients.end());
    results.push_back(value);
    return results;
  };
  return xgrad::compile(f)(leaves_of(program, inputs, false));
}

Slope slope_with_transforms(const Program& program, const std::vector<Var>& inputs, TransformCounts& counts) {
  const std::vector<Var> floats = leaves_of(program, inputs, true);
  Slope slope;
  for (const Var& x : floats) slope.direction.push_back(sin(3.0 * x + 1.0));
  const auto loss = [&](const std::vector<Var>& moved) {
    return loss_of(program, outputs_of(program, run_with_transforms(program, with_leaves(program, inputs, moved, true),
                                                                    Within::Forward, counts)));
  };
  slope.along = xgrad::jvp(loss, floats, slope.direction).tangent.item<double>();
  return slope;
}

}  // namespace random_graphs
