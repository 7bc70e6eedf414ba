// The commonest objective: how far what a model makes of x is from y.
#pragma once

#include <concepts>
#include <utility>

#include <xgrad/nn/layer.hpp>
#include <xgrad/ops/reduce.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::train {

/// See supervised().
template <std::invocable<const Var&, const Var&> L>
struct Supervised {
  L loss;

  template <nn::Layer M>
  Var operator()(const M& model, const Var& x, const Var& y) const {
    return mean(loss(model(x), y));
  }
  template <nn::TrainingLayer M>
  std::pair<Var, M> operator()(M model, const Var& x, const Var& y, const nn::Training& training) const {
    Var value = mean(loss(model(x, training), y));
    return {std::move(value), std::move(model)};
  }
};

/// The objective mean(loss(model(x), y)) of batches (x, y); models that are another function in training run as such,
/// and their next state is kept.
///
///     train::fit(net, train::supervised(xg::loss::CrossEntropy{}), optim::adam(), std::tuple(x, y), {.epochs = 10});
///
/// \param loss  a function of prediction and target, in this order, such as those of xgrad::loss.
template <class L>
[[nodiscard]] Supervised<L> supervised(L loss) {
  return {std::move(loss)};
}

}  // namespace xgrad::train

#pragma GCC visibility pop
