// Random programs: their inputs, running and printing them.
#include <array>
#include <cmath>
#include <limits>
#include <sstream>

#include "primitives/list.hpp"
#include "program.hpp"
#include "var/call.hpp"
#include "var/record.hpp"

namespace random_graphs {
namespace {

template <class T>
T special(Random& random) {
  using Limits = std::numeric_limits<T>;
  static const std::vector<T> all{T(0),
                                  -T(0),
                                  Limits::infinity(),
                                  -Limits::infinity(),
                                  Limits::quiet_NaN(),
                                  Limits::denorm_min(),
                                  -Limits::denorm_min() * 5,
                                  Limits::min(),
                                  Limits::max(),
                                  Limits::lowest(),
                                  T(1),
                                  T(-1)};
  return random.one_of(all);
}

template <class T>
T number(Random& random, Fill fill) {
  switch (fill) {
    case Fill::Dyadic:
      return static_cast<T>(random.between(-8, 8)) / T(4);
    case Fill::Special:
      if (random.chance(0.3)) return special<T>(random);
      if (random.chance(0.3)) return static_cast<T>(random.between(-8, 8)) / T(4);
      break;
    default:
      break;
  }
  return static_cast<T>(4.0 * random.uniform() - 2.0);
}

template <class T>
Var array(const Instruction& input) {
  auto result = xgrad::Array<T>::from_shape(input.shape);
  Random random(input.data_seed);
  for (std::size_t i = 0; i < result.size(); ++i) {
    if constexpr (std::is_same_v<T, bool>) {
      result.data()[i] = random.chance(0.5);
    } else if constexpr (std::is_same_v<T, std::int64_t>) {
      result.data()[i] = random.between(-3, 6);
    } else {
      result.data()[i] = number<T>(random, input.fill);
    }
  }
  return {std::move(result)};
}

Var make_input(const Instruction& input) {
  switch (input.dtype) {
    case DType::Bool:
      return array<bool>(input);
    case DType::Int64:
      return array<std::int64_t>(input);
    case DType::Float32:
      return array<float>(input);
    case DType::Float64:
      break;
  }
  return array<double>(input);
}

}  // namespace

std::vector<Var> make_inputs(const Program& program) {
  std::vector<Var> inputs;
  for (const Instruction& each : program.instructions) inputs.push_back(each.run ? Var() : make_input(each));
  return inputs;
}

std::vector<Var> run(const Program& program, const std::vector<Var>& inputs, xgrad::Tape* tape) {
  std::vector<Var> values;
  std::vector<Var> operands;
  for (std::size_t i = 0; i < program.instructions.size(); ++i) {
    const Instruction& instruction = program.instructions[i];
    if (!instruction.run) {
      values.push_back(tape != nullptr && instruction.leaf ? tape->leaf(inputs[i]) : inputs[i]);
      continue;
    }
    operands.clear();
    for (const std::size_t operand : instruction.operands) operands.push_back(values[operand]);
    values.push_back(instruction.run({operands, instruction.number, tape}));
  }
  return values;
}

namespace {

/// f of the operands as a call of a function, if it is recorded.
template <class F>
Var called(const std::vector<Var>& operands, F f) {
  using namespace xgrad::detail;
  TapeState* tape = nullptr;
  for (const Var& x : operands) {
    if (x.recorded()) tape = &xgrad::VarAccess::tape(x);
  }
  if (tape == nullptr) return f(operands);
  const auto first = static_cast<NodeId>(tape->size());
  std::vector<NodeId> inputs;
  std::vector<NodeId> arguments;
  std::vector<Var> inside = operands;
  for (Var& x : inside) {
    if (!x.recorded()) continue;
    arguments.push_back(xgrad::VarAccess::node(x));
    inputs.push_back(append_input(*tape, x));
    x = xgrad::VarAccess::recorded(*tape, inputs.back());
  }
  const Var result = f(inside);
  if (!result.recorded()) return result;
  const std::array outputs{xgrad::VarAccess::node(result)};
  Extracted cut = extract(*tape, first, inputs, outputs);
  arguments.insert(arguments.end(), cut.captured.begin(), cut.captured.end());
  return record_call(*tape, std::make_shared<Payload>(Payload{std::move(cut.function), nullptr}), arguments)[0];
}

}  // namespace

std::vector<Var> run_with_calls(const Program& program, const std::vector<Var>& inputs, xgrad::Tape& tape) {
  Random random(program.seed);
  std::vector<Var> values;
  std::vector<Var> operands;
  for (std::size_t i = 0; i < program.instructions.size(); ++i) {
    const Instruction& instruction = program.instructions[i];
    if (!instruction.run) {
      values.push_back(instruction.leaf ? tape.leaf(inputs[i]) : inputs[i]);
      continue;
    }
    operands.clear();
    for (const std::size_t operand : instruction.operands) operands.push_back(values[operand]);
    const auto once = [&](const std::vector<Var>& x) { return instruction.run({x, instruction.number, &tape}); };
    const auto twice = [&](const std::vector<Var>& x) { return called(x, once); };
    const std::size_t depth = random.below(3);
    values.push_back(depth == 0 ? once(operands) : depth == 1 ? twice(operands) : called(operands, twice));
  }
  return values;
}

namespace {

/// \param arguments  in place of the first nodes, the parameters.
std::vector<xgrad::detail::NodeId> append_body(const xgrad::detail::TapeState& program, xgrad::detail::TapeState& to,
                                               const std::vector<xgrad::detail::NodeId>& arguments) {
  using namespace xgrad::detail;
  std::vector<NodeId> places = arguments;
  std::vector<std::vector<NodeId>> outputs(program.size());  // of calls
  std::vector<NodeId> inputs;
  for (auto id = static_cast<NodeId>(places.size()); id < program.size(); ++id) {
    const bool projection = program.node(id).op == opcode<xgrad::primitives::Projection>;
    if (projection && program.node(program.inputs(id)[0]).op == opcode<xgrad::primitives::Call>) {
      places.push_back(outputs[program.inputs(id)[0]][static_cast<std::size_t>(program.attributes(id)[0])]);
      continue;
    }
    inputs.clear();
    for (const NodeId input : program.inputs(id)) inputs.push_back(places[input]);
    if (program.node(id).op != opcode<xgrad::primitives::Call>) {
      places.push_back(copy_node(to, program, id, inputs));
      continue;
    }
    const Function& function = *program.payload(id)->function;
    const std::vector<NodeId> inside = append_body(function.program(), to, inputs);
    for (const NodeId output : function.outputs()) outputs[id].push_back(inside[output]);
    places.push_back(no_node);
  }
  return places;
}

}  // namespace

std::vector<xgrad::detail::NodeId> append_without_calls(const xgrad::detail::TapeState& program,
                                                        xgrad::detail::TapeState& to) {
  return append_body(program, to, {});
}

Program with_other_numbers(Program program) {
  static const std::vector<double> numbers{0.0, 1.0, -1.0, 2.0, 0.75, -0.0};
  Random random(program.seed + 1);
  for (Instruction& each : program.instructions) {
    each.data_seed += 1;
    if (each.has_number) each.number = random.one_of(numbers);
  }
  return program;
}

std::string to_text(const Program& program) {
  static const std::vector<std::string> fills{"smooth", "dyadic", "special", "labels", "coins"};
  std::ostringstream text;
  for (std::size_t i = 0; i < program.instructions.size(); ++i) {
    const Instruction& each = program.instructions[i];
    text << "  %" << i << " = " << each.text;
    for (const std::size_t operand : each.operands) text << " %" << operand;
    if (each.has_number) text << " number " << each.number;
    if (!each.run) {
      text << (each.leaf ? "input " : "constant array ") << fills[static_cast<std::size_t>(each.fill)] << ", data seed "
           << each.data_seed;
    }
    text << "  : " << name(each.dtype) << " " << to_string(each.shape) << "\n";
  }
  text << "  outputs";
  for (const std::size_t output : program.outputs) text << " %" << output;
  text << "; loss form " << program.loss_form << (program.second_order ? ", second order" : "") << "\n";
  return text.str();
}

}  // namespace random_graphs
