// Rearranging arrays. None of these copies elements when it is recorded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <vector>

#include <xgrad/core/shape.hpp>
#include <xgrad/core/xtensor.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad {

/// The same elements, in row-major order, in another shape. One extent may be -1 and is then computed.
/// \throws ShapeError  if the number of elements would change.
Var reshape(const Var& x, const Strides& shape);
/// One axis.
Var flatten(const Var& x);
/// Axes in reverse order.
Var transpose(const Var& x);
/// Axis i of the result is axis permutation[i] of x.
/// \throws ShapeError  unless permutation names each axis once.
Var transpose(const Var& x, const Axes& permutation);
/// A new axis of extent 1 at the given position of the result.
Var expand_dims(const Var& x, std::ptrdiff_t axis);
/// Without all axes of extent 1, or without the given ones.
/// \throws ShapeError  if a given axis has another extent.
Var squeeze(const Var& x, const Axes& axes = {});
/// Repeated along new leading axes and along axes of extent 1.
/// \throws ShapeError  if an extent other than 1 would change.
Var broadcast_to(const Var& x, const Shape& shape);
/// Joined along an existing axis; element types promote.
/// \throws ShapeError  unless all other extents agree; ValueError if there is nothing to join.
Var concatenate(std::span<const Var> parts, std::ptrdiff_t axis = 0);
Var concatenate(std::initializer_list<Var> parts, std::ptrdiff_t axis = 0);
/// Elements moved forward along an axis, backward by a negative shift; what leaves it at one end comes in at the other.
/// \throws ShapeError  for an axis that x does not have.
Var roll(const Var& x, std::ptrdiff_t shift, std::ptrdiff_t axis);
/// The same in the row-major order of all elements; the shape stays.
Var roll(const Var& x, std::ptrdiff_t shift);
/// Joined along a new axis.
/// \throws ShapeError  unless all shapes agree; ValueError if there is nothing to join.
Var stack(std::span<const Var> parts, std::ptrdiff_t axis = 0);
Var stack(std::initializer_list<Var> parts, std::ptrdiff_t axis = 0);

namespace detail {

/// One argument of view(), read off xtensor's slice types.
struct Slice {
  enum class Kind : std::uint8_t { Index, Range, NewAxis, Ellipsis, Indices };
  Kind kind = Kind::Range;
  std::int64_t start = 0;
  std::int64_t step = 1;
  std::int64_t count = 0;
  std::vector<std::int64_t> indices = {};  ///< of keep() and drop()
};

Var view(const Var& x, std::span<const Slice> slices);

/// The axis of x that slice number `position` acts on, given how many slices there are of each kind.
std::size_t sliced_extent(const Var& x, std::size_t axis);

template <class S>
inline constexpr bool is_new_axis = std::same_as<S, xt::xnewaxis_tag> || requires(S s) {
  []<class T>(xt::xnewaxis<T>) {}(s);
};

template <class S>
inline constexpr bool is_drop = requires(S s) {
  []<class T>(xt::xdrop_slice<T>) {}(s);
};

[[noreturn]] void throw_bad_drop(std::size_t extent);

template <class S>
inline constexpr bool is_ellipsis = std::same_as<S, xt::xellipsis_tag>;

/// Reads one slice; `extent` is that of the axis it acts on.
template <class S>
Slice read_slice(const S& slice, std::size_t extent) {
  if constexpr (is_new_axis<S>) {
    return {.kind = Slice::Kind::NewAxis};
  } else if constexpr (is_ellipsis<S>) {
    return {.kind = Slice::Kind::Ellipsis};
  } else if constexpr (std::integral<S>) {
    return {.kind = Slice::Kind::Index, .start = static_cast<std::int64_t>(slice)};
  } else if constexpr (std::same_as<S, xt::xall_tag>) {
    return {.kind = Slice::Kind::Range, .count = static_cast<std::int64_t>(extent)};
  } else if constexpr (requires { slice.get(extent); }) {
    return read_slice(slice.get(extent), extent);
  } else if constexpr (is_drop<S>) {
    S normalized = slice;
    normalized.normalize(extent);
    Slice result{.kind = Slice::Kind::Indices};
    for (std::size_t i = 0; i < extent; ++i) {
      if (normalized.contains(static_cast<typename S::size_type>(i)))
        result.indices.push_back(static_cast<std::int64_t>(i));
    }
    if (result.indices.size() != static_cast<std::size_t>(normalized.size())) throw_bad_drop(extent);
    return result;
  } else if constexpr (requires(S copy) { copy.normalize(extent); }) {  // keep
    S normalized = slice;
    normalized.normalize(extent);
    Slice result{.kind = Slice::Kind::Indices};
    for (std::size_t i = 0; i < static_cast<std::size_t>(normalized.size()); ++i) {
      const auto index = static_cast<std::int64_t>(normalized(static_cast<typename S::size_type>(i)));
      // Still negative: out of range, which the message shall say of the index that was given.
      result.indices.push_back(index < 0 ? index - static_cast<std::int64_t>(extent) : index);
    }
    return result;
  } else {  // the ranges that get() gives
    const auto count = static_cast<std::int64_t>(slice.size());
    Slice result{.kind = Slice::Kind::Range, .count = count};
    if (count > 0) result.start = static_cast<std::int64_t>(slice(0));
    if (count > 1) result.step = static_cast<std::int64_t>(slice(1)) - result.start;
    return result;
  }
}

}  // namespace detail

/// Part of an array, with xtensor's own slices: integers (negative ones count from the end), `xt::range`, `xt::all`,
/// `xt::newaxis`, `xt::ellipsis`, `xt::keep`, `xt::drop`; axes not named are taken whole.
/// \throws ShapeError  for more slices than axes; ValueError for an index that is out of range.
template <class E, class... S>
requires std::same_as<std::remove_cvref_t<E>, Var> Var view(E&& x, S&&... slices) {
  constexpr std::size_t count = sizeof...(S);
  constexpr std::size_t added = (std::size_t{0} + ... + std::size_t{detail::is_new_axis<std::remove_cvref_t<S>>});
  constexpr std::size_t dots = (std::size_t{0} + ... + std::size_t{detail::is_ellipsis<std::remove_cvref_t<S>>});
  static_assert(dots <= 1, "view: at most one xt::ellipsis()");
  constexpr std::size_t acting = count - added - dots;
  std::vector<detail::Slice> read;
  read.reserve(count);
  std::size_t axis = 0;
  const auto add = [&]<class T>(const T& slice) {
    read.push_back(detail::read_slice(slice, detail::sliced_extent(x, axis)));
    if (detail::is_ellipsis<T>) axis += x.dimension() > acting ? x.dimension() - acting : 0;
    if (!detail::is_ellipsis<T> && !detail::is_new_axis<T>) ++axis;
  };
  (add(static_cast<const std::remove_cvref_t<S>&>(slices)), ...);
  return detail::view(x, read);
}

}  // namespace xgrad

#pragma GCC visibility pop
