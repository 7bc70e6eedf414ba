// The losses of include/xgrad/loss/divergence.hpp in libtorch.
#pragma once

#include "counterparts.hpp"

namespace libtorch {

inline void add_divergence_losses(Counterparts& table) {
  table["KlDivergence"] = [](const Tensors& x) { return at::kl_div(x[0], x[1], at::Reduction::None, false); };
  table["KlDivergence.log_target"] = [](const Tensors& x) { return at::kl_div(x[0], x[1], at::Reduction::None, true); };
}

}  // namespace libtorch
