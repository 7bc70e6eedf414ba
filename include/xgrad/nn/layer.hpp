// What a layer is, in training and afterwards.
#pragma once

#include <concepts>
#include <cstdint>
#include <type_traits>
#include <utility>

#include <xgrad/core/function_of.hpp>
#include <xgrad/random/key.hpp>
#include <xgrad/tree/fields.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::nn {

/// Says that a net is being trained, and brings the random numbers for it.
///
/// Layers that are another function in training have a second call operator, which is not const: it takes this, and
/// leaves the next state in the layer's own members. A layer is a value, so whoever wants the state as it was has it:
///
///     struct Net {
///       nn::Linear hidden;
///       nn::BatchNorm norm;   // its running mean and variance are state
///       nn::Dropout dropout;
///       nn::Linear out;
///       xg::Var operator()(const xg::Var& x) const { return out(relu(norm(hidden(x)))); }
///       xg::Var operator()(const xg::Var& x, const nn::Training& training) {
///         return out(dropout(relu(norm(hidden(x), training)), training.part(0)));
///       }
///     };
///     XGRAD_FIELDS(Net, hidden, norm, dropout, out)
///
///     auto objective = [](Net net, const Batch& batch, const nn::Training& training) {
///       const xg::Var loss = mean(xg::loss::CrossEntropy{}(net(batch.x, training), batch.y));
///       return std::pair(loss, net);  // the net beside the loss has the next state
///     };
struct Training {
  random::Key key;
  /// For one of several layers, or of several calls of one: other numbers for each.
  [[nodiscard]] Training part(std::int64_t number) const { return {key.fold_in(number)}; }
};
XGRAD_FIELDS(Training, key)

/// A layer from one array to another.
template <class L>
concept Layer = requires(const L& layer, const Var& x) {
  { layer(x) } -> std::convertible_to<Var>;
};

/// A layer that is another function in training.
template <class L>
concept TrainingLayer = requires(L& layer, const Var& x, const Training& training) {
  { layer(x, training) } -> std::convertible_to<Var>;
};

namespace detail {

/// A layer with a second call operator, whatever that gives.
template <class L>
concept HasSecondOperator = requires(L& layer, const Var& x, const Training& training) {
  layer(x, training);
};

}  // namespace detail

/// Runs a layer as it runs in training: what makes no difference between training and use is just called.
template <class L>
requires(Layer<L> || TrainingLayer<L>)  //
    [[nodiscard]] Var train(L& layer, const Var& x, const Training& training) {
  if constexpr (TrainingLayer<L>) {
    return layer(x, training);
  } else {
    static_assert(!detail::HasSecondOperator<std::remove_const_t<L>>,
                  "train: this layer is another function in training, but cannot be called so here: its second call "
                  "operator changes its state, and the layer is const (the member function around is, perhaps), or it "
                  "gives something else than a Var");
    return layer(x);
  }
}

}  // namespace xgrad::nn

#pragma GCC visibility pop
