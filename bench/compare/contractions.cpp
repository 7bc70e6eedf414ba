// Products of stacks of small matrices; einsum with its gradients, recorded each time.
#include <cmath>

#include "contest.hpp"
#include "libtorch/libtorch.hpp"

namespace bench {
namespace {

using xgrad::Var;

template <class T>
Case products_of(std::size_t n) {
  const std::string dtype = sizeof(T) == 4 ? "float32" : "float64";
  constexpr std::size_t count = 10'000;
  return {"products_" + std::to_string(n) + "x" + std::to_string(n) + "_" + dtype, std::to_string(count), dtype, 3.0,
          [=] {
            const Stacks<T> data = make_stacks<T>(count, n);
            const xgrad::Shape shape{count, n, n};
            const auto product = [](const Var& a, const Var& b) { return matmul(a, b); };
            return Contest{program(product, var(data.a, shape), var(data.b, shape)), libtorch::products(data)};
          }};
}

/// Value and cotangents of all operands.
Program contraction(const EinsumProblem& problem, const EinsumData& data) {
  std::vector<Var> operands;
  for (std::size_t i = 0; i < data.operands.size(); ++i) {
    operands.push_back(var(data.operands[i], xgrad::Shape(problem.shapes[i].begin(), problem.shapes[i].end())));
  }
  const Var cotangent = var(data.cotangent, xgrad::Shape(problem.result.begin(), problem.result.end()));
  const auto both = [equation = problem.equation](const std::vector<Var>& x, const Var& dy) {
    const auto f = [equation](const std::vector<Var>& all) { return xgrad::einsum(equation, all); };
    const auto [value, pullback] = xgrad::vjp(f, x);
    return std::tuple(value, pullback(dy));
  };
  return program(both, operands, cotangent);
}

Contest contest_of(const EinsumProblem& problem) {
  const EinsumData data = make_einsum(problem);
  return {contraction(problem, data), libtorch::einsum(problem, data)};
}

Measured geometric_mean() {
  double logarithms = 0.0;
  double least = HUGE_VAL;
  for (const EinsumProblem& problem : einsum_problems()) {
    const Contest contest = contest_of(problem);
    const std::vector<double> ns = measure({contest.ours.step, contest.theirs.step}, Clock::processor);
    logarithms += std::log(ns[1] / ns[0]);
    least = std::min(least, ns[1] / ns[0]);
  }
  const auto count = static_cast<double>(einsum_problems().size());
  return {none, std::exp(logarithms / count), {{"equations", count}, {"least", least}}};
}

}  // namespace

std::vector<Case> stack_cases() {
  return {products_of<float>(8), products_of<double>(8), products_of<float>(32), products_of<double>(32)};
}

std::vector<Case> einsum_cases() {
  std::vector<Case> result;
  for (const EinsumProblem& problem : einsum_problems()) {
    result.push_back({std::string("einsum_") + problem.id, problem.equation, "float32", 0.7,
                      [&problem] { return contest_of(problem); }});
  }
  return result;
}

std::vector<Limit> einsum_limits() {
  return {{"einsum_all", "geometric mean of libtorch / xgrad", "float32", "fraction", 1.0, geometric_mean}};
}

}  // namespace bench
