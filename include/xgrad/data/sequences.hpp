// Datasets of sequences: windows of a long one, and many of different lengths.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <utility>
#include <vector>

#include <xgrad/data/batches.hpp>
#include <xgrad/data/dataset.hpp>
#include <xgrad/tree/fields.hpp>
#include <xgrad/tree/tree.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::data {

struct SlidingOptions {
  std::size_t length = 1;    ///< rows of a window
  std::size_t stride = 1;    ///< from the beginning of a window to that of the next
  std::size_t dilation = 1;  ///< from row to row of a window
};

namespace detail {

/// \throws ValueError  for options below 1, and if no window fits.
std::size_t count_windows(std::size_t rows, const SlidingOptions& options);
/// Which rows of the series each window has, [windows * length].
Var rows_of_windows(std::size_t count, const Var& which, const SlidingOptions& options);
/// [windows * length, ...] -> [windows, length, ...].
Var cut_into_windows(const Var& x, std::size_t length);

}  // namespace detail

/// The windows of a series; see sliding_windows(). It is a dataset itself.
template <Dataset D>
class SlidingWindows {
 public:
  SlidingWindows(D series, const SlidingOptions& options)
      : series_(std::move(series)), options_(options), count_(detail::count_windows(data::length(series_), options)) {}

  [[nodiscard]] std::size_t length() const noexcept { return count_; }
  [[nodiscard]] RowsOf<D> rows(const Var& which) const {
    RowsOf<D> result = data::rows(series_, detail::rows_of_windows(count_, which, options_));
    tree::for_each_array(result, [&](Var& x) { x = detail::cut_into_windows(x, options_.length); });
    return result;
  }

 private:
  D series_;
  SlidingOptions options_;
  std::size_t count_;
};

/// A dataset whose rows are windows of the rows of another one: [windows, length, ...] of each array [rows, ...].
/// Windows are made when they are asked for, so that a long series is not there many times.
///
///     auto windows = xg::data::sliding_windows(temperatures, {.length = 31});
///     for (const xg::Var& batch : xg::data::batches(windows, {.shuffle = key})) {
///       const xg::Var before = view(batch, xt::all(), xt::range(0, 30)), next = view(batch, xt::all(), 30);
///     }
///
/// \throws ValueError  for options below 1, and if the series is shorter than a window.
template <Dataset D>
[[nodiscard]] SlidingWindows<D> sliding_windows(D series, const SlidingOptions& options) {
  return SlidingWindows<D>(std::move(series), options);
}

/// Sequences side by side: what is behind the end of one is 0.
struct PaddedSequences {
  Var values;   ///< [n, longest, ...]
  Var lengths;  ///< [n], int64
  /// Where there is a sequence: [n, longest], bool.
  [[nodiscard]] Var mask() const;
};
XGRAD_FIELDS(PaddedSequences, values, state(lengths))

/// Sequences of different lengths, one behind the other. It is a dataset, whose rows are padded to the longest of them,
/// or to the least bound that holds it: then batches have as many shapes as there are bounds, and compiled functions as
/// many recordings.
///
///     const xg::data::Sequences texts(list, {16, 32, 64});
///     auto each = xg::data::batches(std::tuple(texts, labels), {.buckets = texts.buckets()});
class Sequences {
 public:
  /// \param list    [length, ...] each, of one element type.
  /// \param bounds  rising; none: rows are padded to the longest of them.
  /// \throws ValueError  without sequences; for bounds that do not rise, or are below the longest sequence.
  /// \throws ShapeError  for a number, and unless all axes but the first are alike.
  /// \throws TypeError   for different element types.
  explicit Sequences(std::span<const Var> list, std::vector<std::size_t> bounds = {});
  Sequences(std::initializer_list<Var> list, std::vector<std::size_t> bounds = {})
      : Sequences(std::span(list.begin(), list.size()), std::move(bounds)) {}

  [[nodiscard]] std::size_t length() const noexcept { return begins_.size() - 1; }
  /// \throws ValueError  for a sequence that is not there.
  [[nodiscard]] PaddedSequences rows(const Var& which) const;
  /// [n], int64.
  [[nodiscard]] const Var& lengths() const noexcept { return lengths_; }
  /// For batches of sequences that are padded alike.
  /// \throws ValueError  if there are no bounds.
  [[nodiscard]] Buckets buckets() const;

 private:
  Var values_;  ///< [sum of the lengths, ...]
  Var lengths_;
  std::vector<std::int64_t> begins_;  ///< of each sequence, and the end of the last one
  std::vector<std::size_t> bounds_;
};

}  // namespace xgrad::data

#pragma GCC visibility pop
