#include "views.hpp"

#include "graph.hpp"
#include "primitives/list.hpp"

namespace xgrad::detail {

using namespace primitives;

bool is_view(Opcode op) noexcept { return op >= opcode<Broadcast> && op <= opcode<Slice>; }
static_assert(opcode<Slice> - opcode<Broadcast> == 3, "the views stand together in the list of primitives");

namespace {

/// Strides with which the elements of an array with gaps appear in another shape, if there are any: each group of axes
/// that have the same number of elements before and after must step evenly.
std::optional<Strides> reshaped_strides(const Shape& from, const Strides& strides, const Shape& to) {
  Shape extents;
  Strides steps;
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (from[i] == 1) continue;
    extents.push_back(from[i]);
    steps.push_back(strides[i]);
  }
  Strides result(to.size(), 1);
  std::size_t i = 0;  // first axis of a group before
  std::size_t j = 0;  // and after
  while (i < extents.size() && j < to.size()) {
    std::size_t before = extents[i];
    std::size_t after = to[j];
    std::size_t i_end = i + 1;
    std::size_t j_end = j + 1;
    while (before != after) {
      if (before < after) before *= extents[i_end++];
      else after *= to[j_end++];
    }
    for (std::size_t k = i; k + 1 < i_end; ++k) {
      if (steps[k] != steps[k + 1] * static_cast<std::ptrdiff_t>(extents[k + 1])) return std::nullopt;
    }
    std::ptrdiff_t step = steps[i_end - 1];
    for (std::size_t k = j_end; k-- > j;) {
      result[k] = step;
      step *= static_cast<std::ptrdiff_t>(to[k]);
    }
    i = i_end;
    j = j_end;
  }
  return result;
}

}  // namespace

std::optional<View> view_of(Opcode op, const Shape& output, const kernels::Operand& input,
                            std::span<const std::int64_t> attributes) {
  View view{0, input.strides};
  if (op == opcode<Broadcast>) {
    for (std::size_t i = 0; i < output.size(); ++i) {
      if ((*input.shape)[i] == 1 && output[i] != 1) view.strides[i] = 0;
    }
  } else if (op == opcode<Reshape>) {
    if (kernels::is_dense(*input.shape, input.strides)) {
      view.strides = kernels::dense_strides(output);
    } else if (auto strides = reshaped_strides(*input.shape, input.strides, output)) {
      view.strides = *strides;
    } else {
      return std::nullopt;
    }
  } else if (op == opcode<Transpose>) {
    for (std::size_t i = 0; i < output.size(); ++i)
      view.strides[i] = input.strides[static_cast<std::size_t>(attributes[i])];
  } else if (op == opcode<Slice>) {
    for (std::size_t i = 0; i < output.size(); ++i) {
      view.offset += attributes[2 * i] * input.strides[i];
      view.strides[i] = attributes[2 * i + 1] * input.strides[i];
    }
    if (size_of(*input.shape) == 0) view.offset = 0;  // there is no memory to start in
  }
  return view;
}

}  // namespace xgrad::detail
