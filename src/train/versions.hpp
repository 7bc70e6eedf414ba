// With what a program was built, and where it runs.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace xgrad::train {

/// "xgrad", "0.1.0" and so on.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> versions();

}  // namespace xgrad::train
