// log(sum(exp(x))) of a million numbers, and its gradient, softmax.
#include <algorithm>

#include "contest.hpp"

namespace bench_evals {
namespace {

constexpr std::size_t n = 1000000;

void loops(const Numbers& x, Numbers& result) {
  const double greatest = *std::max_element(x.begin(), x.end());
  double total = 0.0;
  for (std::size_t i = 0; i < n; ++i) {
    result[i + 1] = std::exp(x[i] - greatest);
    total += result[i + 1];
  }
  for (std::size_t i = 0; i < n; ++i) result[i + 1] /= total;
  result[0] = greatest + std::log(total);
}

Sides sides() {
  const Numbers x = Source(5).normals(n, 3.0);
  const auto program = [](const Var& y) { return logsumexp(y); };
  return {with_xgrad(xg::compile(xg::value_and_grad(program)), Var(x)),
          by_hand(n, [x](Numbers& result) { loops(x, result); })};
}

}  // namespace

Contests log_sum_exp() { return {{"logsumexp", "1e6", "by hand", at_least(4.0), sides}}; }

}  // namespace bench_evals
