#include "verify_donors.hpp"

#include <algorithm>

#include "schedule.hpp"

namespace xgrad::backend::cpu {
namespace {

/// When a loop uses two places, and through which slots.
struct Meetings {
  std::size_t last_read = 0;
  std::size_t first_write = ~std::size_t{0};
  std::vector<SlotId> slots;
  bool gathers = false;
};

Meetings meetings_of(const Loop& loop, PlaceId in, PlaceId out) {
  Meetings result;
  const auto meets = [&](SlotId slot, PlaceId place) {
    if (loop.slots[slot].base != Slot::Base::Memory || loop.slots[slot].place != place) return false;
    result.slots.push_back(slot);
    return true;
  };
  for (std::size_t i = 0; i < loop.code.size(); ++i) {
    const kernels::Instruction& code = loop.code[i];
    for_each_operand(loop, code, [&](SlotId slot) {
      if (!meets(slot, in)) return;
      result.last_read = i;
      result.gathers = result.gathers || code.kind == kernels::Instruction::Kind::Gather;
    });
    for_each_result(loop, code, [&](SlotId slot) {
      if (meets(slot, out)) result.first_write = std::min(result.first_write, i);
    });
  }
  return result;
}

bool reads_before(const Loop& loop, PlaceId in, PlaceId out) {
  const Meetings meetings = meetings_of(loop, in, out);
  const auto alike = [&](SlotId slot) {
    const Slot& a = loop.slots[meetings.slots.front()];
    const Slot& b = loop.slots[slot];
    return b.offset == 0 && b.column_step != 0 && a.row_step == b.row_step && a.column_step == b.column_step &&
           a.rows_alike == b.rows_alike;
  };
  return !meetings.gathers && meetings.last_read <= meetings.first_write && std::ranges::all_of(meetings.slots, alike);
}

}  // namespace

bool reads_before_it_writes(const StepProgram& plan, std::size_t step, PlaceId in, PlaceId out) {
  const Step& at = plan.steps[step];
  if (at.kind == Step::Kind::Kernel) return false;
  if (at.kind == Step::Kind::Product) {
    const ProductStep& product = plan.products[at.index];
    return product.c == in && product.a != in && product.b != in && product.scale != in;
  }
  const Loop& loop = plan.loops[at.index];
  if (loop.product != no_product) {
    const ProductStep& product = plan.products[loop.product];
    if (product.a == in || product.b == in) return false;  // of rows that are computed later
  }
  return reads_before(loop, in, out);
}

}  // namespace xgrad::backend::cpu
