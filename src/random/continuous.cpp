#include <xgrad/random/continuous.hpp>

#include <cmath>
#include <limits>
#include <string>

#include <xgrad/core/errors.hpp>
#include <xgrad/linalg/factor.hpp>
#include <xgrad/ops/diagonal.hpp>

#include "parameters.hpp"

namespace xgrad::random {

using detail::Distribution;
using detail::Family;
using OptionalShape = std::optional<Shape>;

// ---- without parameters

Var bits(const KeyUse& key, const Shape& shape) {
  return detail::standard(Distribution::Bits, "bits", key, shape, DType::Int64);
}

namespace {

Var standard_floats(Distribution distribution, std::string_view function, const KeyUse& key, const Shape& shape,
                    DType dtype) {
  detail::require_floating(function, dtype);
  return detail::standard(distribution, function, key, shape, dtype);
}

}  // namespace

Var uniform(const KeyUse& key, const Shape& shape, DType dtype) {
  return standard_floats(Distribution::Uniform, "uniform", key, shape, dtype);
}
Var normal(const KeyUse& key, const Shape& shape, DType dtype) {
  return standard_floats(Distribution::Normal, "normal", key, shape, dtype);
}
Var exponential(const KeyUse& key, const Shape& shape, DType dtype) {
  return standard_floats(Distribution::Exponential, "exponential", key, shape, dtype);
}
Var laplace(const KeyUse& key, const Shape& shape, DType dtype) {
  return standard_floats(Distribution::Laplace, "laplace", key, shape, dtype);
}
Var cauchy(const KeyUse& key, const Shape& shape, DType dtype) {
  return standard_floats(Distribution::Cauchy, "cauchy", key, shape, dtype);
}
Var gumbel(const KeyUse& key, const Shape& shape, DType dtype) {
  return standard_floats(Distribution::Gumbel, "gumbel", key, shape, dtype);
}
Var logistic(const KeyUse& key, const Shape& shape, DType dtype) {
  return standard_floats(Distribution::Logistic, "logistic", key, shape, dtype);
}

// ---- location and scale

namespace {

Var uniform_between(const KeyUse& key, const Var& low, const Var& high, const OptionalShape& shape) {
  static const Requirement finite("uniform: a bound is {}; bounds are finite");
  static const Requirement near("uniform: the bounds are {} apart, which is farther than a number can be");
  const auto ready = detail::ready("uniform", key.bits(), detail::as_floats("uniform", {&low, &high}), shape);
  const auto bound = [](const Var& x) { return checked(x, abs(x) < std::numeric_limits<double>::infinity(), finite); };
  const Var from = bound(ready.values[0]);
  const Var to = bound(ready.values[1]);
  const Var way = to - from;
  const Var width = checked(way, isfinite(way) || !isfinite(to), near);
  const Var u = xgrad::detail::random_draw(Distribution::Uniform, key.bits(), ready.shape, ready.dtype());
  return xgrad::detail::broadcast_to("uniform", from + width * u, ready.shape);
}

Var normal_around(const KeyUse& key, const Var& mean, const Var& stddev, const OptionalShape& shape) {
  static const Requirement not_negative("normal: a standard deviation is {}; it is not negative");
  const auto ready = detail::ready("normal", key.bits(), detail::as_floats("normal", {&mean, &stddev}), shape);
  const Var z = xgrad::detail::random_draw(Distribution::Normal, key.bits(), ready.shape, ready.dtype());
  const Var scale = checked(ready.values[1], ready.values[1] >= 0.0, not_negative);
  return xgrad::detail::broadcast_to("normal", ready.values[0] + scale * z, ready.shape);
}

}  // namespace

Var uniform(const KeyUse& key, const Var& low, const Var& high) { return uniform_between(key, low, high, {}); }
Var uniform(const KeyUse& key, const Var& low, const Var& high, const Shape& shape) {
  return uniform_between(key, low, high, shape);
}
Var normal(const KeyUse& key, const Var& mean, const Var& stddev) { return normal_around(key, mean, stddev, {}); }
Var normal(const KeyUse& key, const Var& mean, const Var& stddev, const Shape& shape) {
  return normal_around(key, mean, stddev, shape);
}

namespace {

Var truncated_normal_between(const KeyUse& key, const Var& low, const Var& high, const OptionalShape& shape) {
  static const Requirement below("truncated_normal: a lower bound {} is not below the upper one");
  const std::vector<Var> bounds = detail::as_floats("truncated_normal", {&low, &high});
  const DType dtype = bounds[0].dtype();
  const auto ready = detail::ready("truncated_normal", key.bits(),
                                   {cast(bounds[0], DType::Float64), cast(bounds[1], DType::Float64)}, shape);
  const std::vector<Var> ends = ready.expanded("truncated_normal");
  const Var u = xgrad::detail::random_draw(Distribution::Uniform, key.bits(), ready.shape, DType::Float64) + 0x1p-54;
  const Var from = checked(ends[0], ends[0] < ends[1], below);
  return cast(xgrad::detail::truncated_normal(u, from, ends[1]), dtype);
}

}  // namespace

Var truncated_normal(const KeyUse& key, const Var& low, const Var& high) {
  return truncated_normal_between(key, low, high, {});
}
Var truncated_normal(const KeyUse& key, const Var& low, const Var& high, const Shape& shape) {
  return truncated_normal_between(key, low, high, shape);
}

// ---- gamma and its kin

namespace {

Var of_gamma(Family family, std::string_view function, const KeyUse& key, const Var& alpha, const OptionalShape& shape,
             std::int64_t stream = 0) {
  static const Requirement requirement("gamma: a shape is {}; it is positive and finite");
  const std::vector<Var> floats = detail::as_floats(function, {&alpha});
  const auto ready = detail::ready(function, key.bits(), {detail::positive(floats[0], requirement)}, shape);
  return xgrad::detail::random_sample(family, key.bits(), ready.expanded(function), stream);
}

Var beta_of(const KeyUse& key, const Var& a, const Var& b, const OptionalShape& shape) {
  static const Requirement requirement("beta: a parameter is {}; it is positive and finite");
  const std::vector<Var> floats = detail::as_floats("beta", {&a, &b});
  const auto ready = detail::ready(
      "beta", key.bits(), {detail::positive(floats[0], requirement), detail::positive(floats[1], requirement)}, shape);
  const std::vector<Var> shapes = ready.expanded("beta");
  // x / (x + y) of two gamma variates, from the logarithms of both.
  const Var x = xgrad::detail::random_sample(Family::LogGamma, key.bits(), {&shapes[0], 1}, 0);
  const Var y = xgrad::detail::random_sample(Family::LogGamma, key.bits(), {&shapes[1], 1}, 1);
  const Var difference = x - y;
  const Var smaller = xgrad::detail::alike_exp(-abs(difference));
  return where(difference >= 0.0, ones_like(smaller), smaller) / (1.0 + smaller);
}

Var dirichlet_of(const KeyUse& key, const Var& alpha, const OptionalShape& shape) {
  xgrad::detail::require_usable(alpha, "dirichlet");
  if (alpha.dimension() == 0) throw ShapeError("dirichlet: alpha is a number; its last axis is that of the points");
  OptionalShape whole = shape;
  if (whole) {
    xgrad::detail::require_rank("dirichlet", whole->size() + 1);
    whole->push_back(alpha.shape(-1));
  }
  const Var logs = of_gamma(Family::LogGamma, "dirichlet", key, alpha, whole);
  if (alpha.shape(-1) == 0) return logs;
  const Var parts = xgrad::detail::alike_exp(logs - stop_gradient(amax(logs, -1, keep_dims)));
  return parts / sum(parts, -1, keep_dims);
}

Var chisquare_of(std::string_view function, const KeyUse& key, const Var& df, const OptionalShape& shape) {
  static const Requirement requirement("chisquare: the degrees of freedom are {}; they are positive and finite");
  const std::vector<Var> floats = detail::as_floats(function, {&df});
  const auto ready = detail::ready(function, key.bits(), {0.5 * detail::positive(floats[0], requirement)}, shape);
  return 2.0 * xgrad::detail::random_sample(Family::Gamma, key.bits(), ready.expanded(function));
}

Var student_t_of(const KeyUse& key, const Var& df, const OptionalShape& shape) {
  const Var squares = chisquare_of("student_t", key, df, shape);
  const Var z = xgrad::detail::random_draw(Distribution::Normal, key.bits(), squares.shape(), squares.dtype());
  return z / sqrt(squares / detail::as_floats("student_t", {&df})[0]);
}

}  // namespace

Var gamma(const KeyUse& key, const Var& alpha) { return of_gamma(Family::Gamma, "gamma", key, alpha, {}); }
Var gamma(const KeyUse& key, const Var& alpha, const Shape& shape) {
  return of_gamma(Family::Gamma, "gamma", key, alpha, shape);
}
Var loggamma(const KeyUse& key, const Var& alpha) { return of_gamma(Family::LogGamma, "loggamma", key, alpha, {}); }
Var loggamma(const KeyUse& key, const Var& alpha, const Shape& shape) {
  return of_gamma(Family::LogGamma, "loggamma", key, alpha, shape);
}
Var beta(const KeyUse& key, const Var& a, const Var& b) { return beta_of(key, a, b, {}); }
Var beta(const KeyUse& key, const Var& a, const Var& b, const Shape& shape) { return beta_of(key, a, b, shape); }
Var dirichlet(const KeyUse& key, const Var& alpha) { return dirichlet_of(key, alpha, {}); }
Var dirichlet(const KeyUse& key, const Var& alpha, const Shape& shape) { return dirichlet_of(key, alpha, shape); }
Var chisquare(const KeyUse& key, const Var& df) { return chisquare_of("chisquare", key, df, {}); }
Var chisquare(const KeyUse& key, const Var& df, const Shape& shape) {
  return chisquare_of("chisquare", key, df, shape);
}
Var student_t(const KeyUse& key, const Var& df) { return student_t_of(key, df, {}); }
Var student_t(const KeyUse& key, const Var& df, const Shape& shape) { return student_t_of(key, df, shape); }

Var gamma_slope(const Var& alpha, const Var& log_x) {
  const std::vector<Var> floats = detail::as_floats("gamma_slope", {&alpha, &log_x});
  const std::array<const Var*, 2> both{&floats[0], &floats[1]};
  const Shape shape = xgrad::detail::broadcast_shape("gamma_slope", both);
  return xgrad::detail::gamma_slope(0, xgrad::detail::broadcast_to("gamma_slope", floats[0], shape),
                                    xgrad::detail::broadcast_to("gamma_slope", floats[1], shape));
}

// ---- points

namespace {

void require_square_of_mean(const Var& mean, const Var& matrix, std::string_view name) {
  const Shape& of_mean = mean.shape();
  const Shape& shape = matrix.shape();
  const std::size_t rank = shape.size();
  if (of_mean.empty() || rank < 2 || shape[rank - 1] != of_mean.back() || shape[rank - 2] != of_mean.back()) {
    throw ShapeError("multivariate_normal: the mean is " + to_string(of_mean) + " and the " + std::string(name) + " " +
                     to_string(shape) + "; they are [..., d] and [..., d, d]");
  }
}

Var multivariate_normal_of(const KeyUse& key, const Var& mean, const Var& factor, const OptionalShape& shape) {
  constexpr std::string_view function = "multivariate_normal";
  const std::vector<Var> floats = detail::as_floats(function, {&mean, &factor});
  require_square_of_mean(mean, factor, "factor of the covariance");
  const Shape of_mean = mean.shape();
  const Shape of_factor = factor.shape();
  const std::size_t rank = of_factor.size();
  Shape of_rows = of_factor;
  of_rows.resize(rank - 1);
  // [..., d], for its shape alone.
  const Var rows = of_mean.back() == 0 ? reshape(floats[1], Strides(of_rows)) : view(floats[1], xt::ellipsis(), 0);
  OptionalShape whole = shape;
  if (whole) {
    xgrad::detail::require_rank(function, whole->size() + 1);
    whole->push_back(of_mean.back());
  }
  const auto ready = detail::ready(function, key.bits(), {floats[0], rows}, whole);
  const Var z = xgrad::detail::random_draw(Distribution::Normal, key.bits(), ready.shape, ready.dtype());
  const Var moved = rank == 2 ? matmul(z, transpose(floats[1])) : squeeze(matmul(floats[1], expand_dims(z, -1)), -1);
  return xgrad::detail::broadcast_to(function, ready.values[0] + moved, ready.shape);
}

}  // namespace

Var multivariate_normal(const KeyUse& key, const Var& mean, const Var& scale_tril) {
  return multivariate_normal_of(key, mean, scale_tril, {});
}
Var multivariate_normal(const KeyUse& key, const Var& mean, const Var& scale_tril, const Shape& shape) {
  return multivariate_normal_of(key, mean, scale_tril, shape);
}

namespace {

Var factor_of(const Var& mean, const Covariance& covariance) {
  const std::vector<Var> floats = detail::as_floats("multivariate_normal", {&mean, &covariance.matrix});
  require_square_of_mean(mean, covariance.matrix, "covariance");
  return linalg::cholesky(floats[1]);
}

}  // namespace

Var multivariate_normal(const KeyUse& key, const Var& mean, const Covariance& covariance) {
  return multivariate_normal_of(key, mean, factor_of(mean, covariance), {});
}
Var multivariate_normal(const KeyUse& key, const Var& mean, const Covariance& covariance, const Shape& shape) {
  return multivariate_normal_of(key, mean, factor_of(mean, covariance), shape);
}

Var orthogonal(const KeyUse& key, std::size_t n, const Shape& shape, DType dtype) {
  detail::require_floating("orthogonal", dtype);
  xgrad::detail::require_rank("orthogonal", shape.size() + 2);
  Shape matrices = shape;
  matrices.push_back(n);
  matrices.push_back(n);
  const auto [q, r] = linalg::qr(detail::standard(Distribution::Normal, "orthogonal", key, matrices, dtype));
  // The sign of 0, which is no less likely than any other number, would be 0.
  return q * expand_dims(cast(where(diagonal(r, 0, -2, -1) < 0.0, -1.0, 1.0), dtype), -2);
}

Var sphere(const KeyUse& key, std::size_t dimension, const Shape& shape, DType dtype) {
  detail::require_floating("sphere", dtype);
  if (dimension == 0) throw ValueError("sphere: the dimension is 0; a sphere lies in a space of at least 1");
  xgrad::detail::require_rank("sphere", shape.size() + 1);
  Shape points = shape;
  points.push_back(dimension);
  const Var z = detail::standard(Distribution::Normal, "sphere", key, points, dtype);
  return z / norm(z, -1, keep_dims);
}

}  // namespace xgrad::random
