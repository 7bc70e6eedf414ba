// What transforms require of arguments, results and derivatives.
#include <algorithm>

#include <xgrad/core/errors.hpp>
#include <xgrad/transform/trace.hpp>

#include "var/access.hpp"

namespace xgrad::detail {
namespace {

std::string in_parentheses(std::string_view path) { return path.empty() ? "" : " (" + std::string(path) + ")"; }

}  // namespace

void require_differentiable(std::string_view operation, std::span<const Var> all, const Paths& paths) {
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (is_floating(all[i].dtype())) continue;
    throw TypeError(std::string(operation) + ": no derivative with respect to " + describe(all[i]) +
                    in_parentheses(paths()[i]) + "; only floating-point arrays have derivatives, cast the argument");
  }
}

void require_differentiable_outputs(std::string_view operation, std::span<const Var> outputs) {
  const auto list = [&](std::vector<std::string>& all) { all.assign(outputs.size(), "output"); };
  require_differentiable(operation, outputs, Paths(FunctionOf<void, std::vector<std::string>&>(list)));
}

void require_scalar_loss(std::string_view operation, const Var& loss) {
  if (loss.dimension() != 0) {
    throw ShapeError(std::string(operation) + ": the loss has the shape " + to_string(loss.shape()) +
                     " and must be a scalar; reduce it with mean() or sum()");
  }
  if (!is_floating(loss.dtype())) {
    throw TypeError(std::string(operation) + ": the loss is " + describe(loss) + " and must be floating-point");
  }
}

void require_like(std::string_view operation, std::string_view what, std::span<const Var> given,
                  std::span<const Var> primals, const Paths& paths) {
  for (std::size_t i = 0; i < given.size(); ++i) {
    if (given[i].shape() != primals[i].shape()) {
      throw ShapeError(std::string(operation) + ": a " + std::string(what) + " has the shape " +
                       to_string(given[i].shape()) + ", its primal " + to_string(primals[i].shape()) +
                       in_parentheses(paths()[i]) + "; they must be equal");
    }
    if (given[i].dtype() != primals[i].dtype() && !VarAccess::is_weak(given[i])) {
      throw TypeError(std::string(operation) + ": a " + std::string(what) + " is " + describe(given[i]) +
                      ", its primal " + describe(primals[i]) + in_parentheses(paths()[i]) +
                      "; they must have the same element type");
    }
  }
}

void require_complete(std::string_view operation, std::span<const Var> derivatives, const Paths& paths) {
  std::string unused;
  for (std::size_t i = 0; i < derivatives.size(); ++i) {
    if (!derivatives[i].defined()) unused += (unused.empty() ? "" : "; ") + paths()[i];
  }
  if (!unused.empty()) {
    throw ValueError(std::string(operation) + ": the result does not depend on: " + unused);
  }
}

void require_connected(std::string_view operation, std::span<const Var> derivatives) {
  if (derivatives.empty() || std::ranges::any_of(derivatives, [](const Var& d) { return d.defined(); })) return;
  throw ValueError(std::string(operation) +
                   ": the loss depends on nothing that it is differentiated with respect to, so that all derivatives "
                   "would be 0; the function must use the arguments that it is given (not captured ones) and must not "
                   "leave the tape on the way (item, array)");
}

}  // namespace xgrad::detail
