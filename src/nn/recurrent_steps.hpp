// A step of a recurrent cell in two parts: what a loop over time does before it, and in it.
#pragma once

#include <string_view>

#include <xgrad/nn/recurrent_cells.hpp>

namespace xgrad::nn::detail {

/// \throws ShapeError  unless the weights of a cell fit each other and the inputs, whose axes before the last are any.
template <class Cell>
void require_fit(std::string_view layer, const Cell& cell, const Shape& inputs);

/// What a step needs of its input: products, and those biases that may be added beforehand.
template <class Cell>
Var projected(const Cell& cell, const Var& x);

/// The next state. The recurrent weights are given transposed: where a loop only reads the transpose, its derivatives
/// add up that of the transpose in products, without a pass over the array in each run.
Var next_state(const RnnCell& cell, const Var& projected, const Var& recurrent_weights, const Var& h);
LstmState next_state(const LstmCell& cell, const Var& projected, const Var& recurrent_weights, const LstmState& state);
Var next_state(const GruCell& cell, const Var& projected, const Var& recurrent_weights, const Var& h);

}  // namespace xgrad::nn::detail
