// Elements that arrays of indices choose over several axes at once, and arrays with other values there. Arrays do not
// change: an update is another array. Negative indices count from the end.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <span>

#include <xgrad/core/shape.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad {

/// Elements of an array, or slices of it, that are chosen by indices; `at` makes it. Values broadcast to the shape of
/// `get`, and element types promote. Derivatives reach what a result was made of: the values, and x but for what is
/// overwritten.
///
///     xg::at(x, {i, j}).get()                  // NumPy's x[i, j]
///     x = xg::at(x, {i, j}).add(1.0);          // every index counts, also those that come twice
///
/// An index that is out of range throws ValueError when the result is evaluated.
class [[nodiscard]] At {
 public:
  /// The chosen elements: the indices broadcast against each other, and their shape takes the place of the axes that
  /// they choose from, if these are neighbours in order; else it comes first, as in NumPy.
  Var get() const;
  /// x with these values. Of several values for one element the last one stays, and gets the derivative.
  Var set(const Var& values) const;
  /// x with these values added, all of them.
  Var add(const Var& values) const;
  /// x times these values, all of them. Its derivatives are right to every order where factors are 0.
  Var multiply(const Var& values) const;
  /// The largest of an element of x and its values; NaN if there is a NaN. Equal ones share the derivative evenly.
  Var max(const Var& values) const;
  /// The smallest of an element of x and its values; NaN if there is a NaN. Equal ones share the derivative evenly.
  Var min(const Var& values) const;

 private:
  friend struct AtAccess;
  At() = default;

  int chooser_ = 0;  ///< the function that was called, for errors
  Var x_;
  Var places_;                ///< the rows of what is chosen, if the chosen axes of x are rows, the others columns
  Shape order_;               ///< of the axes of x: the chosen ones, then the others
  std::size_t chosen_ = 0;    ///< how many are chosen
  Shape indices_;             ///< the shape of all indices together
  std::size_t position_ = 0;  ///< of their axes in what is chosen
};

/// x at indices of its leading axes, or of given ones. A number is an index, too: `at(x, {0, j})`.
///
/// \param indices  int64, one array for each axis, of shapes that broadcast.
/// \throws TypeError   unless indices are integers; a mask selects with where().
/// \throws ShapeError  for an axis that x does not have or that is named twice, more indices than axes, or indices that
///                     do not broadcast.
/// \throws ValueError  if there are no indices.
At at(const Var& x, std::span<const Var> indices, const Axes& axes = {});
At at(const Var& x, std::initializer_list<Var> indices, const Axes& axes = {});
/// x at indices of one axis, the first one unless another is given.
At at(const Var& x, const Var& indices, const Axes& axis = 0);

/// Elements or slices of x at tuples of indices of its leading axes, which stand along the last axis of `indices`:
/// result[i..., ...] = x[indices[i..., 0], indices[i..., 1], ..., ...].
///
/// \throws TypeError   unless indices are integers.
/// \throws ShapeError  unless their last axis has an extent from 1 to the number of axes of x.
/// \throws ValueError  for an index out of range (raised when evaluated).
Var gather_nd(const Var& x, const Var& indices);

/// x with one value for each index along an axis: result[..., indices[..., i, ...], ...] = values[..., i, ...], for all
/// i; the last one of several for one element stays. What take_along_axis takes is put back by this.
///
/// \param indices  int64, of the rank of x; the other extents are those of x or 1.
/// \param values   broadcast to the indices.
/// \throws TypeError   unless indices are integers.
/// \throws ShapeError  unless the shapes fit.
/// \throws ValueError  for an index out of range (raised when evaluated).
Var put_along_axis(const Var& x, const Var& indices, const Var& values, std::ptrdiff_t axis);

/// at(x, indices, axis).add(values).
Var index_add(const Var& x, const Var& indices, const Var& values, std::ptrdiff_t axis);

}  // namespace xgrad

#pragma GCC visibility pop
