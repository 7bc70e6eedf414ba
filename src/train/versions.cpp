#include "train/versions.hpp"

#include <sys/utsname.h>

#include <xgrad/core/xtensor.hpp>
#include <xgrad/threads.hpp>

namespace xgrad::train {
namespace {

std::string compiler_version() {
#ifdef __clang__
  return __VERSION__;
#else
  return "GCC " __VERSION__;
#endif
}

std::string system_version() {
  utsname system{};
  if (::uname(&system) != 0) return "unknown";
  return std::string(system.sysname) + " " + system.release + ", " + system.machine;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> versions() {
#ifdef XGRAD_VERSION
  const std::string own = XGRAD_VERSION;
#else
  const std::string own = "unknown";
#endif
  return {{"xgrad", own},
          {"xtensor", std::to_string(XTENSOR_VERSION_MAJOR) + "." + std::to_string(XTENSOR_VERSION_MINOR) + "." +
                          std::to_string(XTENSOR_VERSION_PATCH)},
          {"compiler", compiler_version()},
          {"system", system_version()},
          {"threads", std::to_string(xgrad::threads())}};
}

}  // namespace xgrad::train
