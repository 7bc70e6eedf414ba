// Losses and a layer, as users write them with xgrad.
#pragma once

#include <cmath>
#include <cstddef>

#include <xgrad/xgrad.hpp>

namespace bench {

inline xgrad::Var squared_error(const xgrad::Var& prediction, const xgrad::Var& target) {
  return mean(square(prediction - target));
}

/// ln(cosh(d)), which overflows nowhere in this form.
inline xgrad::Var log_cosh(const xgrad::Var& prediction, const xgrad::Var& target) {
  const xgrad::Var d = prediction - target;
  return mean(d + softplus(-2.0 * d) - std::log(2.0));
}

/// J. T. Barron, A General and Adaptive Robust Loss Function, 2019, with c = 1.
inline xgrad::Var barron(const xgrad::Var& prediction, const xgrad::Var& target, double alpha) {
  const double b = std::abs(alpha - 2.0);
  return mean(b / alpha * (pow(square(prediction - target) / b + 1.0, alpha / 2.0) - 1.0));
}

/// \param logits  [N, K];  \param labels  [N]
inline xgrad::Var cross_entropy(const xgrad::Var& logits, const xgrad::Var& labels) {
  return mean(-take_along_axis(log_softmax(logits), expand_dims(labels, 1), 1));
}

inline xgrad::Var layer_norm(const xgrad::Var& x, const xgrad::Var& weight, const xgrad::Var& bias, double epsilon) {
  const xgrad::Var centred = x - mean(x, -1, xgrad::keep_dims);
  return centred / sqrt(mean(square(centred), -1, xgrad::keep_dims) + epsilon) * weight + bias;
}

}  // namespace bench
