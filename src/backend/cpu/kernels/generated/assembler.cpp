// Machine code: its frame, the loops over rows and packs, sums and checks, and how it becomes executable.
#include "pack_program.hpp"

#include <cstdlib>

#if defined(__x86_64__) && defined(XGRAD_HAS_XBYAK)
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <string_view>

#include "assembler.hpp"
#include "backend/cpu/kernels/block/block.hpp"
#include "core/per_thread.hpp"
#include "functions.hpp"

namespace xgrad::backend::cpu::kernels {

std::size_t Assembler::assemble() {
  begin();
  Label row, unaligned, tail, row_done;
  L(row);
  begin_row();
  lea(rax, ptr[index_ + width_]);
  cmp(rax, end_);
  ja(tail, T_NEAR);
  const bool streams = std::ranges::any_of(
      program_.instructions, [](const PackInstruction& instruction) { return instruction.op == PackOp::Stream; });
  if (streams) {
    for (const PackInstruction& instruction : program_.instructions) {
      if (instruction.op != PackOp::Stream) continue;
      lea(rax, ptr[pointer(instruction.slot) + index_ * element_]);
      test(al, bytes_ - 1);
      jnz(unaligned, T_NEAR);
    }
    packs(true);
    jmp(tail, T_NEAR);
    L(unaligned);
  }
  packs(false);
  L(tail);
  mov(rax, end_);
  sub(rax, index_);
  jz(row_done, T_NEAR);
  if (!program_.rows) begin_tail();
  body(true, false);
  mov(index_, end_);
  L(row_done);
  end_sums(sums_rows);
  if (program_.rows) {
    inc(row_);
    cmp(index_, count_);
    jb(row, T_NEAR);
  }
  end_sums(sums_all);
  xor_(eax, eax);
  L(done_);
  end();
  failures();
  sections();
  rewrite(frame_size_at_, static_cast<std::uint64_t>(frame_) + 128, 4);  // sections take some of the stack, too
  constants();
  return getSize();
}

void Assembler::choose_pointers() {
  std::vector<Reg64> free{rbp, r12, r13, r14, r15};
  if (!program_.rows) free.insert(free.end(), {r10, r11});
  for (const PackInstruction& instruction : program_.instructions) {
    const auto keep = [&](std::uint32_t slot) {
      if (free.empty() || find_pointer(slot) != nullptr) return;
      pointers_.push_back({slot, free.back()});
      free.pop_back();
    };
    if (is_load(instruction.op) || is_store(instruction.op)) keep(instruction.slot);
    if (reads_view(instruction.op)) keep(instruction.a);
  }
}

void Assembler::begin() {
  for (const Reg64& each : {rbx, rbp, r12, r13, r14, r15}) push(each);
  mov(rax, rsp);
  // A page at a time, each of which is touched: a large frame must not step over the guard at the end of the stack.
  constexpr std::uint32_t page = 4096;
  Label next_page;
  mov(ebx, 0x1000000);  // written when the size is known
  frame_size_at_ = getSize() - 4;
  L(next_page);
  sub(rsp, page);
  test(dword[rsp], eax);
  sub(ebx, page);
  ja(next_page);
  and_(rsp, ~63U);
  saved_stack_ = take_stack();
  rest_ = saved_stack_ + 8;
  mov(ptr[rsp + saved_stack_], rax);
  for (const Pointer& each : pointers_) mov(each.reg, ptr[slots_ + 8 * std::size_t{each.slot}]);
  for (std::uint32_t i = 0; i < program_.instructions.size(); ++i) {
    const PackInstruction& instruction = program_.instructions[i];
    if (is_spread(instruction.op)) values_[i].stack_offset = take_stack();
    if (instruction.op == PackOp::Number) {
      mov(rax, ptr[slots_ + 8 * std::size_t{instruction.slot}]);
      broadcast(first_, ptr[rax]);
      vmovaps(ptr[rsp + values_[i].stack_offset], first_);
    }
    if (sums_all(instruction.op) || sums_rows(instruction.op)) {
      sums_.push_back({i, take_stack()});
      for (std::uint32_t k = bytes_; k < lanes * 8; k += bytes_) take_stack();
    }
  }
  choose_lane_registers();
  clear_sums(sums_all);
  xor_(index_, index_);
  if (program_.rows) {
    xor_(row_, row_);
    mov(rax, columns_);
    and_(eax, width_ - 1);
    begin_tail();  // the same for all rows
  } else {
    mov(end_, count_);
  }
  pass(Rate::OncePerCall);
}

void Assembler::begin_row() {
  if (program_.rows) {
    lea(end_, ptr[index_ + columns_]);
    xor_(column_, column_);
  }
  for (std::uint32_t i = 0; i < program_.instructions.size(); ++i) {
    if (program_.instructions[i].op != PackOp::OfRow) continue;
    mov(rax, ptr[slots_ + 8 * std::size_t{program_.instructions[i].slot}]);
    broadcast(first_, ptr[rax + row_ * element_]);
    vmovaps(ptr[rsp + values_[i].stack_offset], first_);
  }
  pass(Rate::OncePerRow);
  clear_sums(sums_rows);
}

void Assembler::begin_tail() {
  mov(ptr[rsp + rest_], rax);
  if (wide_) {
    mov(rbx, ~std::uint64_t{0});
    bzhi(rbx, rbx, rax);
    kmovd(last_elements_, ebx);
    return;
  }
  neg(rax);
  lea(rbx, ptr[rip + mask_table_]);
  vmovups(last_mask_, ptr[rbx + rax * element_ + 32]);
}

void Assembler::end() {
  mov(rsp, ptr[rsp + saved_stack_]);
  for (const Reg64& each : {r15, r14, r13, r12, rbp, rbx}) pop(each);
  vzeroupper();
  ret();
}

std::uint32_t Assembler::take_stack() {
  frame_ += bytes_;
  return frame_ - bytes_;
}

void Assembler::packs(bool aligned) {
  Label next, done;
  if (!lane_registers_.empty()) {
    whole_lanes(aligned);
    lea(rax, ptr[index_ + width_]);
    cmp(rax, end_);
    ja(done, T_NEAR);
  }
  align(16);
  L(next);
  pack(aligned);
  lea(rax, ptr[index_ + width_]);
  cmp(rax, end_);
  jbe(next, T_NEAR);
  L(done);
}

void Assembler::pack(bool aligned) {
  body(false, aligned);
  add(index_, width_);
  if (program_.rows) add(column_, width_);
}

void Assembler::whole_lanes(bool aligned) {
  Label next, done;
  lea(rax, ptr[index_ + lanes]);
  cmp(rax, end_);
  ja(done, T_NEAR);
  const auto for_each_register = [&](auto move) {
    for (std::size_t s = 0; s < lane_registers_.size(); ++s) {
      for (std::uint32_t k = 0; k < lanes * 8 / bytes_; ++k) {
        move(vector(lane_registers_[s] + static_cast<int>(k)), ptr[rsp + sums_[s].stack_offset + bytes_ * k]);
      }
    }
  };
  for_each_register([&](const Ymm& reg, const Address& memory) { vmovaps(reg, memory); });
  align(16);
  L(next);
  for (lane_ = 0; lane_ < static_cast<int>(lanes); lane_ += static_cast<int>(width_)) pack(aligned);
  lane_ = no_lane;
  lea(rax, ptr[index_ + lanes]);
  cmp(rax, end_);
  jbe(next, T_NEAR);
  for_each_register([&](const Ymm& reg, const Address& memory) { vmovaps(memory, reg); });
  L(done);
}

namespace {

/// Those of AVX-512, also in narrow code.
bool has_more_registers() {
  static const bool has = std::string_view(block_table().name) == "avx512" && __builtin_cpu_supports("avx512vl");
  return has;
}

}  // namespace

bool Assembler::is_wide(const PackProgram& program) {
  const auto waits = [](const PackInstruction& instruction) { return instruction.op == PackOp::MultiplyAdd; };
  const auto is_of_view = [](const PackInstruction& instruction) { return reads_view(instruction.op); };
  return has_more_registers() && std::ranges::any_of(program.instructions, waits) &&
         std::ranges::none_of(program.instructions, is_of_view);  // where each narrow pack lies is known
}

void Assembler::choose_lane_registers() {
  const int each = static_cast<int>(lanes * 8 / bytes_);
  const std::size_t count = sums_.size();
  const auto length = static_cast<std::size_t>(std::ranges::count(rates_, Rate::EachPack));
  if (count == 0 || (!wide_ && length > longest_unrolled)) return;
  if (has_more_registers()) {
    for (std::size_t s = 0; s < std::min<std::size_t>(count, 4); ++s) {
      lane_registers_.push_back((wide_ ? wide_registers : 16) + each * static_cast<int>(s));
    }
    return;
  }
  if (count > 2 || length > (count == 1 ? 20 : 10)) return;
  for (std::size_t s = 0; s < count; ++s) {
    value_registers_ -= each;
    lane_registers_.push_back(value_registers_);
  }
}

void Assembler::body(bool tail, bool aligned) {
  tail_ = tail;
  aligned_ = aligned;
  pass(Rate::EachPack);
}

void Assembler::clear_sums(bool (*chosen)(PackOp)) {
  for (const SumLanes& sum : sums_) {
    if (!chosen(program_.instructions[sum.instruction].op)) continue;
    vxorps(first_, first_, first_);
    for (std::uint32_t k = 0; k < lanes * 8; k += bytes_) vmovaps(ptr[rsp + sum.stack_offset + k], first_);
  }
}

void Assembler::add_to_sum(std::uint32_t i, const PackInstruction& instruction) {
  const auto sum = std::find_if(sums_.begin(), sums_.end(), [&](const SumLanes& s) { return s.instruction == i; });
  const auto number = static_cast<std::size_t>(sum - sums_.begin());
  const bool in_registers = lane_ != no_lane && number < lane_registers_.size();
  Ymm x = use(instruction.a);
  if (tail_) {
    if (!wide_) vandps(first_, x, last_mask_);
    else if (program_.single_precision) vmovaps(first_ | last_elements_ | T_z, x);
    else vmovapd(first_ | last_elements_ | T_z, x);
    x = first_;
  }
  if (program_.single_precision) {
    const Ymm upper(second_.getIdx());
    if (wide_) {
      vextractf64x4(upper, Xbyak::Zmm(x.getIdx()), 1);
      vcvtps2pd(first_, Ymm(x.getIdx()));
      vcvtps2pd(second_, upper);
    } else {
      vextractf128(Xmm(upper.getIdx()), x, 1);
      vcvtps2pd(first_, Xmm(x.getIdx()));
      vcvtps2pd(second_, Xmm(upper.getIdx()));
    }
    if (instruction.op == PackOp::SumSquaresAll || instruction.op == PackOp::SumSquaresRows) {
      vmulpd(first_, first_, first_);
      vmulpd(second_, second_, second_);
    }
    x = first_;
  }
  if (in_registers) {
    const int reg = lane_registers_[number] + lane_ * 8 / static_cast<int>(bytes_);
    vaddpd(vector(reg), vector(reg), x);
    if (program_.single_precision) vaddpd(vector(reg + 1), vector(reg + 1), second_);
    return;
  }
  mov(rax, program_.rows ? column_ : index_);
  and_(eax, lanes - 1);
  const Address low = ptr[rsp + rax * 8 + sum->stack_offset];
  const Address high = ptr[rsp + rax * 8 + sum->stack_offset + bytes_];
  vaddpd(first_, x, low);
  vmovaps(low, first_);
  if (!program_.single_precision) return;
  vaddpd(second_, second_, high);
  vmovaps(high, second_);
}

void Assembler::end_sums(bool (*chosen)(PackOp)) {
  for (const SumLanes& sum : sums_) {
    const PackInstruction& instruction = program_.instructions[sum.instruction];
    if (!chosen(instruction.op)) continue;
    const auto lane = [&](std::uint32_t k) { return ptr[rsp + sum.stack_offset + 32 * k]; };
    vmovaps(ymm0, lane(0));  // no value has a register now
    vmovaps(ymm1, lane(1));
    vaddpd(ymm0, ymm0, lane(2));
    vaddpd(ymm1, ymm1, lane(3));
    vaddpd(ymm0, ymm0, ymm1);
    vextractf128(xmm1, ymm0, 1);
    vaddpd(xmm0, xmm0, xmm1);
    vpermilpd(xmm1, xmm0, 1);
    vaddsd(xmm0, xmm0, xmm1);
    mov(rax, ptr[slots_ + 8 * std::size_t{instruction.slot}]);
    const Address total = program_.rows && sums_rows(instruction.op) ? ptr[rax + row_ * 8] : ptr[rax];
    vaddsd(xmm0, xmm0, total);
    vmovsd(total, xmm0);
  }
}

void Assembler::check(const PackInstruction& instruction) {
  const Ymm mask = use(instruction.a);
  const Ymm values = use(instruction.b);
  bits_of_all(mask);  // what is not there holds
  cmp(eax, (1U << width_) - 1);
  failures_.push_back({Label(), values.getIdx(), instruction.slot});
  jne(failures_.back().label, T_NEAR);
}

void Assembler::failures() {
  for (Failure& each : failures_) {
    L(each.label);
    vmovups(ptr[failure_], vector(each.values));
    mov(ptr[failure_ + 64], eax);
    mov(eax, each.check + 1);
    jmp(done_, T_NEAR);
  }
}

void Assembler::constants() {
  const auto repeat = [&](Label& label, std::uint64_t of_double, std::uint32_t of_float) {
    L(label);
    for (std::uint32_t k = 0; k < bytes_; k += 8) {
      if (program_.single_precision) dq(of_float | std::uint64_t{of_float} << 32U);
      else dq(of_double);
    }
  };
  align(64);
  L(mask_table_);
  for (int k = 0; k < 4; ++k) dq(~std::uint64_t{0});
  for (int k = 0; k < 4; ++k) dq(0);
  repeat(sign_, 0x8000000000000000U, 0x80000000U);
  repeat(magnitude_, 0x7fffffffffffffffU, 0x7fffffffU);
  repeat(one_, 0x3ff0000000000000U, 0x3f800000U);
  repeat(minus_one_, 0xbff0000000000000U, 0xbf800000U);
  repeat(all_bits_, ~std::uint64_t{0}, ~std::uint32_t{0});
  for (std::size_t i = 0; i < constant_labels_.size(); ++i) {
    const PackInstruction& instruction = program_.instructions[i];
    if (instruction.op != PackOp::Constant) continue;
    repeat(constant_labels_[i], instruction.a | std::uint64_t{instruction.b} << 32U, instruction.a);
  }
}

// ---- executable memory

namespace {

/// Pages that can be run and no longer be written; null if the system does not allow it.
std::shared_ptr<const Generated> make_executable(const void* code, std::size_t size) {
  static const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  const std::size_t bytes = (size + page - 1) / page * page;
  void* pages = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) return nullptr;
  std::memcpy(pages, code, size);
  if (mprotect(pages, bytes, PROT_READ | PROT_EXEC) != 0) {
    munmap(pages, bytes);
    return nullptr;
  }
  return std::make_shared<const Generated>(pages, bytes);
}

}  // namespace

Generated::~Generated() { munmap(pages_, bytes_); }

bool can_generate() {
  static const bool can = [] {
    return allows_machine_code(std::getenv("XGRAD_MACHINE_CODE")) && std::string_view(block_table().name) != "baseline";
  }();
  return can;
}

namespace {

/// Where code is written first. What is aligned in it is so in a page.
struct Code {
  alignas(64) std::byte bytes[most_code];
};

thread_local constinit xgrad::core::PerThread<Code> code_of_thread;

}  // namespace

std::shared_ptr<const Generated> write_code(const PackProgram& program) {
  try {
    std::byte* buffer = code_of_thread.get().bytes;
    const PackProgram lines = with_lines(program);
    const std::size_t size = Assembler(lines, buffer).assemble();
    return make_executable(buffer, size);
  } catch (const Xbyak::Error&) {
    return nullptr;  // longer than the buffer
  }
}

}  // namespace xgrad::backend::cpu::kernels

#else

namespace xgrad::backend::cpu::kernels {

Generated::~Generated() = default;
bool can_generate() {
  static_cast<void>(allows_machine_code(std::getenv("XGRAD_MACHINE_CODE")));  // a wrong value is refused here too
  return false;
}
std::shared_ptr<const Generated> write_code(const PackProgram&) { return nullptr; }

}  // namespace xgrad::backend::cpu::kernels

#endif
