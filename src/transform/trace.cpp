#include <xgrad/transform/trace.hpp>

#include <mutex>
#include <utility>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/elementwise.hpp>

#include "backend/evaluate.hpp"
#include "derivatives/sweep.hpp"
#include "var/record.hpp"

namespace xgrad::detail {

using tree::detail::Visit, tree::detail::Visitor;
namespace {

/// The tape onto which transforms of this thread record now.
thread_local TapeState* current = nullptr;

struct EndTape {
  void operator()(TapeState* tape) const noexcept { tape->release(); }
};

}  // namespace

TapeState* tape_recorded_now() noexcept { return current; }

Outside::Outside() noexcept : inside_(std::exchange(current, nullptr)) {}
Outside::~Outside() { current = inside_; }

void require_recorded(std::string_view operation, const Var& result) {
  if (!result.defined() || result.recorded() || !is_floating(result.dtype())) return;
  throw TapeError(std::string(operation) +
                  ": the function returned an array that is not recorded, and it read values (by item(), array() or "
                  "printing), which carry no derivative. Compute its result by operations on Vars; if it is constant "
                  "on purpose, do not read values, or make it of stop_gradient()");
}

Trace::Trace(std::span<const Var> arguments) : tape_(nullptr), outer_(current) {
  for (const Var& argument : arguments) {
    require_usable(argument, "an argument of a transform");
    if (argument.recorded()) tape_ = &VarAccess::tape(argument);
  }
  if (tape_ == nullptr) tape_ = current;
  if (tape_ == nullptr) {
    owned_ = Recording(TapeState::acquire(), EndTape());
    tape_ = owned_.get();
  }
  reads_before_ = tape_->reads();
  current = tape_;
}

Trace::Trace(Fresh) : tape_(nullptr), outer_(current) {
  owned_ = Recording(TapeState::acquire(), EndTape());
  tape_ = owned_.get();
  tape_->forbid_values(true);
  current = tape_;
}

Trace::Trace(const Recording& recording) : tape_(recording.get()), outer_(current) {
  // What is recorded from here on is of use to this trace only: calling a pullback often shall not fill the memory.
  // Several threads may call it; they take turns.
  if (recording.use_count() > 0) {
    auto turn = std::make_shared<std::unique_lock<std::recursive_mutex>>(tape_->mutex());
    owned_ = Recording(tape_, [recording, turn, mark = tape_->mark()](TapeState* tape) { tape->rewind(mark); });
  }
  current = tape_;
}

Trace::~Trace() { current = outer_; }

Trace::Recording Trace::recording() { return owned_ ? owned_ : Recording(Recording(), tape_); }

Var Trace::node(const Var& x) {
  require_usable(x, "trace");
  return x.recorded() && &VarAccess::tape(x) == tape_ ? x : VarAccess::recorded(*tape_, import(*tape_, x));
}

std::vector<Var> Trace::nodes(std::vector<Var> all) {
  for (Var& x : all) x = node(x);
  return all;
}

Visitor<Var> Trace::makes_inputs(Visit what) {
  return {{this, [](void* trace, Var& x) { x = static_cast<Trace*>(trace)->input(x); }}, what};
}

Visitor<Var> Trace::makes_nodes(Visit what) {
  return {{this, [](void* trace, Var& x) { x = static_cast<Trace*>(trace)->node(x); }}, what};
}

Var Trace::input(const Var& argument) {
  return VarAccess::recorded(*tape_, append_input(*tape_, argument.recorded() ? node(argument) : argument));
}

void Trace::require_recorded(std::string_view operation, std::span<const Var> outputs) const {
  if (tape_->reads() == reads_before_) return;
  for (const Var& output : outputs) detail::require_recorded(operation, output);
}

std::vector<Var> Trace::reverse(std::span<const Var> outputs, std::span<const Var> cotangents,
                                std::span<const Var> inputs) {
  return derivatives::reverse_sweep(*tape_, outputs, cotangents, inputs);
}

std::vector<Var> Trace::forward(std::span<const Var> inputs, std::span<const Var> tangents,
                                std::span<const Var> outputs) {
  return derivatives::forward_sweep(*tape_, inputs, tangents, outputs);
}

std::vector<Var> Trace::results(std::span<const Var> recorded) {
  std::vector<Var> result(recorded.begin(), recorded.end());
  if (!owned_) return result;
  std::vector<NodeId> nodes;
  for (const Var& x : recorded) {
    if (x.recorded()) nodes.push_back(VarAccess::node(node(x)));
  }
  // Of a tape that ends with this trace, or is kept for a pullback, nothing else was asked for yet; a pullback may be
  // called often.
  const bool ends = std::get_deleter<EndTape>(owned_) != nullptr;
  std::vector<BufferPtr> values(nodes.size());
  backend::evaluate(*tape_, nodes, values, ends ? backend::Later::none : backend::Later::possible);
  std::size_t next = 0;
  for (Var& x : result) {
    if (x.recorded()) x = VarAccess::value(*tape_, VarAccess::node(x), std::move(values[next++]));
  }
  return result;
}

void complete(std::vector<Var>& derivatives, std::span<const Var> primals) {
  for (std::size_t i = 0; i < derivatives.size(); ++i) {
    if (!derivatives[i].defined()) derivatives[i] = zeros_like(primals[i]);
    derivatives[i] = as_weak(derivatives[i], VarAccess::is_weak(primals[i]));
  }
}

std::vector<std::string> Paths::operator()() const {
  std::vector<std::string> names;
  list_(names);
  return names;
}

Var in_type_of(const Var& primal, const Var& x) {
  return as_weak(VarAccess::is_weak(x) ? cast(x, primal.dtype()) : x, VarAccess::is_weak(primal));
}

Var one_of(const Var& loss) { return ones_like(loss); }

}  // namespace xgrad::detail
