// The losses of include/xgrad/loss/classification.hpp and classification_binary.hpp in libtorch.
#pragma once

#include <cstdint>

#include "counterparts.hpp"

namespace libtorch {

inline void add_classification_losses(Counterparts& table) {
  constexpr auto none = at::Reduction::None;
  constexpr std::int64_t no_index = -100;
  const auto weights = [] { return at::tensor({0.5, 2.0, 1.5, 0.0}, at::kDouble); };

  const auto cross_entropy = [](const c10::optional<Tensor>& weight, std::int64_t ignored) {
    return [=](const Tensors& x) { return at::cross_entropy_loss(x[0], x[1], weight, none, ignored); };
  };
  table["CrossEntropy"] = table["CrossEntropy.sample"] = table["CrossEntropy.probabilities"] =
      cross_entropy({}, no_index);
  table["CrossEntropy.weights"] = cross_entropy(weights(), no_index);
  table["CrossEntropy.ignore"] = cross_entropy({}, 2);
  table["CrossEntropy.ignore_weights"] = cross_entropy(weights(), 0);
  table["CrossEntropy.axis"] = table["CrossEntropy.axis_probabilities"] = cross_entropy({}, no_index);
  table["CrossEntropy.axis_weights"] = cross_entropy(at::ones({3}, at::kDouble), no_index);

  table["Nll"] = [](const Tensors& x) { return at::nll_loss_nd(x[0], x[1], {}, none); };
  table["Nll.weights_ignore"] = [=](const Tensors& x) { return at::nll_loss_nd(x[0], x[1], weights(), none, 0); };
  table["Nll.axis"] = [](const Tensors& x) { return at::nll_loss_nd(at::log_softmax(x[0], 1), x[1], {}, none); };

  // Targets of integers as numbers, which libtorch wants.
  const auto target = [](const Tensors& x) { return x[1].to(x[0].scalar_type()); };
  table["BinaryCrossEntropy"] = [=](const Tensors& x) {
    return at::binary_cross_entropy_with_logits(x[0], target(x), {}, {}, none);
  };
  table["BinaryCrossEntropy.pos_weight"] = [=](const Tensors& x) {
    return at::binary_cross_entropy_with_logits(x[0], target(x), {}, at::scalar_tensor(2.5, at::kDouble), none);
  };
  table["BinaryCrossEntropyProbability"] = [=](const Tensors& x) {
    return at::binary_cross_entropy(x[0], target(x), {}, none);
  };
}

}  // namespace libtorch
