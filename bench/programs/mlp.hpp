// A net of two layers and its training steps, as users write them with xgrad.
#pragma once

#include <tuple>
#include <utility>

#include <xgrad/xgrad.hpp>

#include "arrays.hpp"
#include "losses.hpp"
#include "problems.hpp"

namespace bench {

struct Linear {
  xgrad::Var weight, bias;
  xgrad::Var operator()(const xgrad::Var& x) const { return matmul(x, weight) + bias; }
};
XGRAD_FIELDS(Linear, weight, bias)

struct Mlp {
  Linear hidden, out;
  xgrad::Var operator()(const xgrad::Var& x) const { return out(relu(hidden(x))); }
};
XGRAD_FIELDS(Mlp, hidden, out)

inline Mlp make_mlp(const Batch& batch) {
  return {{var(batch.weight1, {Batch::inputs, Batch::hidden}), var(batch.bias1)},
          {var(batch.weight2, {Batch::hidden, Batch::outputs}), var(batch.bias2)}};
}

inline xgrad::Var mlp_objective(const Mlp& model, const xgrad::Var& x, const xgrad::Var& labels) {
  return cross_entropy(model(x), labels);
}

/// (model, x, labels) -> (model, loss)
inline std::tuple<Mlp, xgrad::Var> sgd_step(const Mlp& model, const xgrad::Var& x, const xgrad::Var& labels) {
  const auto [loss, gradient] = xgrad::value_and_grad(mlp_objective)(model, x, labels);
  const auto update = [](const xgrad::Var& w, const xgrad::Var& g) { return w - sgd_rate * g; };
  return {xgrad::tree::map(model, gradient, update), loss};
}

struct AdamState {
  Mlp first, second;  // moving averages of the gradient and of its square
  xgrad::Var steps;
};
XGRAD_FIELDS(AdamState, first, second, steps)

inline AdamState make_adam(const Mlp& model) {
  const Mlp zeros = xgrad::tree::map(model, [](const xgrad::Var& w) { return zeros_like(w); });
  return {zeros, zeros, xgrad::Array<double>(xgrad::Shape(), 0.0)};
}

/// D. P. Kingma and J. Ba, Adam, 2015. (model, state, x, labels) -> (model, state, loss)
inline std::tuple<Mlp, AdamState, xgrad::Var> adam_step(const Mlp& model, const AdamState& state, const xgrad::Var& x,
                                                        const xgrad::Var& labels) {
  using xgrad::Var;
  const auto [loss, gradient] = xgrad::value_and_grad(mlp_objective)(model, x, labels);
  const AdamState next{
      xgrad::tree::map(state.first, gradient,
                       [](const Var& m, const Var& g) { return adam_beta1 * m + (1.0 - adam_beta1) * g; }),
      xgrad::tree::map(state.second, gradient,
                       [](const Var& v, const Var& g) { return adam_beta2 * v + (1.0 - adam_beta2) * square(g); }),
      state.steps + 1.0};
  // In double, because 1 - 0.999^t has few digits left in float.
  const Var rate = xgrad::cast<float>(adam_rate / (1.0 - pow(adam_beta1, next.steps)));
  const Var scale = xgrad::cast<float>(1.0 / sqrt(1.0 - pow(adam_beta2, next.steps)));
  const Mlp change = xgrad::tree::map(
      next.first, next.second, [&](const Var& m, const Var& v) { return rate * m / (sqrt(v) * scale + adam_epsilon); });
  return {xgrad::tree::map(model, change, [](const Var& w, const Var& d) { return w - d; }), next, loss};
}

}  // namespace bench
