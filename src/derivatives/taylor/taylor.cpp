#include "taylor.hpp"

#include "derivatives/sweep.hpp"
#include "forward_pass.hpp"

namespace xgrad::derivatives {
namespace {

std::vector<Series> first_order(TapeState& tape, std::span<const Var> inputs, std::span<const Series> seeds,
                                std::span<const Var> outputs) {
  std::vector<Sensitivity> tangents;
  for (const Series& seed : seeds) tangents.push_back({seed.defined() ? seed.derivatives[0] : Var(), seed.masked});
  std::vector<Series> result;
  for (const Sensitivity& each : forward_sweep(tape, inputs, tangents, outputs)) {
    result.push_back(each.defined() ? Series{{each.x}, each.masked} : Series());
  }
  return result;
}

}  // namespace

std::vector<Series> taylor_sweep(TapeState& tape, std::span<const Var> inputs, std::span<const Series> seeds,
                                 std::span<const Var> outputs, std::size_t order) {
  if (order == 1) return first_order(tape, inputs, seeds, outputs);
  ForwardPass<Series> pass(tape, inputs, seeds, outputs, [&tape, order](ForwardPass<Series>& all, NodeId id) {
    return series_of_outputs(tape, id, order, [&all](NodeId input) { return all.at(input); });
  });
  return pass.run(outputs);
}

}  // namespace xgrad::derivatives
