// Kernels that know the loop in which they run: they read views, and add lines up.
#include <algorithm>
#include <array>

#include "schedule.hpp"

namespace xgrad::backend::cpu {

using kernels::Frame;

void gather_block(const Frame& frame, std::byte* const* slots, const kernels::Instruction& instruction) {
  static_assert(kernels::most_axes_of_view == max_dimension);
  const Gathered& source = loop_of(frame).gathered[instruction.a];
  const std::size_t first = frame.first_row * source.columns + (source.columns == 1 ? 0 : frame.first_column);
  kernels::block_table().view.of(source.element)({slots[source.slot], slots[instruction.out], first, frame.count,
                                                  source.shape.size(), source.shape.data(), source.strides.data()});
}

namespace {

/// Takes one row of a block, or a part of it, into its line.
void reduce_lines(const ReducedLines& lines, const Frame& frame, std::byte* total, const std::byte* x) {
  const auto kernel =
      kernels::block_table()
          .reduce_columns[static_cast<std::size_t>(lines.reduction)][static_cast<std::size_t>(lines.dtype)];
  for (std::size_t done = 0; done < frame.columns;) {
    const std::size_t at = (frame.first_column + done) % lines.length;
    const std::size_t left = frame.columns - done;
    Frame part = frame;
    part.columns = std::min(left, lines.length - at);
    part.count = at == 0 && left >= lines.length ? left / lines.length * lines.length : part.columns;
    const std::array slots{total + at * size_of(lines.wide), const_cast<std::byte*>(x) + done * size_of(lines.dtype)};
    kernel(part, slots.data(), {nullptr, 0, 1, 0, 0});
    done += part.count;
  }
}

}  // namespace

void lines_block(const Frame& frame, std::byte* const* slots, const kernels::Instruction& instruction) {
  const Loop& loop = loop_of(frame);
  const ReducedLines& lines = loop.lines[instruction.c];
  const auto kernel_of = [&](const auto& table, DType dtype) {
    return table[static_cast<std::size_t>(lines.reduction)][static_cast<std::size_t>(dtype)];
  };
  const bool begins = frame.first_column == 0;
  const bool ends = frame.first_column + frame.columns == loop.columns;
  const bool apart = instruction.b != no_slot;
  Frame of_line = frame;
  of_line.count = lines.length;
  for (std::size_t row = 0; row * frame.columns < frame.count; ++row) {
    std::byte* out = slots[instruction.out] + row * lines.length * size_of(lines.dtype);
    std::byte* total = apart ? slots[instruction.b] + row * lines.length * size_of(lines.wide) : out;
    const std::array both{out, total};
    if (begins) kernel_of(kernels::block_table().start, lines.dtype)(of_line, &total, {nullptr, 0, 0, 0, 0});
    reduce_lines(lines, frame, total, slots[instruction.a] + row * frame.columns * size_of(lines.dtype));
    if (ends && apart)
      kernel_of(kernels::block_table().complete, lines.dtype)(of_line, both.data(), {nullptr, 0, 1, 0, 0});
  }
}

}  // namespace xgrad::backend::cpu
