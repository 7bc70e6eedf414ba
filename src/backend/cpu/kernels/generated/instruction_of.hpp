// Which primitives machine code is written for.
#pragma once

#include <cstdint>
#include <optional>

#include "pack_program.hpp"

namespace xgrad::backend::cpu::kernels {

/// The operation over packs that computes a primitive, if machine code is written for it.
std::optional<PackOp> instruction_of(std::uint8_t opcode) noexcept;

}  // namespace xgrad::backend::cpu::kernels
