// The texts of rules that values must meet, by number.
#pragma once

#include <cstdint>
#include <string_view>

namespace xgrad::detail {

/// The number of a rule; that of an earlier one with the same text. Kept for the life of the program.
std::uint32_t number_of_rule(std::string_view text);

/// \throws ValueError  with the text of a rule, the broken value for its first {}, the limit for its second.
[[noreturn]] void throw_broken_rule(std::int64_t rule, double value, std::int64_t limit);

}  // namespace xgrad::detail
