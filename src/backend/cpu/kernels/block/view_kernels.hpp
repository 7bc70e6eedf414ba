// Elements of views for one instruction set; everything is a template over it, so that the linker cannot mix them up.
//
// The innermost axis is a line: elements side by side, one element again and again, or elements in any distance. Lines
// are short as often as not (a point has three coordinates), so that what is done for each of them must be little: how
// wide the registers are that copy a line is decided once for all.
#pragma once

#include <cstdint>
#include <cstring>

#include <xgrad/core/dtype.hpp>

#include "backend/cpu/kernels/simd/pack.hpp"
#include "block.hpp"

namespace xgrad::backend::cpu::kernels {

template <class Arch>
struct ViewCopies {
  template <class T>
  struct Lines {
    T* out;
    const T* from;
    std::size_t count;
    std::size_t length;
    std::ptrdiff_t step;  ///< from line to line
  };

  /// Elements of a line are moved in so many registers of `size` bytes each, the last of which may reach back over some
  /// that have been moved; 0: as many as it takes.
  template <bool fills, std::size_t size, std::size_t registers, class T>
  [[gnu::always_inline]] static void move_lines(const Lines<T>& lines) {
    const std::size_t bytes = lines.length * sizeof(T);
    const std::ptrdiff_t step = lines.step * static_cast<std::ptrdiff_t>(sizeof(T));
    const auto* from = reinterpret_cast<const std::byte*>(lines.from);
    auto* to = reinterpret_cast<std::byte*>(lines.out);
    for (std::size_t k = 0; k < lines.count; ++k, from += step, to += bytes) {
      T element;
      std::memcpy(&element, from, sizeof element);
      using Elements [[gnu::vector_size(size)]] = T;
      const Elements elements = element - Elements{};
      const auto move = [&](std::size_t at) __attribute__((always_inline)) {
        Elements moved = elements;
        if constexpr (!fills) std::memcpy(&moved, from + at, size);
        std::memcpy(to + at, &moved, size);
      };
      if constexpr (registers == 0) {
        for (std::size_t at = 0; at + size < bytes; at += size) move(at);
      } else {
#pragma GCC unroll 4
        for (std::size_t r = 0; r + 1 < registers; ++r) move(r * size);
      }
      move(bytes - size);
    }
  }

  /// In the widest registers that a line fills.
  template <bool fills, class T>
  [[gnu::always_inline]] static void move_lines(const Lines<T>& lines) {
    const std::size_t bytes = lines.length * sizeof(T);
    if (bytes > 128) return move_lines<fills, 32, 0>(lines);
    if (bytes > 96) return move_lines<fills, 32, 4>(lines);
    if (bytes > 64) return move_lines<fills, 32, 3>(lines);
    if (bytes > 32) return move_lines<fills, 32, 2>(lines);
    if (bytes > 16) return move_lines<fills, 16, 2>(lines);
    if (bytes == 16) return move_lines<fills, 16, 1>(lines);
    if constexpr (sizeof(T) < 8) {
      if (bytes > 8) return move_lines<fills, 8, 2>(lines);
      if (bytes == 8) return move_lines<fills, 8, 1>(lines);
    }
    if constexpr (sizeof(T) == 1) {
      if (bytes > 4) return move_lines<fills, 4, 2>(lines);
      if (bytes > 1) return move_lines<fills, 2, 0>(lines);
    }
    for (std::size_t k = 0; k < lines.count; ++k)
      lines.out[k] = lines.from[static_cast<std::ptrdiff_t>(k) * lines.step];
  }

  template <class T>
  [[gnu::always_inline]] static void lines_of(const Lines<T>& lines, std::ptrdiff_t step) {
    if (step == 1 || lines.length == 1) return move_lines<false>(lines);
    if (step == 0) return move_lines<true>(lines);
    for (std::size_t k = 0; k < lines.count; ++k) {
      const T* from = lines.from + static_cast<std::ptrdiff_t>(k) * lines.step;
      T* to = lines.out + k * lines.length;
      for (std::size_t i = 0; i < lines.length; ++i) to[i] = from[static_cast<std::ptrdiff_t>(i) * step];
    }
  }

  [[gnu::always_inline]] static std::size_t smaller(std::size_t a, std::size_t b) { return a < b ? a : b; }

  /// Elements of some inner axes, which are all taken before the next axis moves.
  static constexpr std::size_t most_in_unit = 32;
  struct Unit {
    std::size_t axis;  ///< the first of these axes
    std::size_t size;
    std::ptrdiff_t offsets[most_in_unit];  ///< of each element from the first
  };

  /// Inner axes of few elements, the last of which is no line that is moved in one piece or two.
  static Unit unit_of(const ViewTask& task) {
    Unit unit{task.rank, 1, {0}};
    while (unit.axis > 1 && unit.size * task.extents[unit.axis - 1] <= most_in_unit) {
      unit.size *= task.extents[--unit.axis];
    }
    const std::size_t axes = task.rank - unit.axis;
    constexpr std::size_t longest_line = 8;
    if (axes == 0 || task.extents[task.rank - 1] > longest_line) return {task.rank, 1, {0}};
    const std::ptrdiff_t step = task.steps[task.rank - 1];
    if (axes == 1 && (step == 0 || step == 1)) return {task.rank, 1, {0}};
    std::size_t known = 1;
    for (std::size_t i = task.rank; i-- > unit.axis;) {
      for (std::size_t k = known; k < known * task.extents[i]; ++k) {
        unit.offsets[k] = unit.offsets[k - known] + task.steps[i];
      }
      known *= task.extents[i];
    }
    return unit;
  }

  /// So many units at equal distances; \tparam size  of a unit, if it is not 0.
  template <std::size_t size, class T>
  [[gnu::always_inline]] static void move_units(const Unit& unit, T* out, const T* from, std::ptrdiff_t step,
                                                std::size_t count) {
    const std::size_t elements = size != 0 ? size : unit.size;
    std::ptrdiff_t offsets[most_in_unit];
    for (std::size_t i = 0; i < elements; ++i) offsets[i] = unit.offsets[i];
    for (std::size_t k = 0; k < count; ++k, out += elements, from += step) {
      if constexpr (size != 0) {
#pragma GCC unroll 9
        for (std::size_t i = 0; i < size; ++i) out[i] = from[offsets[i]];
      } else {
#pragma GCC unroll 1
        for (std::size_t i = 0; i < elements; ++i) out[i] = from[offsets[i]];
      }
    }
  }

  /// Whole units.
  template <class T>
  [[gnu::flatten]] static void view_of_units(const ViewTask& task, const Unit& unit) {
    const std::size_t along = unit.axis - 1;
    std::size_t index[most_axes_of_view];
    const T* from = static_cast<const T*>(task.in);
    std::size_t flat = task.first / unit.size;
    for (std::size_t i = unit.axis; i-- > 0; flat /= task.extents[i]) {
      index[i] = flat % task.extents[i];
      from += static_cast<std::ptrdiff_t>(index[i]) * task.steps[i];
    }
    T* out = static_cast<T*>(task.out);
    const std::ptrdiff_t step = task.steps[along];
    for (std::size_t left = task.count / unit.size; left != 0;) {
      const std::size_t count = smaller(left, task.extents[along] - index[along]);
      if (unit.size == 4) move_units<4>(unit, out, from, step, count);
      else if (unit.size == 6) move_units<6>(unit, out, from, step, count);
      else if (unit.size == 9) move_units<9>(unit, out, from, step, count);
      else move_units<0>(unit, out, from, step, count);
      out += count * unit.size;
      left -= count;
      from += static_cast<std::ptrdiff_t>(count) * step;
      index[along] += count;
      for (std::size_t axis = along; index[axis] == task.extents[axis] && axis > 0; --axis) {
        from += task.steps[axis - 1] - static_cast<std::ptrdiff_t>(task.extents[axis]) * task.steps[axis];
        index[axis] = 0;
        ++index[axis - 1];
      }
    }
  }

  template <class T>
  static void view(const ViewTask& task) {
    const Unit unit = unit_of(task);
    const std::size_t begun = task.first % unit.size;
    const std::size_t head = begun == 0 ? 0 : unit.size - begun;
    if (unit.size == 1 || task.count < head + unit.size) return view_of_lines<T>(task);
    const std::size_t whole = (task.count - head) / unit.size * unit.size;
    const auto part = [&](std::size_t first, std::size_t count) {
      ViewTask result = task;
      result.out = static_cast<T*>(task.out) + first;
      result.first = task.first + first;
      result.count = count;
      return result;
    };
    if (head != 0) view_of_lines<T>(part(0, head));
    view_of_units<T>(part(head, whole), unit);
    if (head + whole != task.count) view_of_lines<T>(part(head + whole, task.count - head - whole));
  }

  template <class T>
  [[gnu::flatten]] static void view_of_lines(const ViewTask& task) {
    const std::size_t inner = task.rank - 1;
    const std::size_t length = task.extents[inner];
    const std::ptrdiff_t step = task.steps[inner];
    std::size_t index[most_axes_of_view];
    const T* from = static_cast<const T*>(task.in);
    std::size_t flat = task.first;
    for (std::size_t i = task.rank; i-- > 0; flat /= task.extents[i]) {
      index[i] = flat % task.extents[i];
      from += static_cast<std::ptrdiff_t>(index[i]) * task.steps[i];
    }
    T* out = static_cast<T*>(task.out);
    for (std::size_t left = task.count; left != 0;) {
      // The rest of a line, or whole lines up to the end of the next axis.
      Lines<T> lines{out, from, 1, smaller(left, length - index[inner]), 0};
      std::size_t axis = inner;
      if (lines.length == length && inner != 0) {
        axis = inner - 1;
        lines.count = task.extents[axis] - index[axis];
        if (lines.count * length > left) lines.count = left / length;  // a division takes as long as a line
        lines.step = task.steps[axis];
      }
      lines_of<T>(lines, step);
      const std::size_t moved = axis == inner ? lines.length : lines.count;
      out += lines.count * lines.length;
      left -= lines.count * lines.length;
      from += static_cast<std::ptrdiff_t>(moved) * task.steps[axis];
      index[axis] += moved;
      for (; index[axis] == task.extents[axis] && axis > 0; --axis) {
        from += task.steps[axis - 1] - static_cast<std::ptrdiff_t>(task.extents[axis]) * task.steps[axis];
        index[axis] = 0;
        ++index[axis - 1];
      }
    }
  }

  /// out[row, column] = a[row], or a[column].
  template <class T, bool of_rows>
  [[gnu::flatten]] static void repeat(const Frame& frame, std::byte* const* slots, const Instruction& i) {
    Lines<T> lines{reinterpret_cast<T*>(slots[i.out]), reinterpret_cast<const T*>(slots[i.a]), 0, frame.columns, 0};
    if (frame.count == 0) return;
    lines.count = frame.count / frame.columns;
    lines.step = of_rows ? 1 : 0;
    lines_of<T>(lines, of_rows ? 0 : 1);
  }

  static void add_to(BlockTable& table) {
    const auto add = [&]<class T>(T, DType dtype) {
      table.expand[static_cast<std::size_t>(dtype)] = repeat<T, true>;
      table.tile[static_cast<std::size_t>(dtype)] = repeat<T, false>;
    };
    add(std::uint8_t{}, DType::Bool);
    add(std::uint64_t{}, DType::Int64);
    add(std::uint32_t{}, DType::Float32);
    add(std::uint64_t{}, DType::Float64);
    table.view = {view<std::uint8_t>, view<std::uint32_t>, view<std::uint64_t>};
  }
};

}  // namespace xgrad::backend::cpu::kernels
