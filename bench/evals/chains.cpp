// Chains of elementwise operations on 200,000 doubles: what each of 400 takes beside what each of 40 takes.
#include "contest.hpp"

namespace bench_evals {
namespace {

constexpr std::size_t n = 200000;
constexpr int operations_of_a_round = 4;

/// x in [0, 1] keeps all results there.
Var chain(const Var& x, int operations) {
  Var y = x;
  for (int i = 0; i < operations / operations_of_a_round; ++i) {
    y = y * x;
    y = 1.0 - y;
    y = y * y;
    y = 0.9 * y;
  }
  return sum(y);
}

Numbers loops(const Numbers& x, int operations) {
  const auto rounds = static_cast<std::size_t>(operations / operations_of_a_round);
  Numbers result(1 + n);
  Numbers first(rounds);   // what comes into each round
  Numbers second(rounds);  // 1 - y x
  for (std::size_t i = 0; i < n; ++i) {
    double y = x[i];
    for (std::size_t r = 0; r < rounds; ++r) {
      first[r] = y;
      second[r] = 1.0 - y * x[i];
      y = 0.9 * second[r] * second[r];
    }
    result[0] += y;
    double adjoint = 1.0;
    for (std::size_t r = rounds; r-- > 0;) {
      const double of_product = -1.8 * second[r] * adjoint;
      result[1 + i] += of_product * first[r];
      adjoint = of_product * x[i];
    }
    result[1 + i] += adjoint;
  }
  return result;
}

Var longer(const Var& x) { return chain(x, 400); }
Var shorter(const Var& x) { return chain(x, 40); }

template <class F, class G>
Sides sides(F of_longer, G of_shorter, bool gradient) {
  const Numbers x = Source(7).uniforms(n, 0.0, 1.0);
  const auto right = [=] {
    Numbers result = loops(x, 400);
    if (!gradient) result.resize(1);
    return result;
  };
  return {with_xgrad(of_longer, Var(x)), with_xgrad(of_shorter, Var(x)), right, 0.1};
}

}  // namespace

Contests chains() {
  const char* size = "2e5 x 400";
  return {{"chains_value", size, "40 operations", at_most(1.2),
           [] { return sides(xg::compile(longer), xg::compile(shorter), false); }},
          {"chains_gradient", size, "40 operations", at_most(1.2), [] {
             return sides(xg::compile(xg::value_and_grad(longer)), xg::compile(xg::value_and_grad(shorter)), true);
           }}};
}

}  // namespace bench_evals
