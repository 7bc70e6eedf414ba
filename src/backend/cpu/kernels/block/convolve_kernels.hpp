// The innermost loops of convolutions, for one instruction set. Sums stay in registers: as many as there are, but for
// some that hold factors. Included by a translation unit for each set, as kernels.hpp is.
#pragma once

#include <cstddef>
#include <utility>

#include "backend/cpu/kernels/simd/pack.hpp"
#include "block.hpp"
#include "convolve.hpp"

namespace xgrad::backend::cpu::kernels {

template <class T, class Arch>
struct ConvolveLoops {
  using P = simd::Pack<T, Arch>;
  static constexpr std::size_t width = P::size;
  /// Of 32 registers or of 16.
  static constexpr bool many = sizeof(P) == 64;
  static constexpr std::size_t sums = many ? 24 : 12;
  static constexpr std::size_t most_rows = many ? 8 : 4;

  /// f(I) for I = 0 ... n - 1, written out.
  template <std::size_t n, class F>
  XGRAD_INLINE static void unrolled(F f) {
    [&]<std::size_t... i>(std::index_sequence<i...>) __attribute__((always_inline)) {
      (f(std::integral_constant<std::size_t, i>{}), ...);
    }
    (std::make_index_sequence<n>{});
  }

  // ---- taps

  /// `rows` rows of `packs` packs.
  template <std::size_t rows, std::size_t packs>
  XGRAD_INLINE static void taps_at(const TapsTask& task, std::size_t p) {
    const T* source = static_cast<const T*>(task.source) + p;
    const T* weights = static_cast<const T*>(task.weights);
    T* out = static_cast<T*>(task.out) + p;
    P sum[rows][packs];
    unrolled<rows>([&](auto r) {
      unrolled<packs>(
          [&](auto v) { sum[r][v] = task.accumulate ? P::load(out + r * task.row_stride + v * width) : P(T(0)); });
    });
    for (std::size_t tap = 0; tap < task.taps; ++tap) {
      const T* from = source + task.offsets[tap];
      P x[packs];
      unrolled<packs>([&](auto v) { x[v] = P::load(from + v * width); });
      unrolled<rows>([&](auto r) {
        const P weight(weights[tap * rows + r]);
        unrolled<packs>([&](auto v) { sum[r][v] = fma(weight, x[v], sum[r][v]); });
      });
    }
    unrolled<rows>(
        [&](auto r) { unrolled<packs>([&](auto v) { sum[r][v].store(out + r * task.row_stride + v * width); }); });
  }

  template <std::size_t rows>
  static void taps_of(const TapsTask& task) {
    constexpr std::size_t most = sums / rows;
    constexpr std::size_t packs = most < 6 ? most : 6;
    std::size_t p = 0;
    for (; p + packs * width <= task.count; p += packs * width) taps_at<rows, packs>(task, p);
    if constexpr (packs >= 4) {
      for (; p + width < task.count; p += 2 * width) taps_at<rows, 2>(task, p);
    }
    for (; p < task.count; p += width) taps_at<rows, 1>(task, p);
  }

  static void taps(const TapsTask& task) {
    unrolled<most_rows>([&](auto r) {
      if (task.rows == r + 1) taps_of<r + 1>(task);
    });
  }

  // ---- the gradient of a kernel

  template <std::size_t taps, std::size_t packs>
  static void kernel_gradient_of(const KernelGradientTask& task, std::size_t first, std::size_t channel) {
    P sum[taps][packs];
    T* out = static_cast<T*>(task.out) + first * task.channels + channel;
    unrolled<taps>(
        [&](auto t) { unrolled<packs>([&](auto v) { sum[t][v] = P::load(out + t * task.channels + v * width); }); });
    const T* from[taps];
    unrolled<taps>([&](auto t) { from[t] = static_cast<const T*>(task.source) + task.offsets[first + t]; });
    const T* y = static_cast<const T*>(task.y) + channel;
    for (std::size_t i = 0; i < task.rows; ++i) {
      for (std::size_t j = 0; j < task.columns; ++j, y += task.channels) {
        P of_y[packs];
        unrolled<packs>([&](auto v) { of_y[v] = P::load(y + v * width); });
        unrolled<taps>([&](auto t) {
          const P x(from[t][i * task.line + j]);
          unrolled<packs>([&](auto v) { sum[t][v] = fma(x, of_y[v], sum[t][v]); });
        });
      }
    }
    unrolled<taps>(
        [&](auto t) { unrolled<packs>([&](auto v) { sum[t][v].store(out + t * task.channels + v * width); }); });
  }

  template <std::size_t packs>
  static void kernel_gradient_of(const KernelGradientTask& task, std::size_t channel) {
    constexpr std::size_t most = packs == 1 && many ? 25 : sums / packs;  // 5 by 5
    constexpr std::size_t some = most > 9 ? 9 : 3;
    std::size_t tap = 0;
    for (; tap + most <= task.taps; tap += most) kernel_gradient_of<most, packs>(task, tap, channel);
    for (; tap + some <= task.taps; tap += some) kernel_gradient_of<some, packs>(task, tap, channel);
    for (; tap + 3 <= task.taps; tap += 3) kernel_gradient_of<3, packs>(task, tap, channel);
    for (; tap < task.taps; ++tap) kernel_gradient_of<1, packs>(task, tap, channel);
  }

  static void kernel_gradient(const KernelGradientTask& task) {
    constexpr std::size_t most = many ? 4 : 2;
    std::size_t channel = 0;
    for (; channel + most * width <= task.channels; channel += most * width) {
      kernel_gradient_of<most>(task, channel);
    }
    if constexpr (many) {
      for (; channel + 2 * width <= task.channels; channel += 2 * width) kernel_gradient_of<2>(task, channel);
    }
    for (; channel < task.channels; channel += width) kernel_gradient_of<1>(task, channel);
  }

  // ---- lines

  template <std::size_t count>
  XGRAD_INLINE static void copy_bit(const T*& from, T*& to, std::size_t columns) {
    if ((columns & count) == 0) return;
    __builtin_memcpy(to, from, count * sizeof(T));
    from += count;
    to += count;
  }

  static void lines(const LinesTask& task) {
    const T* from = static_cast<const T*>(task.from);
    T* to = static_cast<T*>(task.to);
    for (std::size_t row = 0; row < task.rows; ++row, from += task.from_stride, to += task.to_stride) {
      if (task.columns >= width) {  // the last pack overlaps the one before
        for (std::size_t i = 0; i + width < task.columns; i += width) P::load(from + i).store(to + i);
        P::load(from + task.columns - width).store(to + task.columns - width);
        continue;
      }
      const T* part = from;
      T* out = to;
      copy_bit<8>(part, out, task.columns);
      copy_bit<4>(part, out, task.columns);
      copy_bit<2>(part, out, task.columns);
      copy_bit<1>(part, out, task.columns);
    }
  }

  // ---- turning

  using Lanes [[gnu::vector_size(sizeof(P))]] = T;

  /// The halves of two registers, number by number in turn.
  template <std::size_t half>
  XGRAD_INLINE static Lanes zipped(Lanes a, Lanes b) {
    return [&]<std::size_t... i>(std::index_sequence<i...>) __attribute__((always_inline)) {
      return __builtin_shufflevector(a, b, ((i % 2) * width + i / 2 + half * (width / 2))...);
    }
    (std::make_index_sequence<width>{});
  }

  /// A square of as many lines as a register has numbers. Zipping line i with line i + width / 2 moves one bit of the
  /// places of numbers from the line to the place in it; doing so for each bit turns the square.
  XGRAD_INLINE static void turn_square(const T* from, std::size_t from_stride, T* to, std::size_t to_stride) {
    Lanes line[width];
    unrolled<width>([&](auto i) { __builtin_memcpy(&line[i], from + i * from_stride, sizeof(Lanes)); });
    for (std::size_t bit = 1; bit < width; bit *= 2) {
      Lanes next[width];
      unrolled<width / 2>([&](auto i) {
        next[2 * i] = zipped<0>(line[i], line[i + width / 2]);
        next[2 * i + 1] = zipped<1>(line[i], line[i + width / 2]);
      });
      unrolled<width>([&](auto i) { line[i] = next[i]; });
    }
    unrolled<width>([&](auto i) { __builtin_memcpy(to + i * to_stride, &line[i], sizeof(Lanes)); });
  }

  static void turn(const TurnTask& task) {
    const T* from = static_cast<const T*>(task.from);
    T* to = static_cast<T*>(task.to);
    for (std::size_t place = 0; place < task.places; place += width) {
      const std::size_t places = task.places - place < width ? task.places - place : width;
      std::size_t channel = 0;
      for (; places == width && channel + width <= task.channels; channel += width) {
        turn_square(from + channel * task.channel_stride + place, task.channel_stride,
                    to + place * task.place_stride + channel, task.place_stride);
      }
      for (; channel < task.channels; ++channel) {
        const T* line = from + channel * task.channel_stride + place;
        T* out = to + place * task.place_stride + channel;
        for (std::size_t i = 0; i < places; ++i) out[i * task.place_stride] = line[i];
      }
    }
  }

  static ConvolveKernels kernels() { return {taps, kernel_gradient, lines, turn, most_rows, width}; }
};

template <class Arch>
void add_convolve(BlockTable& table) {
  table.convolve[2] = ConvolveLoops<float, Arch>::kernels();  // the order of DType
  table.convolve[3] = ConvolveLoops<double, Arch>::kernels();
}

}  // namespace xgrad::backend::cpu::kernels
