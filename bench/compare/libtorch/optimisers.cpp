// Steps of libtorch's own optimisers.
#include <torch/optim/adamw.h>

#include <memory>

#include "libtorch.hpp"
#include "tensors.hpp"

namespace bench::libtorch {

Program adamw(const Descent& data) {
  struct State {
    std::vector<Tensor> parameters;
    std::unique_ptr<torch::optim::AdamW> optimiser;
  };
  const auto s = std::make_shared<State>();
  for (std::size_t k = 0; k < data.parameters.size(); ++k) {
    const auto size = static_cast<std::int64_t>(data.parameters[k].size());
    s->parameters.push_back(parameter(data.parameters[k], {size}));
    s->parameters.back().mutable_grad() = tensor(data.gradients[k], {size});
  }
  s->optimiser = std::make_unique<torch::optim::AdamW>(
      s->parameters, torch::optim::AdamWOptions(adamw_rate).weight_decay(adamw_decay));
  return {[s] { s->optimiser->step(); }, [s] { return to_arrays(s->parameters); }};
}

}  // namespace bench::libtorch
