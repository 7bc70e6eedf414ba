// Names that nodes carry, by number.
#pragma once

#include <cstdint>
#include <string>

namespace xgrad::ir {

/// The number of a name. Kept for the life of the program.
std::int64_t number_of_name(const std::string& name);
std::string name_by_number(std::int64_t number);

}  // namespace xgrad::ir
