// The text of an equation of einsum, read.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace xgrad::detail {

/// What an equation says of one array.
struct Subscripts {
  std::string letters;
  std::vector<std::size_t> places;      ///< where in the text each of them stands
  std::optional<std::size_t> ellipsis;  ///< how many of them stand before the three dots
};

struct EinsumEquation {
  std::vector<Subscripts> operands;
  /// What stands behind "->", or, without it, the ellipsis and the letters that are named once.
  Subscripts result;
};

/// \throws ValueError  showing the place, if the text is no equation.
EinsumEquation read_equation(std::string_view text);

/// \throws ValueError  always: with the part of the text around a place, and a mark below it.
[[noreturn]] void refuse_equation(std::string_view text, std::size_t place, std::string_view why);

}  // namespace xgrad::detail
