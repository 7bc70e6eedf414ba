// The likelihoods that libtorch has.
#pragma once

#include <ATen/ATen.h>

#include <cmath>

#include "counterparts.hpp"

namespace libtorch {

/// ATen has no gaussian_nll_loss. This is the definition of torch.nn.functional: variances are clamped where no
/// derivative is recorded, so that those below eps have a derivative too.
inline Tensor gaussian_nll(const Tensors& x, bool full, double eps) {
  const Tensor variance = x[2] + (at::clamp_min(x[2], eps) - x[2]).detach();
  const Tensor nll = 0.5 * (variance.log() + (x[0] - x[1]).square() / variance);
  return full ? nll + 0.5 * std::log(2 * std::acos(-1.0)) : nll;
}

inline void add_likelihood_losses(Counterparts& table) {
  table["GaussianNll"] = [](const Tensors& x) { return gaussian_nll(x, false, 1e-6); };
  table["GaussianNll.full"] = [](const Tensors& x) { return gaussian_nll(x, true, 0.01); };
  const auto poisson = [](bool log_input, bool full, double eps) {
    return [=](const Tensors& x) {
      const Tensor target = x[1].to(x[0].scalar_type());  // of integers, libtorch takes the logarithm in float32
      return at::poisson_nll_loss(x[0], target, log_input, full, eps, at::Reduction::None);
    };
  };
  table["PoissonNll"] = poisson(true, false, 1e-8);
  table["PoissonNll.full"] = poisson(true, true, 1e-8);
  table["PoissonNll.mean"] = poisson(false, false, 1e-8);
  table["PoissonNll.mean_full"] = poisson(false, true, 0.05);
}

}  // namespace libtorch
