#include <string>
#include <string_view>

#include <xgrad/core/errors.hpp>

#include "program.hpp"

namespace xgrad::kernels {

bool allows_machine_code(const char* wish) {
  const std::string_view said = wish == nullptr ? "" : wish;
  if (said == "off") return false;
  if (said.empty() || said == "on") return true;
  throw ValueError("XGRAD_MACHINE_CODE: \"" + std::string(said) + "\" is neither on nor off");
}

}  // namespace xgrad::kernels
