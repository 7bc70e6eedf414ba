#include "straight_moves.hpp"

namespace xgrad::backend::cpu {
namespace {

void move_piece(StraightValues& values, const ArrayAt& to, std::ptrdiff_t target, const ArrayAt& from,
                std::ptrdiff_t source, std::size_t count, std::size_t element) {
  const auto size = static_cast<std::ptrdiff_t>(element);
  const std::ptrdiff_t read_at = from.offset + source * size;
  const std::ptrdiff_t write_at = to.offset + target * size;
  const bool scratch = to.place == no_place;
  kernels::StraightMemory memory =
      scratch ? kernels::StraightMemory{.base = kernels::StraightMemory::Base::Scratch, .offset = write_at}
              : values.at(to.place, write_at);
  if (count == 1 && element == size_of(values.type())) {
    const std::uint32_t value = values.read({from.place, read_at, 1}, false);
    if (scratch) return values.store(memory, value, 1, false);
    return values.store(KnownPack{to.place, write_at, 1}, value, false);
  }
  memory.bytes = static_cast<std::uint32_t>(count * element);
  const std::uint32_t origin = values.add(values.at_read(from.place, read_at));
  values.append(kernels::PackOp::Copy, origin, 0, 0, values.add(memory));
}

}  // namespace

bool moves_straight(const KernelStep& step) {
  return step.op == opcode<primitives::Embed> || step.op == opcode<primitives::Concatenate>;
}

void write_moves(StraightValues& values, const KernelStep& step) {
  const ArrayAt& output = step.outputs[0];
  const std::size_t element = size_of(output.dtype);
  ArrayAt part = output;
  if (step.op == opcode<primitives::Embed>) {
    kernels::StraightMemory all = values.at(output.place, output.offset);
    all.bytes = static_cast<std::uint32_t>(size_of(output.shape) * element);
    values.append(kernels::PackOp::Clear, 0, 0, 0, values.add(all));
    for (std::size_t i = 0; i < part.strides.size(); ++i) {
      part.offset += step.attributes[2 * i] * part.strides[i] * static_cast<std::ptrdiff_t>(element);
      part.strides[i] *= step.attributes[2 * i + 1];
    }
    return write_move(values, part, step.inputs[0], element, size_of(step.inputs[0].shape));
  }
  const auto axis = static_cast<std::size_t>(step.attributes[0]);
  for (const ArrayAt& input : step.inputs) {
    write_move(values, part, input, element, size_of(input.shape));
    part.offset += static_cast<std::ptrdiff_t>(input.shape[axis] * element) * part.strides[axis];
  }
}

void write_move(StraightValues& values, const ArrayAt& to, const ArrayAt& from, std::size_t element,
                std::size_t count) {
  const std::size_t rank = from.shape.size();
  Shape index(rank, 0);
  std::ptrdiff_t source = 0;  // both in elements
  std::ptrdiff_t target = 0;
  std::ptrdiff_t piece_source = 0;
  std::ptrdiff_t piece_target = 0;
  std::size_t piece = 0;
  for (std::size_t k = 0; k < count; ++k) {
    const auto length = static_cast<std::ptrdiff_t>(piece);
    if (piece != 0 && (source != piece_source + length || target != piece_target + length)) {
      move_piece(values, to, piece_target, from, piece_source, piece, element);
      piece = 0;
    }
    if (piece++ == 0) {
      piece_source = source;
      piece_target = target;
    }
    for (std::size_t i = rank; i-- > 0;) {
      source += from.strides[i];
      target += to.strides[i];
      if (++index[i] < from.shape[i]) break;
      source -= static_cast<std::ptrdiff_t>(index[i]) * from.strides[i];
      target -= static_cast<std::ptrdiff_t>(index[i]) * to.strides[i];
      index[i] = 0;
    }
  }
  if (piece != 0) move_piece(values, to, piece_target, from, piece_source, piece, element);
}

}  // namespace xgrad::backend::cpu
