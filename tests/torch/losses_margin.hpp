// The losses of include/xgrad/loss/margin.hpp in libtorch.
#pragma once

#include <cstdint>

#include "counterparts.hpp"

namespace libtorch {

/// libtorch cannot differentiate the gradients of some losses. A formula made of operations stands for them, once its
/// values and gradients are found to be those of the loss.
template <class Loss, class Formula>
Counterpart differentiable_twice(Loss loss, Formula formula) {
  return [loss, formula](const Tensors& x) {
    Tensors inputs;  // libtorch has no derivative with respect to weights
    for (const Tensor& each : x) inputs.push_back(each.detach());
    inputs[0] = x[0].detach().requires_grad_();
    const Tensor values = loss(inputs);
    const Tensor expected = formula(inputs);
    TORCH_CHECK(at::allclose(values, expected, 1e-12, 1e-12));
    const Tensor slopes = torch::autograd::grad({values.sum()}, {inputs[0]})[0];
    TORCH_CHECK(at::allclose(slopes, torch::autograd::grad({expected.sum()}, {inputs[0]})[0], 1e-12, 1e-12));
    return formula(x);
  };
}

inline Counterpart multi_margin(std::int64_t p, double margin) {
  const auto weights = [](const Tensors& x) { return x.size() > 2 ? c10::optional<Tensor>(x[2]) : c10::nullopt; };
  const auto loss = [=](const Tensors& x) {
    return at::multi_margin_loss(x[0], x[1], p, margin, weights(x), at::Reduction::None);
  };
  const auto formula = [=](const Tensors& x) {
    const std::int64_t classes = x[0].size(-1);
    const Tensor y = x[1].unsqueeze(-1);
    const Tensor wrong = 1 - at::one_hot(x[1], classes);
    const Tensor terms = wrong * (margin - x[0].gather(-1, y) + x[0]).relu().pow(static_cast<double>(p));
    const Tensor total = terms.sum(-1) / static_cast<double>(classes);
    return x.size() > 2 ? x[2].index_select(0, x[1]) * total : total;
  };
  return differentiable_twice(loss, formula);
}

inline Counterpart multi_label_margin() {
  const auto loss = [](const Tensors& x) { return at::multilabel_margin_loss(x[0], x[1], at::Reduction::None); };
  const auto formula = [](const Tensors& x) {
    const Tensor listed = (x[1] < 0).cumsum(-1) == 0;
    const Tensor often = at::zeros_like(x[0]).scatter_add(-1, x[1].clamp_min(0), listed.to(x[0].scalar_type()));
    const Tensor pairs = (1 - x[0].unsqueeze(-1) + x[0].unsqueeze(-2)).relu();
    const Tensor weights = often.unsqueeze(-1) * (often == 0).unsqueeze(-2);
    return (weights * pairs).sum({-2, -1}) / static_cast<double>(x[0].size(-1));
  };
  return differentiable_twice(loss, formula);
}

/// As torch::nn::functional::multilabel_soft_margin_loss; ATen has none.
inline Tensor multi_label_soft_margin(const Tensors& x) {
  const Tensor each = -(x[1] * at::log_sigmoid(x[0]) + (1 - x[1]) * at::log_sigmoid(-x[0]));
  const Tensor weighed = x.size() > 2 ? each * x[2] : each;
  return weighed.sum(-1) / static_cast<double>(x[0].size(-1));
}

inline void add_margin_losses(Counterparts& table) {
  table["SoftMargin"] = [](const Tensors& x) {
    return at::soft_margin_loss(x[0], x[1].to(x[0].scalar_type()), at::Reduction::None);
  };
  table["MultiMargin"] = multi_margin(1, 1.0);
  table["MultiMargin.squares"] = multi_margin(2, 0.7);
  table["MultiMargin.weights"] = multi_margin(2, 1.0);
  table["MultiLabelMargin"] = multi_label_margin();
  table["MultiLabelSoftMargin"] = multi_label_soft_margin;
  table["MultiLabelSoftMargin.weights"] = multi_label_soft_margin;
}

}  // namespace libtorch
