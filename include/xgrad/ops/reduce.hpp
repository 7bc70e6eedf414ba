// Reductions over all axes, one axis or several: `sum(x)`, `sum(x, 0)`, `sum(x, {0, -1}, xg::keep_dims)`. In the place
// of `keep_dims` some take options: `sum(x, 0, {.where = x > 0.0})`, `variance(x, {}, {.ddof = 1.0})`.
//
// All throw ShapeError for an axis that is out of range or named twice, and for a mask that does not broadcast to x.
#pragma once

#include <cstddef>
#include <optional>

#include <xgrad/core/shape.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad {

/// Options of sum, prod, amax, amin.
struct FoldOptions {
  KeepDims keep = KeepDims::no;
  /// Booleans that broadcast to x: only elements where it is true count. Others may be NaN; they get no derivative.
  std::optional<Var> where = {};
  /// A number that counts as one element more, of each result.
  std::optional<Var> initial = {};
};

/// Options of mean, any, all.
struct MeanOptions {
  KeepDims keep = KeepDims::no;
  std::optional<Var> where = {};  ///< see FoldOptions
};

/// Options of variance, stddev and their kin.
struct VarianceOptions {
  KeepDims keep = KeepDims::no;
  std::optional<Var> where = {};  ///< see FoldOptions
  /// What is subtracted from the number of elements to get the divisor ("delta degrees of freedom"): 1 gives the
  /// unbiased estimate. A divisor of 0 or less counts as 0, and gives infinity, NaN where nothing varies.
  double ddof = 0.0;
};

/// Sum; of booleans their count; of nothing 0.
Var sum(const Var& x, const Axes& axes = {}, KeepDims keep = KeepDims::no);
Var sum(const Var& x, const Axes& axes, const FoldOptions& options);
/// Arithmetic mean, in floating point; of nothing NaN.
Var mean(const Var& x, const Axes& axes = {}, KeepDims keep = KeepDims::no);
Var mean(const Var& x, const Axes& axes, const MeanOptions& options);
/// Product; of nothing 1. Its derivatives are right to every order where elements are 0.
Var prod(const Var& x, const Axes& axes = {}, KeepDims keep = KeepDims::no);
Var prod(const Var& x, const Axes& axes, const FoldOptions& options);
/// Largest element; NaN if there is a NaN. Equal largest elements share the derivative evenly.
/// \throws ValueError  if there is nothing to reduce and no initial number; for a mask without one.
Var amax(const Var& x, const Axes& axes = {}, KeepDims keep = KeepDims::no);
Var amax(const Var& x, const Axes& axes, const FoldOptions& options);
/// Smallest element; NaN if there is a NaN. Equal smallest elements share the derivative evenly.
/// \throws ValueError  if there is nothing to reduce and no initial number; for a mask without one.
Var amin(const Var& x, const Axes& axes = {}, KeepDims keep = KeepDims::no);
Var amin(const Var& x, const Axes& axes, const FoldOptions& options);
/// Largest element minus smallest element ("peak to peak"); NaN if there is a NaN.
/// \throws ValueError  if there is nothing to reduce.
Var ptp(const Var& x, const Axes& axes = {}, KeepDims keep = KeepDims::no);
/// Sum of squared distances from the mean over n - ddof (n by default), in two passes. NumPy's `var`, which is no name
/// beside `Var`: xtensor's is this.
/// \throws ValueError  unless ddof is finite.
Var variance(const Var& x, const Axes& axes = {}, KeepDims keep = KeepDims::no);
Var variance(const Var& x, const Axes& axes, const VarianceOptions& options);
/// Root of the variance, norm(x - mean(x)) / sqrt(n - ddof): its squares neither overflow nor underflow, and where it
/// is 0 its derivatives are 0, as those of a norm. NumPy's `std`.
/// \throws ValueError  unless ddof is finite.
Var stddev(const Var& x, const Axes& axes = {}, KeepDims keep = KeepDims::no);
Var stddev(const Var& x, const Axes& axes, const VarianceOptions& options);
/// Whether an element is not 0 (NaN is not); of nothing false.
Var any(const Var& x, const Axes& axes = {}, KeepDims keep = KeepDims::no);
Var any(const Var& x, const Axes& axes, const MeanOptions& options);
/// Whether all elements are not 0 (NaN is not); of nothing true.
Var all(const Var& x, const Axes& axes = {}, KeepDims keep = KeepDims::no);
Var all(const Var& x, const Axes& axes, const MeanOptions& options);
/// How many elements are not 0 (NaN is not), int64.
Var count_nonzero(const Var& x, const Axes& axes = {}, KeepDims keep = KeepDims::no);

struct NormOptions {
  KeepDims keep = KeepDims::no;
  /// p: any number, positive or negative infinity.
  double order = 2.0;
};

/// Norm of the elements as of a vector, (sum |x|^p)^(1/p), p being 2 by default: `norm(x, 0, {.order = 1.0})`. Of order
/// 0 the number of elements that are not 0; of order infinity the largest |x|, of -infinity the smallest. Nothing
/// overflows or underflows on the way.
///
/// Where the norm is 0 or infinite its derivatives are 0, of every order, but for those of the orders 1 and +-infinity,
/// which are sums and extrema of |x|. So the second derivative of norm(x)^2 at 0 is 0, too: write sum(square(x)) if
/// that matters. Elements that are 0 get the derivative 0, also where |x|^p has none (p < 1) or a kink (p = 1).
/// \throws ValueError  if the order is NaN; of nothing, for a negative or infinite order.
Var norm(const Var& x, const Axes& axes = {}, KeepDims keep = KeepDims::no);
Var norm(const Var& x, const Axes& axes, const NormOptions& options);
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
/// Position of the first smallest element of the flattened array, int64; the first NaN if there is one.
/// \throws ValueError  if there is nothing to search.
Var argmin(const Var& x);
/// Position of the first smallest element along one axis, int64.
Var argmin(const Var& x, std::ptrdiff_t axis, KeepDims keep = KeepDims::no);

}  // namespace xgrad

#pragma GCC visibility pop
