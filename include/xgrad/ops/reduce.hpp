// Reductions over all axes, one axis or several: `sum(x)`, `sum(x, 0)`, `sum(x, {0, -1}, xg::keep_dims)`.
//
// All throw ShapeError for an axis that is out of range or named twice.
#pragma once

#include <xgrad/core/shape.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad {

/// Sum; of booleans their count; of nothing 0.
Var sum(const Var& x, const Axes& axes = {}, KeepDims keep = KeepDims::no);
/// Arithmetic mean, in floating point; of nothing NaN.
Var mean(const Var& x, const Axes& axes = {}, KeepDims keep = KeepDims::no);
/// Product; of nothing 1. Its derivatives are right to every order where elements are 0.
Var prod(const Var& x, const Axes& axes = {}, KeepDims keep = KeepDims::no);
/// Largest element; NaN if there is a NaN. Equal largest elements share the derivative evenly.
/// \throws ValueError  if there is nothing to reduce.
Var amax(const Var& x, const Axes& axes = {}, KeepDims keep = KeepDims::no);
/// Smallest element; NaN if there is a NaN. Equal smallest elements share the derivative evenly.
/// \throws ValueError  if there is nothing to reduce.
Var amin(const Var& x, const Axes& axes = {}, KeepDims keep = KeepDims::no);
/// Mean squared distance from the mean (divisor n), in two passes.
Var variance(const Var& x, const Axes& axes = {}, KeepDims keep = KeepDims::no);
/// Euclidean norm, sqrt(sum(x^2)), without overflow or underflow of the squares. Where the norm is 0 its derivatives of
/// every order are 0, and so is the second derivative of norm(x)^2 there: write sum(square(x)) if that matters.
Var norm(const Var& x, const Axes& axes = {}, KeepDims keep = KeepDims::no);
/// ln(sum(e^x)), without overflow; of nothing -infinity.
Var logsumexp(const Var& x, const Axes& axes = {}, KeepDims keep = KeepDims::no);

/// e^x / sum(e^x) along the given axes (the last one by default), without overflow.
Var softmax(const Var& x, const Axes& axes = -1);
/// ln(softmax(x)) along the given axes (the last one by default), without overflow.
Var log_softmax(const Var& x, const Axes& axes = -1);

/// Position of the first largest element of the flattened array, int64; the first NaN if there is one.
/// \throws ValueError  if there is nothing to search.
Var argmax(const Var& x);
/// Position of the first largest element along one axis, int64.
Var argmax(const Var& x, std::ptrdiff_t axis, KeepDims keep = KeepDims::no);

}  // namespace xgrad

#pragma GCC visibility pop
