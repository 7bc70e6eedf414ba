// Least squares by powers: the coefficients of a polynomial that is near sign(t) at n places of [-1, 1];
// f(x) = 1/2 sum_i (sign(t_i) - sum_j x_j t_i^j)^2.
#include <algorithm>

#include "contest.hpp"

namespace bench_evals {
namespace {

constexpr std::size_t n = 100000;
constexpr std::size_t m = 128;

double place(std::size_t i) { return -1.0 + 2.0 * static_cast<double>(i) / (static_cast<double>(n) - 1.0); }

double sign_of(double t) { return t > 0.0 ? 1.0 : t < 0.0 ? -1.0 : 0.0; }

Numbers coefficients() { return Source(3).uniforms(m, -1.0, 1.0); }

Var places() { return xt::linspace<double>(-1.0, 1.0, n); }

Var of_matrix(const Var& x, const Var& powers, const Var& t) { return 0.5 * sum(square(sign(t) - matmul(powers, x))); }

Var by_pow(const Var& x, const Var& t) {
  const Var exponents = xg::arange(static_cast<double>(m));
  return of_matrix(x, pow(view(t, xt::all(), xt::newaxis()), exponents), t);
}

Var by_stack(const Var& x, const Var& t) {
  std::vector<Var> columns{ones_like(t)};
  while (columns.size() < m) columns.push_back(columns.back() * t);
  return of_matrix(x, stack(columns, -1), t);
}

Var by_horner(const Var& x, const Var& t) {
  Var y = full_like(t, view(x, -1));
  for (std::size_t j = m - 1; j-- > 0;) y = y * t + view(x, j);
  return 0.5 * sum(square(sign(t) - y));
}

/// One pass: the powers of a place serve for the value and, times the residual, for the gradient.
void loops(const Numbers& x, Numbers& result) {
  std::fill(result.begin(), result.end(), 0.0);
  double* gradient = result.data() + 1;
  double powers[m];
  for (std::size_t i = 0; i < n; ++i) {
    const double t = place(i);
    double power = 1.0;
    double y = 0.0;
    for (std::size_t j = 0; j < m; ++j) {
      powers[j] = power;
      y += x[j] * power;
      power *= t;
    }
    const double residual = sign_of(t) - y;
    result[0] += 0.5 * residual * residual;
    for (std::size_t j = 0; j < m; ++j) gradient[j] -= residual * powers[j];
  }
}

void loops_over_matrix(const Numbers& x, const Numbers& matrix, Numbers& result) {
  std::fill(result.begin(), result.end(), 0.0);
  double* gradient = result.data() + 1;
  for (std::size_t i = 0; i < n; ++i) {
    const double* row = &matrix[i * m];
    double y = 0.0;
    for (std::size_t j = 0; j < m; ++j) y += x[j] * row[j];
    const double residual = sign_of(place(i)) - y;
    result[0] += 0.5 * residual * residual;
    for (std::size_t j = 0; j < m; ++j) gradient[j] -= residual * row[j];
  }
}

template <class F>
Contest contest(const char* id, F program, Bound bound) {
  return {id, "1e5 x 128", "by hand", bound, [=] {
            const Numbers x = coefficients();
            return Sides{with_xgrad(xg::compile(xg::value_and_grad(program)), Var(x), places()),
                         by_hand(m, [x](Numbers& result) { loops(x, result); })};
          }};
}

Sides with_matrix() {
  const Numbers x = coefficients();
  Numbers matrix(n * m);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < m; ++j) matrix[i * m + j] = j == 0 ? 1.0 : matrix[i * m + j - 1] * place(i);
  }
  return {with_xgrad(xg::compile(xg::value_and_grad(of_matrix)), Var(x), var(matrix, {n, m}), places()),
          by_hand(m, [x, matrix](Numbers& result) { loops_over_matrix(x, matrix, result); })};
}

}  // namespace

Contests least_squares() {
  return {contest("lsq_pow", by_pow, at_least(1.0)), contest("lsq_stack", by_stack, at_least(1.0)),
          Contest{"lsq_matrix", "1e5 x 128", "by hand", at_least(1.0), with_matrix},
          contest("lsq_horner", by_horner, unbounded())};
}

}  // namespace bench_evals
