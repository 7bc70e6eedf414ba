// What a gradient costs beside the value alone, both recorded each time.
#include "../programs/losses.hpp"
#include "../programs/problems.hpp"
#include "contest.hpp"

namespace bench {
namespace {

using xgrad::Var;

/// Functions whose derivatives can be had from their values.
Var elementwise_chain(const Var& x) { return mean(sqrt(1.0 + square(tanh(log1p(exp(sigmoid(x))))))); }

Var logsumexp_of(const Var& x) { return logsumexp(x); }

Var sum_of_product(const Var& a, const Var& b) { return sum(matmul(a, b)); }

template <class F, class G, class... A>
Measured cost(F value, G value_and_gradient, const A&... arguments) {
  // The value alone is recorded too, by a transform, as in a program that will also want gradients.
  const auto recorded = [value](const A&... a) {
    xgrad::Tape tape;
    return tape.evaluate({value(tape.leaf(a)...)})[0];
  };
  const Program alone = program(recorded, arguments...);
  const Program both = program(value_and_gradient, arguments...);
  const std::vector<double> ns = measure({both.step, alone.step}, Clock::processor);
  return {ns[0], ns[0] / ns[1], {{"value_ns", ns[1]}}};
}

Var normal_array(std::size_t elements) { return var(make_pair(elements).prediction); }

}  // namespace

std::vector<Limit> cost_limits() {
  return {{"cost_elementwise", "100000", "float64", "cost", 2.0,
           [] { return cost(elementwise_chain, xgrad::value_and_grad(elementwise_chain), normal_array(100'000)); }},
          {"cost_logsumexp_16k", "16384", "float64", "cost", 1.7,
           [] { return cost(logsumexp_of, xgrad::value_and_grad(logsumexp_of), normal_array(16'384)); }},
          {"cost_matmul_sum_181", "181x181", "float64", "cost", 3.2, [] {
             const Pair data = make_pair(181 * 181);
             return cost(sum_of_product, xgrad::value_and_grad<0, 1>(sum_of_product), var(data.prediction, {181, 181}),
                         var(data.target, {181, 181}));
           }}};
}

}  // namespace bench
