// What searches in sorted tables, and counts in bins, have in common.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include <xgrad/ops/check.hpp>
#include <xgrad/var.hpp>

namespace xgrad::detail {

/// Lines that are checked to rise; NaN is behind all numbers.
Var rising(const Var& lines, const Requirement& requirement);

/// Both in the element type in which they meet.
std::array<Var, 2> alike(const Var& a, const Var& b);

/// \throws ShapeError  unless there is one axis, with so many elements at least.
void require_line(std::string_view operation, std::string_view what, const Var& x, std::size_t least);

}  // namespace xgrad::detail
