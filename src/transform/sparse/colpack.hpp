// Colourings by ColPack, where xgrad is built with it.
#pragma once

#include <optional>

#include "colouring.hpp"

namespace xgrad::detail {

/// As colour_columns and colour_symmetric, in ColPack's order "smallest last"; nothing if ColPack is not here.
std::optional<Colouring> colpack_columns(const Structure& structure);
std::optional<Colouring> colpack_symmetric(const Structure& structure);

}  // namespace xgrad::detail
