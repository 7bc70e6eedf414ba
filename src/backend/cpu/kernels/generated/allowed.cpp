#include <string>
#include <string_view>

#include <xgrad/core/errors.hpp>

#include "pack_program.hpp"

namespace xgrad::backend::cpu::kernels {

bool allows_machine_code(const char* setting) {
  const std::string_view said = setting == nullptr ? "" : setting;
  if (said == "off") return false;
  if (said.empty() || said == "on") return true;
  throw ValueError("XGRAD_MACHINE_CODE: \"" + std::string(said) + "\" is neither on nor off");
}

}  // namespace xgrad::backend::cpu::kernels
