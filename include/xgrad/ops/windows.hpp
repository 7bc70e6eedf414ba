// Windows that move over the last axes of an array: how they move, and what is in them.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <utility>
#include <vector>

#include <xgrad/ops/one_or_many.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad {

/// How many places windows may reach out of an array: one number for all sides, one for both sides of each axis, or a
/// pair for each axis (one pair: for all axes). Or, by name, "valid": none; "same": as many as give ceil(extent /
/// stride) windows along each axis, half of them before it, and the odd one behind it.
class WindowPadding {
 public:
  using Pair = std::pair<std::ptrdiff_t, std::ptrdiff_t>;
  enum class Kind : std::uint8_t { Numbers, Valid, Same };

  template <std::integral I>
  requires(!std::same_as<I, bool>) WindowPadding(I all)  // NOLINT(*-explicit-*)
      : pairs_{{static_cast<std::ptrdiff_t>(all), static_cast<std::ptrdiff_t>(all)}} {}
  WindowPadding(std::initializer_list<detail::Extent<std::ptrdiff_t>> each) : pairs_for_each_(true) {
    for (const auto& axis : each) pairs_.emplace_back(axis.value, axis.value);
  }
  WindowPadding(std::initializer_list<Pair> pairs) : pairs_(pairs) {}
  WindowPadding(std::vector<Pair> pairs) : pairs_(std::move(pairs)) {}  // NOLINT(*-explicit-*)
  /// \throws ValueError  for another name.
  WindowPadding(std::string_view name);                                       // NOLINT(*-explicit-*)
  WindowPadding(const char* name) : WindowPadding(std::string_view(name)) {}  // NOLINT(*-explicit-*)

  [[nodiscard]] Kind kind() const noexcept { return kind_; }
  [[nodiscard]] const std::vector<Pair>& pairs() const noexcept { return pairs_; }
  /// Whether there must be one for each axis, also if there is only one.
  [[nodiscard]] bool for_each() const noexcept { return pairs_for_each_; }

  friend bool operator==(const WindowPadding&, const WindowPadding&) = default;

 private:
  std::vector<Pair> pairs_;
  Kind kind_ = Kind::Numbers;
  bool pairs_for_each_ = false;
};

/// How windows move: by how many places from one to the next, how far they may reach out, and the distance of
/// neighbours in a window. One number for all axes or one for each.
struct WindowOptions {
  OneOrMany stride = 1;
  WindowPadding padding = 0;
  OneOrMany dilation = 1;
};

/// All windows as columns: [n, c, X...] -> [n, c k, windows], where k counts the places of a window; places and windows
/// are in row-major order. What is out of the array is 0. There are 1, 2 or 3 axes X. As torch's unfold.
///
///     xg::unfold(images, {3, 3}, {.padding = 1});
///
/// \param window  its extents, or one number for all axes.
/// \throws ShapeError  unless x has 3, 4 or 5 axes and the options are numbers for all axes or for each; if a window is
///                     larger than the array with its padding.
/// \throws ValueError  for windows, strides or dilations below 1, negative paddings, and numbers above 2^30.
Var unfold(const Var& x, const OneOrMany& window, const WindowOptions& options = {});

/// The transpose of `unfold`: columns are put back where their windows were, and added up where these overlap.
/// [n, c k, windows] -> [n, c, extents...]. As torch's fold.
/// \param extents  of the result, or one number for all of them (then `window` says how many axes there are).
/// \throws ShapeError  unless there are as many columns as windows, and rows for whole windows; else as unfold.
Var fold(const Var& x, const OneOrMany& extents, const OneOrMany& window, const WindowOptions& options = {});

}  // namespace xgrad

#pragma GCC visibility pop
