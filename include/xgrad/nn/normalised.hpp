// Layers whose weight is normalised whenever it is used.
#pragma once

#include <concepts>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>

#include <xgrad/nn/layer.hpp>
#include <xgrad/random/key.hpp>
#include <xgrad/tree/fields.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::nn {
namespace detail {

/// The weight of a layer, a member or what a function of that name gives.
template <class L>
concept HasWeight = requires(L& layer) {
  { layer.weight } -> std::same_as<Var&>;
}
|| requires(L& layer) {
  { layer.weight() } -> std::same_as<Var&>;
};
template <HasWeight L>
Var& weight_of(L& layer) {
  if constexpr (requires {
                  { layer.weight() } -> std::same_as<Var&>;
                })
    return layer.weight();
  else return layer.weight;
}
[[noreturn]] void throw_without_weight(std::string_view layer);

/// Lengths of the parts of a weight along an axis: the other axes have the extent 1.
Var lengths(const Var& weight, int axis);
Var with_lengths(const Var& weight, const Var& lengths, int axis);

/// The weight divided by what is about its largest singular value.
Var divided(const Var& weight, const Var& u, int axis);
/// The same with a vector that goes on towards the singular one, which is changed.
Var divided_in_training(const Var& weight, Var& u, int axis, int iterations);
void require_iterations(int iterations);
/// A vector that has come near to the singular one.
Var first_vector(const random::Key& key, const Var& weight, int axis, int iterations);

/// Runs a layer with another weight in training; its own stays.
template <class L>
Var train_with(L& layer, const Var& weight, const Var& x, const Training& training) {
  L used = layer;
  weight_of(used) = weight;
  Var y = train(used, x, training);
  weight_of(used) = weight_of(layer);
  layer = std::move(used);
  return y;
}

}  // namespace detail

/// A layer whose weight is lengths * weight / |weight|, row by row: direction and length are trained apart. Where a row
/// is 0, it stays 0. As torch's weight_norm, whose weight_g is our `lengths` and whose weight_v is our `layer.weight`.
/// \source T. Salimans and D. P. Kingma, Weight Normalization, 2016.
template <detail::HasWeight L>
struct WeightNorm {
  L layer;
  Var lengths;   ///< [outputs, 1, ...]
  int axis = 0;  ///< of the weight: that of the outputs

  Var operator()(const Var& x) const {
    L used = layer;
    detail::weight_of(used) = detail::with_lengths(detail::weight_of(used), lengths, axis);
    return std::as_const(used)(x);
  }
  Var operator()(const Var& x, const Training& training) {
    const Var weight = detail::with_lengths(detail::weight_of(layer), lengths, axis);
    return detail::train_with(layer, weight, x, training);
  }

  XGRAD_MEMBER_FIELDS(WeightNorm, layer, lengths, axis)
};

/// A layer as it is, with the lengths of its rows apart.
/// \throws ShapeError  if the weight does not have that axis.
template <detail::HasWeight L>
[[nodiscard]] WeightNorm<L> weight_norm(L layer, int axis = 0) {
  Var lengths = detail::lengths(detail::weight_of(layer), axis);
  return {std::move(layer), std::move(lengths), axis};
}

/// A layer whose weight is divided by its largest singular value, as a matrix [outputs, all else]. The value comes of a
/// power iteration, a step of which is done whenever the layer is trained: v = W^T u / |W^T u|, u = W v / |W v|, and
/// u^T W v is the value; u and v have no derivatives then. The vector u is state. A weight of 0 stays as it is, and so
/// does u while it is 0.
/// \source T. Miyato et al., Spectral Normalization for Generative Adversarial Networks, 2018.
template <detail::HasWeight L>
struct SpectralNorm {
  L layer;
  Var u;               ///< [outputs], of length 1
  int axis = 0;        ///< of the weight: that of the outputs
  int iterations = 1;  ///< at each step of training

  Var operator()(const Var& x) const {
    L used = layer;
    detail::weight_of(used) = detail::divided(detail::weight_of(used), u, axis);
    return std::as_const(used)(x);
  }
  Var operator()(const Var& x, const Training& training) {
    Var next = u;
    const Var weight = detail::divided_in_training(detail::weight_of(layer), next, axis, iterations);
    Var y = detail::train_with(layer, weight, x, training);
    u = std::move(next);
    return y;
  }
  [[nodiscard]] static bool differs_in_training() noexcept { return true; }

  XGRAD_MEMBER_FIELDS(SpectralNorm, layer, state(u), axis, iterations)
};

struct SpectralNormOptions {
  int axis = 0;
  int iterations = 1;
  int first = 15;  ///< iterations with which it begins
};

/// \throws ShapeError  if the weight has less than two axes, or not that one.
/// \throws ValueError  if there is no iteration.
template <detail::HasWeight L>
[[nodiscard]] SpectralNorm<L> spectral_norm(const random::Key& key, L layer, const SpectralNormOptions& options = {}) {
  detail::require_iterations(options.iterations);
  Var u = detail::first_vector(key, detail::weight_of(layer), options.axis, options.first);
  return {std::move(layer), std::move(u), options.axis, options.iterations};
}

}  // namespace xgrad::nn

#pragma GCC visibility pop
