#include "pairs.hpp"

#include <algorithm>
#include <optional>

#include "primitives/list.hpp"

namespace xgrad::detail {
namespace {

using namespace primitives;
using kernels::BlockKernel;
using kernels::First;
using kernels::Instruction;
using kernels::Second;

constexpr std::uint32_t nobody = ~0U;

/// Who writes a slot, and how often it is read.
struct Use {
  std::uint32_t writer = nobody;
  std::uint32_t writes = 0;
  std::uint32_t reads = 0;
};

/// Operands and kernel of arithmetic in the form in which pairs begin.
struct Beginning {
  First first;
  SlotId a;
  SlotId b;
  unsigned modes;
};

std::optional<Beginning> beginning(const Emitted& each) {
  const SlotId a = each.code.a;
  const SlotId b = each.code.b;
  const unsigned modes = each.work.modes;
  const Opcode op = each.work.op;
  if (op == opcode<Subtract>) return Beginning{First::Subtract, a, b, modes};
  if (op == opcode<Divide> && modes != 1) return Beginning{First::Divide, a, b, modes};
  if (op == opcode<Square>) return Beginning{First::Multiply, a, a, 0};
  if (op != opcode<Add> && op != opcode<Multiply>) return std::nullopt;
  const First first = op == opcode<Add> ? First::Add : First::Multiply;
  if (modes == 1) return Beginning{first, b, a, 2};  // what commutes has its single operand second
  return Beginning{first, a, b, modes};
}

class Merging {
 public:
  explicit Merging(Draft& draft) : draft_(draft), uses_(draft.slots.size()), merged_(draft.code.size(), false) {}

  void operator()() {
    count();
    for (Emitted& each : draft_.code) {
      if (each.work.kind == Work::Kind::Arithmetic) merge_arithmetic(each);
      else if (each.work.kind != Work::Kind::Other) merge_sum(each);
    }
    std::uint32_t i = 0;
    std::erase_if(draft_.code, [&](const Emitted&) { return merged_[i++]; });
  }

 private:
  void count() {
    for (std::uint32_t i = 0; i < draft_.code.size(); ++i) {
      const Instruction& code = draft_.code[i].code;
      for_each_operand(draft_.loop, code, [&](SlotId slot) { ++uses_[slot].reads; });
      uses_[code.out].writer = i;
      ++uses_[code.out].writes;
    }
  }

  /// The arithmetic whose result nothing but this operand of an instruction reads.
  [[nodiscard]] std::uint32_t only_for(const Emitted& reader, SlotId slot) const {
    if (slot == no_slot) return nobody;
    const Store store = draft_.slots[slot].store;
    const Use& use = uses_[slot];
    if ((store != Store::Block && store != Store::Row) || use.writes != 1 || use.reads != 1) return nobody;
    const Emitted& writer = draft_.code[use.writer];
    const bool fits = writer.work.kind == Work::Kind::Arithmetic && writer.phase == reader.phase &&
                      writer.rows == reader.rows && writer.work.dtype == reader.work.dtype;
    return fits ? use.writer : nobody;
  }

  void merge_arithmetic(Emitted& each) {
    if (each.work.op == opcode<Divide> || each.work.op == opcode<Square>) return;
    if ((each.work.modes & 1U) == 0 && merge_operand(each, each.code.a, false)) return;
    if ((each.work.modes & 2U) == 0) merge_operand(each, each.code.b, true);
  }

  bool merge_operand(Emitted& each, SlotId slot, bool second_operand) {
    const std::uint32_t writer = only_for(each, slot);
    if (writer == nobody) return false;
    const auto begin = beginning(draft_.code[writer]);
    if (!begin) return false;
    const SlotId other = second_operand ? each.code.a : each.code.b;
    const bool single = (each.work.modes & (second_operand ? 1U : 2U)) != 0;
    Second second = Second::Add;
    if (each.work.op == opcode<Multiply>) second = Second::Multiply;
    else if (each.work.op == opcode<Subtract>) second = second_operand ? Second::SubtractFrom : Second::Subtract;
    const BlockKernel kernel =
        kernels::block_table().pair[static_cast<std::size_t>(begin->first)][static_cast<std::size_t>(second)]
                                   [static_cast<std::size_t>(each.work.dtype)][begin->modes | (single ? 4U : 0U)];
    if (kernel == nullptr) return false;
    each.code = {kernel, each.code.out, begin->a, begin->b, other};
    each.work.kind = Work::Kind::Other;
    merged_[writer] = true;
    return true;
  }

  void merge_sum(Emitted& sum) {
    const std::uint32_t writer = only_for(sum, sum.code.a);
    if (writer == nobody) return;
    const auto begin = beginning(draft_.code[writer]);
    if (!begin || begin->first != First::Multiply || begin->modes != 0) return;
    const BlockKernel kernel = kernel_of(sum.work);
    if (kernel == nullptr) return;
    sum.code = {kernel, sum.code.out, begin->a, begin->b, no_slot};
    merged_[writer] = true;
  }

  static BlockKernel kernel_of(const Work& sum) {
    const kernels::BlockTable& table = kernels::block_table();
    const auto dtype = static_cast<std::size_t>(sum.dtype);
    if (sum.kind == Work::Kind::SumRows) return table.sum_products_rows[dtype];
    if (sum.kind == Work::Kind::SumAll) return table.sum_products_all[dtype];
    return table.sum_products_columns[dtype];
  }

  Draft& draft_;
  std::vector<Use> uses_;
  std::vector<bool> merged_;  // into a later instruction
};

}  // namespace

void merge_pairs(Draft& draft) { Merging{draft}(); }

}  // namespace xgrad::detail
