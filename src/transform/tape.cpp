#include <xgrad/tape.hpp>

#include <utility>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/transform/trace.hpp>

#include "backend/evaluate.hpp"
#include "derivatives/sweep.hpp"
#include "var/record.hpp"

namespace xgrad {

Tape::Tape() : state_(ir::TapeState::acquire()) {}

Tape::~Tape() {
  if (state_ != nullptr) state_->release();
}

Tape::Tape(Tape&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}

Tape& Tape::operator=(Tape&& other) noexcept {
  std::swap(state_, other.state_);
  return *this;
}

namespace {

void require_running(std::string_view operation, const ir::TapeState* tape) {
  if (tape == nullptr) throw TapeError(std::string(operation) + ": the Tape was moved from");
}

void require_on_tape(std::string_view operation, const Var& x, const ir::TapeState* tape) {
  require_running(operation, tape);
  detail::require_usable(x, operation);
  if (!x.recorded() || &VarAccess::tape(x) != tape) {
    throw TapeError(std::string(operation) + ": the Var " + detail::describe(x) + " is not recorded on this tape");
  }
}

}  // namespace

Var Tape::leaf(const Var& value) {
  require_running("leaf", state_);
  detail::require_usable(value, "leaf");
  if (value.recorded()) require_on_tape("leaf", value, state_);
  return VarAccess::recorded(*state_, detail::append_input(*state_, value));
}

Var Tape::gradient(const Var& output, const Var& input) {
  return gradients(output, std::span<const Var>(&input, 1))[0];
}

std::vector<Var> Tape::gradients(const Var& output, std::initializer_list<Var> inputs, const Var& cotangent) {
  return gradients(output, std::span<const Var>(inputs.begin(), inputs.size()), cotangent);
}

std::vector<Var> Tape::gradients(const Var& output, std::span<const Var> inputs, const Var& cotangent) {
  require_on_tape("gradient", output, state_);
  for (const Var& input : inputs) require_on_tape("gradient", input, state_);
  const auto unnamed = [&](std::vector<std::string>& all) { all.resize(inputs.size() + 1); };
  const detail::Paths no_paths{detail::FunctionOf<void, std::vector<std::string>&>(unnamed)};
  detail::require_differentiable("gradient", inputs, no_paths);
  Var seed;
  if (cotangent.defined()) {
    detail::require_differentiable("gradient", {&output, 1}, no_paths);
    detail::require_like("gradient", "cotangent", {&cotangent, 1}, {&output, 1}, no_paths);
    if (cotangent.recorded()) require_on_tape("gradient", cotangent, state_);
    seed = cotangent.recorded() ? cotangent : ones_like(output) * cotangent;
  } else {
    detail::require_scalar_loss("gradient", output);
    seed = ones_like(output);
  }
  const detail::Trace recording({&output, 1});  // for rules that use transforms of values
  std::vector<Var> result = derivatives::reverse_sweep(*state_, {&output, 1}, {&seed, 1}, inputs);
  detail::complete(result, inputs);
  return result;
}

std::vector<Var> Tape::evaluate(std::span<const Var> outputs) {
  require_running("evaluate", state_);
  std::vector<ir::NodeId> nodes;
  for (const Var& output : outputs) {
    detail::require_usable(output, "evaluate");
    if (!output.recorded()) continue;
    require_on_tape("evaluate", output, state_);
    nodes.push_back(VarAccess::node(output));
    state_->note_read();
  }
  std::vector<memory::BufferPtr> values(nodes.size());
  backend::evaluate(*state_, nodes, values, backend::Later::possible);
  std::vector<Var> result;
  std::size_t next = 0;
  for (const Var& output : outputs) {
    result.push_back(output.recorded() ? VarAccess::value(*state_, VarAccess::node(output), std::move(values[next++]))
                                       : output);
  }
  return result;
}

std::vector<Var> Tape::evaluate(std::initializer_list<Var> outputs) {
  return evaluate(std::span<const Var>(outputs.begin(), outputs.size()));
}

std::size_t Tape::size() const { return state_ == nullptr ? 0 : state_->size(); }
std::size_t Tape::bytes() const { return state_ == nullptr ? 0 : state_->bytes(); }

}  // namespace xgrad
