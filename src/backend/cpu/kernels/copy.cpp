// Kernels that move elements: copies, casts, concatenation, embedding.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>

#include <xgrad/core/errors.hpp>

#include "axis_lines.hpp"
#include "columns.hpp"
#include "in_parts.hpp"
#include "kernels.hpp"
#include "loops.hpp"
#include "moves.hpp"

namespace xgrad::backend::cpu::kernels {

namespace {

template <class To, class From>
To convert(From value) {
  if constexpr (std::is_same_v<To, bool>) {
    return value != From(0);
  } else if constexpr (std::is_floating_point_v<From> && std::is_same_v<To, std::int64_t>) {
    constexpr From limit = 9223372036854775808.0;  // 2^63
    if (!(value >= -limit && value < limit)) {
      throw ValueError("cast: " + std::to_string(value) + " does not fit int64");
    }
    return static_cast<To>(value);
  } else {
    return static_cast<To>(value);
  }
}

/// Calls f(target, source, walk) for parts of what is to be walked over, perhaps on several threads.
template <class To, class From, class F>
void cut(const Operand& target, const Operand& source, F&& f) {
  const Walk<2> walk(*target.shape, {&target.strides, &source.strides});
  const auto longest = static_cast<std::size_t>(
      std::max_element(walk.extent.begin(), walk.extent.begin() + static_cast<std::ptrdiff_t>(walk.rank)) -
      walk.extent.begin());
  const std::size_t extent = walk.extent[longest];
  const std::size_t size = size_of(*target.shape);
  if (size == 0) return;
  in_parts(extent, size / extent, [&](std::size_t first, std::size_t last) {
    Walk<2> part = walk;
    part.extent[longest] = last - first;
    const auto start = static_cast<std::ptrdiff_t>(first);
    f(target.as<To>() + start * walk.stride[longest][0], source.as<From>() + start * walk.stride[longest][1], part);
  });
}

template <class To, class From>
void convert_part(To* target, const From* source, const Walk<2>& walk) {
  const auto [to_step, from_step] = walk.run_stride();
  const auto n = static_cast<std::ptrdiff_t>(walk.run_length());
  walk.for_each_run([&, to_step = to_step, from_step = from_step](const std::array<std::ptrdiff_t, 2>& offset) {
    To* to = target + offset[0];
    const From* from = source + offset[1];
    if (to_step == 1 && from_step == 1) {
      for (std::ptrdiff_t i = 0; i < n; ++i) to[i] = convert<To, From>(from[i]);
    } else {
      for (std::ptrdiff_t i = 0; i < n; ++i) to[i * to_step] = convert<To, From>(from[i * from_step]);
    }
  });
}

/// The axis along which rows of the innermost one are put together out of columns: another along which the source is
/// denser, or, where runs are short, the next. None: the rank.
std::size_t axis_of_rows(const Walk<2>& walk) {
  constexpr std::size_t short_run = 16;
  const std::size_t innermost = walk.rank - 1;
  if (walk.rank < 2 || walk.stride[innermost][0] != 1) return walk.rank;
  std::size_t best = walk.extent[innermost] < short_run ? innermost - 1 : innermost;
  for (std::size_t axis = 0; axis < innermost; ++axis) {
    if (walk.extent[axis] < square_side) continue;
    if (std::abs(walk.stride[axis][1]) < std::abs(walk.stride[best][1])) best = axis;
  }
  return best == innermost ? walk.rank : best;
}

/// Of a row: more would only need more memory.
constexpr std::size_t most_columns = 512;

template <class T>
void copy_columns(T* target, const T* source, const Walk<2>& walk, std::size_t axis) {
  const std::size_t innermost = walk.rank - 1;
  const auto [to_step, from_step] = walk.stride[axis];
  const std::ptrdiff_t apart = walk.run_stride()[1];
  std::array<Column<T>, most_columns> columns;  // NOLINT(*-member-init): written before they are read
  Walk<2> outer = walk;
  outer.extent[axis] = 1;
  outer.for_each_run([&, to_step = to_step, from_step = from_step](const std::array<std::ptrdiff_t, 2>& offset) {
    constexpr std::size_t at_once = 64;
    for (std::size_t first = 0; first < walk.extent[innermost]; first += at_once) {
      const std::size_t count = std::min(at_once, walk.extent[innermost] - first);
      const T* from = source + offset[1] + static_cast<std::ptrdiff_t>(first) * apart;
      for (std::size_t i = 0; i < count; ++i, from += apart) columns[i] = {from, from_step};
      write_rows<T>(target + offset[0] + first, to_step, walk.extent[axis], std::span(columns).first(count));
    }
  });
}

template <class T>
void copy_part(T* target, const T* source, const Walk<2>& walk) {
  const std::size_t axis = axis_of_rows(walk);
  if (axis < walk.rank) copy_columns(target, source, walk, axis);
  else convert_part(target, source, walk);
}

/// The columns of an input whose leading axes are one axis of rows; where they are none, nothing.
template <class T>
bool add_columns(const Operand& input, std::size_t axis, std::span<Column<T>> columns) {
  const Shape& shape = *input.shape;
  std::ptrdiff_t step = 0;
  std::size_t rows = 1;
  for (std::size_t i = axis; i-- > 0;) {
    if (shape[i] == 1) continue;
    if (rows == 1) step = input.strides[i];
    else if (input.strides[i] != step * static_cast<std::ptrdiff_t>(rows)) return false;
    rows *= shape[i];
  }
  for (std::size_t c = 0; c < columns.size(); ++c) {
    std::ptrdiff_t offset = 0;
    std::size_t rest = c;
    for (std::size_t i = shape.size(); i-- > axis; rest /= shape[i]) {
      offset += static_cast<std::ptrdiff_t>(rest % shape[i]) * input.strides[i];
    }
    columns[c] = {input.as<T>() + offset, step};
  }
  return true;
}

/// Joins narrow arrays row by row: each row of the result is written once as a whole.
template <class T>
bool join_columns(const KernelCall& call, const AxisLines& lines, std::size_t axis) {
  const std::size_t width = lines.extent * lines.inner;
  if (width > most_columns || lines.outer < square_side) return false;
  std::array<Column<T>, most_columns> columns;  // NOLINT(*-member-init): written before they are read
  std::size_t at = 0;
  for (const Operand& input : call.inputs) {
    const std::size_t count = (*input.shape)[axis] * lines.inner;
    if (!add_columns(input, axis, std::span(columns).subspan(at, count))) return false;
    at += count;
  }
  in_parts(lines.outer, width, [&](std::size_t first, std::size_t last) {
    std::array<Column<T>, most_columns> part;  // NOLINT(*-member-init): written next
    for (std::size_t i = 0; i < width; ++i) {
      part[i] = {columns[i].from + static_cast<std::ptrdiff_t>(first) * columns[i].step, columns[i].step};
    }
    write_rows<T>(call.output().as<T>() + first * width, static_cast<std::ptrdiff_t>(width), last - first,
                  std::span(part).first(width));
  });
  return true;
}

/// What is left of an array from an index along an axis on, as long as another.
Operand part_of(const Operand& whole, std::size_t axis, std::ptrdiff_t first, const Shape& shape) {
  Operand part = whole;
  part.shape = &shape;
  part.data += first * part.strides[axis] * static_cast<std::ptrdiff_t>(size_of(part.dtype));
  return part;
}

}  // namespace

void copy(const Operand& target, const Operand& source) {
  dispatch_bytes(target.dtype, [&]<class T>(T) { cut<T, T>(target, source, copy_part<T>); });
}

void cast(const KernelCall& call) {
  dispatch(call.output().dtype, [&]<class To>() {
    dispatch(call.inputs[0].dtype, [&]<class From>() {
      const Operand& target = call.output();
      const Operand& source = call.inputs[0];
      constexpr bool may_fail = std::is_floating_point_v<From> && std::is_same_v<To, std::int64_t>;
      // By one thread, so that the error is about the first number that does not fit.
      if constexpr (may_fail) {
        convert_part(target.as<To>(), source.as<From>(), Walk<2>(*target.shape, {&target.strides, &source.strides}));
      } else {
        cut<To, From>(target, source, convert_part<To, From>);
      }
    });
  });
}

void concatenate(const KernelCall& call) {
  const std::size_t axis = axis_of(call);
  const AxisLines lines(*call.output().shape, axis);
  bool joined = size_of(*call.output().shape) == 0;
  if (!joined) dispatch_bytes(call.output().dtype, [&]<class T>(T) { joined = join_columns<T>(call, lines, axis); });
  if (joined) return;
  std::ptrdiff_t first = 0;
  for (const Operand& input : call.inputs) {
    copy(part_of(call.output(), axis, first, *input.shape), input);
    first += static_cast<std::ptrdiff_t>((*input.shape)[axis]);
  }
}

void embed(const KernelCall& call) {
  const auto element = static_cast<std::ptrdiff_t>(size_of(call.output().dtype));
  std::memset(call.output().data, 0, size_of(*call.output().shape) * static_cast<std::size_t>(element));
  Operand part = call.output();
  part.shape = call.inputs[0].shape;
  for (std::size_t i = 0; i < part.strides.size(); ++i) {
    part.data += call.attributes[2 * i] * part.strides[i] * element;
    part.strides[i] *= call.attributes[2 * i + 1];
  }
  copy(part, call.inputs[0]);
}

void roll(const KernelCall& call) {
  const std::size_t axis = axis_of(call);
  const auto moved = static_cast<std::size_t>(call.attributes[1]);
  Shape last = *call.output().shape;  // what comes to the front
  Shape first = last;
  if (last[axis] == 0) return;
  last[axis] = moved;
  first[axis] -= moved;
  const auto front = static_cast<std::ptrdiff_t>(moved);
  copy(part_of(call.output(), axis, front, first), part_of(call.inputs[0], axis, 0, first));
  copy(part_of(call.output(), axis, 0, last),
       part_of(call.inputs[0], axis, static_cast<std::ptrdiff_t>(first[axis]), last));
}

}  // namespace xgrad::backend::cpu::kernels
