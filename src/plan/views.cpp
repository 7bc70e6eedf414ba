#include "views.hpp"

#include "core/strides.hpp"
#include "graph.hpp"
#include "primitives/list.hpp"

namespace xgrad::plan {

using namespace primitives;

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

using Attributes = std::span<const std::int64_t>;

/// Of the input.
struct Layout {
  const Shape& shape;
  const Strides& strides;
};

std::optional<View> broadcast_view(const Shape& output, const Layout& input, Attributes) {
  View view{0, input.strides};
  for (std::size_t i = 0; i < output.size(); ++i) {
    if (input.shape[i] == 1 && output[i] != 1) view.strides[i] = 0;
  }
  return view;
}

std::optional<View> reshape_view(const Shape& output, const Layout& input, Attributes) {
  if (core::is_dense(input.shape, input.strides)) return View{0, core::dense_strides(output)};
  const std::optional<Strides> strides = reshaped_strides(input.shape, input.strides, output);
  return strides ? std::optional(View{0, *strides}) : std::nullopt;
}

std::optional<View> transpose_view(const Shape& output, const Layout& input, Attributes permutation) {
  View view{0, input.strides};
  for (std::size_t i = 0; i < output.size(); ++i) {
    view.strides[i] = input.strides[static_cast<std::size_t>(permutation[i])];
  }
  return view;
}

std::optional<View> slice_view(const Shape& output, const Layout& input, Attributes starts_and_steps) {
  View view{0, input.strides};
  for (std::size_t i = 0; i < output.size(); ++i) {
    view.offset += starts_and_steps[2 * i] * input.strides[i];
    view.strides[i] = starts_and_steps[2 * i + 1] * input.strides[i];
  }
  if (size_of(input.shape) == 0) view.offset = 0;  // there is no memory to start in
  return view;
}

using MakeView = std::optional<View> (*)(const Shape&, const Layout&, Attributes);
constexpr MakeView view_for(Type<Broadcast>) { return broadcast_view; }
constexpr MakeView view_for(Type<Reshape>) { return reshape_view; }
constexpr MakeView view_for(Type<Transpose>) { return transpose_view; }
constexpr MakeView view_for(Type<Slice>) { return slice_view; }

}  // namespace

std::optional<View> view_of(Opcode op, const Shape& output, const Shape& shape, const Strides& strides,
                            Attributes attributes) {
  static constexpr auto table = table_of_primitives<MakeView>([]<class P>(Type<P> primitive) -> MakeView {
    if constexpr (P::computation == Computation::View) {
      constexpr bool has_line = requires { view_for(primitive); };
      static_assert(has_line, "a view lacks its line in the table above");
      return view_for(primitive);
    } else {
      return nullptr;
    }
  });
  return table[op](output, {shape, strides}, attributes);
}

}  // namespace xgrad::plan
