// What layers of sequences have in common.
#pragma once

#include <cstddef>

#include <xgrad/core/shape.hpp>
#include <xgrad/var.hpp>

namespace xgrad::nn::detail {

/// Whether an array of one shape broadcasts to the other.
inline bool broadcasts_to(const Shape& from, const Shape& to) {
  if (from.size() > to.size()) return false;
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (from[i] != 1 && from[i] != to[to.size() - from.size() + i]) return false;
  }
  return true;
}

/// How many places a sequence [..., t, width] has.
inline std::ptrdiff_t length_of(const Var& sequence) { return static_cast<std::ptrdiff_t>(sequence.shape(-2)); }

}  // namespace xgrad::nn::detail
