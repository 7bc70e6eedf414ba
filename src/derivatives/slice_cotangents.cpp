#include "slice_cotangents.hpp"

#include <algorithm>

#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/manipulate.hpp>

#include "primitives/list.hpp"
#include "var/record.hpp"

namespace xgrad::derivatives {
namespace {

/// Cotangents of one and the same slice, added up.
std::vector<SliceCotangent> merged(TapeState& tape, std::vector<SliceCotangent> slices) {
  std::stable_sort(slices.begin(), slices.end(),
                   [](const SliceCotangent& a, const SliceCotangent& b) { return a.start < b.start; });
  std::vector<SliceCotangent> result;
  for (const SliceCotangent& slice : slices) {
    if (!result.empty() && result.back().start == slice.start && result.back().count == slice.count) {
      NodeId& sum = result.back().node;
      sum = VarAccess::node(VarAccess::recorded(tape, sum) + VarAccess::recorded(tape, slice.node));
    } else {
      result.push_back(slice);
    }
  }
  return result;
}

bool lie_side_by_side(const std::vector<SliceCotangent>& slices) {
  for (std::size_t i = 1; i < slices.size(); ++i) {
    if (slices[i].start < slices[i - 1].start + slices[i - 1].count) return false;
  }
  return true;
}

}  // namespace

std::optional<SliceCotangent> slice_cotangent_of(const TapeState& tape, NodeId embed) {
  if (tape.node(embed).op != opcode<primitives::Embed>) return std::nullopt;
  const NodeId part = tape.inputs(embed)[0];
  const Shape whole = tape.shape(embed);
  const Shape shape = tape.shape(part);
  const std::span<const std::int64_t> starts_and_steps = tape.attributes(embed);
  std::optional<SliceCotangent> slice;
  for (std::size_t axis = 0; axis < whole.size(); ++axis) {
    const std::int64_t start = starts_and_steps[2 * axis];
    const bool dense = starts_and_steps[2 * axis + 1] == 1 || shape[axis] == 1;
    if (!dense || shape[axis] == 0) return std::nullopt;
    if (shape[axis] == whole[axis]) continue;
    if (slice) return std::nullopt;
    slice = SliceCotangent{axis, start, static_cast<std::int64_t>(shape[axis]), part};
  }
  return slice;
}

Var joined(TapeState& tape, std::vector<SliceCotangent> slices, const Shape& shape) {
  if (slices.size() < 2) return {};
  slices = merged(tape, std::move(slices));
  if (slices.size() < 2 || !lie_side_by_side(slices)) return {};
  const std::size_t axis = slices[0].axis;
  const DType dtype = tape.node(slices[0].node).dtype;
  std::vector<Var> parts;
  std::int64_t end = 0;
  const auto fill_to = [&](std::int64_t start) {
    if (start == end) return;
    Shape gap = shape;
    gap[axis] = static_cast<std::size_t>(start - end);
    parts.push_back(record_constant(tape, dtype, gap, 0.0));
  };
  for (const SliceCotangent& slice : slices) {
    fill_to(slice.start);
    parts.push_back(VarAccess::recorded(tape, slice.node));
    end = slice.start + slice.count;
  }
  fill_to(static_cast<std::int64_t>(shape[axis]));
  return concatenate(parts, static_cast<std::ptrdiff_t>(axis));
}

}  // namespace xgrad::derivatives
