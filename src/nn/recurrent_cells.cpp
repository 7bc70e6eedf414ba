#include <xgrad/nn/recurrent_cells.hpp>

#include <concepts>
#include <string>
#include <vector>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/create.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/join.hpp>
#include <xgrad/ops/linalg.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/tree/tree.hpp>

#include "nn/checks.hpp"
#include "nn/recurrent_steps.hpp"

namespace xgrad::nn {

namespace detail {

namespace {

void require_gate_bias(std::string_view layer, std::string_view name, const std::optional<Var>& bias,
                       std::size_t rows) {
  if (bias && bias->shape() != Shape{rows}) {
    throw ShapeError(std::string(layer) + ": " + std::string(name) + " has the shape " + to_string(bias->shape()) +
                     "; it must have an element for each of the " + std::to_string(rows) + " rows of weight_hh");
  }
}

Var with_bias(const Var& x, const std::optional<Var>& bias) { return bias ? x + *bias : x; }

}  // namespace

template <class Cell>
void require_fit(std::string_view layer, const Cell& cell, const Shape& inputs) {
  const Shape recurrent = cell.weight_hh.shape();
  if (recurrent.size() != 2 || recurrent[0] != Cell::gates * recurrent[1]) {
    throw ShapeError(std::string(layer) + ": weight_hh has the shape " + to_string(recurrent) +
                     "; it must be [hidden, hidden] for each of the " + std::to_string(Cell::gates) +
                     (Cell::gates == 1 ? " gate" : " gates, one below the other"));
  }
  const Shape weights = cell.weight_ih.shape();
  if (weights.size() != 2 || weights[0] != recurrent[0]) {
    throw ShapeError(std::string(layer) + ": weight_ih has the shape " + to_string(weights) + ", with a weight_hh of " +
                     to_string(recurrent) + "; it must have two axes, and as many rows");
  }
  require_gate_bias(layer, "bias_ih", cell.bias_ih, recurrent[0]);
  require_gate_bias(layer, "bias_hh", cell.bias_hh, recurrent[0]);
  if (inputs.empty() || inputs.back() != weights[1]) {
    throw ShapeError(std::string(layer) + ": called with the shape " + to_string(inputs) + ", with a weight_ih of " +
                     to_string(weights) + "; the last axis must have the " + std::to_string(weights[1]) + " inputs");
  }
}

template void require_fit(std::string_view, const RnnCell&, const Shape&);
template void require_fit(std::string_view, const LstmCell&, const Shape&);
template void require_fit(std::string_view, const GruCell&, const Shape&);

template <class Cell>
Var projected(const Cell& cell, const Var& x) {
  const Var products = with_bias(matmul(x, transpose(cell.weight_ih)), cell.bias_ih);
  // Only a GRU does something else with the other products than to add these.
  return std::same_as<Cell, GruCell> ? products : with_bias(products, cell.bias_hh);
}

template Var projected(const RnnCell&, const Var&);
template Var projected(const LstmCell&, const Var&);
template Var projected(const GruCell&, const Var&);

Var next_state(const RnnCell& cell, const Var& projected, const Var& recurrent_weights, const Var& h) {
  return Activate{cell.activation}(projected + matmul(h, recurrent_weights));
}

LstmState next_state(const LstmCell&, const Var& projected, const Var& recurrent_weights, const LstmState& state) {
  const std::vector<Var> gate = split(projected + matmul(state.h, recurrent_weights), 4, -1);
  const Var c = sigmoid(gate[1]) * state.c + sigmoid(gate[0]) * tanh(gate[2]);
  return {sigmoid(gate[3]) * tanh(c), c};
}

Var next_state(const GruCell& cell, const Var& projected, const Var& recurrent_weights, const Var& h) {
  const std::vector<Var> of_input = split(projected, 3, -1);
  const std::vector<Var> of_state = split(with_bias(matmul(h, recurrent_weights), cell.bias_hh), 3, -1);
  const Var z = sigmoid(of_input[1] + of_state[1]);
  const Var n = tanh(of_input[2] + sigmoid(of_input[0] + of_state[0]) * of_state[2]);
  return n + z * (h - n);
}

}  // namespace detail

namespace {

template <class Cell>
auto cell_step(std::string_view name, const Cell& cell, const Var& x, const typename Cell::State& state) {
  detail::require_fit(name, cell, x.shape());
  Shape expected = x.shape();
  expected.back() = cell.weight_hh.shape()[1];
  tree::for_each(state, [&](const Var& each) {
    if (each.shape() == expected) return;
    throw ShapeError(std::string(name) + ": called with a state of the shape " + to_string(each.shape()) +
                     " and an input of " + to_string(x.shape()) + "; the state must be " + to_string(expected));
  });
  return detail::next_state(cell, detail::projected(cell, x), transpose(cell.weight_hh), state);
}

/// The weights of all gates, each made with a key of its own.
Var weights_of_gates(const Initialiser& make, const random::Key& key, std::size_t gates, const Shape& shape,
                     DType dtype) {
  std::vector<Var> all;
  for (std::size_t gate = 0; gate < gates; ++gate) {
    all.push_back(make(key.fold_in(static_cast<std::int64_t>(gate)), shape, dtype));
  }
  return concatenate(all, 0);
}

template <class Cell, class Options>
Cell cell_of_key(std::string_view name, const random::Key& key, std::size_t inputs, std::size_t hidden,
                 const Options& options) {
  require_floating(name, options.dtype);
  const auto gates = [&](std::int64_t part, const Initialiser& make, const Shape& shape) {
    return weights_of_gates(make, key.fold_in(part), Cell::gates, shape, options.dtype);
  };
  Cell cell;
  cell.weight_ih = gates(0, options.weights, {hidden, inputs});
  cell.weight_hh = gates(1, options.recurrent_weights, {hidden, hidden});
  if (options.bias) {
    cell.bias_ih = gates(2, options.biases, {hidden});
    cell.bias_hh = gates(3, options.biases, {hidden});
  }
  return cell;
}

}  // namespace

Var RnnCell::operator()(const Var& x, const Var& h) const { return cell_step("RnnCell", *this, x, h); }
LstmState LstmCell::operator()(const Var& x, const LstmState& state) const {
  return cell_step("LstmCell", *this, x, state);
}
Var GruCell::operator()(const Var& x, const Var& h) const { return cell_step("GruCell", *this, x, h); }

RnnCell rnn_cell(const random::Key& key, std::size_t inputs, std::size_t hidden, const RnnCellOptions& options) {
  auto cell = cell_of_key<RnnCell>("rnn_cell", key, inputs, hidden, options);
  cell.activation = options.activation;
  return cell;
}

LstmCell lstm_cell(const random::Key& key, std::size_t inputs, std::size_t hidden, const LstmCellOptions& options) {
  auto cell = cell_of_key<LstmCell>("lstm_cell", key, inputs, hidden, options);
  if (options.bias) {
    const Var none = zeros({hidden}, options.dtype);
    cell.bias_ih = *cell.bias_ih + concatenate({none, full_like(none, options.forget_bias), none, none});
  }
  return cell;
}

GruCell gru_cell(const random::Key& key, std::size_t inputs, std::size_t hidden, const GruCellOptions& options) {
  return cell_of_key<GruCell>("gru_cell", key, inputs, hidden, options);
}

}  // namespace xgrad::nn
