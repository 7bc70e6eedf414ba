// Choosing elements by conditions. How many there are is known when the values are: outside of recordings, or on a Tape
// whose leaves have values. In a compiled function, nonzero(x, size) gives a number of indices that is known before.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <vector>

#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad {

/// The indices of the elements that are not 0, in row-major order: one int64 array for each axis. NaN is not 0.
/// \throws ShapeError  for a scalar.
/// \throws TapeError   in a compiled function.
[[nodiscard]] std::vector<Var> nonzero(const Var& x);
/// The same, of a given number: the first of them, or as many as there are, with `fill` behind. For compiled functions.
/// \throws ShapeError  for a scalar.
[[nodiscard]] std::vector<Var> nonzero(const Var& x, std::size_t size, std::int64_t fill = 0);
/// These indices in the row-major order of all elements.
Var flatnonzero(const Var& x);
/// These indices as rows: [count, number of axes].
Var argwhere(const Var& x);

/// Of several choices, element by element, the one whose condition is the first to hold; else `otherwise`. All
/// broadcast; NaN and infinity of what is not chosen reach neither value nor derivative.
/// \throws ValueError  unless there are as many choices as conditions, and at least one.
/// \throws ShapeError  if something does not broadcast.
Var select(std::span<const Var> conditions, std::span<const Var> choices, const Var& otherwise = 0);
Var select(std::initializer_list<Var> conditions, std::initializer_list<Var> choices, const Var& otherwise = 0);

/// Of several choices, element by element, that with the number `index`. All broadcast; NaN and infinity of what is not
/// chosen reach neither value nor derivative.
/// \throws TypeError   unless the indices are integers.
/// \throws ValueError  without choices; for an index that is not from 0 to their number less 1 (raised when evaluated).
/// \throws ShapeError  if something does not broadcast.
Var choose(const Var& index, std::span<const Var> choices);
Var choose(const Var& index, std::initializer_list<Var> choices);

/// The slices of x along an axis where the condition holds.
/// \param condition  of one axis, at most as long as that of x; what it does not reach is left out.
/// \throws ShapeError  for another condition.
/// \throws TapeError   in a compiled function.
Var compress(const Var& condition, const Var& x, std::ptrdiff_t axis);
/// The same of all elements in row-major order.
Var compress(const Var& condition, const Var& x);
/// The elements of x, in row-major order, where the condition holds.
/// \throws ShapeError  unless there are as many truth values as elements.
/// \throws TapeError   in a compiled function.
Var extract(const Var& condition, const Var& x);

enum class Ends : std::uint8_t { Both, Front, Back };
/// A vector without the zeros at its front and its end, or at one of these.
/// \throws ShapeError  unless x has one axis.
/// \throws TapeError   in a compiled function.
Var trim_zeros(const Var& x, Ends ends = Ends::Both);

}  // namespace xgrad

#pragma GCC visibility pop
