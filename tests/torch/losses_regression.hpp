// The losses of include/xgrad/loss/regression.hpp and robust.hpp in libtorch.
#pragma once

#include <ATen/ATen.h>

#include "counterparts.hpp"

namespace libtorch {

inline void add_regression_losses(Counterparts& table) {
  constexpr auto none = at::Reduction::None;
  table["Mse"] = [](const Tensors& x) { return at::mse_loss(x[0], x[1], none); };
  table["Mae"] = [](const Tensors& x) { return at::l1_loss(x[0], x[1], none); };
  const auto huber = [](double delta) {
    return [delta](const Tensors& x) { return at::huber_loss(x[0], x[1], none, delta); };
  };
  table["Huber"] = huber(0.7);
  table["Huber.default"] = huber(1.0);
  const auto smooth_l1 = [](double beta) {
    return [beta](const Tensors& x) { return at::smooth_l1_loss(x[0], x[1], none, beta); };
  };
  table["SmoothL1"] = smooth_l1(0.5);
  table["SmoothL1.zero"] = smooth_l1(0.0);
}

}  // namespace libtorch
