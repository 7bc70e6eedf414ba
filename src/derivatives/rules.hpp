// The derivative rules of all primitives, by opcode.
#pragma once

#include <array>
#include <span>

#include "primitives/list.hpp"
#include "site.hpp"

namespace xgrad::detail {

struct Rules {
  /// Cotangent of one input, recorded; an empty Var stands for zero.
  Var (*vjp)(const Site& site, std::size_t input, const Var& cotangent) = nullptr;
  /// Tangent of the output from the tangents of the inputs (empty: zero), recorded; an empty Var stands for zero.
  Var (*jvp)(const Site& site, std::span<const Var> tangents) = nullptr;
  /// Whether the primitive sets parts of a cotangent or tangent to 0 (see Site::masked).
  bool masks = false;
};

/// Null entries: no derivative.
const Rules& rules_of(Opcode op) noexcept;

}  // namespace xgrad::detail
