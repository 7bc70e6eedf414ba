// Which primitives machine code is written for.
#pragma once

#include <cstdint>
#include <optional>

#include "program.hpp"

namespace xgrad::kernels {

/// The line of a program that computes a primitive, if machine code is written for it.
std::optional<Do> instruction_of(std::uint8_t opcode) noexcept;

}  // namespace xgrad::kernels
