// The innermost loops of convolutions.
//
// This header is compiled for several instruction sets; it holds plain data only.
#pragma once

#include <cstddef>

namespace xgrad::backend::cpu::kernels {

/// out[row][p] = (or +=) the sum over taps of weights[tap][row] source[offsets[tap] + p]. Counts p are made whole
/// packs: as much behind the end of source and of rows is read and written, too.
struct TapsTask {
  const void* source;
  const std::ptrdiff_t* offsets;
  std::size_t taps;
  const void* weights;  ///< [taps][rows]
  std::size_t rows;     ///< at most `most_rows`
  void* out;
  std::size_t row_stride;
  std::size_t count;
  bool accumulate;
};

/// out[tap][channel] += the sum over places (i, j) of source[offsets[tap] + i line + j] y[i columns + j][channel].
/// Channels are whole packs, of which each place has `channels`.
struct KernelGradientTask {
  const void* source;
  const std::ptrdiff_t* offsets;
  std::size_t taps;
  const void* y;
  std::size_t channels;
  void* out;
  std::size_t rows, columns;
  std::size_t line;
};

/// to[row][column] = from[row][column]; lines are so short that a call of memcpy for each would take longer.
struct LinesTask {
  const void* from;
  std::ptrdiff_t from_stride;
  void* to;
  std::ptrdiff_t to_stride;
  std::size_t rows, columns;
};

/// to[place][channel] = from[channel][place].
struct TurnTask {
  const void* from;
  std::size_t channel_stride;
  std::size_t channels, places;
  void* to;
  std::size_t place_stride;
};

struct ConvolveKernels {
  void (*taps)(const TapsTask& task);
  void (*kernel_gradient)(const KernelGradientTask& task);
  void (*lines)(const LinesTask& task);
  void (*turn)(const TurnTask& task);
  std::size_t most_rows;
  std::size_t width;  ///< numbers in a pack
};

}  // namespace xgrad::backend::cpu::kernels
