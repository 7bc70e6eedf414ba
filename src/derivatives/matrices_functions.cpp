// Derivatives of functions of matrices: each is the same primitive once more.
#include <functional>
#include <span>
#include <vector>

#include "batching.hpp"
#include "node_context.hpp"
#include "ops/internal.hpp"
#include "ops/matrices.hpp"
#include "primitives/matrices.hpp"

namespace xgrad::primitives {

using namespace derivatives;

namespace {

/// The derivative of a function of matrices in some directions.
using InDirections = std::function<Var(const Var& a, std::span<const Var> directions)>;

std::vector<Var> directions_of(const NodeContext& context, std::size_t first) {
  std::vector<Var> result;
  for (std::size_t k = first; k < context.input_count(); ++k) result.push_back(context.input(k));
  return result;
}

/// The tangent of D^k f(A)[H1, ..., Hk], which is linear in each direction: with one direction more, and with each
/// direction replaced by its own tangent.
Var moved_in_directions(const NodeContext& context, std::size_t first, std::span<const Var> tangents,
                        const InDirections& f) {
  Var result;
  const auto add = [&](std::span<const Var> directions) {
    const Var term = f(context.input(0), directions);
    result = result.defined() ? result + term : term;
  };
  const std::vector<Var> all = directions_of(context, first);
  if (tangents[0].defined()) {
    std::vector<Var> more = all;
    more.push_back(tangents[0]);
    add(more);
  }
  for (std::size_t k = 0; k < all.size(); ++k) {
    if (!tangents[first + k].defined()) continue;
    std::vector<Var> others = all;
    others[k] = tangents[first + k];
    add(others);
  }
  return result;
}

// ---- of symmetric matrices

InDirections symmetric_in_directions(const NodeContext& context) {
  return [&context](const Var& a, std::span<const Var> directions) {
    const auto which = static_cast<OfEigenvalues>(context.attributes()[1]);
    const detail::EighFactors factors{.w = context.input(1), .v = context.input(2)};
    return detail::symmetric_function(which, a, factors, directions, without_result(context));
  };
}

}  // namespace

/// <C, D^k f(A)[H1, ..., Hk]> is the same for any order of C, H1, ..., Hk; its derivative by A has one direction more.
Var SymmetricFunction::vjp(const NodeContext& context, std::size_t input, const Var& cotangent) {
  if (input == 1 || input == 2) return {};
  std::vector<Var> directions = directions_of(context, 3);
  if (input == 0) directions.push_back(cotangent);
  else directions[input - 3] = cotangent;
  return symmetric_in_directions(context)(context.input(0), directions);
}

Var SymmetricFunction::jvp(const NodeContext& context, std::span<const Var> tangents) {
  return moved_in_directions(context, 3, tangents, symmetric_in_directions(context));
}

// ---- the exponential function

namespace {

InDirections exp_in_directions(const NodeContext& context) {
  return [&context](const Var& a, std::span<const Var> directions) {
    return detail::matrix_exp(a, directions, without_result(context));
  };
}

}  // namespace

/// As above, but for transposes: D^k f(A)[H1, ..., Hk] is a sum of integrals of e^(s A) H1 e^(t A) H2 ... e^(u A), and
/// factors of a trace may go around in a circle.
Var MatrixExp::vjp(const NodeContext& context, std::size_t input, const Var& cotangent) {
  std::vector<Var> directions;
  for (const Var& each : directions_of(context, 1)) directions.push_back(detail::matrix_transpose(each));
  if (input == 0) directions.push_back(cotangent);
  else directions[input - 1] = cotangent;
  return exp_in_directions(context)(detail::matrix_transpose(context.input(0)), directions);
}

Var MatrixExp::jvp(const NodeContext& context, std::span<const Var> tangents) {
  return moved_in_directions(context, 1, tangents, exp_in_directions(context));
}

}  // namespace xgrad::primitives
