#include <xgrad/io/program.hpp>

#include <algorithm>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/elementwise.hpp>

#include "core/text.hpp"
#include "primitives/traits.hpp"
#include "program_state.hpp"
#include "var/call.hpp"
#include "var/record.hpp"

namespace xgrad::io {
namespace {

using namespace xgrad::detail;

std::string named(const ProgramArray& array, std::size_t position, std::string_view kind) {
  return std::string(kind) + " " + std::to_string(position) + (array.name.empty() ? "" : " (" + array.name + ")");
}

/// An argument as the program takes it.
Var fitted(const ProgramArray& input, std::size_t position, const Var& x) {
  require_usable(x, "a program");
  const auto refuse = [&](std::string_view rule) {
    return "a program: " + named(input, position, "input") + " is " + std::string(name(input.dtype)) + " " +
           to_string(input.shape) + ", and " + describe(x) + " is given; " + std::string(rule);
  };
  if (x.shape() != input.shape) throw ShapeError(refuse("the shapes must be equal"));
  const bool takes_type =
      VarAccess::is_weak(x) && input.dtype != DType::Bool && (is_floating(input.dtype) || !is_floating(x.dtype()));
  if (x.dtype() != input.dtype && !takes_type) throw TypeError(refuse("the element types must be equal"));
  return as_weak(x.dtype() == input.dtype ? x : cast(x, input.dtype), input.is_number);
}

}  // namespace

// ---- recording

namespace detail {

Exported record_program(const ExportOptions& options, const NamedArrays& arguments,
                        FunctionOf<NamedArrays, const std::vector<Var>&> f) {
  auto state = std::make_shared<Exported::State>();
  Trace trace{Trace::Fresh()};
  TapeState& tape = trace.tape();
  std::vector<Var> inputs;
  std::vector<NodeId> parameters;
  for (std::size_t k = 0; k < arguments.arrays.size(); ++k) {
    const Var& x = arguments.arrays[k];
    require_usable(x, "export_program");
    if (x.recorded()) {
      throw TapeError(
          "export_program: the argument " + arguments.names[k] +
          " is recorded; a program is exported outside of other transforms, which are part of the function");
    }
    state->inputs.push_back({arguments.names[k], x.dtype(), x.shape(), VarAccess::is_weak(x)});
    inputs.push_back(opaque(tape, x.dtype(), x.shape()));
    parameters.push_back(VarAccess::node(inputs.back()));
    tape.set_weak(parameters.back(), VarAccess::is_weak(x));
  }
  const NamedArrays results = f(inputs);
  std::vector<NodeId> outputs;
  for (std::size_t k = 0; k < results.arrays.size(); ++k) {
    require_usable(results.arrays[k], "export_program");
    outputs.push_back(VarAccess::node(trace.node(results.arrays[k])));
    const Node& node = tape.node(outputs.back());
    state->outputs.push_back({results.names[k], node.dtype, tape.shape(outputs.back()), node.weak});
  }
  state->function = self_contained(extract(tape, 0, parameters, outputs).function, options.orders);
  state->calls_host = calls_host(*state->function);
  return Exported(std::move(state));
}

void require_names(const char* what, const std::vector<ProgramArray>& known, const std::vector<std::string>& given) {
  for (std::size_t k = 0; k < std::min(known.size(), given.size()); ++k) {
    if (known[k].name == given[k]) continue;
    throw ShapeError("a program: " + std::string(what) + ": array " + std::to_string(k) + " is '" + given[k] +
                     "', in the program '" + known[k].name + "'; the trees must be the same");
  }
  if (known.size() == given.size()) return;
  throw ShapeError("a program: " + std::string(what) + " would have " +
                   core::count_of(given.size(), "array", "arrays") + ", the program has " +
                   std::to_string(known.size()) + "; of a result with containers give a tree like it to as_function()");
}

}  // namespace detail

// ---- running

const std::vector<ProgramArray>& Exported::inputs() const noexcept { return state_->inputs; }
const std::vector<ProgramArray>& Exported::outputs() const noexcept { return state_->outputs; }

std::vector<Var> Exported::operator()(const std::vector<Var>& arguments) const {
  const State& program = *state_;
  if (arguments.size() != program.inputs.size()) {
    throw ShapeError("a program: it has " + core::count_of(program.inputs.size(), "input", "inputs") + ", and " +
                     core::count_of(arguments.size(), "argument is", "arguments are") + " given");
  }
  std::vector<Var> fit;
  for (std::size_t k = 0; k < arguments.size(); ++k) fit.push_back(fitted(program.inputs[k], k, arguments[k]));
  std::vector<const Var*> operands;
  for (const Var& x : fit) operands.push_back(&x);
  std::vector<ArrayType> types;
  for (const ProgramArray& output : program.outputs) types.push_back({output.dtype, output.shape});
  auto payload = std::make_shared<Payload>();
  payload->function = program.function;
  // With a call of the user's C++ it is recorded of constants, too: computed at once, it would be frozen into a
  // compiled function.
  TapeState* tape_of_constants = program.calls_host ? tape_recorded_now() : nullptr;
  std::vector<Var> results =
      record_several(opcode<primitives::Call>, types, operands, std::move(payload), tape_of_constants);
  for (std::size_t k = 0; k < results.size(); ++k) {
    if (!program.outputs[k].is_number) continue;
    if (results[k].recorded()) VarAccess::tape(results[k]).set_weak(VarAccess::node(results[k]), true);
    else results[k] = as_weak(results[k], true);
  }
  return results;
}

}  // namespace xgrad::io
