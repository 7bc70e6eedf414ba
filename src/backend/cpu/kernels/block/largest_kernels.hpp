// The kernels that find the largest elements of lines, for one instruction set. Included by a translation unit for
// each, as kernels.hpp is.
#pragma once

#include "backend/cpu/kernels/simd/pack.hpp"
#include "block.hpp"
#include "largest.hpp"

namespace xgrad::backend::cpu::kernels {

template <class Arch>
struct LargestKernels {
  /// What is found in a few packs of lines. Places are numbers of their type, which are exact up to `most_places`.
  template <class P, std::size_t packs>
  struct Found {
    P value[packs];
    P place[packs];
  };

  /// Places that a type of number holds: for longer lines they are found in pieces.
  template <class T>
  static constexpr std::size_t most_places = std::size_t{1} << (sizeof(T) == 8 ? 52U : 23U);

  template <std::size_t packs, class P, class T>
  XGRAD_INLINE static void search(const T* x, std::size_t step, std::size_t extent, Found<P, packs>& found) {
    for (std::size_t p = 0; p < packs; ++p) {
      found.value[p] = P::load(x + p * P::size);
      found.place[p] = P(T(0));
    }
    P here(T(0));
    for (std::size_t k = 1; k < extent; ++k) {
      x += step;
      here = here + P(T(1));
      for (std::size_t p = 0; p < packs; ++p) {
        const P value = P::load(x + p * P::size);
        const P best = found.value[p];
        const auto larger = !(value <= best) && best == best;  // the first NaN wins
        found.value[p] = select(larger, value, best);
        found.place[p] = select(larger, here, found.place[p]);
      }
    }
  }

  /// Pieces of lines too long for their places to be numbers of their type.
  template <std::size_t packs, class P, class T>
  [[gnu::flatten]] static void lines(const LargestTask& task, const T* x, std::int64_t* out) {
    constexpr std::size_t count = packs * P::size;
    T largest[count];
    for (std::size_t first = 0; first < task.extent; first += most_places<T>) {
      const std::size_t left = task.extent - first;
      Found<P, packs> found;
      search<packs>(x + first * task.step, task.step, left < most_places<T> ? left : most_places<T>, found);
      T value[count];
      T place[count];
      for (std::size_t p = 0; p < packs; ++p) {
        found.value[p].store(value + p * P::size);
        found.place[p].store(place + p * P::size);
      }
      for (std::size_t i = 0; i < count; ++i) {
        if (first != 0 && (value[i] <= largest[i] || largest[i] != largest[i])) continue;
        largest[i] = value[i];
        out[i] = static_cast<std::int64_t>(first) + static_cast<std::int64_t>(place[i]);
      }
    }
  }

  /// One of the lines at the end that do not fill a pack.
  template <class T>
  static std::int64_t line(const LargestTask& task, const T* x) {
    std::size_t best = 0;
    T largest = x[0];
    for (std::size_t k = 1; k < task.extent; ++k) {
      const T value = x[k * task.step];
      if (value <= largest || largest != largest) continue;
      largest = value;
      best = k;
    }
    return static_cast<std::int64_t>(best);
  }

  template <class T>
  static void largest(const LargestTask& task) {
    using P = simd::Pack<T, Arch>;
    const T* x = static_cast<const T*>(task.x);
    std::size_t i = 0;
    for (; i + 4 * P::size <= task.lines; i += 4 * P::size) lines<4, P>(task, x + i, task.out + i);
    for (; i + P::size <= task.lines; i += P::size) lines<1, P>(task, x + i, task.out + i);
    for (; i < task.lines; ++i) task.out[i] = line(task, x + i);
  }

  static void add_to(BlockTable& table) {
    constexpr std::size_t float32 = 2;  // the order of DType
    constexpr std::size_t float64 = 3;
    table.largest[float32] = largest<float>;
    table.largest[float64] = largest<double>;
  }
};

}  // namespace xgrad::backend::cpu::kernels
