#include "panels.hpp"

#include <algorithm>

#include "schedule.hpp"

namespace xgrad::backend::cpu {
namespace {

/// Whether a loop reads all of an array, each element in its own place, and writes none of it.
bool reads_in_order(const Loop& loop, PlaceId place, std::ptrdiff_t element) {
  bool any = false;
  for (std::uint32_t slot = 0; slot < loop.slots.size(); ++slot) {
    const Slot& each = loop.slots[slot];
    if (each.base != Slot::Base::Memory || each.place != place) continue;
    const bool in_order = each.offset == 0 && each.column_step == element && each.rows_alike == 1 &&
                          each.row_step == static_cast<std::ptrdiff_t>(loop.columns) * element;
    const bool gathered = std::ranges::any_of(loop.gathered, [&](const Gathered& from) { return from.slot == slot; });
    const bool written =
        std::ranges::any_of(loop.code, [&](const kernels::Instruction& code) { return writes(loop, code, slot); });
    if (!in_order || gathered || written) return false;
    any = true;
  }
  return any;
}

}  // namespace

bool join_product(Loop& loop, const ProductStep& step, std::uint32_t product) {
  const blas::Product& size = step.product;
  if (!size.stack.empty() || size.k == 0 || !is_floating(size.dtype) || step.c != no_place) return false;
  if (loop.rows != size.m || loop.columns != size.n || loop.chunk_columns != loop.columns) return false;
  const std::size_t chunks = (blas::rows_of_call + loop.chunk_rows - 1) / loop.chunk_rows;
  if (loop.chunks < 2 * chunks) return false;
  if (!reads_in_order(loop, step.out, static_cast<std::ptrdiff_t>(size_of(size.dtype)))) return false;
  loop.product = product;
  loop.panel_chunks = chunks;
  return true;
}

}  // namespace xgrad::backend::cpu
