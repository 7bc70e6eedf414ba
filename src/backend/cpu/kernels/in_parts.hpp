// Work over many alike things, for as many threads as there are.
#pragma once

#include <algorithm>
#include <cstddef>

#include "backend/cpu/parallel/parallel.hpp"

namespace xgrad::backend::cpu::kernels {

/// Calls f(first, last) until all of `count` things had their turn; `elements` are moved or reduced for each. Where it
/// is cut depends on these numbers alone. What f does for one thing must not depend on its neighbours.
template <class F>
void in_parts(std::size_t count, std::size_t elements, F&& f) {
  constexpr std::size_t little = std::size_t{1} << 17U;   // not worth a second thread
  constexpr std::size_t of_part = std::size_t{1} << 15U;  // elements for a thread before it takes more
  const std::size_t things = std::max<std::size_t>(of_part / std::max<std::size_t>(elements, 1), 1);
  if (count * elements <= little || count <= things) {
    if (count > 0) f(std::size_t{0}, count);
    return;
  }
  parallel::parallel_for((count + things - 1) / things,
                         [&](std::size_t part) { f(part * things, std::min((part + 1) * things, count)); });
}

}  // namespace xgrad::backend::cpu::kernels
