// What chooses rows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <xgrad/random/key.hpp>
#include <xgrad/var.hpp>

namespace xgrad::data::detail {

/// \throws TypeError   unless they are int64.
/// \throws ShapeError  unless they have one axis.
void require_row_numbers(const Var& which);

/// The numbers from 0 on, in random order if there is a key.
std::vector<std::int64_t> ordered_rows(std::size_t count, const std::optional<random::Key>& key);

}  // namespace xgrad::data::detail
