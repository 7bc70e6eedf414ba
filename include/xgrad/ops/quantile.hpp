// Quantiles: elements in the middle of the sorted ones, or between two of them.
#pragma once

#include <cstdint>

#include <xgrad/core/shape.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad {

/// Which place h, counted from 0, among n sorted elements has the quantile q. Between two elements it is interpolated
/// linearly; below the first and above the last it is one of these. The numbers are those of R. J. Hyndman and Y. Fan,
/// "Sample quantiles in statistical packages" (1996); the names are NumPy's.
enum class Quantile : std::uint8_t {
  InvertedCdf,              ///< 1: the first of which at least the part q is as small; jumps with q
  AveragedInvertedCdf,      ///< 2: as 1, the mean of two where q n is an integer; jumps with q
  ClosestObservation,       ///< 3: the element number q n, rounded, halves to even ones; jumps with q
  InterpolatedInvertedCdf,  ///< 4: h = n q - 1
  Hazen,                    ///< 5: h = n q - 1/2
  Weibull,                  ///< 6: h = (n + 1) q - 1
  Linear,                   ///< 7: h = (n - 1) q
  MedianUnbiased,           ///< 8: h = (n + 1/3) q - 2/3
  NormalUnbiased,           ///< 9: h = (n + 1/4) q - 5/8
  Lower,                    ///< 7 without interpolation: the element below h; jumps with q, as those that follow
  Higher,                   ///< the element above h
  Midpoint,                 ///< the mean of these two
  Nearest                   ///< that which is nearer; halfway the one at the even place
};

struct QuantileOptions {
  KeepDims keep = KeepDims::no;
  Quantile method = Quantile::Linear;
};

/// Quantiles of the elements along axes; NaN if one of them is. Derivatives go to the elements next to the quantile,
/// and to q: 0 for methods that jump; at the place of an element that to the right, at the last one that to the left.
///
/// \param q  probabilities in [0, 1], of any shape.
/// \return   of the shape of q, followed by that of x without the axes.
/// \throws ValueError  if there is nothing to reduce; for a q outside of [0, 1], NaN included (raised when evaluated).
Var quantile(const Var& x, const Var& q, const Axes& axes = {}, const QuantileOptions& options = {});
/// quantile(x, percents / 100).
Var percentile(const Var& x, const Var& percents, const Axes& axes = {}, const QuantileOptions& options = {});
/// The middle one of the sorted elements, or the mean of both in the middle; NaN if one of them is.
/// \throws ValueError  if there is nothing to reduce.
Var median(const Var& x, const Axes& axes = {}, KeepDims keep = KeepDims::no);

}  // namespace xgrad

#pragma GCC visibility pop
