#include "nn/checks.hpp"

#include <cmath>
#include <string>

#include <xgrad/core/errors.hpp>

#include "core/text.hpp"

namespace xgrad::nn {

void require_floating(std::string_view maker, DType dtype) {
  if (!is_floating(dtype)) {
    throw TypeError(std::string(maker) + ": weights of " + std::string(name(dtype)) + "; they must be floating-point");
  }
}

void require_weight(std::string_view layer, std::string_view what, const Var& weight, const Shape& shape) {
  if (weight.shape() == shape) return;
  throw ShapeError(std::string(layer) + ": its " + std::string(what) + " has the shape " + to_string(weight.shape()) +
                   "; it must be " + to_string(shape));
}

void require_rate(std::string_view layer, double rate) {
  if (rate >= 0.0 && rate <= 1.0) return;
  throw ValueError(std::string(layer) + ": the rate of dropout is " + core::text_of(rate) + "; it must be from 0 to 1");
}

void require_base(std::string_view function, double base) {
  if (base > 0.0 && std::isfinite(base)) return;
  throw ValueError(std::string(function) + ": the base " + core::text_of(base) + "; it must be positive and finite");
}

}  // namespace xgrad::nn
