// The marginal likelihood of a Gaussian process and its gradient, compiled: beside libtorch, and beside LAPACK.
#include <cmath>
#include <memory>
#include <numbers>

#include "contest.hpp"
#include "libtorch/libtorch.hpp"

extern "C" {
void dpotrf_(const char* triangle, const int* n, double* a, const int* step, int* info, std::size_t length);
void dpotrs_(const char* triangle, const int* n, const int* columns, const double* a, const int* a_step, double* b,
             const int* b_step, int* info, std::size_t length);
void dpotri_(const char* triangle, const int* n, double* a, const int* step, int* info, std::size_t length);
}

namespace bench {
namespace {

using xgrad::Var;

/// The negative logarithm of the likelihood of y. C. E. Rasmussen, C. K. I. Williams, Gaussian Processes for Machine
/// Learning, 2006, algorithm 2.1.
Var negative_log_likelihood(const Var& parameters, const Var& squares, const Var& y) {
  const auto parameter = [&](int i) { return view(parameters, i); };
  const auto n = static_cast<double>(y.size());
  const Var covariance = exp(2.0 * parameter(1) - 0.5 * exp(-2.0 * parameter(0)) * squares) +
                         exp(2.0 * parameter(2)) * xgrad::eye(static_cast<std::ptrdiff_t>(y.size()));
  const Var factor = xgrad::linalg::cholesky(covariance);
  const Var weights = xgrad::linalg::cho_solve(factor, y);
  return 0.5 * dot(y, weights) + sum(log(diagonal(factor))) + 0.5 * n * std::log(2.0 * std::numbers::pi);
}

Program likelihood(const Process& data) {
  return program(xgrad::compile(xgrad::value_and_grad(negative_log_likelihood)), var(data.parameters),
                 var(data.squares, {data.n, data.n}), var(data.y));
}

/// What value and gradient take of LAPACK: the factor, a solution, and the inverse that the gradient is made of.
Step factorisations(const Process& data) {
  struct State {
    std::vector<double> matrix, a, b;
  };
  const std::size_t n = data.n;
  const auto s = std::make_shared<State>(State{std::vector<double>(n * n), std::vector<double>(n * n), data.y});
  for (std::size_t i = 0; i < n * n; ++i)
    s->matrix[i] = std::exp(-0.5 * data.squares[i]) + (i % (n + 1) == 0 ? 0.1 : 0.0);
  return [s, order = static_cast<int>(n)] {
    const int one = 1;
    int info = 0;
    s->a = s->matrix;
    dpotrf_("U", &order, s->a.data(), &order, &info, 1);
    dpotrs_("U", &order, &one, s->a.data(), &order, s->b.data(), &order, &info, 1);
    dpotri_("U", &order, s->a.data(), &order, &info, 1);
  };
}

Measured beside_lapack(std::size_t n) {
  const Process data = make_process(n);
  const std::vector<double> ns = measure({likelihood(data).step, factorisations(data)}, Clock::processor);
  return {ns[0], ns[0] / ns[1], {{"lapack_ns", ns[1]}}};
}

constexpr std::size_t sizes[] = {100, 400, 1000};

}  // namespace

std::vector<Case> process_cases() {
  std::vector<Case> result;
  for (const std::size_t n : sizes) {
    result.push_back({"gaussian_process_" + std::to_string(n), std::to_string(n), "float64", 1.2, [n] {
                        const Process data = make_process(n);
                        return Contest{likelihood(data), libtorch::process(data)};
                      }});
  }
  return result;
}

std::vector<Limit> process_limits() {
  std::vector<Limit> result;
  for (const std::size_t n : sizes) {
    result.push_back({"lapack_gaussian_process_" + std::to_string(n), std::to_string(n), "float64", "cost", 2.5,
                      [n] { return beside_lapack(n); }});
  }
  return result;
}

}  // namespace bench
