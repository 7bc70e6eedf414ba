#include "verify_loop.hpp"

#include <algorithm>

#include "machine_code.hpp"
#include "schedule.hpp"

namespace xgrad::backend::cpu {
namespace {

class OfLoop {
 public:
  OfLoop(const Verified& step, const StepProgram& plan, const Loop& loop)
      : step_(step), program_(plan), loop_(loop), used_(loop.slots.size(), false) {}

  void verify_all() {
    form();
    segments();
    for (const kernels::Instruction& code : loop_.code) instruction(code);
    for (SlotId slot = 0; slot < loop_.slots.size(); ++slot) verify_slot(slot);
    moving(loop_.moving_rows, &Slot::row_step);
    moving(loop_.moving_columns, &Slot::column_step);
    for (const Gathered& each : loop_.gathered) gathered(each);
    for (const Epilogue& each : loop_.epilogues) epilogue(each);
  }

 private:
  void require(bool holds, std::string_view invariant) const { step_.require(holds, invariant); }
  void slot_exists(SlotId slot) const { require(slot < loop_.slots.size(), "instructions name slots of the loop"); }
  void use(SlotId slot) {
    slot_exists(slot);
    used_[slot] = true;
  }

  void form() const {
    const Loop& l = loop_;
    require(l.block_rows != 0 && l.block_columns != 0 && l.chunk_rows != 0 && l.chunk_columns != 0 && l.chunks != 0,
            "blocks and chunks are not empty");
    require(l.block_rows == 1 || l.block_columns >= l.columns, "a block of several rows holds whole rows");
    const bool in_columns = l.chunk_columns < l.columns;
    require(!in_columns || l.rows == 1, "only a single row is cut");
    for (const Slot& slot : l.slots) {
      const bool in_blocks =
          slot.rows_alike != 0 && (slot.rows_alike % l.block_rows == 0 || l.block_rows % slot.rows_alike == 0);
      require(in_blocks, "rows of a block read the same of rows alike");
    }
    const std::size_t covered = l.chunks * (in_columns ? l.chunk_columns : l.chunk_rows);
    require(covered >= (in_columns ? l.columns : l.rows), "chunks cover the loop");
    require(in_columns || l.chunk_rows % l.block_rows == 0, "chunks are of whole blocks");
    require(l.scratch_bytes <= program_.scratch_bytes, "a thread has scratch for each loop");
    require(l.partial_bytes * l.chunks <= program_.partial_bytes,
            "there is room for the partial results of all chunks");
    require(l.slots.size() <= program_.most_slots, "a thread has room for the slots of each loop");
    require(l.chunks <= program_.most_chunks, "there is room for the marks of all chunks");
  }

  void segments() const {
    std::uint32_t next = 0;
    for (const Segment& each : loop_.segments) {
      require(each.first == next && each.first < each.last, "segments cover the code in its order");
      require(!each.once || loop_.block_columns >= loop_.columns, "what runs once makes whole rows");
      next = each.last;
      for (const SlotId slot : each.fetched) {
        slot_exists(slot);
        require(loop_.slots[slot].base == Slot::Base::Memory, "what is fetched lies in memory");
      }
    }
    require(next == loop_.code.size(), "segments cover the code in its order");
  }

  void instruction(const kernels::Instruction& code) {
    require(code.kernel != nullptr, "an instruction has a kernel");
    if (code.kind == kernels::Instruction::Kind::Generated) {
      require(code.a < loop_.generated.size() && loop_.generated[code.a].code != nullptr, "machine code is there");
      const std::vector<SlotId>& slots = loop_.generated[code.a].slots;
      require(slots.size() <= most_generated_slots, "machine code has slots that it may have");
      for (const SlotId slot : slots) slot_exists(slot);
    } else if (code.kind == kernels::Instruction::Kind::Gather) {
      require(code.a < loop_.gathered.size(), "what is gathered is known");
    } else if (code.kind == kernels::Instruction::Kind::Offsets) {
      require(code.a < loop_.gathered.size() && loop_.gathered[code.a].offsets == code.out,
              "what is read in place is known");
    } else if (code.kind == kernels::Instruction::Kind::Lines) {
      require(code.c < loop_.lines.size() && loop_.columns % loop_.lines[code.c].length == 0,
              "what is added up by lines is known");
      lines(code);
    } else if (code.kind == kernels::Instruction::Kind::Check) {
      require(code.c < loop_.checks.size(), "what is checked is known");
    }
    for_each_operand(loop_, code, [&](SlotId slot) { use(slot); });
    for_each_result(loop_, code, [&](SlotId slot) {
      use(slot);
      require(loop_.slots[slot].base != Slot::Base::Memory || is_writable(loop_.slots[slot].place),
              "leaves and numbers are not written");
    });
  }

  /// A line for each row.
  void lines(const kernels::Instruction& code) const {
    slot_exists(code.out);
    const Slot& out = loop_.slots[code.out];
    const ReducedLines& each = loop_.lines[code.c];
    require(out.base == Slot::Base::Memory && out.offset == 0 &&
                out.row_step == static_cast<std::ptrdiff_t>(each.length * size_of(each.dtype)) &&
                loop_.rows * each.length * size_of(each.dtype) == array_bytes(program_, out.place),
            "there is a line for each row");
  }

  [[nodiscard]] bool is_writable(PlaceId place) const {
    if (place >= program_.places.size()) return false;
    return program_.places[place].kind == Place::Kind::Output || program_.places[place].kind == Place::Kind::Arena;
  }

  void verify_slot(SlotId slot) const {
    const Slot& each = loop_.slots[slot];
    const auto columns = static_cast<std::ptrdiff_t>(loop_.columns);
    switch (each.base) {
      case Slot::Base::Memory:
        require(each.place < program_.places.size(), "a slot has a place");
        return require(in_memory(each), "a slot stays in its memory");
      case Slot::Base::Scratch: {
        if (!used_[slot]) return;  // machine code keeps it in registers
        const std::ptrdiff_t bytes = std::max<std::ptrdiff_t>(columns * each.column_step, 1);
        return require(each.offset >= 0 && each.row_step == 0 && ends_in(each.offset, bytes, loop_.scratch_bytes),
                       "a slot stays in scratch");
      }
      case Slot::Base::Partials: {
        const std::ptrdiff_t bytes = std::max<std::ptrdiff_t>(columns * each.column_step, 4);
        require(each.offset >= 0 && ends_in(each.offset, bytes, loop_.partial_bytes),
                "a slot stays in the partial results of its chunk");
      }
    }
  }
  static bool ends_in(std::ptrdiff_t offset, std::ptrdiff_t bytes, std::size_t all) {
    return offset + bytes <= static_cast<std::ptrdiff_t>(all);
  }

  [[nodiscard]] bool in_memory(const Slot& slot) const {
    if (loop_.rows * loop_.columns == 0) return true;
    const auto element = static_cast<std::ptrdiff_t>(size_of(program_.places[slot.place].dtype));
    if (slot.offset % element != 0 || slot.row_step % element != 0 || slot.column_step % element != 0) return false;
    Reach reach;
    if (slot.rows_alike == 0) return false;
    reach.add((loop_.rows + slot.rows_alike - 1) / slot.rows_alike, slot.row_step / element);
    reach.add(loop_.columns, slot.column_step / element);
    return lie_inside(program_, slot.place, slot.offset, reach);
  }

  void moving(const std::vector<std::uint32_t>& listed, std::ptrdiff_t Slot::*step) const {
    std::vector<std::uint32_t> moving;
    for (SlotId slot = 0; slot < loop_.slots.size(); ++slot) {
      if (loop_.slots[slot].*step != 0) moving.push_back(slot);
    }
    require(moving == listed, "slots that move are listed");
  }

  void gathered(const Gathered& each) const {
    slot_exists(each.slot);
    const Slot& slot = loop_.slots[each.slot];
    require(slot.base == Slot::Base::Memory && slot.row_step == 0 && slot.column_step == 0,
            "what is gathered starts where its memory does");
    require(each.element == size_of(program_.places[slot.place].dtype), "what is gathered has elements of its array");
    require(each.columns == 1 || each.columns == loop_.columns, "what is gathered has columns of the loop, or one");
    require(size_of(each.shape) == loop_.rows * each.columns, "what is gathered has elements of the loop");
    if (size_of(each.shape) == 0) return;
    require(lie_inside(program_, slot.place, slot.offset, reach_of(each.shape, each.strides)),
            "what is gathered lies in its memory");
  }

  void epilogue(const Epilogue& each) const {
    require(each.partial + each.count * size_of(each.wide) <= loop_.partial_bytes, "partial results have room");
    require(is_writable(each.target), "an epilogue value has a place");
    require(program_.places[each.target].dtype == each.dtype, "an epilogue value has the element type of its place");
    require(each.count * size_of(each.dtype) == array_bytes(program_, each.target),
            "an epilogue value has the size of its place");
  }

  const Verified& step_;
  const StepProgram& program_;
  const Loop& loop_;
  std::vector<bool> used_;  // slots that instructions name
};

}  // namespace

void verify_loop(const Verified& step, const StepProgram& plan, const Loop& loop) {
  OfLoop(step, plan, loop).verify_all();
}

}  // namespace xgrad::backend::cpu
