// What several rows that indices send to one make together, where adding them up is not what is asked for.
#pragma once

#include <cstddef>

#include <xgrad/var.hpp>

namespace xgrad::detail {

/// For each of `rows` rows the number of the last index that points to it, or -1.
/// \param places  of one axis, in range.
Var last_sent(const Var& places, std::size_t rows);

/// The product of the rows of values that are sent to each of `rows` rows; 1 of none.
/// \param values  [count, width]
/// \param places  [count], in range.
Var scattered_product(const Var& values, const Var& places, std::size_t rows);

}  // namespace xgrad::detail
