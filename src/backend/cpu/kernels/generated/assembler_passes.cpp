// Which instructions run once for each call, for each row and for each pack; and sections that are rarely needed.
#if defined(__x86_64__) && defined(XGRAD_HAS_XBYAK)

#include "assembler.hpp"

namespace xgrad::backend::cpu::kernels {

// ---- passes

void Assembler::find_rates() {
  const auto count = static_cast<std::uint32_t>(program_.instructions.size());
  rates_.resize(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    const PackOp op = program_.instructions[i].op;
    if (op == PackOp::Unless) {  // a section runs as a whole
      const std::uint32_t end = end_of_section(i);
      const Rate rate = rate_of_operands(i, end + 1);
      std::fill(rates_.begin() + i, rates_.begin() + end + 1, rate);
      i = end;
      continue;
    }
    if (acts(op) || is_load(op)) rates_[i] = Rate::EachPack;
    else rates_[i] = op == PackOp::OfRow ? Rate::OncePerRow : rate_of_operands(i, i + 1);
  }
  find_unread();
  find_late_masks();
}

void Assembler::find_rates_of_straight() {
  rates_.assign(program_.instructions.size(), Rate::EachPack);
  late_.assign(program_.instructions.size(), false);
  find_unread();
}

void Assembler::find_late_masks() {
  const auto count = static_cast<std::uint32_t>(rates_.size());
  late_.resize(count);
  if (!wide_) return;
  constexpr std::uint32_t several = never - 1;
  std::vector<std::uint32_t> reader(count, never);
  std::vector<std::uint32_t> depth(count, 0);  // of what is combined to one mask
  for (std::uint32_t i = 0; i < count; ++i) {
    const PackInstruction& instruction = program_.instructions[i];
    if (rates_[i] == Rate::Never) continue;
    const std::array<std::uint32_t, 3> operands{instruction.a, instruction.b, instruction.c};
    for (std::size_t k = 0; k < operand_count(instruction.op); ++k) {
      const bool as_mask = (k == 0 && instruction.op == PackOp::Select) || instruction.op == PackOp::Unless ||
                           instruction.op == PackOp::And;
      std::uint32_t& known = reader[operands[k]];
      known = known == never && as_mask ? i : several;
    }
  }
  for (std::uint32_t i = count; i-- > 0;) {
    const PackOp op = program_.instructions[i].op;
    if (reader[i] >= several || rates_[reader[i]] != rates_[i]) continue;
    const bool into_and = program_.instructions[reader[i]].op == PackOp::And;
    if (into_and && !late_[reader[i]]) continue;
    depth[i] = into_and ? depth[reader[i]] + 1 : 0;
    late_[i] = is_comparison(op) || (op == PackOp::And && depth[i] < 2);
  }
}

Assembler::Operands Assembler::operands_of(std::uint32_t i) const {
  Operands result{};
  add_operands(result, program_.instructions[i]);
  return result;
}

void Assembler::add_operands(Operands& operands, const PackInstruction& instruction) const {
  const std::array<std::uint32_t, 3> all{instruction.a, instruction.b, instruction.c};
  for (std::size_t k = 0; k < operand_count(instruction.op); ++k) {
    if (late_[all[k]]) add_operands(operands, program_.instructions[all[k]]);
    else operands.add(all[k]);
  }
}

void Assembler::find_unread() {
  const std::size_t count = rates_.size();
  outlives_.resize(count);
  std::vector<bool> read(count);
  for (std::size_t i = count; i-- > 0;) {
    const PackInstruction& instruction = program_.instructions[i];
    if (!read[i] && !acts(instruction.op) && instruction.op != PackOp::Unless) {
      rates_[i] = Rate::Never;
      continue;
    }
    const std::array<std::uint32_t, 3> operands{instruction.a, instruction.b, instruction.c};
    for (std::size_t k = 0; k < operand_count(instruction.op); ++k) {
      read[operands[k]] = true;
      if (rates_[operands[k]] != rates_[i]) outlives_[operands[k]] = true;
    }
  }
}

std::uint32_t Assembler::end_of_section(std::uint32_t begin) const {
  while (program_.instructions[begin].op != PackOp::EndUnless) ++begin;
  return begin;
}

Rate Assembler::rate_of_operands(std::uint32_t begin, std::uint32_t end) const {
  Rate rate = Rate::OncePerCall;
  for (std::uint32_t i = begin; i < end; ++i) {
    const PackInstruction& instruction = program_.instructions[i];
    const std::array<std::uint32_t, 3> operands{instruction.a, instruction.b, instruction.c};
    for (std::size_t k = 0; k < operand_count(instruction.op); ++k) {
      if (operands[k] < begin) rate = std::max(rate, rates_[operands[k]]);
    }
  }
  return rate;
}

void Assembler::count_uses(Rate rate) {
  const std::size_t count = program_.instructions.size();
  counted_ = rate;
  // How many are counted first, one place behind, and then put where they belong.
  first_use_.assign(count + 2, 0);
  const auto for_each_use = [&](auto f) {
    for (std::uint32_t i = 0; i < count; ++i) {
      if (rates_[i] != rate || late_[i]) continue;
      const Operands operands = operands_of(i);
      for (std::size_t k = 0; k < operands.count; ++k) f(operands.values[k], i);
    }
  };
  for_each_use([&](std::uint32_t v, std::uint32_t) { ++first_use_[v + 2]; });
  for (std::size_t v = 2; v < first_use_.size(); ++v) first_use_[v] += first_use_[v - 1];
  uses_.resize(first_use_.back());
  for_each_use([&](std::uint32_t v, std::uint32_t i) { uses_[first_use_[v + 1]++] = i; });
}

std::uint32_t Assembler::next_use(std::uint32_t v) const {
  const std::uint32_t next = first_use_[v] + values_[v].used;
  return next < first_use_[v + 1] ? uses_[next] : never;
}

void Assembler::begin_pass(Rate rate) {
  if (counted_ != rate) count_uses(rate);
  holder_.fill(never);
  for (std::uint32_t i = 0; i < values_.size(); ++i) {
    values_[i].reg = no_register;
    values_[i].used = 0;
    if (rates_[i] == Rate::EachPack) values_[i].stack_offset = not_on_stack;
  }
}

void Assembler::pass(Rate rate) {
  begin_pass(rate);
  for (std::uint32_t i = 0; i < program_.instructions.size(); ++i) {
    if (rates_[i] != rate) continue;
    if (program_.instructions[i].op == PackOp::Unless) {
      const std::uint32_t end = end_of_section(i);
      if (rates_[end] != Rate::Never) begin_section(i, end);
      i = end;
    } else {
      step(i);
    }
    if (rate != Rate::EachPack) keep_for_later(i);
  }
}

void Assembler::step(std::uint32_t i) {
  if (late_[i]) return;
  const PackInstruction& instruction = program_.instructions[i];
  current_ = i;
  pinned_.fill(false);
  if (operand_count(instruction.op) != 0) return emit(i, instruction);
  // What cannot be loaded again is loaded now; other operands when they are used.
  if (is_load(instruction.op) && !values_[i].reloadable && next_use(i) != never) load(i);
}

void Assembler::keep_for_later(std::uint32_t i) {
  if (!outlives_[i] || values_[i].reg == no_register || values_[i].stack_offset != not_on_stack) return;
  values_[i].stack_offset = take_stack();
  vmovaps(ptr[rsp + values_[i].stack_offset], vector(values_[i].reg));
  release_if_dead(i);
}

// ---- sections

int Assembler::take_over(std::uint32_t fast, std::uint32_t result) {
  const Ymm reg = use(fast);
  if (!is_read_after(fast, result) && rates_[fast] == rates_[result]) {
    forget(fast, reg.getIdx());
    hold(result, reg.getIdx());
    return reg.getIdx();
  }
  const Ymm copy = assign(result);
  vmovaps(copy, reg);
  return copy.getIdx();
}

void Assembler::begin_section(std::uint32_t begin, std::uint32_t end) {
  current_ = begin;
  pinned_.fill(false);
  const int result = take_over(program_.instructions[end].a, end);
  sections_.push_back({begin, end, counted_, tail_, result, Label(), Label(), {}, {}});
  Section& section = sections_.back();
  jump_unless_all(program_.instructions[begin].a, section.rare);
  section.values = values_;
  section.holder = holder_;
  L(section.back);
  for (std::uint32_t i = begin; i <= end; ++i) {
    const Operands operands = operands_of(i);
    for (std::size_t k = 0; k < operands.count; ++k) {
      while (next_use(operands.values[k]) <= end) ++values_[operands.values[k]].used;
      release_if_dead(operands.values[k]);
    }
  }
  if (next_use(end) == never && rates_[end] == Rate::EachPack) forget(end, result);
}

bool Assembler::is_read_after(std::uint32_t v, std::uint32_t i) const {
  const std::uint32_t last = first_use_[v + 1];
  return outlives_[v] || (last != first_use_[v] && uses_[last - 1] > i);
}

void Assembler::sections() {
  for (Section& section : sections_) write_section(section);
}

void Assembler::write_section(Section& section) {
  if (counted_ != section.rate) count_uses(section.rate);
  L(section.rare);
  tail_ = section.tail;
  values_ = section.values;
  holder_ = section.holder;
  forget(section.end, section.result);
  const std::uint32_t fast = program_.instructions[section.end].a;
  if (values_[fast].reg == no_register) hold(fast, section.result);
  for (std::uint32_t i = section.begin + 1; i < section.end; ++i) {
    if (rates_[i] == section.rate) step(i);
  }
  current_ = section.end;
  pinned_.fill(false);
  const Ymm value = use(program_.instructions[section.end].b);
  if (value.getIdx() != section.result) {
    // Whatever is there now is not needed here any more, and comes back below if it was there before.
    vmovaps(vector(section.result), value);
  }
  for (int r = 0; r < wide_registers; ++r) {
    const std::uint32_t v = section.holder[static_cast<std::size_t>(r)];
    if (v == never || r == section.result || holder_[static_cast<std::size_t>(r)] == v) continue;
    if (!is_read_after(v, section.end)) continue;
    if (has_home(v)) reload(vector(r), v);
    else load_into(v, vector(r));
  }
  jmp(section.back, T_NEAR);
}

}  // namespace xgrad::backend::cpu::kernels

#endif
