// Products of stacks, einsum, and a Gaussian process.
#include <cmath>
#include <memory>

#include "libtorch.hpp"
#include "tensors.hpp"

namespace bench::libtorch {
namespace {

std::vector<std::int64_t> extents(const std::vector<std::size_t>& shape) { return {shape.begin(), shape.end()}; }

struct Product {
  Tensor a, b, value;
};

template <class T>
Program product_of(const Stacks<T>& data) {
  const std::vector<std::int64_t> shape = extents({data.count, data.n, data.n});
  const auto s = std::make_shared<Product>(Product{tensor(data.a, shape), tensor(data.b, shape), {}});
  return {[s] {
            s->value = Tensor();
            s->value = torch::matmul(s->a, s->b);
          },
          [s] { return to_arrays({s->value}); }};
}

struct Contraction {
  std::string equation;
  std::vector<Tensor> operands;
  Tensor cotangent, value;
  std::vector<Tensor> gradients;
};

struct Likelihood {
  Tensor squares, y, parameters, value, gradient;
};

}  // namespace

Program products(const Stacks<float>& data) { return product_of(data); }
Program products(const Stacks<double>& data) { return product_of(data); }

Program einsum(const EinsumProblem& problem, const EinsumData& data) {
  const auto s = std::make_shared<Contraction>();
  s->equation = problem.equation;
  for (std::size_t i = 0; i < data.operands.size(); ++i) {
    s->operands.push_back(parameter(data.operands[i], extents(problem.shapes[i])));
  }
  s->cotangent = tensor(data.cotangent, extents(problem.result));
  return {[s] {
            s->value = Tensor();
            s->gradients.clear();
            s->value = torch::einsum(s->equation, s->operands);
            s->gradients = torch::autograd::grad({s->value}, s->operands, {s->cotangent});
          },
          [s] {
            std::vector<Tensor> all{s->value};
            all.insert(all.end(), s->gradients.begin(), s->gradients.end());
            return to_arrays(all);
          }};
}

Program process(const Process& data) {
  const auto n = static_cast<std::int64_t>(data.n);
  const auto s = std::make_shared<Likelihood>(
      Likelihood{tensor(data.squares, {n, n}), tensor(data.y, {n, 1}), parameter(data.parameters, {3}), {}, {}});
  return {[s, n] {
            const Tensor length = s->parameters[0], amplitude = s->parameters[1], noise = s->parameters[2];
            const Tensor covariance = torch::exp(2.0 * amplitude - 0.5 * torch::exp(-2.0 * length) * s->squares) +
                                      torch::exp(2.0 * noise) * torch::eye(n, torch::kDouble);
            const Tensor factor = torch::linalg_cholesky(covariance);
            const Tensor weights = torch::cholesky_solve(s->y, factor);
            s->value = 0.5 * (s->y * weights).sum() + factor.diagonal().log().sum() +
                       0.5 * static_cast<double>(n) * std::log(2.0 * M_PI);
            s->gradient = torch::autograd::grad({s->value}, {s->parameters})[0];
            (void)s->value.item<double>();
          },
          [s] {
            return to_arrays({s->value, s->gradient});
          }};
}

}  // namespace bench::libtorch
