// Optimisers that estimate the Hessian from the changes of gradients. For gradients of all data.
#pragma once

#include <cstddef>

#include <xgrad/optim/transformation.hpp>

#pragma GCC visibility push(default)

namespace xgrad::optim {

struct Lbfgs {
  Setting rate = 1.0;
  std::size_t memory = 10;  ///< so many changes are remembered
};
/// L-BFGS without a search along the line: p -= rate H g, H being the inverse Hessian of the two loops over the last
/// changes s of the parameters and y of the gradient, from <s, y> / <y, y> of the last ones. The first step is
/// rate min(1, 1 / sum |g|) g; changes with <s, y> of 1e-10 or less are left out (both as PyTorch). See
/// solve::minimise for the method with a search.
/// \source  J. Nocedal, Updating quasi-Newton matrices with limited storage, 1980.
/// \throws ValueError  unless the rate is at least 0 and finite and the memory at least 1.
[[nodiscard]] Optimiser lbfgs(const Lbfgs& settings = {});

}  // namespace xgrad::optim

#pragma GCC visibility pop
