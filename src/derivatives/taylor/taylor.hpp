// Taylor mode: derivatives of higher order along a curve in one forward sweep; and the forward Laplacian.
//
// derivatives/taylor: passes that carry several orders at once. It includes the sweeps and functions of derivatives and
// what is below; no rule of a primitive of its own: higher orders come from the rule of the first.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "derivatives/node_context.hpp"

namespace xgrad::derivatives {

/// Forward, of any order: the derivatives of the outputs along the curve on which the inputs have these. Outputs that
/// depend on no input get an empty series. Of the first order it is forward_sweep.
std::vector<Series> taylor_sweep(TapeState& tape, std::span<const Var> inputs, std::span<const Series> seeds,
                                 std::span<const Var> outputs, std::size_t order);

/// Forward Laplacian: sum_i d^2 outputs / d(direction i)^2 in one sweep. With each node go its derivatives along all
/// directions and the *sum* of the second ones, so that what is linear is applied once to the sum.
/// \param directions  tangents of the input, along a new first axis.
/// \return            an empty Var for an output that is linear in the input or does not depend on it.
/// \source  R. Li, H. Ye, D. Jiang et al., A computational framework for neural network-based variational Monte Carlo
///          with Forward Laplacian, Nature Machine Intelligence 6 (2024).
std::vector<Var> laplacian_sweep(TapeState& tape, const Var& input, const Var& directions,
                                 std::span<const Var> outputs);

/// The series of the outputs of one node.
/// \param known  the series of a node that was recorded before; for those that carry none it is empty.
std::vector<Series> series_of_outputs(TapeState& tape, NodeId node, std::size_t order,
                                      const std::function<Series(NodeId)>& known);

}  // namespace xgrad::derivatives
