// What is asked of data when something is found out of them, and of the rows that are mapped by it.
#pragma once

#include <string_view>

#include <xgrad/var.hpp>

namespace xgrad::data {

/// \throws ShapeError  for a number.
/// \throws ValueError  for no rows.
void require_rows_of_data(std::string_view operation, const Var& x);

/// \throws ShapeError  unless the last axes of x are those of a row.
void require_rows_as(std::string_view operation, const Var& x, const Shape& row);

}  // namespace xgrad::data
