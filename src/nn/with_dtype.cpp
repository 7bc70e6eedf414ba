#include <xgrad/nn/with_dtype.hpp>

#include <string>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/elementwise.hpp>

namespace xgrad::nn::detail {

void require_target(DType dtype) {
  if (!is_floating(dtype)) {
    throw TypeError("with_dtype: to " + std::string(name(dtype)) + "; it must be a floating-point element type");
  }
}

Var in_dtype(const Var& x, DType dtype) { return x.defined() && is_floating(x.dtype()) ? cast(x, dtype) : x; }

}  // namespace xgrad::nn::detail
