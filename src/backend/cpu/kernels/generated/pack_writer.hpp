// Writes a program of packs, instruction by instruction. Equal instructions are written once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "pack_program.hpp"

namespace xgrad::backend::cpu::kernels {

struct HashOfInstruction {
  std::size_t operator()(const PackInstruction& instruction) const noexcept {
    std::uint64_t hash = static_cast<std::uint64_t>(instruction.op) | std::uint64_t{instruction.slot} << 32U;
    for (const std::uint64_t word :
         {std::uint64_t{instruction.a} | std::uint64_t{instruction.b} << 32U, std::uint64_t{instruction.c}}) {
      hash = (hash ^ word) * 0x9e3779b97f4a7c15U;
      hash ^= hash >> 32U;
    }
    return hash;
  }
};

class PackWriter {
 public:
  /// Begins another program.
  void begin(bool single_precision);
  [[nodiscard]] PackProgram& program() noexcept { return program_; }

  std::uint32_t append(const PackInstruction& instruction) {
    program_.instructions.push_back(instruction);
    return static_cast<std::uint32_t>(program_.instructions.size() - 1);
  }
  /// An instruction that is nothing but its value.
  std::uint32_t value(PackOp op, std::uint32_t a = 0, std::uint32_t b = 0, std::uint32_t c = 0, std::uint32_t slot = 0);
  std::uint32_t constant(std::uint64_t bits);
  /// The operand of an instruction, if that is a Negate.
  [[nodiscard]] const PackInstruction& at(std::uint32_t i) const { return program_.instructions[i]; }

  /// A function that takes another way if some mask is not true for the whole pack: `f` is asked twice, and writes the
  /// usual way and the rare one, which is right for all numbers.
  template <class F>
  std::uint32_t in_two_ways(F f) {
    conditions_.clear();
    const std::uint32_t usual = f();
    if (conditions_.empty()) return usual;
    std::uint32_t all = conditions_.front();
    for (std::size_t k = 1; k < conditions_.size(); ++k) all = value(PackOp::And, all, conditions_[k]);
    return unless(all, usual, f);
  }
  /// A value that is `f`'s if the mask is false somewhere. In the rare way of a function it always is.
  template <class F>
  std::uint32_t unless(std::uint32_t mask, std::uint32_t usual, F f) {
    if (is_rare_) return f();
    begin_rare(mask);
    const std::uint32_t rare = f();
    return end_rare(usual, rare);
  }
  /// What the function is told of a mask.
  bool holds(std::uint32_t mask);

 private:
  void begin_rare(std::uint32_t mask);
  std::uint32_t end_rare(std::uint32_t usual, std::uint32_t rare);

  PackProgram program_;
  std::unordered_map<PackInstruction, std::uint32_t, HashOfInstruction> known_;
  std::vector<PackInstruction> known_in_rare_;  ///< these are forgotten when it ends
  std::vector<std::uint32_t> conditions_;       ///< masks of which the usual way needs that all hold
  bool is_rare_ = false;
};

}  // namespace xgrad::backend::cpu::kernels
