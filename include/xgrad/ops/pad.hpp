// Arrays made larger at their edges.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <utility>
#include <vector>

#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad {

/// What stands outside of an array that is padded.
enum class Padding : std::uint8_t {
  Constant,   ///< a value
  Edge,       ///< the first or last element
  Reflect,    ///< the elements mirrored at the first and the last one: c b | a b c | b a
  Symmetric,  ///< the elements mirrored at the edges: b a | a b c | c b
  Wrap        ///< the elements from the other end: b c | a b c | a b
};

/// How many elements `pad` puts before and behind each axis: one number for all, two numbers for all axes, or a pair
/// for each axis.
class PadWidths {
 public:
  using Pair = std::pair<std::ptrdiff_t, std::ptrdiff_t>;
  template <std::integral I>
  requires(!std::same_as<I, bool>) PadWidths(I both)  // NOLINT(*-explicit-*)
      : pairs_{{static_cast<std::ptrdiff_t>(both), static_cast<std::ptrdiff_t>(both)}} {}
  PadWidths(std::integral auto before, std::integral auto after)
      : pairs_{{static_cast<std::ptrdiff_t>(before), static_cast<std::ptrdiff_t>(after)}} {}
  PadWidths(std::initializer_list<Pair> pairs) : pairs_(pairs) {}
  PadWidths(std::vector<Pair> pairs) : pairs_(std::move(pairs)) {}  // NOLINT(*-explicit-*)

  /// One for all axes, or one for each.
  [[nodiscard]] const std::vector<Pair>& pairs() const noexcept { return pairs_; }

 private:
  std::vector<Pair> pairs_;
};

/// Larger by what stands before and behind each axis. Reflections and repetitions go on for widths that exceed the
/// array; a single element reflected is repeated.
///
///     xg::pad(image, {{0, 0}, {1, 1}, {1, 1}}, xg::Padding::Reflect);
///
/// \param value  of Padding::Constant, a single number; it promotes the element type, and has a derivative.
/// \throws ShapeError  unless there is one pair of widths or one for each axis; if an empty axis would have to supply
///                     elements.
/// \throws ValueError  for negative widths.
Var pad(const Var& x, const PadWidths& widths, Padding padding = Padding::Constant, const Var& value = false);

}  // namespace xgrad

#pragma GCC visibility pop
