// Random programs: their inputs, running and printing them.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
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

/// f of the operands as the only branch of a switch.
template <class F>
Var apart(const std::vector<Var>& operands, F f) {
  const auto once = xgrad::checkpoint([&](const std::vector<Var>& x) { return f(x); });
  return once(operands);
}

/// f of the operands as the body of a loop of one run.
template <class F>
Var in_loop(const std::vector<Var>& operands, F f) {
  std::vector<Var> arrays;
  for (const Var& x : operands) {
    if (x.dimension() == xgrad::max_dimension) return f(operands);
    arrays.push_back(expand_dims(x, 0));
  }
  if (std::none_of(operands.begin(), operands.end(), [](const Var& x) { return x.recorded(); })) return f(operands);
  const auto body = [&](const std::tuple<>&, const std::vector<Var>& x) { return std::pair{std::tuple<>(), f(x)}; };
  const Var stacked = xgrad::scan(body, std::tuple<>(), arrays).second;
  return reshape(stacked, xgrad::Strides(Shape(stacked.shape().begin() + 1, stacked.shape().end())));
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
    switch (random.below(5)) {
      case 0:
        values.push_back(once(operands));
        break;
      case 1:
        values.push_back(twice(operands));
        break;
      case 2:
        values.push_back(called(operands, twice));
        break;
      case 3:
        values.push_back(apart(operands, once));
        break;
      default:
        values.push_back(in_loop(operands, once));
    }
  }
  return values;
}

namespace {

using xgrad::ir::NodeId;
using xgrad::ir::TapeState;

/// The same elements with one more axis in front, or without it.
NodeId reshaped(TapeState& to, NodeId id, Shape shape) {
  const std::array inputs{id};
  return to.append(xgrad::primitives::opcode<xgrad::primitives::Reshape>, to.node(id).dtype, to.intern(shape), inputs);
}

class Inlining {
 public:
  /// \param needed  empty: all nodes are.
  Inlining(const TapeState& program, TapeState& to, std::vector<char> needed = {})
      : program_(program), to_(to), needed_(std::move(needed)) {}

  /// \param arguments  in place of the first nodes, the parameters.
  std::vector<NodeId> operator()(const std::vector<NodeId>& arguments) {
    places_ = arguments;
    outputs_.resize(program_.size());
    for (auto id = static_cast<NodeId>(places_.size()); id < program_.size(); ++id) {
      const bool skipped = !needed_.empty() && needed_[id] == 0;
      places_.push_back(skipped ? xgrad::ir::no_node : append(id));
    }
    return places_;
  }

 private:
  NodeId append(NodeId id) {
    using namespace xgrad::primitives;
    using xgrad::primitives::opcode;
    const auto op = program_.node(id).op;
    if (op == opcode<Projection> && !outputs_[program_.inputs(id)[0]].empty()) {
      return outputs_[program_.inputs(id)[0]].at(program_.attributes(id)[0]);
    }
    std::vector<NodeId> inputs;
    for (const NodeId input : program_.inputs(id)) inputs.push_back(places_[input]);
    if (op == opcode<Call>) return take(id, *program_.payload(id)->function, inputs);
    if (op == opcode<Switch>)
      return take(id, *program_.payload(id)->branches.at(0), {inputs.begin() + 1, inputs.end()});
    if (op == opcode<Scan>) return run_once(id, inputs);
    return xgrad::detail::copy_node(to_, program_, id, inputs);
  }

  NodeId take(NodeId id, const xgrad::ir::Function& function, const std::vector<NodeId>& inputs) {
    const std::vector<NodeId> inside = Inlining(function.program(), to_)(inputs);
    std::int64_t which = 0;
    for (const NodeId output : function.outputs()) outputs_[id][which++] = inside[output];
    return xgrad::ir::no_node;
  }

  /// The body of a loop of one run.
  NodeId run_once(NodeId id, std::vector<NodeId> inputs) {
    const xgrad::ir::Payload& payload = *program_.payload(id);
    const TapeState& body = payload.function->program();
    for (std::size_t k = payload.scan.carried; k < payload.scan.carried + payload.scan.sliced; ++k) {
      inputs[k] = reshaped(to_, inputs[k], body.shape(static_cast<NodeId>(k)));
    }
    const std::vector<NodeId> inside = Inlining(body, to_)(inputs);
    for (std::size_t k = 0; k < payload.scan.carried; ++k) {
      outputs_[id][static_cast<std::int64_t>(k)] = inside[payload.function->outputs()[k]];
    }
    for (NodeId projection = id + 1; projection < program_.size(); ++projection) {
      if (program_.node(projection).op != xgrad::primitives::opcode<xgrad::primitives::Projection>) continue;
      if (program_.inputs(projection)[0] != id) continue;
      const std::int64_t which = program_.attributes(projection)[0];
      const auto of_body = static_cast<std::size_t>(which) - payload.scan.carried;
      if (static_cast<std::size_t>(which) < payload.scan.carried) continue;
      outputs_[id][which] = reshaped(to_, inside[of_body], program_.shape(projection));
    }
    return xgrad::ir::no_node;
  }

  const TapeState& program_;
  TapeState& to_;
  std::vector<char> needed_;
  std::vector<NodeId> places_;
  std::vector<std::map<std::int64_t, NodeId>> outputs_;  // of what runs functions
};

}  // namespace

std::vector<xgrad::ir::NodeId> append_without_calls(const xgrad::ir::TapeState& program, xgrad::ir::TapeState& to,
                                                    const std::vector<xgrad::ir::NodeId>& outputs) {
  std::vector<char> needed(program.size(), 0);
  for (const NodeId output : outputs) needed[output] = 1;
  for (auto id = static_cast<NodeId>(program.size()); id-- > 0;) {
    if (needed[id] == 0) continue;
    for (const NodeId input : program.inputs(id)) needed[input] = 1;
  }
  return Inlining(program, to, std::move(needed))({});
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
