// Kernels that multiply small integers.
//
// This header is compiled for several instruction sets; it holds plain data only.
#pragma once

#include <cstddef>
#include <cstdint>

namespace xgrad::backend::cpu::kernels {

/// out[row, o] = start[o] + the sum over k of x[row, k] w[k / 4, o, k % 4], exact in 32 bits, for 16 outputs o.
struct Int8Task {
  std::size_t rows;
  std::size_t groups;     ///< of four k
  const std::uint8_t* x;  ///< [rows, groups, 4], dense
  const std::int8_t* w;   ///< [groups, 16, 4]
  const std::int32_t* start;
  std::int32_t* out;  ///< [rows, 16]
};

/// to[i] = clip(round(x[i] inverse) + zero, 0, 255); zero is from 0 to 255.
struct QuantiseTask {
  const void* x;
  std::size_t count;
  double inverse;
  std::int32_t zero;
  std::uint8_t* to;
};

struct Int8Kernels {
  void (*multiply)(const Int8Task& task);
  bool (*quantise[4])(const QuantiseTask& task);  ///< by DType, of floating-point numbers; whether there was a NaN
};

}  // namespace xgrad::backend::cpu::kernels
