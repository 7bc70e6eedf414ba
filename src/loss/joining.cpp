#include <xgrad/loss/joining.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

#include <xgrad/core/errors.hpp>
#include <xgrad/loss/classification.hpp>
#include <xgrad/ops/check.hpp>
#include <xgrad/ops/index.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/ops/reduce.hpp>

#include "arguments.hpp"
#include "core/text.hpp"
#include "near_zero.hpp"

namespace xgrad::loss {
namespace {

/// sum_k q_k (ln q_k - ln p_k); 0 where q_k is 0, also if ln q_k or ln p_k is -infinity. Both add up to 1, so that
/// q_k d - q_k + p_k with d = ln q_k - ln p_k may be summed, of which no term is negative: close distributions, as a
/// high temperature makes them, would lose their digits in the plain sum.
Var soft_part(const Var& student, const Var& teacher, double temperature) {
  const Var given = stop_gradient(teacher) / temperature;
  const Var q = softmax(given);
  const Var log_p = log_softmax(student / temperature);
  const Var p = exp(log_p);
  const Var d = log_softmax(given) - log_p;
  const Var term = where(abs(d) < 0.5, q * detail::exp_less_line(-d), q * (d - 1.0) + p);
  return sum(where(q > 0.0, term, p), -1);
}

/// The labels have been checked.
Var hard_part(const Var& student, const Var& labels) { return CrossEntropy{.check_targets = false}(student, labels); }

void require_class_labels(std::string_view loss, const Var& logits, const Var& labels) {
  detail::require_usable(loss, labels);
  if (labels.dtype() != DType::Int64) {
    throw TypeError(std::string(loss) + ": the labels are " + std::string(name(labels.dtype())) +
                    "; they must be int64");
  }
  Shape samples;
  for (std::size_t i = 0; i + 1 < logits.dimension(); ++i) samples.push_back(logits.shape()[i]);
  if (logits.dimension() == 0 || labels.shape() != samples) {
    throw ShapeError(std::string(loss) + ": the logits are " + to_string(logits.shape()) + " and the labels " +
                     to_string(labels.shape()) + "; labels [...] go with logits [..., K]");
  }
}

}  // namespace

Var UncertaintyWeighting::operator()(const std::vector<Var>& losses) const {
  if (log_variances.defined()) detail::require_usable(name, log_variances);
  const bool fits = log_variances.defined() && log_variances.shape() == Shape{losses.size()};
  if (!fits) {
    throw ShapeError(std::string(name) + ": log_variances is " +
                     (log_variances.defined() ? to_string(log_variances.shape()) : "empty") + " for " +
                     xgrad::core::count_of(losses.size(), "loss", "losses") + "; it must have one element for each");
  }
  if (losses.empty()) return sum(log_variances);
  for (const Var& loss : losses) {
    detail::require_usable(name, loss);
    if (loss.dimension() == 0) continue;
    throw ShapeError(std::string(name) + ": a loss is " + to_string(loss.shape()) +
                     "; reduce each to a number, such as mean(l)");
  }
  const Var precisions = exp(-log_variances);
  const Var values = stack(losses);
  // A task without loss sends its variance to 0.
  const Var infinite = !(precisions < std::numeric_limits<double>::infinity());
  const Var fit = where(equal(values, 0.0) && infinite, 0.0, precisions * values);
  return sum(0.5 * (fit + log_variances));
}

Var Distillation::operator()(const Var& student, const Var& teacher, const Var& labels) const {
  detail::require_usable(name, student, teacher, labels);
  require_setting(name, "temperature", temperature, temperature > 0.0 && std::isfinite(temperature),
                  "it must be positive and finite");
  require_setting(name, "alpha", alpha, alpha >= 0.0 && alpha <= 1.0, "it must be in [0, 1]");
  require_same_shape(name, student, teacher, "student", "teacher");
  require_class_labels(name, student, labels);
  static const Requirement requirement("Distillation: the label {} is not in [0, {})");
  const std::size_t classes = student.shape(-1);
  const auto limit = static_cast<std::int64_t>(classes);
  const Var t = check_targets ? checked(labels, labels >= 0 && labels < limit, requirement, limit) : labels;
  // A part that does not count is left out, infinite as it may be; the labels are checked all the same.
  if (alpha == 0.0) return hard_part(student, t);
  const Var soft = alpha * temperature * temperature * soft_part(student, teacher, temperature);
  if (alpha == 1.0) return soft + 0.0 * cast(t, soft.dtype());
  return soft + (1.0 - alpha) * hard_part(student, t);
}

}  // namespace xgrad::loss
