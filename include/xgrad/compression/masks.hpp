// Pruning: which weights are kept.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <xgrad/nn/linear.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/optim/combine.hpp>
#include <xgrad/optim/setting.hpp>
#include <xgrad/optim/transformation.hpp>
#include <xgrad/tree/tree.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::compression {

/// What is kept or left out as one: single weights, or rows (outputs) or columns (inputs) of [outputs, inputs...].
enum class Structure : std::uint8_t { Elements, Rows, Columns };
/// What is compared: all weights of a layer with each other, or those of all layers.
enum class Scope : std::uint8_t { Layer, Global };

struct MaskOptions {
  /// Of the parameters: those of two axes and more, which biases are not.
  optim::Selector which = [](std::string_view, const Var& p) { return p.dimension() >= 2; };
  Structure structure = Structure::Elements;
  Scope scope = Scope::Global;
};

namespace detail {

/// \param scores  those that are chosen.  \param sparsity  one number, may be recorded.
std::vector<Var> masks_of(std::span<const Var> scores, const Var& sparsity, Structure structure, Scope scope);
/// Of all leaves: ones where they are not chosen.
std::vector<Var> masks_of(std::span<const Var> scores, const std::vector<std::string>& paths, double sparsity,
                          const MaskOptions& options);
double share_of_zeros(std::span<const Var> leaves);
Var masked(const Var& w, const Var& mask);

}  // namespace detail

/// Masks, 1 for what is kept and 0 for what is not: in each group that is compared, round(sparsity count) of those with
/// the least scores are left out; of equal ones the first. The score of a row or column is the mean of its elements'.
/// \param scores  a tree as the model.
/// \throws ValueError  unless 0 <= sparsity <= 1.
/// \throws ShapeError  for rows and columns of what has less than two axes.
template <tree::Tree T>
[[nodiscard]] T masks(const T& scores, double sparsity, const MaskOptions& options = {}) {
  return tree::with_leaves(scores, detail::masks_of(tree::leaves(scores), tree::paths(scores), sparsity, options));
}

/// The masks that keep the largest weights; of rows and columns those of the largest sum of sizes.
/// \source  S. Han et al., Learning both weights and connections for efficient neural networks, 2015; H. Li et al.,
///          Pruning filters for efficient ConvNets, 2017.
template <tree::Tree T>
[[nodiscard]] T magnitude_masks(const T& model, double sparsity, const MaskOptions& options = {}) {
  return masks(tree::map(model, [](const Var& w) { return abs(w); }), sparsity, options);
}

/// The model with 0 where the mask is 0, also in the place of NaN.
///
/// A winning ticket (J. Frankle and M. Carbin, The lottery ticket hypothesis, 2019) is the model as it was at the
/// beginning, or after a few steps, with the masks of the model as it is in the end: `apply(initial, masks)`, trained
/// again with `with_masks(optimiser, masks)`.
/// \throws ShapeError  unless each mask has the shape of its weight: nothing broadcasts.
template <tree::Tree T>
[[nodiscard]] T apply(const T& model, const T& masks) {
  return tree::map(model, masks, detail::masked);
}

/// How many of the numbers of a tree are 0, as a share.
template <tree::Tree T>
[[nodiscard]] double share_of_zeros(const T& tree) {
  return detail::share_of_zeros(tree::leaves(tree));
}

/// An optimiser under which the weights that some masks leave out stay 0.
/// \param masks  a tree as the model.
/// \throws ShapeError  in init, unless it has the leaves of the model.
[[nodiscard]] optim::Optimiser with_masks(const optim::Optimiser& inner, const optim::Leaves& masks);

/// What says that a weight is worth keeping. Magnitude: its size. Movement: how far it went away from 0, summed up over
/// all updates: -g w.
/// \source  V. Sanh, T. Wolf and A. M. Rush, Movement pruning: adaptive sparsity by fine-tuning, 2020.
enum class Score : std::uint8_t { Magnitude, Movement };

struct Pruning {
  /// The share that is left out, a schedule of the updates since `begin`. The cubic one of M. Zhu and S. Gupta, To
  /// prune, or not to prune, 2017, from 0 to 0.9 in 1000 steps is optim::polynomial(0.0, 0.9, 1000, 3.0).
  optim::Setting sparsity = 0.5;
  std::size_t begin = 0;    ///< updates before the first pruning
  std::size_t every = 100;  ///< updates from one pruning to the next
  Score score = Score::Magnitude;
  MaskOptions masks = {};
};

/// Runs an optimiser, and makes weights 0 as training goes on. What is left out once stays out; masks are the slot
/// "mask" of the state: `state.read("mask", model)`.
/// \throws ValueError  unless sparsity is from 0 to 1 and every at least 1.
/// \throws ShapeError  in init, for rows and columns of what has less than two axes.
[[nodiscard]] optim::Optimiser pruned(const optim::Optimiser& inner, const Pruning& settings = {});

/// The rows of a mask, or of weights, [outputs, inputs...], in which anything is not 0: int64 [kept].
[[nodiscard]] Var kept_rows(const Var& mask);

/// Two layers, one after the other, of which only some of the units in between are left: these rows of the first, these
/// columns of the second. If activations take 0 to 0, and rows left out, biases with them, are 0, the result is the
/// same; the layers are smaller and faster.
/// \param kept  int64 [n].
/// \throws ShapeError  unless the first has as many outputs as the second inputs.
[[nodiscard]] std::pair<nn::Linear, nn::Linear> narrowed(const nn::Linear& first, const nn::Linear& second,
                                                         const Var& kept);

}  // namespace xgrad::compression

#pragma GCC visibility pop
