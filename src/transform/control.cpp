#include <xgrad/transform/control.hpp>

#include <algorithm>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/check.hpp>
#include <xgrad/ops/elementwise.hpp>

#include "carried.hpp"
#include "derivatives/functions/control.hpp"
#include "var/call.hpp"
#include "var/record.hpp"

namespace xgrad::detail {

void require_condition(std::string_view operation, const Var& condition) {
  require_usable(condition, operation);
  if (condition.size() != 1 || condition.dimension() != 0) {
    throw ShapeError(std::string(operation) + ": the condition is " + describe(condition) +
                     " and must be one truth value, of no axes");
  }
  if (condition.dtype() != DType::Bool) {
    throw TypeError(std::string(operation) + ": the condition is " + describe(condition) +
                    " and must be a truth value; compare it with something");
  }
}

// ---- branches

namespace {

void require_number(std::string_view operation, const Var& number) {
  require_usable(number, operation);
  if (number.dimension() == 0 && !is_floating(number.dtype())) return;
  const std::string message = std::string(operation) + ": the number of the branch is " + describe(number) +
                              " and must be one integer, of no axes";
  if (number.dimension() != 0) throw ShapeError(message);
  throw TypeError(message);
}

}  // namespace

std::size_t known_branch(std::string_view operation, const Var& number, std::size_t count) {
  require_number(operation, number);
  const auto known = cast(number, DType::Int64).item<std::int64_t>();
  if (known < 0 || static_cast<std::size_t>(known) >= count) {
    throw ValueError(std::string(operation) + ": there is no branch " + std::to_string(known) + " of " +
                     std::to_string(count));
  }
  return static_cast<std::size_t>(known);
}

Branches::Branches(Trace& trace, const Var& number, std::string_view operation)
    : trace_(trace), operation_(operation), values_were_forbidden_(trace.tape().values_forbidden()) {
  require_number(operation, number);
  number_ = as_weak(cast(number, DType::Int64), false);
  trace.tape().forbid_values(true);
}

Branches::~Branches() { trace_.tape().forbid_values(values_were_forbidden_); }

void Branches::begin() { begins_.push_back(static_cast<NodeId>(trace_.tape().size())); }

void Branches::end(std::span<const Var> outputs, const Paths& paths) {
  std::vector<Var> all;
  for (const Var& x : outputs) {
    require_usable(x, operation_);
    all.push_back(trace_.node(x));
  }
  if (!outputs_.empty()) require_alike(all, paths);
  outputs_.push_back(std::move(all));
}

void Branches::require_alike(std::span<const Var> outputs, const Paths& paths) const {
  for (std::size_t k = 0; k < outputs.size(); ++k) {
    const Var& before = outputs_[0][k];
    const bool number = VarAccess::is_weak(before) || VarAccess::is_weak(outputs[k]);
    if (before.shape() == outputs[k].shape() && (number || before.dtype() == outputs[k].dtype())) continue;
    const std::string path = paths()[k];
    const std::string message = std::string(operation_) + ": branch " + std::to_string(outputs_.size()) + " gives " +
                                describe(outputs[k]) + ", branch 0 " + describe(before) +
                                (path.empty() ? "" : " (" + path + ")") + "; they must be alike";
    if (before.shape() != outputs[k].shape()) throw ShapeError(message);
    throw TypeError(message);
  }
}

bool Branches::settle(std::size_t k) {
  std::vector<const Var*> all;
  for (const std::vector<Var>& each : outputs_) all.push_back(&each[k]);
  const DType dtype = common_dtype(all);
  const bool number = std::ranges::all_of(all, [](const Var* x) { return VarAccess::is_weak(*x); });
  for (std::vector<Var>& each : outputs_) {
    Var& x = each[k];
    x = as_weak(x.dtype() == dtype ? x : cast(x, dtype), false);
  }
  return number;
}

std::vector<Var> Branches::finish() {
  TapeState& tape = trace_.tape();
  tape.forbid_values(values_were_forbidden_);
  std::vector<bool> numbers;
  for (std::size_t k = 0; k < outputs_[0].size(); ++k) numbers.push_back(settle(k));
  std::vector<Recorded> recorded;
  for (std::size_t k = 0; k < outputs_.size(); ++k)
    recorded.push_back({begins_[k], derivatives::imported(tape, outputs_[k])});
  std::vector<Var> results = derivatives::record_switch(tape, number_, recorded);
  for (std::size_t k = 0; k < results.size(); ++k) tape.set_weak(VarAccess::node(results[k]), numbers[k]);
  return results;
}

// ---- loops

WhileLoop::WhileLoop(Trace& trace, std::span<const Var> first, Paths paths)
    : trace_(trace), values_were_forbidden_(trace.tape().values_forbidden()), paths_(paths) {
  for (const Var& x : first) {
    require_usable(x, "while_loop");
    first_.push_back(trace.node(x));
  }
  trace.tape().forbid_values(true);
  begin();
}

WhileLoop::~WhileLoop() { trace_.tape().forbid_values(values_were_forbidden_); }

void WhileLoop::begin() {
  begin_ = static_cast<NodeId>(trace_.tape().size());
  carried_ = stand_ins_for_carried(trace_.tape(), first_);
}

bool WhileLoop::accept(const Var& goes_on, std::span<const Var> next) {
  require_condition("while_loop", goes_on);
  goes_on_ = trace_.node(goes_on);
  next_.clear();
  for (const Var& x : next) {
    require_usable(x, "while_loop");
    next_.push_back(trace_.node(x));
  }
  const bool settled = settle_carried("while_loop", first_, next_, paths_);
  if (!settled) begin();
  return settled;
}

std::vector<Var> WhileLoop::finish() {
  trace_.tape().forbid_values(values_were_forbidden_);
  std::vector<Var> last = derivatives::make_while(trace_.tape(), begin_, carried_, first_, goes_on_, next_);
  for (std::size_t k = 0; k < last.size(); ++k) {
    trace_.tape().set_weak(VarAccess::node(last[k]), VarAccess::is_weak(first_[k]));
  }
  return last;
}

std::vector<Var> ended(std::span<const Var> last, const Var& goes_on, std::size_t runs) {
  static const Requirement requirement(
      "while_loop: the loop has not ended, and carries {}, after as many runs as WhileOptions::at_most allows: {}");
  std::vector<Var> result(last.begin(), last.end());
  for (Var& x : result) {
    if (x.size() != 0) x = checked(x, !goes_on, requirement, static_cast<std::int64_t>(runs));
  }
  return result;
}

}  // namespace xgrad::detail
