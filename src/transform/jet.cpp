#include <xgrad/transform/jet.hpp>

#include "derivatives/sweep.hpp"
#include "derivatives/taylor/taylor.hpp"

namespace xgrad::detail {

std::vector<std::vector<Var>> derivatives_along(Trace& trace, std::span<const Var> inputs,
                                                std::span<const std::vector<Var>> seeds, std::span<const Var> outputs) {
  const std::size_t order = seeds.size();
  if (order == 0) return {};
  std::vector<derivatives::Series> of_inputs(inputs.size());
  for (const std::vector<Var>& each : seeds) {
    for (std::size_t i = 0; i < inputs.size(); ++i) of_inputs[i].derivatives.push_back(each[i]);
  }
  const std::vector<derivatives::Series> of_outputs =
      derivatives::taylor_sweep(trace.tape(), inputs, of_inputs, outputs, order);
  std::vector<std::vector<Var>> result(order, std::vector<Var>(outputs.size()));
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    for (std::size_t k = 0; k < of_outputs[i].derivatives.size(); ++k) result[k][i] = of_outputs[i].derivatives[k];
  }
  return result;
}

std::vector<Var> mixed_derivative(Trace& trace, std::span<const Var> inputs, std::span<const std::vector<Var>> seeds,
                                  std::vector<Var> outputs) {
  for (const std::vector<Var>& each : seeds) {
    std::vector<Var> derivatives = trace.forward(inputs, each, outputs);
    complete(derivatives, outputs);
    for (Var& x : derivatives) x = trace.node(x);
    outputs = std::move(derivatives);
  }
  return outputs;
}

}  // namespace xgrad::detail
