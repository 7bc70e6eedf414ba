#include "dependence_windows.hpp"

#include "primitives/windows.hpp"

namespace xgrad::detail::dependence {
namespace {

using namespace primitives;

/// One of the three arrays as [outer, groups, own, inner, places]: x is [n, g, 1, c, X], the kernel [1, g, o, c, K] and
/// y [n, g, o, 1, Y]. Axes that the array lacks have extent 1.
struct Laid {
  std::array<std::size_t, 4> extents;
  Shape places;
  ConvolutionRole role;

  /// The index of the element at these places, of which those of axes of extent 1 do not matter.
  [[nodiscard]] std::size_t at(const std::array<std::size_t, 4>& index, std::size_t place) const {
    std::size_t result = 0;
    for (std::size_t i = 0; i < 4; ++i) result = result * extents[i] + (extents[i] == 1 ? 0 : index[i]);
    return result * size_of(places) + place;
  }
};

Laid laid(ConvolutionRole role, const Shape& shape, std::size_t groups) {
  Laid result{.extents = {1, groups, 1, 1}, .places = Shape(shape.begin() + 2, shape.end()), .role = role};
  if (role != ConvolutionRole::Kernel) result.extents[0] = shape[0];
  if (role != ConvolutionRole::Input) result.extents[2] = shape[role == ConvolutionRole::Kernel ? 0 : 1] / groups;
  if (role != ConvolutionRole::Output)
    result.extents[3] = role == ConvolutionRole::Kernel ? shape[1] : shape[1] / groups;
  return result;
}

/// Calls f with places of x, the kernel and y that meet.
template <class F>
void for_each_meeting(const std::array<Shape, 3>& places, std::span<const std::int64_t> attributes, F f) {
  const auto [x, w, y] = places;
  for (std::size_t j = 0; j < size_of(y); ++j) {
    for (std::size_t k = 0; k < size_of(w); ++k) {
      std::size_t at = 0;
      std::size_t scale = 1;
      bool inside = true;
      std::size_t rest_j = j;
      std::size_t rest_k = k;
      for (std::size_t axis = x.size(); axis-- > 0;) {
        const WindowStep step = window_step(attributes, axis);
        const auto i = static_cast<std::int64_t>(rest_j % y[axis]) * step.stride +
                       static_cast<std::int64_t>(rest_k % w[axis]) * step.dilation - step.padding;
        rest_j /= y[axis];
        rest_k /= w[axis];
        inside = inside && i >= 0 && i < static_cast<std::int64_t>(x[axis]);
        if (!inside) break;
        at += static_cast<std::size_t>(i) * scale;
        scale *= x[axis];
      }
      if (inside) f(std::array{at, k, j});
    }
  }
}

/// What comes of one input: the union over the axes that the result lacks, for each element of those that the input
/// lacks.
void add(const FollowedNode& node, const Laid& from, const SetArray& sets, const Laid& to, std::vector<SetArray>& parts,
         const std::array<Shape, 3>& places) {
  std::array<std::size_t, 4> both{};
  for (std::size_t i = 0; i < 4; ++i) both[i] = std::max(from.extents[i], to.extents[i]);
  for_each_meeting(places, node.attributes(), [&](const std::array<std::size_t, 3>& place) {
    std::array<std::size_t, 4> index{};
    for (index[0] = 0; index[0] < both[0]; ++index[0]) {
      for (index[1] = 0; index[1] < both[1]; ++index[1]) {
        for (index[2] = 0; index[2] < both[2]; ++index[2]) {
          for (index[3] = 0; index[3] < both[3]; ++index[3]) {
            const IndexSets::Set set = sets[from.at(index, place[static_cast<std::size_t>(from.role)])];
            if (set == IndexSets::empty) continue;
            parts[to.at(index, place[static_cast<std::size_t>(to.role)])].push_back(set);
          }
        }
      }
    }
  });
}

}  // namespace

SetArray on_windows(const FollowedNode& node) {
  const ConvolutionRole result = role_of_result(node.attributes());
  const std::size_t groups = groups_of(node.attributes());
  const Laid to = laid(result, node.shape(), groups);
  std::array<Shape, 3> places;
  places[static_cast<std::size_t>(result)] = to.places;
  for (std::size_t k = 0; k < 2; ++k) {
    const Shape& shape = node.input_shape(k);
    places[static_cast<std::size_t>(role_of_input(result, k))] = Shape(shape.begin() + 2, shape.end());
  }
  std::vector<SetArray> parts(size_of(node.shape()));
  for (std::size_t k = 0; k < 2; ++k) {
    if (!node.depends(k)) continue;
    add(node, laid(role_of_input(result, k), node.input_shape(k), groups), node.input(k), to, parts, places);
  }
  SetArray sets(parts.size());
  for (std::size_t i = 0; i < sets.size(); ++i) sets[i] = node.sets.united(parts[i]);
  return sets;
}

}  // namespace xgrad::detail::dependence
