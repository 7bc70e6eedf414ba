// Moving elements, whatever they mean.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "operand.hpp"

namespace xgrad::backend::cpu::kernels {

/// Calls f with a number of as many bytes as an element has.
template <class F>
void dispatch_bytes(DType dtype, F&& f) {
  const std::size_t bytes = size_of(dtype);
  if (bytes == 1) f(std::uint8_t{});
  else if (bytes == 4) f(std::uint32_t{});
  else f(std::uint64_t{});
}

/// Calls f(length), with a short length as a constant: a loop over so few elements, or a call for them, takes longer
/// than they.
template <class F>
void with_length(std::size_t length, F&& f) {
  constexpr std::size_t longest = 16;
  if (length == 0 || length > longest) return f(length);
  [&]<std::size_t... i>(std::index_sequence<i...>) {
    ((length == i + 1 ? f(std::integral_constant<std::size_t, i + 1>()) : void()), ...);
  }
  (std::make_index_sequence<longest>());
}

}  // namespace xgrad::backend::cpu::kernels
