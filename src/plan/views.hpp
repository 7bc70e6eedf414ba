// Primitives that only look at their input in another way.
#pragma once

#include <optional>
#include <span>

#include "ir/state.hpp"

namespace xgrad::plan {

using namespace ir;

/// Where and how a view finds its elements in the memory of its input; nothing if the elements must be moved (a reshape
/// of an array with gaps).
struct View {
  std::ptrdiff_t offset = 0;  // elements
  Strides strides;
};
std::optional<View> view_of(Opcode op, const Shape& output, const Shape& shape, const Strides& strides,
                            std::span<const std::int64_t> attributes);

}  // namespace xgrad::plan
