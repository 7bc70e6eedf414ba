// What a kernel is handed: raw memory with extents and strides.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <xgrad/core/dtype.hpp>
#include <xgrad/core/shape.hpp>

#include "core/strides.hpp"

namespace xgrad::ir {
struct Payload;
}

namespace xgrad::backend::cpu::kernels {

/// An array in memory; strides are in elements and may be 0 or negative.
struct Operand {
  std::byte* data = nullptr;
  const Shape* shape = nullptr;
  Strides strides;
  DType dtype = DType::Float64;

  template <class T>
  [[nodiscard]] T* as() const noexcept {
    return reinterpret_cast<T*>(data);
  }
};

/// One run of a kernel. Outputs are dense, row-major and not yet written; one that nobody needs has no data, unless it
/// is the only one.
struct KernelCall {
  std::span<const Operand> outputs;
  std::span<const Operand> inputs;
  std::span<const std::int64_t> attributes;
  const ir::Payload* payload = nullptr;  ///< see Several

  /// The only one.
  [[nodiscard]] const Operand& output() const noexcept { return outputs[0]; }
};

/// Calls f<T>() with the C++ type of an element type.
template <class F>
decltype(auto) dispatch(DType dtype, F&& f) {
  switch (dtype) {
    case DType::Bool:
      return f.template operator()<bool>();
    case DType::Int64:
      return f.template operator()<std::int64_t>();
    case DType::Float32:
      return f.template operator()<float>();
    case DType::Float64:
      break;
  }
  return f.template operator()<double>();
}

}  // namespace xgrad::backend::cpu::kernels
