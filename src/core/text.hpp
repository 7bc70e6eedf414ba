// Texts with numbers in them.
#pragma once

#include <locale>
#include <sstream>

namespace xgrad::detail {

/// A stream that writes numbers as C++ does, whatever locale the program has chosen, and that throws if there is no
/// memory for them.
struct TextStream : std::ostringstream {
  TextStream() {
    imbue(std::locale::classic());
    exceptions(std::ios::badbit);
  }
};

}  // namespace xgrad::detail
