// Kernels that move elements: copies, casts, concatenation, embedding.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

#include <xgrad/core/errors.hpp>

#include "axis_lines.hpp"
#include "kernels.hpp"
#include "loops.hpp"

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

template <class To, class From>
void convert_all(const Operand& target, const Operand& source) {
  const Walk<2> walk(*target.shape, {&target.strides, &source.strides});
  const auto [to_step, from_step] = walk.run_stride();
  const auto n = static_cast<std::ptrdiff_t>(walk.run_length());
  walk.for_each_run([&, to_step = to_step, from_step = from_step](const std::array<std::ptrdiff_t, 2>& offset) {
    To* to = target.as<To>() + offset[0];
    const From* from = source.as<From>() + offset[1];
    if (to_step == 1 && from_step == 1) {
      for (std::ptrdiff_t i = 0; i < n; ++i) to[i] = convert<To, From>(from[i]);
    } else {
      for (std::ptrdiff_t i = 0; i < n; ++i) to[i * to_step] = convert<To, From>(from[i * from_step]);
    }
  });
}

}  // namespace

void copy(const Operand& target, const Operand& source) {
  dispatch(target.dtype, [&]<class T>() { convert_all<T, T>(target, source); });
}

void cast(const KernelCall& call) {
  dispatch(call.output().dtype, [&]<class To>() {
    dispatch(call.inputs[0].dtype, [&]<class From>() { convert_all<To, From>(call.output(), call.inputs[0]); });
  });
}

void concatenate(const KernelCall& call) {
  const auto axis = static_cast<std::size_t>(call.attributes[0]);
  Operand part = call.output();
  for (const Operand& input : call.inputs) {
    part.shape = input.shape;
    copy(part, input);
    part.data += static_cast<std::ptrdiff_t>((*input.shape)[axis] * size_of(part.dtype)) * part.strides[axis];
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
  const AxisLines lines(*call.output().shape, axis_of(call));
  const std::size_t line = lines.extent * lines.inner * size_of(call.output().dtype);
  if (line == 0) return;
  const std::size_t moved = line / lines.extent * static_cast<std::size_t>(call.attributes[1]);
  for (std::size_t at = 0; at < lines.outer * line; at += line) {
    std::memcpy(call.output().data + at + moved, call.inputs[0].data + at, line - moved);
    std::memcpy(call.output().data + at, call.inputs[0].data + at + line - moved, moved);
  }
}

}  // namespace xgrad::backend::cpu::kernels
