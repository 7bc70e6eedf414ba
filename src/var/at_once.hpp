// Small operations on concrete arrays, which are neither recorded nor planned.
#pragma once

#include <optional>
#include <span>

#include "record.hpp"

namespace xgrad::detail {

/// An element-by-element operation on concrete operands that broadcast, and numbers, if they are few elements and have
/// the types that it takes; otherwise it has to be recorded. The bits are those that recording would give.
/// \param dtype   the element type in which the operands meet; of `where`, its choices.
/// \param result  the element type of the result.
std::optional<Var> compute_at_once(Opcode op, DType dtype, DType result, std::span<const Var* const> operands);

/// Any other operation that record() would record, on concrete operands with few elements. The bits are those that
/// recording would give, and so are errors.
/// \param shape  of the result.
std::optional<Var> compute_at_once(Opcode op, DType dtype, const Shape& shape, std::span<const Var* const> inputs,
                                   std::span<const std::int64_t> attributes);

}  // namespace xgrad::detail
