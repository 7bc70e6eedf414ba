#include "nn/checks.hpp"

#include <string>

#include <xgrad/core/errors.hpp>

namespace xgrad::nn {

void require_floating(std::string_view maker, DType dtype) {
  if (!is_floating(dtype)) {
    throw TypeError(std::string(maker) + ": weights of " + std::string(name(dtype)) + "; they must be floating-point");
  }
}

}  // namespace xgrad::nn
