// Texts with numbers in them.
#pragma once

#include <locale>
#include <sstream>

namespace xgrad::detail {

/// A stream that writes numbers as C++ does, whatever locale the program has chosen.
struct TextStream : std::ostringstream {
  TextStream() { imbue(std::locale::classic()); }
};

}  // namespace xgrad::detail
