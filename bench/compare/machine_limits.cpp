// Our work beside what memory and BLAS allow.
#include "../programs/mlp.hpp"
#include "contest.hpp"
#include "machine.hpp"

namespace bench {
namespace {

Measured squared_error_beside_triad() {
  constexpr std::size_t elements = 10'000'000;
  const Pair data = make_pair(elements);
  const Program ours = program(xgrad::value_and_grad(squared_error), var(data.prediction), var(data.target));
  const std::vector<double> ns = measure({ours.step, triad(elements)}, Clock::processor);
  return {ns[0], ns[1] / ns[0], {{"triad_ns", ns[1]}, {"triad_gigabytes_per_second", 24.0 * elements / ns[1]}}};
}

Measured step_beside_products(std::size_t size) {
  const Batch batch = make_batch(size);
  const Program ours =
      training(xgrad::compile(sgd_step), make_mlp(batch), var(batch.x, {size, Batch::inputs}), var(batch.labels));
  const std::vector<double> ns = measure({ours.step, mlp_products(size)}, Clock::processor);
  return {ns[0], ns[1] / ns[0], {{"gemm_ns", ns[1]}}};
}

}  // namespace

std::vector<Limit> machine_limits() {
  const auto step = [](std::size_t size) { return [size] { return step_beside_products(size); }; };
  return {{"triad_squared_error_1e7", "10000000", "float64", "fraction", 0.7, squared_error_beside_triad},
          {"gemm_mlp_b128", "784-128-10, batch 128", "float32", "fraction", 0.85, step(128)},
          {"gemm_mlp_b1024", "784-128-10, batch 1024", "float32", "fraction", 0.85, step(1024)}};
}

}  // namespace bench
