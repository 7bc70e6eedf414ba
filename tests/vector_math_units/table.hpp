// The functions of packs over arrays, as each unit offers them for its instruction set.
#pragma once

#include <cstddef>

namespace vector_math {

/// out[i] = f(x[i], y[i]), or f(x[i]); `size` is a multiple of the number of lanes.
template <class T>
struct Function {
  const char* name;
  void (*apply)(const T* x, const T* y, T* out, std::size_t size);
};

inline constexpr std::size_t function_count = 37;

template <class T>
struct Functions {
  std::size_t lanes;
  Function<T> list[function_count];
  /// out[i] = pow_uniform(x[i], exponent)
  void (*pow_uniform)(const T* x, T exponent, T* out, std::size_t size);
};

struct Unit {
  const char* name;
  Functions<double> doubles;
  Functions<float> floats;

  template <class T>
  const Functions<T>& functions() const {
    if constexpr (sizeof(T) == 8) return doubles;
    else return floats;
  }
};

extern const Unit sse2_unit;
extern const Unit avx2_unit;
extern const Unit avx512_unit;
extern const Unit default_unit;

}  // namespace vector_math
