// What chooses rows.
#pragma once

#include <xgrad/var.hpp>

namespace xgrad::data::detail {

/// \throws TypeError   unless they are int64.
/// \throws ShapeError  unless they have one axis.
void require_row_numbers(const Var& which);

}  // namespace xgrad::data::detail
