// Arrays of given shapes, of numbers at even distances, and of coordinates.
//
// What is made of numbers alone is an array at once. `linspace` and its kin take recorded ends, too, and are
// differentiated with respect to them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <vector>

#include <xgrad/core/shape.hpp>
#include <xgrad/ops/order.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad {

/// 0 in every element.
/// \throws ShapeError  if the array would not fit the address space.
Var zeros(const Shape& shape, DType dtype = DType::Float64);
/// 1 in every element.
/// \throws ShapeError  if the array would not fit the address space.
Var ones(const Shape& shape, DType dtype = DType::Float64);
/// A value in every element, of its element type; an array is broadcast to the shape. `zeros_like`, `full_like` and so
/// on take shape and element type from another array.
/// \throws ShapeError  if the value does not broadcast to the shape.
Var full(const Shape& shape, const Var& value);

/// 1 where column - row is `diagonal`, else 0: [rows, columns]. Without `columns` it is square.
Var eye(std::size_t rows, std::optional<std::size_t> columns = {}, std::ptrdiff_t diagonal = 0,
        DType dtype = DType::Float64);
/// The identity matrix: [n, n].
Var identity(std::size_t n, DType dtype = DType::Float64);
/// 1 where column - row is at most `diagonal`, else 0: [rows, columns]. Without `columns` it is square.
Var tri(std::size_t rows, std::optional<std::size_t> columns = {}, std::ptrdiff_t diagonal = 0,
        DType dtype = DType::Float64);

/// start + i step for i = 0, 1, ... while it is before stop: as many as (stop - start) / step, rounded
/// up, so that the last may reach stop by a rounding, as in NumPy. Integers give int64.
/// \param start, stop, step  single numbers, not recorded: how many there are must be known.
/// \throws ValueError  for a step of 0, numbers that are not finite, or too many.
/// \throws ShapeError  for arrays; TapeError for recorded numbers.
Var arange(const Var& start, const Var& stop, const Var& step = 1);
/// 0, 1, ... before stop.
Var arange(const Var& stop);

/// Whether the last of evenly spaced numbers is the end of the range.
enum class Endpoint : bool { excluded, included };

/// Numbers at even distances: start + i (stop - start) / (count - 1) along a new axis, the last of them exactly stop;
/// without the end divided by count. Floating-point; arrays broadcast against each other.
/// \param axis  where the new axis is in the result.
/// \throws ShapeError  if start and stop do not broadcast.
Var linspace(const Var& start, const Var& stop, std::size_t count = 50, Endpoint endpoint = Endpoint::included,
             std::ptrdiff_t axis = 0);
/// base^linspace(start, stop).
Var logspace(const Var& start, const Var& stop, std::size_t count = 50, Endpoint endpoint = Endpoint::included,
             const Var& base = 10.0, std::ptrdiff_t axis = 0);
/// Numbers of even ratios, from start to stop: start^(1 - t) stop^t for t from 0 to 1, both ends exact, with their
/// common sign.
/// \throws ShapeError  if start and stop do not broadcast.
/// \throws ValueError  unless both are positive or both are negative (raised when evaluated).
Var geomspace(const Var& start, const Var& stop, std::size_t count = 50, Endpoint endpoint = Endpoint::included,
              std::ptrdiff_t axis = 0);

/// The order of the first two axes of a grid: `xy` is that of pictures, [y, x], `ij` that of matrices.
enum class Indexing : std::uint8_t { xy, ij };

/// Coordinate arrays of a grid: result k has the elements of axis k along one axis, and is the same along the others.
/// Nothing is copied.
///
///     auto grid = xg::meshgrid({x, y});    // both [y.size(), x.size()]
///
/// \param coordinates  of one axis each, or numbers.
/// \throws ShapeError  for other arrays, or more than eight.
[[nodiscard]] std::vector<Var> meshgrid(std::span<const Var> coordinates, Indexing indexing = Indexing::xy);
[[nodiscard]] std::vector<Var> meshgrid(std::initializer_list<Var> coordinates, Indexing indexing = Indexing::xy);

/// Powers along a new last axis: x^(columns - 1), ..., x, 1, or in rising order. They are products, so that integers
/// stay integers and derivatives at 0 are right. As many as the last axis is long, unless `columns` says otherwise.
/// \throws ShapeError  for a scalar.
Var vander(const Var& x, std::optional<std::size_t> columns = {}, Order order = Order::Descending);

}  // namespace xgrad

#pragma GCC visibility pop
