// Rows whose elements come from columns: transposition, and joining of narrow arrays.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>

#include "moves.hpp"

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

/// Two elements of two columns.
inline void turn_pair(const std::uint64_t* first, const std::uint64_t* second, std::uint64_t* to, std::uint64_t* next) {
  using Two [[gnu::vector_size(16)]] = std::uint64_t;
  Two a;
  Two b;
  std::memcpy(&a, first, sizeof a);
  std::memcpy(&b, second, sizeof b);
  const Two row = __builtin_shufflevector(a, b, 0, 2);
  const Two row_below = __builtin_shufflevector(a, b, 1, 3);
  std::memcpy(to, &row, sizeof row);
  std::memcpy(next, &row_below, sizeof row_below);
}

/// Eight rows of a few columns whose elements are side by side.
template <std::size_t count, class T>
void turn_square(T* to, std::ptrdiff_t to_step, const Column<T>* columns, std::size_t row) {
  constexpr std::size_t paired = sizeof(T) == 8 ? count / 2 * 2 : 0;
  T* line = to + static_cast<std::ptrdiff_t>(row) * to_step;
  for (std::size_t r = row; r < row + square_side; r += 2, line += 2 * to_step) {
    if constexpr (paired > 0) {
      for (std::size_t c = 0; c < paired; c += 2) {
        turn_pair(columns[c].from + r, columns[c + 1].from + r, line + c, line + to_step + c);
      }
    }
    for (std::size_t c = paired; c < count; ++c) {
      line[c] = columns[c].from[r];
      line[to_step + static_cast<std::ptrdiff_t>(c)] = columns[c].from[r + 1];
    }
  }
}

template <class T>
void turn_squares(T* to, std::ptrdiff_t to_step, const Column<T>* columns, std::size_t count, std::size_t first,
                  std::size_t last) {
  const auto all_rows = [&]<std::size_t width>(std::index_sequence<width>) {
    std::array<Column<T>, width> own;  // NOLINT(*-member-init): written next. Nobody else writes there
    std::copy_n(columns, width, own.begin());
    for (std::size_t row = first; row < last; row += square_side) turn_square<width>(to, to_step, own.data(), row);
  };
  const auto choose = [&]<std::size_t... i>(std::index_sequence<i...>) {
    ((count == i + 1 ? all_rows(std::index_sequence<i + 1>()) : void()), ...);
  };
  choose(std::make_index_sequence<square_side>());
}

/// How many columns from the first on are the elements of one line.
template <class T>
std::size_t length_of_line(std::span<const Column<T>> columns) {
  std::size_t length = 1;
  while (length < columns.size() && columns[length].from == columns[0].from + length &&
         columns[length].step == columns[0].step) {
    ++length;
  }
  return length;
}

/// How many columns from the first on have their elements side by side, up to those of a square.
template <class T>
std::size_t length_of_square(std::span<const Column<T>> columns) {
  const auto end = columns.begin() + static_cast<std::ptrdiff_t>(std::min(square_side, columns.size()));
  const auto last = std::find_if(columns.begin(), end, [](const Column<T>& each) { return each.step != 1; });
  return static_cast<std::size_t>(last - columns.begin());
}

/// Pieces of lines.
template <class T>
void copy_lines(T* to, std::ptrdiff_t to_step, Column<T> column, std::size_t length, std::size_t first,
                std::size_t last) {
  with_length(length, [=](auto count) {
    for (auto row = static_cast<std::ptrdiff_t>(first); row < static_cast<std::ptrdiff_t>(last); ++row) {
      std::memcpy(to + row * to_step, column.from + row * column.step, count * sizeof(T));
    }
  });
}

/// to[row, i] = columns[i] of the row, for all of `rows`; elements of a row are side by side.
template <class T>
void write_rows(T* to, std::ptrdiff_t to_step, std::size_t rows, std::span<const Column<T>> columns) {
  constexpr std::size_t at_once = 2048;  // elements: sixteen kilobytes, half of a first-level cache
  const std::size_t most = std::clamp(at_once / columns.size() / square_side, std::size_t{1}, std::size_t{8}) * 8;
  for (std::size_t first = 0; first < rows; first += most) {
    const std::size_t last = std::min(rows, first + most);
    const std::size_t squares_end = first + (last - first) / square_side * square_side;
    for (std::size_t i = 0; i < columns.size();) {
      const std::span<const Column<T>> rest = columns.subspan(i);
      const std::size_t in_square = length_of_square(rest);
      if (in_square > 0) {
        turn_squares(to + i, to_step, rest.data(), in_square, first, squares_end);
        for (std::size_t k = i; k < i + in_square; ++k) copy_lines(to + k, to_step, columns[k], 1, squares_end, last);
        i += in_square;
      } else {
        const std::size_t length = length_of_line(rest);
        copy_lines(to + i, to_step, rest[0], length, first, last);
        i += length;
      }
    }
  }
}

}  // namespace xgrad::backend::cpu::kernels
