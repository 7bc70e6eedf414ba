// What a large net teaches a small one.
#pragma once

#include <xgrad/tree/fields.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::compression {

/// One number for each sample, of the logits [..., K] of student and teacher and of labels, int64 [...]:
///
///     share T^2 KL(softmax(teacher / T), softmax(student / T)) + (1 - share) (-log softmax(student)[label])
///
/// T^2 keeps the size of gradients whatever the temperature T is. The teacher gets no derivative.
/// \source  G. Hinton, O. Vinyals and J. Dean, Distilling the knowledge in a neural network, 2015.
/// \throws ShapeError  unless both logits have one shape, and labels that without its last axis.
/// \throws TypeError   unless labels are integers.
/// \throws ValueError  when evaluated: unless the temperature is positive and finite and the share from 0 to 1; for
///                     labels that are no class.
/// \derivative  smooth to every order, with respect to temperature and share, too.
struct Distillation {
  Var temperature = 2.0;  ///< > 0
  Var share = 0.5;        ///< of the teacher, 0 to 1

  Var operator()(const Var& student, const Var& teacher, const Var& labels) const;
  /// Without labels: share counts for nothing, and the value is T^2 KL.
  Var operator()(const Var& student, const Var& teacher) const;
};
XGRAD_FIELDS(Distillation, temperature, share)

}  // namespace xgrad::compression

#pragma GCC visibility pop
