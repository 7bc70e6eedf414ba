// Derivatives of functions of matrices: each is the same primitive once more.
#include "batching.hpp"
#include "node_context.hpp"
#include "ops/internal.hpp"
#include "ops/matrices.hpp"
#include "primitives/matrices.hpp"

namespace xgrad::primitives {

using namespace derivatives;

// ---- of symmetric matrices

namespace {

/// The derivative of f(A) in these directions.
Var in_directions(const NodeContext& context, std::span<const Var> directions) {
  const auto which = static_cast<OfEigenvalues>(context.attributes()[1]);
  const detail::EighFactors factors{.w = context.input(1), .v = context.input(2)};
  return detail::symmetric_function(which, context.input(0), factors, directions, without_result(context));
}

std::vector<Var> directions_of(const NodeContext& context) {
  std::vector<Var> result;
  for (std::size_t k = 3; k < context.input_count(); ++k) result.push_back(context.input(k));
  return result;
}

}  // namespace

/// <C, D^k f(A)[H1, ..., Hk]> is the same for any order of C, H1, ..., Hk; its derivative by A has one direction more.
Var SymmetricFunction::vjp(const NodeContext& context, std::size_t input, const Var& cotangent) {
  if (input == 1 || input == 2) return {};
  std::vector<Var> directions = directions_of(context);
  if (input == 0) directions.push_back(cotangent);
  else directions[input - 3] = cotangent;
  return in_directions(context, directions);
}

Var SymmetricFunction::jvp(const NodeContext& context, std::span<const Var> tangents) {
  Var result;
  const auto add = [&](std::span<const Var> directions) {
    const Var term = in_directions(context, directions);
    result = result.defined() ? result + term : term;
  };
  const std::vector<Var> all = directions_of(context);
  if (tangents[0].defined()) {
    std::vector<Var> more = all;
    more.push_back(tangents[0]);
    add(more);
  }
  for (std::size_t k = 0; k < all.size(); ++k) {
    if (!tangents[k + 3].defined()) continue;
    std::vector<Var> moved = all;
    moved[k] = tangents[k + 3];
    add(moved);
  }
  return result;
}

// ---- the exponential function

namespace {

/// The derivative of e^A in a direction H: e^[[A, H], [0, A]] = [[e^A, that], [0, e^A]].
Var exp_in_direction(const NodeContext& context, const Var& a, const Var& h) {
  const std::size_t n = a.shape().back();
  const Var upper = concatenate({a, h}, -1);
  const Var lower = concatenate({zeros_like(h), a}, -1);
  const Var whole =
      detail::matrix_exp(concatenate({upper, lower}, -2), context.attributes()[1] + 1, without_result(context));
  Shape shape = a.shape();
  std::vector<std::int64_t> starts_and_steps;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    starts_and_steps.push_back(0);
    starts_and_steps.push_back(1);
  }
  starts_and_steps[starts_and_steps.size() - 2] = static_cast<std::int64_t>(n);
  return detail::slice(whole, shape, starts_and_steps);
}

}  // namespace

Var MatrixExp::vjp(const NodeContext& context, std::size_t, const Var& cotangent) {
  return exp_in_direction(context, detail::matrix_transpose(context.input(0)), cotangent);
}

Var MatrixExp::jvp(const NodeContext& context, std::span<const Var> tangents) {
  return exp_in_direction(context, context.input(0), tangents[0]);
}

}  // namespace xgrad::primitives
