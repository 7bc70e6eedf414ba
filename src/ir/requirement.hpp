// The texts of requirements of values, by number.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace xgrad::ir {

/// The number of a requirement; that of an earlier one with the same text. Kept for the life of the program.
std::uint32_t number_of_requirement(std::string_view text);

/// The text of a requirement.
std::string text_of_requirement(std::int64_t requirement);

/// \throws ValueError  with the text of a requirement, the offending value for its first {}, the limit for its second.
[[noreturn]] void throw_unmet_requirement(std::int64_t requirement, double value, std::int64_t limit);

}  // namespace xgrad::ir
