// Rows whose elements come from columns: transposition, and joining of narrow arrays.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <utility>

namespace xgrad::backend::cpu::kernels {

/// Where an element of all rows is read: in the first row, and how far from there it is in the next.
template <class T>
struct Column {
  const T* from;
  std::ptrdiff_t step;
};

/// Sides of a square whose rows and columns are lines of the cache, if elements have eight bytes: each line is read
/// once and written once, wherever in the cache they fall.
inline constexpr std::size_t square_side = 8;

/// Eight rows of a few columns whose elements are side by side.
template <std::size_t count, class T>
void turn_square(T* to, std::ptrdiff_t to_step, const Column<T>* columns, std::size_t row) {
  std::array<std::array<T, square_side>, count> square;  // NOLINT(*-member-init): written next
  for (std::size_t c = 0; c < count; ++c) {
    for (std::size_t r = 0; r < square_side; ++r) square[c][r] = columns[c].from[row + r];
  }
  for (std::size_t r = 0; r < square_side; ++r) {
    T* line = to + static_cast<std::ptrdiff_t>(row + r) * to_step;
    for (std::size_t c = 0; c < count; ++c) line[c] = square[c][r];
  }
}

template <class T>
void turn_squares(T* to, std::ptrdiff_t to_step, const Column<T>* columns, std::size_t count, std::size_t first,
                  std::size_t last) {
  const auto all_rows = [&]<std::size_t width>(std::index_sequence<width>) {
    for (std::size_t row = first; row < last; row += square_side) turn_square<width>(to, to_step, columns, row);
  };
  const auto choose = [&]<std::size_t... i>(std::index_sequence<i...>) {
    ((count == i + 1 ? all_rows(std::index_sequence<i + 1>()) : void()), ...);
  };
  choose(std::make_index_sequence<square_side>());
}

/// to[row, i] = columns[i] of the row, for all of `rows`; elements of a row are side by side.
template <class T>
void write_rows(T* to, std::ptrdiff_t to_step, std::size_t rows, std::span<const Column<T>> columns) {
  constexpr std::size_t at_once = 2048;  // elements: sixteen kilobytes, half of a first-level cache
  const std::size_t most = std::clamp(at_once / columns.size() / square_side, std::size_t{1}, std::size_t{8}) * 8;
  for (std::size_t first = 0; first < rows; first += most) {
    const std::size_t last = std::min(rows, first + most);
    const std::size_t squares_end = first + (last - first) / square_side * square_side;
    for (std::size_t i = 0; i < columns.size(); i += square_side) {
      const std::span<const Column<T>> group = columns.subspan(i, std::min(square_side, columns.size() - i));
      const bool side_by_side = std::ranges::all_of(group, [](const Column<T>& each) { return each.step == 1; });
      const std::size_t begin = side_by_side ? squares_end : first;
      turn_squares(to + i, to_step, group.data(), group.size(), first, begin);
      for (std::size_t k = 0; k < group.size(); ++k) {
        for (std::size_t row = begin; row < last; ++row) {
          const auto at = static_cast<std::ptrdiff_t>(row);
          to[at * to_step + static_cast<std::ptrdiff_t>(i + k)] = group[k].from[at * group[k].step];
        }
      }
    }
  }
}

}  // namespace xgrad::backend::cpu::kernels
