// One step of a recurrent net.
#pragma once

#include <cstddef>
#include <optional>

#include <xgrad/core/dtype.hpp>
#include <xgrad/nn/activation.hpp>
#include <xgrad/nn/initialise.hpp>
#include <xgrad/random/key.hpp>
#include <xgrad/tree/fields.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::nn {

// A cell takes an input [..., inputs] and a state [..., hidden] to the next state. Weights have the names, shapes and
// orders of torch's cells: those of the gates stand one below the other, in the order of the formulas. Calls throw
// ShapeError if weights, input and state do not fit each other.

/// h' = f(W_ih x + b_ih + W_hh h + b_hh), with tanh or another activation; torch has tanh and relu. \source J. L. Elman
/// 1990.
struct RnnCell {
  using State = Var;
  static constexpr std::size_t gates = 1;
  Var weight_ih;                        ///< [hidden, inputs]
  Var weight_hh;                        ///< [hidden, hidden]
  std::optional<Var> bias_ih, bias_hh;  ///< [hidden]
  Activation activation = Activation::Tanh;
  Var operator()(const Var& x, const Var& h) const;
};
XGRAD_FIELDS(RnnCell, weight_ih, weight_hh, bias_ih, bias_hh, activation)

/// What an LSTM carries: its output, and the cell that its gates keep.
struct LstmState {
  Var h, c;
};
XGRAD_FIELDS(LstmState, h, c)

/// With sigmoid gates i, f, o and the candidate g = tanh(W_ig x + b_ig + W_hg h + b_hg), in the order i, f, g, o:
///
///     c' = f c + i g        h' = o tanh(c')
///
/// \source S. Hochreiter and J. Schmidhuber 1997; F. A. Gers, J. Schmidhuber and F. Cummins 2000.
struct LstmCell {
  using State = LstmState;
  static constexpr std::size_t gates = 4;
  Var weight_ih;                        ///< [4 hidden, inputs]
  Var weight_hh;                        ///< [4 hidden, hidden]
  std::optional<Var> bias_ih, bias_hh;  ///< [4 hidden]
  LstmState operator()(const Var& x, const LstmState& state) const;
};
XGRAD_FIELDS(LstmCell, weight_ih, weight_hh, bias_ih, bias_hh)

/// With sigmoid gates r and z, in the order r, z, n:
///
///     n = tanh(W_in x + b_in + r (W_hn h + b_hn))        h' = (1 - z) n + z h
///
/// \source K. Cho et al. 2014, with the reset behind the product, as torch and cuDNN have it.
struct GruCell {
  using State = Var;
  static constexpr std::size_t gates = 3;
  Var weight_ih;                        ///< [3 hidden, inputs]
  Var weight_hh;                        ///< [3 hidden, hidden]
  std::optional<Var> bias_ih, bias_hh;  ///< [3 hidden]
  Var operator()(const Var& x, const Var& h) const;
};
XGRAD_FIELDS(GruCell, weight_ih, weight_hh, bias_ih, bias_hh)

// Initialisers are called for each gate apart: [hidden, inputs], [hidden, hidden] and [hidden].

struct RnnCellOptions {
  bool bias = true;
  Activation activation = Activation::Tanh;
  Initialiser weights = lecun_normal();
  Initialiser recurrent_weights = orthogonal();
  Initialiser biases = constant(0.0);
  DType dtype = DType::Float32;
};

struct LstmCellOptions {
  bool bias = true;
  /// Added to bias_ih of the gate f, so that a new net remembers. \source R. Jozefowicz, W. Zaremba and I. Sutskever
  /// 2015.
  double forget_bias = 1.0;
  Initialiser weights = lecun_normal();
  Initialiser recurrent_weights = orthogonal();
  Initialiser biases = constant(0.0);
  DType dtype = DType::Float32;
};

struct GruCellOptions {
  bool bias = true;
  Initialiser weights = lecun_normal();
  Initialiser recurrent_weights = orthogonal();
  Initialiser biases = constant(0.0);
  DType dtype = DType::Float32;
};

/// Cells with weights made of a key.
/// \throws TypeError  unless the element type is a floating-point one.
[[nodiscard]] RnnCell rnn_cell(const random::Key& key, std::size_t inputs, std::size_t hidden,
                               const RnnCellOptions& options = {});
[[nodiscard]] LstmCell lstm_cell(const random::Key& key, std::size_t inputs, std::size_t hidden,
                                 const LstmCellOptions& options = {});
[[nodiscard]] GruCell gru_cell(const random::Key& key, std::size_t inputs, std::size_t hidden,
                               const GruCellOptions& options = {});

}  // namespace xgrad::nn

#pragma GCC visibility pop
