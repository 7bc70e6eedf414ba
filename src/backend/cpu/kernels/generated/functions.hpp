// Functions as lines of machine code.
#pragma once

#include <array>
#include <cstdint>

#include "pack_writer.hpp"

namespace xgrad::backend::cpu::kernels {

/// Whether a function, or a function in two steps (whose numbers follow those of the primitives), can be written.
bool has_lines(std::uint8_t operation) noexcept;

/// Writes such a function of values of a program.
std::uint32_t write_lines(std::uint8_t operation, const std::array<std::uint32_t, 3>& operands, PackWriter& writer);

/// A program of which the functions are written out.
PackProgram with_lines(const PackProgram& program);

/// Writes a power with an exponent that is the same for all numbers and known now: as the kernel for one exponent does.
std::uint32_t write_power(std::uint32_t base, double exponent, PackWriter& writer);

}  // namespace xgrad::backend::cpu::kernels
