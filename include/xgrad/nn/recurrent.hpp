// Recurrent nets over sequences.
#pragma once

#include <cstddef>
#include <iosfwd>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <xgrad/nn/layer.hpp>
#include <xgrad/nn/recurrent_cells.hpp>
#include <xgrad/random/key.hpp>
#include <xgrad/tree/tree.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::nn {

/// What a recurrent net may be given beside the sequences.
template <class State>
struct SequenceOptions {
  /// The states before the first step: arrays [layers * directions, ..., hidden], layer by layer, of each forward and
  /// then reverse. Zeros without.
  std::optional<State> first = std::nullopt;
  /// How many steps of each sequence count, int64 [...]; all without. See Recurrent.
  std::optional<Var> lengths = std::nullopt;
};

/// Layers of cells, one above the other, that go over sequences: [..., time, inputs] -> [..., time, hidden], or
/// 2 hidden if they go in both directions, where the outputs forward come first.
///
///     const nn::Lstm lstm = nn::lstm(key, 8, 64, {.layers = 2, .bidirectional = true});
///     const xg::Var y = lstm(x);  // x [batch, time, 8] -> y [batch, time, 128]
///     const auto [outputs, last] = lstm.with_state(x, {.lengths = lengths});  // last.h [4, batch, 64]
///
/// The axes before time are those of batches; there may be none. The products of all inputs with `weight_ih` are
/// computed at once, before the loop over time.
///
/// Sequences of a batch may have lengths of their own: their states stay as they are from the end on, outputs behind it
/// are 0, and the reverse direction begins there. What stands behind the end has no influence, also if it is NaN.
///
/// A tree: its arrays have the names of torch's layers, "weight_ih_l0", "bias_hh_l1_reverse", so that state_dicts of
/// these fill it and what is saved of it fills these.
template <class Cell>
struct Recurrent {
  using State = typename Cell::State;
  std::vector<Cell> forward;  ///< a cell for each layer
  std::vector<Cell> reverse;  ///< the same, from the last step to the first; empty if there is one direction
  /// In training, the probability that an output of a layer is not handed to the layer above it; the others are
  /// divided by 1 - dropout.
  double dropout = 0.0;

  /// The outputs of the highest layer.
  /// \throws ShapeError  unless x has at least two axes, the last of which has as many elements as there are inputs; if
  ///                     weights, states or lengths do not fit.
  /// \throws TypeError   unless lengths are int64, and if states have another element type than those computed.
  /// \throws ValueError  if there is no cell, or not one for each layer and direction; when values are computed, for
  ///                     lengths below 0 or above that of the time axis.
  Var operator()(const Var& x) const;
  Var operator()(const Var& x, const Training& training) const;

  /// The outputs and the states after the last steps, as SequenceOptions::first has them.
  [[nodiscard]] std::pair<Var, State> with_state(const Var& x, const SequenceOptions<State>& options = {}) const;
  [[nodiscard]] std::pair<Var, State> with_state(const Var& x, const SequenceOptions<State>& options,
                                                 const Training& training) const;

  [[nodiscard]] bool differs_in_training() const noexcept { return dropout != 0.0 && forward.size() > 1; }
  /// What a summary calls it: "Lstm".
  [[nodiscard]] std::string kind() const;

  void visit(const tree::detail::Visitor<Var>& visitor);
  void visit(const tree::detail::Visitor<const Var>& visitor) const;
  [[nodiscard]] bool same_statics(const Recurrent& other, std::string* where) const;
};

template <class Cell>
std::ostream& operator<<(std::ostream& out, const Recurrent<Cell>& net) {
  return tree::detail::print(out, net);
}

using Rnn = Recurrent<RnnCell>;
using Lstm = Recurrent<LstmCell>;
using Gru = Recurrent<GruCell>;

extern template struct Recurrent<RnnCell>;
extern template struct Recurrent<LstmCell>;
extern template struct Recurrent<GruCell>;

template <class CellOptions>
struct RecurrentOptions {
  std::size_t layers = 1;
  bool bidirectional = false;
  double dropout = 0.0;  ///< between layers, in training
  CellOptions cell = {};
};
using RnnOptions = RecurrentOptions<RnnCellOptions>;
using LstmOptions = RecurrentOptions<LstmCellOptions>;
using GruOptions = RecurrentOptions<GruCellOptions>;

/// Recurrent nets with weights made of a key.
/// \throws TypeError   unless the element type is a floating-point one.
/// \throws ValueError  for no layers, or unless 0 <= dropout <= 1.
[[nodiscard]] Rnn rnn(const random::Key& key, std::size_t inputs, std::size_t hidden, const RnnOptions& options = {});
[[nodiscard]] Lstm lstm(const random::Key& key, std::size_t inputs, std::size_t hidden,
                        const LstmOptions& options = {});
[[nodiscard]] Gru gru(const random::Key& key, std::size_t inputs, std::size_t hidden, const GruOptions& options = {});

}  // namespace xgrad::nn

#pragma GCC visibility pop
