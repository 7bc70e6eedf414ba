// Sorting, and sums that run along an axis.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <utility>

#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad {

enum class Order : std::uint8_t { Ascending, Descending };

/// Indices of the elements in sorted order along one axis, int64. Equal elements keep their order; NaN comes last in
/// either order.
/// \throws ShapeError  for a scalar.
Var argsort(const Var& x, std::ptrdiff_t axis = -1, Order order = Order::Ascending);

/// Indices of the elements in the order of several keys along one axis, int64: by the last key, equal ones by the one
/// before, and so on, as in NumPy. NaN comes last.
/// \throws ValueError  without keys.
/// \throws ShapeError  for scalars, and unless all shapes are equal.
Var lexsort(std::span<const Var> keys, std::ptrdiff_t axis = -1);
Var lexsort(std::initializer_list<Var> keys, std::ptrdiff_t axis = -1);
/// The elements in sorted order along one axis. The derivative goes back to where the elements came from.
Var sort(const Var& x, std::ptrdiff_t axis = -1, Order order = Order::Ascending);

/// The k largest elements along one axis, in falling order, and their indices, int64; the smallest in rising order if
/// `order` is Ascending. Of equal elements the first come first; NaN comes last. Derivatives go back to where the
/// elements were.
///
///     auto [values, indices] = xg::top_k(scores, 5);
///
/// \throws ShapeError  for a scalar.
/// \throws ValueError  if there are fewer than k elements.
[[nodiscard]] std::pair<Var, Var> top_k(const Var& x, std::size_t k, std::ptrdiff_t axis = -1,
                                        Order order = Order::Descending);

enum class Direction : std::uint8_t { Forward, Backward };

/// Running sums: result[i] = x[0] + ... + x[i] along the axis; backward x[i] + ... + x[n - 1]. Floats are added up in
/// double. Booleans count as int64.
/// \throws ShapeError  for a scalar.
Var cumsum(const Var& x, std::ptrdiff_t axis = -1, Direction direction = Direction::Forward);

/// Running logsumexp: result[i] = ln(e^x[0] + ... + e^x[i]), without overflow, whatever the range of x.
/// \throws ShapeError  for a scalar.
Var logcumsumexp(const Var& x, std::ptrdiff_t axis = -1, Direction direction = Direction::Forward);

}  // namespace xgrad

#pragma GCC visibility pop
