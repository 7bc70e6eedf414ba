#include <xgrad/transform/implicit.hpp>

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/check.hpp>

#include "core/text.hpp"
#include "derivatives/functions/call.hpp"
#include "derivatives/functions/linearity.hpp"
#include "derivatives/sweep.hpp"
#include "linear_solve.hpp"
#include "var/call.hpp"
#include "var/record.hpp"

namespace xgrad::detail {
namespace {

/// An equation, as a function from unknowns, and then what else is in it, to a residual for each unknown.
struct Equation {
  std::string operation;
  std::shared_ptr<const Function> residual;
  std::size_t unknowns;
  ImplicitOptions options;

  /// Tangents of the solution: of A dz = -dR/dp dp, with A v the tangents of R along tangents v of z.
  [[nodiscard]] std::vector<Var> tangents(CallRule::Vars inputs, CallRule::Vars solution, CallRule::Vars given) const;
};

std::vector<Var> Equation::tangents(CallRule::Vars inputs, CallRule::Vars solution, CallRule::Vars given) const {
  TapeState& tape = VarAccess::tape(inputs[0]);
  std::vector<Var> at(solution.begin(), solution.end());
  at.insert(at.end(), inputs.begin() + static_cast<std::ptrdiff_t>(unknowns), inputs.end());
  at = fresh_inputs(tape, at);
  std::vector<Var> from;
  std::vector<Var> directions;
  for (std::size_t k = unknowns; k < at.size(); ++k) {
    if (!given[k].defined() || !is_floating(at[k].dtype())) continue;
    from.push_back(at[k]);
    directions.push_back(given[k]);
  }
  if (from.empty()) return std::vector<Var>(unknowns);
  const std::vector<Var> residuals = record_body(tape, *residual, at);
  const std::vector<Var> moved = derivatives::forward_sweep(tape, from, directions, residuals);
  const auto rests = [](const Var& x) { return !x.defined() || derivatives::is_seen_to_be_zero(x); };
  if (std::ranges::all_of(moved, rests)) return std::vector<Var>(unknowns);
  const Packing packing(solution);
  const Var right = -packing.packed(derivatives::completed(moved, solution));
  // The values that products with A need are those of the residual at the solution, and computed once.
  const Var v = opaque(tape, packing.dtype(), Shape{packing.size()});
  const auto first = static_cast<NodeId>(tape.size());
  const std::span<const Var> z = std::span<const Var>(at).first(unknowns);
  const std::vector<Var> products =
      derivatives::completed(derivatives::forward_sweep(tape, z, packing.unpacked(v), residuals), solution);
  const LinearMap a = extracted_map(tape, first, v, packing.packed(products));
  const LinearSolveOptions how{options.linear_solver, options.tolerance, options.max_iterations, options.restart};
  std::vector<Var> result = packing.unpacked(record_linear_solve(
      tape, a, right, make_linear_method(operation, how, packing.size(), packing.precision(), true)));
  // Where they do not depend on the solution they would be computed without it, and nobody saw that it is none.
  for (std::size_t k = 0; k < result.size(); ++k) {
    const Var nan_or_1 = where(isnan(solution[k]), stop_gradient(solution[k]), 1.0);
    result[k] = result[k] * nan_or_1;
  }
  return result;
}

double default_tolerance(std::span<const Var> solution) {
  const bool any_float = std::ranges::any_of(solution, [](const Var& x) { return x.dtype() == DType::Float32; });
  return any_float ? 1e-3 : 1e-6;
}

/// max |x| of all elements of all arrays, in double.
Var magnitude_of(std::span<const Var> all) {
  Var largest(0.0);
  for (const Var& x : all) {
    if (x.size() != 0) largest = maximum(largest, amax(abs(cast(x, DType::Float64))));
  }
  return largest;
}

/// The solution itself, if it is one.
std::vector<Var> solving(const Equation& equation, std::span<const Var> solution, std::span<const Var> residuals) {
  const double tolerance = equation.options.residual_tolerance.value_or(default_tolerance(solution));
  core::TextStream limit;
  limit << tolerance;
  const Requirement small(
      equation.operation + ": what the solver returned leaves a residual of {}, more than " + limit.str() +
      " (1 + max |solution|), or is NaN or infinite; derivatives are those of a solution. Let the solver go on, or "
      "set residual_tolerance");
  const Var bound = tolerance * (1.0 + magnitude_of(solution));
  const Var reached = magnitude_of(residuals);
  Var fits = reached <= bound;
  if (tolerance < INFINITY) fits = fits && bound < INFINITY;  // any residual is small beside an infinite solution
  const Var there = checked(reached, fits, small) <= bound;
  std::vector<Var> result;
  for (const Var& x : solution) result.push_back(where(there, x, NAN));
  return result;
}

/// Records the solution as a call whose derivatives are those of the equation.
std::vector<Var> record_solution(TapeState& tape, Equation equation, std::span<const Var> given) {
  const auto first = static_cast<NodeId>(tape.size());
  const std::vector<Var> inputs = fresh_inputs(tape, given);
  const std::vector<Var> residuals = record_body(tape, *equation.residual, inputs);
  const std::vector<Var> outputs = solving(equation, std::span<const Var>(inputs).first(equation.unknowns), residuals);
  Extracted part = extract(tape, first, nodes_of(inputs), nodes_of(outputs));
  std::vector<NodeId> nodes = nodes_of(inputs);
  nodes.insert(nodes.end(), part.captured.begin(), part.captured.end());
  auto rule = std::make_shared<CallRule>();
  rule->operation = equation.operation;
  rule->inputs = inputs.size();
  rule->outputs = outputs.size();
  rule->paths = [count = inputs.size()] { return std::vector<std::string>(count, "a parameter"); };
  rule->jvp = [equation = std::move(equation)](CallRule::Vars at, CallRule::Vars solution, CallRule::Vars tangents) {
    return equation.tangents(at, solution, tangents);
  };
  return record_call(tape, std::make_shared<Payload>(Payload{std::move(part.function), std::move(rule)}), nodes);
}

/// Whether any of the first parameters has a part in what a function computes.
bool uses_first(const Function& function, std::size_t count) {
  const TapeState& program = function.program();
  const auto is_first = [&](NodeId id) { return id < count; };
  if (std::ranges::any_of(function.outputs(), is_first)) return true;
  for (auto id = static_cast<NodeId>(function.parameters()); id < program.size(); ++id) {
    if (std::ranges::any_of(program.inputs(id), is_first)) return true;
  }
  return false;
}

}  // namespace

std::vector<Var> stopped(std::string_view operation, std::span<const Var> all) {
  std::vector<Var> result;
  for (const Var& x : all) {
    require_usable(x, operation);
    result.push_back(x.recorded() ? stop_gradient(x) : x);
  }
  return result;
}

std::vector<Var> implicit_solution(std::string_view operation, Trace& trace, std::span<const Var> solution,
                                   const LeavesFunction& residual, const ImplicitOptions& options, const Paths& paths) {
  TapeState& tape = trace.tape();
  if (options.residual_tolerance && !(*options.residual_tolerance >= 0.0)) {
    throw ValueError(std::string(operation) + ": residual_tolerance is negative or NaN and must be at least 0");
  }
  require_differentiable(operation, solution, paths);
  std::vector<Var> inputs;
  for (const Var& x : solution) inputs.push_back(trace.node(as_weak(x, false)));
  const Packing packing(inputs);
  static_cast<void>(make_linear_method(  // options are looked at now, and not at the first derivative
      std::string(operation), {options.linear_solver, options.tolerance, options.max_iterations, options.restart},
      packing.size(), packing.precision(), true));
  std::vector<Var> at;
  for (const Var& x : inputs) at.push_back(opaque(tape, x.dtype(), x.shape()));
  const auto first = static_cast<NodeId>(tape.size());
  std::vector<Var> residuals;
  {
    const NoValues none(tape);
    residuals = results_like(operation, "the residual", trace, residual(at), inputs, "the solution", paths);
  }
  if (packing.size() == 0) return inputs;
  Extracted part = extract(tape, first, nodes_of(at), nodes_of(residuals));
  if (!uses_first(*part.function, at.size())) {
    throw ValueError(std::string(operation) +
                     ": the residual does not depend on the solution, so that no equation determines it");
  }
  for (const NodeId id : part.captured) inputs.push_back(VarAccess::recorded(tape, id));
  return record_solution(tape, {std::string(operation), std::move(part.function), at.size(), options}, inputs);
}

std::vector<Var> differences(std::string_view operation, std::span<const Var> next, std::span<const Var> before,
                             const Paths& paths) {
  require_alike(operation, "what a step returns", next, "the solution", before, paths);
  std::vector<Var> result;
  for (std::size_t k = 0; k < next.size(); ++k) result.push_back(next[k] - before[k]);
  return result;
}

Var scalar_objective(std::string_view operation, const Var& objective) {
  require_usable(objective, operation);
  require_scalar_loss(operation, objective);
  return objective;
}

Var paired(std::string_view operation, std::span<const Var> multipliers, std::span<const Var> constraints,
           const Paths& paths) {
  require_alike(operation, "a constraint", constraints, "its multiplier", multipliers, paths);
  Var result(0.0);
  for (std::size_t k = 0; k < multipliers.size(); ++k) result = result + sum(multipliers[k] * constraints[k]);
  return result;
}

}  // namespace xgrad::detail
