#include <xgrad/compression/distillation.hpp>

#include <string>

#include <xgrad/core/errors.hpp>
#include <xgrad/loss/classification.hpp>
#include <xgrad/ops/check.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/ops/reduce.hpp>

#include "ops/internal.hpp"

namespace xgrad::compression {
namespace {

/// T^2 KL of what the teacher says from what the student says.
Var from_teacher(const Var& student, const Var& teacher, const Var& temperature) {
  static const Requirement is_positive("Distillation: the temperature is {}; it must be positive and finite");
  xgrad::detail::require_same_shape("Distillation", student, teacher, "logits of the student", "logits of the teacher");
  if (student.dimension() == 0 || student.shape().back() == 0) {
    throw ShapeError("Distillation: logits of the shape " + to_string(student.shape()) +
                     "; the last axis must hold the classes");
  }
  const Var t = checked(temperature, temperature > 0.0 && isfinite(temperature), is_positive);
  const Var wanted = log_softmax(stop_gradient(teacher) / t);
  const Var said = log_softmax(student / t);
  const Var share = exp(wanted);
  return square(t) * sum(where(share > 0.0, share * (wanted - said), 0.0), -1);
}

}  // namespace

Var Distillation::operator()(const Var& student, const Var& teacher) const {
  return from_teacher(student, teacher, temperature);
}

Var Distillation::operator()(const Var& student, const Var& teacher, const Var& labels) const {
  static const Requirement is_share("Distillation: the share is {}; it must be from 0 to 1");
  const Var of_teacher = checked(share, share >= 0.0 && share <= 1.0, is_share);
  return of_teacher * from_teacher(student, teacher, temperature) +
         (1.0 - of_teacher) * loss::CrossEntropy{}(student, labels);
}

}  // namespace xgrad::compression
