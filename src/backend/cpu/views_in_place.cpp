#include "views_in_place.hpp"

#include <cstdint>
#include <cstdlib>
#include <limits>
#include <optional>

#include "backend/cpu/kernels/generated/pack_program.hpp"

namespace xgrad::backend::cpu {
namespace {

/// How the first element of a block moves, in elements.
struct MovingStart {
  std::ptrdiff_t row_step;
  std::size_t rows_alike;
};

/// The farthest that an element of a block is from its first one, in elements.
std::size_t reach_in_block(const Gathered& view, std::size_t units) {
  std::size_t reach = units * static_cast<std::size_t>(std::abs(view.strides[0]));
  for (std::size_t i = 1; i < view.shape.size(); ++i) {
    reach += view.shape[i] * static_cast<std::size_t>(std::abs(view.strides[i]));
  }
  return reach;
}

/// Whether machine code can read a view: its packs are elements side by side, or one element, and each block is a whole
/// number of units, which are alike and move along the outermost axis.
std::optional<MovingStart> moving_start(const Loop& loop, const Gathered& view) {
  const std::size_t width = kernels::pack_bytes / view.element;
  const std::size_t rank = view.shape.size();
  if (view.columns != loop.columns || loop.block_columns < loop.columns || loop.columns % width != 0) return {};
  if (rank < 2 || size_of(view.shape) == 0 || view.shape[rank - 1] % width != 0) return {};
  if (view.strides[rank - 1] != 0 && view.strides[rank - 1] != 1) return {};
  const std::size_t unit = size_of(view.shape) / view.shape[0];
  const std::size_t block = loop.block_rows * loop.columns;
  if (block % unit != 0) return {};
  constexpr std::size_t farthest = std::numeric_limits<std::int32_t>::max() / sizeof(double);
  if (reach_in_block(view, block / unit) > farthest) return {};
  if (unit % loop.columns == 0) return MovingStart{view.strides[0], unit / loop.columns};
  if (loop.columns % unit != 0) return {};
  return MovingStart{view.strides[0] * static_cast<std::ptrdiff_t>(loop.columns / unit), 1};
}

/// How far each pack of a block is from its first element, in bytes: a number of so many bytes as the pack has
/// elements.
void offsets_block(const kernels::Frame& frame, std::byte* const* slots, const kernels::Instruction& instruction) {
  const Gathered& view = loop_of(frame).gathered[instruction.a];
  const std::size_t width = kernels::pack_bytes / view.element;
  const auto element = static_cast<std::ptrdiff_t>(view.element);
  const std::size_t inner = view.shape.size() - 1;
  Shape index(view.shape.size(), 0);
  std::ptrdiff_t offset = 0;
  for (std::size_t pack = 0; pack * width < frame.count; ++pack) {
    std::byte* out = slots[instruction.out];
    if (view.element == 8) reinterpret_cast<std::int32_t*>(out)[pack] = static_cast<std::int32_t>(offset * element);
    else reinterpret_cast<std::int64_t*>(out)[pack] = offset * element;
    index[inner] += width;
    offset += static_cast<std::ptrdiff_t>(width) * view.strides[inner];
    for (std::size_t i = inner; index[i] == view.shape[i] && i > 0; --i) {
      offset += view.strides[i - 1] - static_cast<std::ptrdiff_t>(view.shape[i]) * view.strides[i];
      index[i] = 0;
      ++index[i - 1];
    }
  }
}

}  // namespace

void place_views(Draft& draft) {
  Loop& loop = draft.loop;
  const std::size_t count = draft.code.size();
  for (std::size_t i = 0; i < count; ++i) {
    const Emitted each = draft.code[i];
    if (each.info.kind != InstructionInfo::Kind::View || each.once) continue;
    Gathered& view = loop.gathered[each.code.a];
    const std::optional<MovingStart> start = moving_start(loop, view);
    if (!start) continue;
    const Slot memory = loop.slots[view.slot];
    const SlotInfo info = draft.slots[view.slot];
    const std::ptrdiff_t step = start->row_step * static_cast<std::ptrdiff_t>(view.element);
    view.start = static_cast<SlotId>(loop.slots.size());
    loop.slots.push_back({Slot::Base::Memory, memory.place, memory.offset, step, 0, start->rows_alike});
    draft.slots.push_back(info);
    view.offsets = static_cast<SlotId>(loop.slots.size());
    loop.slots.push_back({Slot::Base::Scratch, no_place, 0, 0, 0});
    draft.slots.push_back({Store::Block, 1});
    draft.code.push_back(
        {{offsets_block, view.offsets, each.code.a, no_slot, no_slot, kernels::Instruction::Kind::Offsets},
         0,
         false,
         false,
         {},
         true});
  }
}

}  // namespace xgrad::backend::cpu
