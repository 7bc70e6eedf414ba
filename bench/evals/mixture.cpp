// Log posterior of a mixture of k Gaussians in d dimensions, of n points, with a Wishart prior. A component's inverse
// covariance is Q'Q, where Q is lower triangular; what is learnt are d logarithms of its diagonal and then, column by
// column, what is below.
#include <algorithm>
#include <numbers>

#include "contest.hpp"

namespace bench_evals {
namespace {

constexpr double wishart_gamma = 1.0;
constexpr double wishart_m = 0.0;

struct Sample {
  std::size_t n, k, d;
  Numbers alphas, means, factors, points;

  [[nodiscard]] std::size_t factor_size() const { return d * (d + 1) / 2; }
  /// Where the element below the diagonal is among the numbers of a component.
  [[nodiscard]] std::size_t place(std::size_t row, std::size_t column) const {
    return d + column * (2 * d - column - 1) / 2 + row - column - 1;
  }
  /// What depends on no parameter.
  [[nodiscard]] double constant() const {
    const auto dims = static_cast<double>(d);
    const double freedom = dims + wishart_m + 1.0;
    double log_gamma = 0.25 * dims * (dims - 1.0) * std::log(std::numbers::pi);
    for (std::size_t j = 1; j <= d; ++j) log_gamma += std::lgamma(0.5 * freedom + 0.5 * (1.0 - static_cast<double>(j)));
    const double prior = freedom * dims * std::log(wishart_gamma / std::numbers::sqrt2) - log_gamma;
    return -static_cast<double>(n) * 0.5 * dims * std::log(2.0 * std::numbers::pi) - static_cast<double>(k) * prior;
  }
};

Sample sample(std::size_t n, std::size_t k, std::size_t d) {
  Source source(n + d);
  Sample result{n, k, d, source.normals(k), source.uniforms(k * d, 0.0, 1.0), {}, source.normals(n * d)};
  result.factors = source.normals(k * result.factor_size(), 1.0 / std::sqrt(static_cast<double>(d)));
  return result;
}

struct Mixture {
  Var alphas, means, factors;
};
XGRAD_FIELDS(Mixture, alphas, means, factors)

/// Where the elements of a square matrix are among the numbers of a component behind a zero.
Var places_of_lower(const Sample& sample) {
  std::vector<std::int64_t> places;
  for (std::size_t row = 0; row < sample.d; ++row) {
    for (std::size_t column = 0; column < sample.d; ++column)
      places.push_back(column < row ? static_cast<std::int64_t>(1 + sample.place(row, column)) : 0);
  }
  return places;
}

Var log_posterior(const Mixture& p, const Var& x, const Var& places, double constant) {
  const auto k = static_cast<std::ptrdiff_t>(p.means.shape()[0]);
  const auto d = static_cast<std::ptrdiff_t>(p.means.shape()[1]);
  const Var log_diagonal = view(p.factors, xt::all(), xt::range(0, d));
  const Var behind_zero = xg::concatenate({Var(xt::zeros<double>({k, std::ptrdiff_t{1}})), p.factors}, 1);
  const Var lower = reshape(take(behind_zero, places, 1), {k, d, d});
  const Var q =
      lower + view(exp(log_diagonal), xt::all(), xt::all(), xt::newaxis()) * Var(xt::eye<double>(p.means.shape()[1]));
  const Var centred = x - view(p.means, xt::all(), xt::newaxis());
  const Var distances = sum(square(matmul(centred, swapaxes(q, 1, 2))), -1);
  const Var log_determinants = sum(log_diagonal, -1);
  const Var terms = view(p.alphas + log_determinants, xt::all(), xt::newaxis()) - 0.5 * distances;
  const Var likelihood = sum(logsumexp(terms, 0)) - static_cast<double>(x.shape()[0]) * logsumexp(p.alphas);
  const Var prior =
      0.5 * wishart_gamma * wishart_gamma *
          (sum(exp(2.0 * log_diagonal)) + sum(square(view(p.factors, xt::all(), xt::range(d, xt::placeholders::_))))) -
      wishart_m * sum(log_determinants);
  return likelihood + prior + constant;
}

/// Value and gradient by hand: lower triangles are d x d, with the diagonal.
class ByHand {
 public:
  explicit ByHand(Sample sample)
      : s_(std::move(sample)),
        q_(s_.k * s_.d * s_.d),
        dq_(q_.size()),
        qx_(s_.k * s_.d),
        xc_(s_.k * s_.d),
        terms_(s_.k),
        log_determinants_(s_.k) {}

  void operator()(Numbers& result) {
    std::fill(result.begin(), result.end(), 0.0);
    std::fill(dq_.begin(), dq_.end(), 0.0);
    double* alphas = result.data() + 1;
    double* means = alphas + s_.k;
    double* factors = means + s_.k * s_.d;
    unpack();
    double total = s_.constant();
    for (std::size_t i = 0; i < s_.n; ++i) total += point(&s_.points[i * s_.d], alphas, means);
    total += weights_and_prior(alphas, factors);
    result[0] = total;
  }

 private:
  void unpack() {
    for (std::size_t c = 0; c < s_.k; ++c) {
      const double* numbers = &s_.factors[c * s_.factor_size()];
      double* q = &q_[c * s_.d * s_.d];
      log_determinants_[c] = 0.0;
      for (std::size_t row = 0; row < s_.d; ++row) {
        for (std::size_t column = 0; column < row; ++column) q[row * s_.d + column] = numbers[s_.place(row, column)];
        q[row * s_.d + row] = std::exp(numbers[row]);
        log_determinants_[c] += numbers[row];
      }
    }
  }

  double point(const double* x, double* alphas, double* means) {
    const std::size_t d = s_.d;
    for (std::size_t c = 0; c < s_.k; ++c) {
      const double* q = &q_[c * d * d];
      double* xc = &xc_[c * d];
      for (std::size_t l = 0; l < d; ++l) xc[l] = x[l] - s_.means[c * d + l];
      double distance = 0.0;
      for (std::size_t row = 0; row < d; ++row) {
        double y = 0.0;
        for (std::size_t column = 0; column <= row; ++column) y += q[row * d + column] * xc[column];
        qx_[c * d + row] = y;
        distance += y * y;
      }
      terms_[c] = s_.alphas[c] + log_determinants_[c] - 0.5 * distance;
    }
    const double greatest = *std::max_element(terms_.begin(), terms_.end());
    double total = 0.0;
    for (double& term : terms_) {
      term = std::exp(term - greatest);
      total += term;
    }
    for (std::size_t c = 0; c < s_.k; ++c) component_adjoint(c, terms_[c] / total, alphas, means);
    return greatest + std::log(total);
  }

  void component_adjoint(std::size_t c, double weight, double* alphas, double* means) {
    const std::size_t d = s_.d;
    const double* q = &q_[c * d * d];
    const double* xc = &xc_[c * d];
    double* dq = &dq_[c * d * d];
    alphas[c] += weight;
    for (std::size_t row = 0; row < d; ++row) {
      const double adjoint = -weight * qx_[c * d + row];
      for (std::size_t column = 0; column <= row; ++column) {
        dq[row * d + column] += adjoint * xc[column];
        means[c * d + column] -= adjoint * q[row * d + column];
      }
    }
  }

  double weights_and_prior(double* alphas, double* factors) {
    const std::size_t d = s_.d;
    const double greatest = *std::max_element(s_.alphas.begin(), s_.alphas.end());
    double total = 0.0;
    for (const double alpha : s_.alphas) total += std::exp(alpha - greatest);
    const auto n = static_cast<double>(s_.n);
    double value = -n * (greatest + std::log(total));
    for (std::size_t c = 0; c < s_.k; ++c) {
      double* out = factors + c * s_.factor_size();
      const double weight = alphas[c];  // of all points: each counts once for the logarithm of the determinant
      alphas[c] -= n * std::exp(s_.alphas[c] - greatest) / total;
      value -= wishart_m * log_determinants_[c];
      for (std::size_t row = 0; row < d; ++row) {
        for (std::size_t column = 0; column <= row; ++column) {
          const double q = q_[c * d * d + row * d + column];
          const double adjoint = dq_[c * d * d + row * d + column] + wishart_gamma * wishart_gamma * q;
          value += 0.5 * wishart_gamma * wishart_gamma * q * q;
          if (column < row) out[s_.place(row, column)] = adjoint;
          else out[row] = adjoint * q + weight - wishart_m;
        }
      }
    }
    return value;
  }

  Sample s_;
  Numbers q_, dq_, qx_, xc_, terms_, log_determinants_;
};

Sides sides(const Sample& s) {
  const Mixture mixture{Var(s.alphas), var(s.means, {s.k, s.d}), var(s.factors, {s.k, s.factor_size()})};
  const auto program = [constant = s.constant()](const Mixture& p, const Var& x, const Var& places) {
    return log_posterior(p, x, places, constant);
  };
  return {with_xgrad(xg::compile(xg::value_and_grad(program)), mixture, var(s.points, {s.n, s.d}), places_of_lower(s)),
          by_hand(s.k * (1 + s.d + s.factor_size()), ByHand(s))};
}

}  // namespace

Contests mixture() {
  return {{"gmm_d64_k25", "n 1000", "by hand", at_least(4.0), [] { return sides(sample(1000, 25, 64)); }},
          {"gmm_d2_k5", "n 1000", "by hand", at_least(3.0), [] { return sides(sample(1000, 5, 2)); }}};
}

}  // namespace bench_evals
