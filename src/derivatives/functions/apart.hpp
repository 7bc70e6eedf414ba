// What the rules of operations that run functions share.
//
// derivatives/functions: primitives that carry functions (calls, scans, branches, loops) and how these are
// differentiated, batched and transposed. It includes the sweeps and node contexts of derivatives and what is below.
#pragma once

#include <algorithm>
#include <set>
#include <span>

#include "derivatives/node_context.hpp"
#include "ops/axes.hpp"
#include "ops/internal.hpp"
#include "primitives/traits.hpp"

namespace xgrad::derivatives {

/// With one more axis, the first.
/// \throws ShapeError  if there are too many.
inline Shape prefixed(std::size_t extent, Shape shape) {
  require_rank("a derivative or a batch of a loop", shape.size() + 1);
  shape.insert(0, extent);
  return shape;
}

/// Which outputs of a node are used.
inline std::set<std::size_t> used_outputs(const TapeState& tape, NodeId node) {
  std::set<std::size_t> used;
  for (NodeId id = node + 1; id < tape.size(); ++id) {
    if (tape.node(id).op == opcode<primitives::Projection> && tape.inputs(id)[0] == node) {
      used.insert(static_cast<std::size_t>(tape.attributes(id)[0]));
    }
  }
  return used;
}

inline Var stand_in(TapeState& tape, const Var& like) { return opaque(tape, like.dtype(), like.shape()); }

template <class T>
bool any_masked(const T& all) {
  return std::ranges::any_of(all, [](const auto& each) { return each.masked; });
}

/// The k-th derivative (k from 0 on: the first one), with zeros in place of an empty one.
inline Var derivative_or_zeros(const Series& series, std::size_t k, const Var& like) {
  const bool defined = k < series.derivatives.size() && series.derivatives[k].defined();
  return defined ? series.derivatives[k] : zeros_like(like);
}

/// A stand-in for each derivative.
inline Series stand_in_series(TapeState& tape, const Var& like, std::size_t order, bool masked) {
  Series result{{}, masked};
  for (std::size_t k = 0; k < order; ++k) result.derivatives.push_back(stand_in(tape, like));
  return result;
}

/// What a loop over derivatives carries is of the kind that it becomes: masked if a run masks it.
template <class Run>
auto with_masks(bool masked, Run run) {
  auto result = run(masked);
  if (!masked && any_masked(result.sensitivities)) result = run(true);
  return result;
}

}  // namespace xgrad::derivatives
