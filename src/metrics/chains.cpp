#include <xgrad/metrics/chains.hpp>

#include <cmath>
#include <string>
#include <vector>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/associative_scan.hpp>
#include <xgrad/ops/check.hpp>
#include <xgrad/ops/create.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/fft.hpp>
#include <xgrad/ops/join.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/ops/order.hpp>
#include <xgrad/ops/quantile.hpp>
#include <xgrad/ops/reduce.hpp>
#include <xgrad/ops/search.hpp>
#include <xgrad/ops/special.hpp>

#include "metrics/common.hpp"

namespace xgrad::metrics {
namespace {

/// Each chain cut in halves, [n, M, K]; of an odd number of draws the one in the middle is left out.
Var half_chains(const std::string& what, const Var& draws) {
  if (draws.dimension() < 2 || draws.shape()[0] < 4 || draws.size() == 0) {
    throw ShapeError(what + ": draws are [draws, chains, ...] with 4 draws at least; these are " +
                     to_string(draws.shape()));
  }
  const std::size_t all = draws.shape()[0], chains = draws.shape()[1], n = all / 2;
  const Requirement requirement(what + ": the draw {} has no rank");
  Var x = detail::as_double(draws);
  x = reshape(checked(x, !isnan(x), requirement), {all, chains, draws.size() / (all * chains)});
  return concatenate({view(x, xt::range(std::size_t{0}, n)), view(x, xt::range(all - n, all))}, 1);
}

/// Normal scores of the ranks among all draws of a number; equal draws share the mean of their ranks.
Var normal_scores(const Var& x) {
  const std::size_t numbers = x.shape()[2];
  const auto count = static_cast<double>(x.shape()[0] * x.shape()[1]);
  std::vector<Var> scores;
  for (std::size_t k = 0; k < numbers; ++k) {
    const Var values = flatten(view(x, xt::all(), xt::all(), k));
    const Var sorted = sort(values);
    const Var rank =
        0.5 * cast<double>(searchsorted(sorted, values, Side::Left) + searchsorted(sorted, values, Side::Right) + 1);
    scores.push_back(
        reshape(std::sqrt(2.0) * erfinv(2.0 * (rank - 0.375) / (count + 0.25) - 1.0), {x.shape()[0], x.shape()[1]}));
  }
  return stack(scores, 2);
}

struct Spread {
  Var within, all;  // [K]
};

/// Variances of [n, M, K].
Spread spread(const Var& z) {
  const auto n = static_cast<double>(z.shape()[0]);
  const Var means = mean(z, 0);
  const Var within = mean(sum(square(z - means), 0), 0) / (n - 1.0);
  const Var between =
      sum(square(means - mean(means, 0)), 0) / (static_cast<double>(z.shape()[1]) - 1.0);  // M is 2 at least
  return {within, (n - 1.0) / n * within + between};
}

Var ratio(const Var& x) {
  const Spread of = spread(normal_scores(x));
  return sqrt(of.all / of.within);
}

Shape behind(const Var& draws) { return Shape(draws.shape().begin() + 2, draws.shape().end()); }

/// Means over chains of the autocovariances, [n, K], by the transform of what is as long again.
Var autocovariances(const Var& z) {
  const std::size_t n = z.shape()[0];
  const Var apart = z - mean(z, 0);
  const fft::Complex of = fft::rfft(concatenate({apart, zeros_like(apart)}, 0), 0);
  const Var power = square(of.real) + square(of.imag);
  const Var whole = fft::irfft({power, zeros_like(power)}, 2 * n, 0);
  return mean(view(whole, xt::range(std::size_t{0}, n)), 1) / static_cast<double>(n);
}

}  // namespace

Var r_hat(const Var& draws) {
  const Var x = half_chains("r_hat", draws);
  const Var middle = median(reshape(x, {x.shape()[0] * x.shape()[1], x.shape()[2]}), 0);
  return reshape(maximum(ratio(x), ratio(abs(x - middle))), behind(draws));
}

Var effective_sample_size(const Var& draws) {
  const Var z = normal_scores(half_chains("effective_sample_size", draws));
  const std::size_t n = z.shape()[0], pairs = n / 2;
  const Spread of = spread(z);
  const Var rho = 1.0 - (of.within - autocovariances(z)) / of.all;
  const Var two = view(rho, xt::range(std::size_t{0}, 2 * pairs));
  // rho(0) is 1, but for the degree of freedom that the variances have less.
  const Var first = concatenate({ones({1, z.shape()[2]}), view(two, xt::range(std::size_t{1}, 2 * pairs))}, 0);
  const Var sums = sum(reshape(first, {pairs, 2, z.shape()[2]}), 1);
  const Var goes_on = cumprod(cast<double>(sums > 0.0), 0);
  const Var falling = cummin(where(goes_on > 0.0, sums, 0.0), 0);
  const auto count = static_cast<double>(n * z.shape()[1]);
  const Var length = maximum(2.0 * sum(falling, 0) - 1.0, 1.0 / std::log10(count));
  const Var known = of.all / of.all;  // NaN where all draws are equal
  return reshape(known * count / length, behind(draws));
}

}  // namespace xgrad::metrics
