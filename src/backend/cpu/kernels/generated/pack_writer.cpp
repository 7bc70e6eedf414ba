#include "pack_writer.hpp"

namespace xgrad::backend::cpu::kernels {

void PackWriter::begin(bool single_precision) {
  program_ = {.single_precision = single_precision, .rows = false, .instructions = {}};
  known_.clear();
}

std::uint32_t PackWriter::value(PackOp op, std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t slot) {
  const PackInstruction instruction{op, a, b, c, slot};
  const auto [found, fresh] = known_.try_emplace(instruction, 0);
  if (!fresh) return found->second;
  found->second = append(instruction);
  if (is_rare_) known_in_rare_.push_back(instruction);
  return found->second;
}

std::uint32_t PackWriter::constant(std::uint64_t bits) {
  return value(PackOp::Constant, static_cast<std::uint32_t>(bits), static_cast<std::uint32_t>(bits >> 32U));
}

bool PackWriter::holds(std::uint32_t mask) {
  if (!is_rare_) conditions_.push_back(mask);
  return !is_rare_;
}

void PackWriter::begin_rare(std::uint32_t mask) {
  append({PackOp::Unless, mask});
  is_rare_ = true;
}

std::uint32_t PackWriter::end_rare(std::uint32_t usual, std::uint32_t rare) {
  is_rare_ = false;
  for (const PackInstruction& each : known_in_rare_) known_.erase(each);
  known_in_rare_.clear();
  return append({PackOp::EndUnless, usual, rare});
}

}  // namespace xgrad::backend::cpu::kernels
