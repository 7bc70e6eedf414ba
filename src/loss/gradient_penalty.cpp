#include <xgrad/loss/gradient_penalty.hpp>

#include <cmath>
#include <string>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/manipulate.hpp>

#include "arguments.hpp"

namespace xgrad::loss {
namespace {

/// [N, ...] as [N, all others].
Var flat_samples(const Var& x) {
  std::size_t others = 1;
  for (std::size_t axis = 1; axis < x.dimension(); ++axis) others *= x.shape()[axis];
  return x.dimension() == 2 ? x : reshape(x, {x.shape()[0], others});
}

}  // namespace

namespace detail {

void require_scores(std::string_view penalty, const Var& scores, const Var& x) {
  require_usable(penalty, scores, x);
  const bool batch = x.dimension() > 0;
  if (batch && (scores.shape() == Shape{x.shape()[0]} || scores.shape() == Shape{x.shape()[0], 1})) return;
  throw ShapeError(std::string(penalty) + ": the function gives " + to_string(scores.shape()) + " for a batch " +
                   to_string(x.shape()) + "; it must give one score for each sample, [N] or [N, 1] for [N, ...]");
}

Var as_rows(std::string_view penalty, const Var& outputs, const Var& x) {
  require_usable(penalty, outputs, x);
  if (outputs.dimension() == 0 || x.dimension() == 0 || outputs.shape()[0] != x.shape()[0]) {
    throw ShapeError(std::string(penalty) + ": the function gives " + to_string(outputs.shape()) + " for a batch " +
                     to_string(x.shape()) + "; both must start with the number of samples");
  }
  return flat_samples(outputs);
}

Var unit_direction(const Var& like, std::size_t position) {
  Shape sample = like.shape();
  sample[0] = 1;
  auto direction = Array<double>::from_shape(sample);
  for (double& value : direction) value = 0.0;
  direction.data()[position] = 1.0;
  return broadcast_to(cast(Var(std::move(direction)), like.dtype()), like.shape());
}

Var squares(const Var& x) { return sum(square(flat_samples(x)), 1); }

Var no_squares(const Var& x) {
  auto zeros = Array<double>::from_shape({x.shape(0)});
  for (double& value : zeros) value = 0.0;
  return cast(Var(std::move(zeros)), x.dtype());
}

std::vector<Var> cotangents(const Var& projections, const Var& outputs) {
  const Shape& shape = projections.shape();
  const bool fits = shape.size() >= 2 && shape[0] >= 1 && shape[1] == outputs.shape()[0] &&
                    projections.size() == shape[0] * outputs.size();
  if (!fits) {
    throw ShapeError("JacobianPenalty: the projections are " + to_string(shape) + " for outputs " +
                     to_string(outputs.shape()) + " (samples, values of each); use [P, N, ...] with P >= 1");
  }
  const Var rows = reshape(cast(projections, outputs.dtype()), {shape[0], outputs.shape()[0], outputs.shape()[1]});
  std::vector<Var> result;
  for (std::size_t i = 0; i < shape[0]; ++i) result.push_back(view(rows, i));
  return result;
}

}  // namespace detail

Var GradientPenalty::of_gradient(const Var& gradient) const {
  require_setting(name, "target", target, target >= 0.0 && std::isfinite(target), "it must be finite and not negative");
  if (gradient.dimension() == 0) throw ShapeError("GradientPenalty: the gradient is a scalar; use a batch [N, ...]");
  // Without the root, whose derivatives at 0 the square would have to undo.
  if (target == 0.0) return detail::squares(gradient);
  const Var excess = norm(flat_samples(gradient), 1) - target;
  return square(one_sided ? relu(excess) : excess);
}

}  // namespace xgrad::loss
