#include "dense.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

namespace xgrad::solve::detail {
namespace {

double norm_of(const double* from, std::size_t count) { return norm({from, count}); }

/// Subtracts from a column its part along a reflector, twice.
void reflect(const double* v, double v_squared, double* column, std::size_t count) {
  if (v_squared == 0.0) return;
  double product = 0.0;
  for (std::size_t i = 0; i < count; ++i) product += v[i] * column[i];
  const double factor = 2.0 * product / v_squared;
  for (std::size_t i = 0; i < count; ++i) column[i] -= factor * v[i];
}

/// x of R x = b for the first `rank` rows; the rest is 0.
Vector back_substituted(const Vector& triangle, std::size_t n, std::size_t rank, Vector b) {
  std::fill(b.begin() + static_cast<std::ptrdiff_t>(rank), b.end(), 0.0);
  for (std::size_t j = rank; j-- > 0;) {
    b[j] /= triangle[j + j * n];
    for (std::size_t i = 0; i < j; ++i) b[i] -= triangle[i + j * n] * b[j];
  }
  return b;
}

/// x of R^T x = b.
Vector forward_substituted(const Vector& triangle, std::size_t n, Vector b) {
  for (std::size_t j = 0; j < n; ++j) {
    for (std::size_t i = 0; i < j; ++i) b[j] -= triangle[i + j * n] * b[i];
    b[j] /= triangle[j + j * n];
  }
  return b;
}

Vector unpivoted(const std::vector<std::size_t>& pivot, const Vector& x) {
  Vector result(x.size());
  for (std::size_t j = 0; j < x.size(); ++j) result[pivot[j]] = x[j];
  return result;
}

std::size_t leading_rank(const Vector& triangle, std::size_t n, double part = 0.0) {
  std::size_t rank = 0;
  const double least = part * std::abs(triangle[0]);
  while (rank < n && std::abs(triangle[rank + rank * n]) > least) ++rank;
  return rank;
}

}  // namespace

Vector scaled(const Vector& scale, const Vector& x) {
  Vector result(x);
  for (std::size_t i = 0; i < x.size(); ++i) result[i] *= scale[i];
  return result;
}

PivotedQr pivoted_qr(Vector jacobian, Vector residuals, std::size_t n) {
  const std::size_t m = residuals.size();
  PivotedQr qr;
  qr.n = n;
  qr.rows = m;
  qr.pivot.resize(n);
  std::iota(qr.pivot.begin(), qr.pivot.end(), std::size_t{0});
  const auto column = [&](std::size_t j) { return jacobian.data() + j * m; };
  Vector v(m);
  const std::size_t steps = std::min(m, n);
  qr.r.assign(n * n, 0.0);
  for (std::size_t k = 0; k < steps; ++k) {
    std::size_t best = k;
    double best_norm = -1.0;
    for (std::size_t j = k; j < n; ++j) {  // exact norms: to update them saves a third, and loses digits
      const double length = norm_of(column(j) + k, m - k);
      if (length > best_norm) best = j, best_norm = length;
    }
    if (best != k) {
      std::swap_ranges(column(k), column(k) + m, column(best));
      std::swap(qr.pivot[k], qr.pivot[best]);
    }
    if (!(best_norm > 0.0)) break;
    double* first = column(k) + k;
    for (std::size_t i = 0; i < m - k; ++i) v[i] = first[i] / best_norm;
    v[0] += v[0] < 0.0 ? -1.0 : 1.0;
    double v_squared = 0.0;
    for (std::size_t i = 0; i < m - k; ++i) v_squared += v[i] * v[i];
    for (std::size_t j = k; j < n; ++j) reflect(v.data(), v_squared, column(j) + k, m - k);
    reflect(v.data(), v_squared, residuals.data() + k, m - k);
  }
  for (std::size_t j = 0; j < n; ++j) {
    for (std::size_t i = 0; i <= std::min(j, steps - 1); ++i) qr.r[i + j * n] = column(j)[i];
  }
  qr.qtr.assign(n, 0.0);
  std::copy_n(residuals.begin(), steps, qr.qtr.begin());
  return qr;
}

PivotedQr pivoted_cholesky(const Vector& jacobian, const Vector& residuals, std::size_t n) {
  const std::size_t m = residuals.size();
  const auto column = [&](std::size_t j) { return std::span(jacobian).subspan(j * m, m); };
  PivotedQr qr;
  qr.n = n;
  qr.rows = m;
  qr.pivot.resize(n);
  std::iota(qr.pivot.begin(), qr.pivot.end(), std::size_t{0});
  qr.r.assign(n * n, 0.0);
  qr.qtr.assign(n, 0.0);
  Vector length(n);
  for (std::size_t j = 0; j < n; ++j) {
    length[j] = norm(column(j));
    if (length[j] == 0.0) length[j] = 1.0;
  }
  Vector normal(n * n);  // what is left of J^T J, of columns of length 1, and of J^T r
  Vector right(n);
  for (std::size_t j = 0; j < n; ++j) {
    for (std::size_t i = 0; i <= j; ++i) {
      normal[i + j * n] = normal[j + i * n] = dot(column(i), column(j)) / length[i] / length[j];
    }
    right[j] = dot(column(j), residuals) / length[j];
  }
  const auto left = [&](std::size_t i, std::size_t j) -> double& { return normal[qr.pivot[i] + qr.pivot[j] * n]; };
  // Pivots below that are made of rounding. To leave their columns out would be to take any place for a minimum.
  const double least = static_cast<double>(n) * std::numeric_limits<double>::epsilon();
  for (std::size_t k = 0; k < n; ++k) {
    std::size_t best = k;
    for (std::size_t j = k + 1; j < n; ++j) {
      if (left(j, j) > left(best, best)) best = j;
    }
    std::swap(qr.pivot[k], qr.pivot[best]);
    for (std::size_t i = 0; i < k; ++i) std::swap(qr.r[i + k * n], qr.r[i + best * n]);
    const double root = std::sqrt(std::max(left(k, k), least));
    qr.qtr[k] = right[qr.pivot[k]] / root;
    qr.r[k + k * n] = root;
    for (std::size_t j = k + 1; j < n; ++j) qr.r[k + j * n] = left(k, j) / root;
    for (std::size_t j = k + 1; j < n; ++j) {
      for (std::size_t i = k + 1; i < n; ++i) left(i, j) -= qr.r[k + i * n] * qr.r[k + j * n];
      right[qr.pivot[j]] -= qr.r[k + j * n] * qr.qtr[k];
    }
  }
  for (std::size_t j = 0; j < n; ++j) {
    for (std::size_t i = 0; i <= j; ++i) qr.r[i + j * n] *= length[qr.pivot[j]];
  }
  return qr;
}

std::size_t PivotedQr::rank(double part) const { return leading_rank(r, n, part); }

Vector PivotedQr::lengths() const {
  Vector result(n);
  for (std::size_t j = 0; j < n; ++j) result[pivot[j]] = norm({r.data() + j * n, j + 1});
  return result;
}

namespace {

/// What rounding leaves of a column that should be 0, beside its length.
double dust(double rounding, std::size_t rows) { return rounding * (16.0 + std::sqrt(static_cast<double>(rows))); }

}  // namespace

bool PivotedQr::is_dependent(double rounding) const {
  const Vector length = lengths();
  for (std::size_t j = 0; j < n; ++j) {
    if (!(std::abs(at(j, j)) > dust(rounding, rows) * length[pivot[j]])) return true;
  }
  return false;
}

Vector PivotedQr::times(const Vector& x) const {
  Vector result(n, 0.0);
  for (std::size_t j = 0; j < n; ++j) {
    for (std::size_t i = 0; i <= j; ++i) result[i] += at(i, j) * x[pivot[j]];
  }
  return result;
}

Vector PivotedQr::gradient() const {
  Vector result(n, 0.0);
  for (std::size_t j = 0; j < n; ++j) {
    for (std::size_t i = 0; i <= j; ++i) result[pivot[j]] += at(i, j) * qtr[i];
  }
  return result;
}

Vector PivotedQr::least_squares(double part) const {
  Vector right(qtr);
  for (double& each : right) each = -each;
  return unpivoted(pivot, back_substituted(r, n, rank(part), std::move(right)));
}

Vector damped_step(const PivotedQr& qr, const Vector& scale, double lambda, Vector* triangle) {
  const std::size_t n = qr.n;
  Vector s(qr.r);
  Vector right(n);
  for (std::size_t i = 0; i < n; ++i) right[i] = -qr.qtr[i];
  Vector row(n);
  for (std::size_t k = 0; k < n; ++k) {  // rotates row k of sqrt(lambda) D P into the triangle
    std::fill(row.begin(), row.end(), 0.0);
    row[k] = std::sqrt(lambda) * scale[qr.pivot[k]];
    double of_row = 0.0;
    for (std::size_t j = k; j < n; ++j) {
      if (row[j] == 0.0) continue;
      const double length = std::hypot(s[j + j * n], row[j]);
      const double cosine = s[j + j * n] / length;
      const double sine = row[j] / length;
      for (std::size_t c = j; c < n; ++c) {
        const double upper = s[j + c * n];
        s[j + c * n] = cosine * upper + sine * row[c];
        row[c] = cosine * row[c] - sine * upper;
      }
      const double upper = right[j];
      right[j] = cosine * upper + sine * of_row;
      of_row = cosine * of_row - sine * upper;
    }
  }
  Vector step = unpivoted(qr.pivot, back_substituted(s, n, leading_rank(s, n), std::move(right)));
  if (triangle != nullptr) *triangle = std::move(s);
  return step;
}

Vector trust_region_step(const PivotedQr& qr, const Vector& scale, double radius, double& lambda) {
  const std::size_t n = qr.n;
  constexpr double tolerance = 0.1;
  const double smallest = std::numeric_limits<double>::min();
  Vector step = qr.least_squares();
  double length = norm(scaled(scale, step));
  double excess = length - radius;
  if (std::isfinite(length) && excess <= tolerance * radius) {
    lambda = 0.0;
    return step;
  }
  // The slope of |D p| in lambda is that of D^2 p / |D p| solved with the triangle.
  const auto slope = [&](const Vector& triangle) {
    Vector w(n);
    for (std::size_t j = 0; j < n; ++j) w[j] = scale[qr.pivot[j]] * (scale[qr.pivot[j]] * step[qr.pivot[j]] / length);
    const double norm_of_w = norm(forward_substituted(triangle, n, std::move(w)));
    return norm_of_w * norm_of_w;
  };
  double lower = 0.0;
  if (qr.rank() == n && std::isfinite(length)) lower = excess / radius / slope(qr.r);
  Vector descent = qr.gradient();
  for (std::size_t i = 0; i < n; ++i) descent[i] /= scale[i];
  const double steepest = norm(descent);
  double upper = steepest / radius;
  if (upper == 0.0) upper = smallest / std::min(radius, tolerance);
  lambda = std::clamp(lambda, lower, std::max(lower, upper));
  if (lambda == 0.0) lambda = std::isfinite(length) && length > 0.0 ? steepest / length : 0.001 * upper;
  for (int iteration = 1;; ++iteration) {
    if (lambda == 0.0) lambda = std::max(smallest, 0.001 * upper);
    Vector triangle;
    step = damped_step(qr, scale, lambda, &triangle);
    length = norm(scaled(scale, step));
    const double before = excess;
    excess = length - radius;
    const bool falls_to_less = lower == 0.0 && excess <= before && before < 0.0;
    if (std::abs(excess) <= tolerance * radius || falls_to_less || iteration == 10) return step;
    const double correction = excess / radius / slope(triangle);
    if (excess > 0.0) lower = std::max(lower, lambda);
    if (excess < 0.0) upper = std::min(upper, lambda);
    lambda = std::max(lower, lambda + correction);
  }
}

Vector inverse_of_normal(Vector jacobian, std::size_t n, double rounding) {
  const std::size_t m = jacobian.size() / n;
  Vector length(n);
  for (std::size_t j = 0; j < n; ++j) {
    double* column = jacobian.data() + j * m;
    length[j] = norm({column, m});
    for (std::size_t i = 0; i < m && length[j] > 0.0; ++i) column[i] /= length[j];
  }
  const PivotedQr qr = pivoted_qr(std::move(jacobian), Vector(m, 0.0), n);
  const std::size_t rank = qr.rank(dust(rounding, m));
  std::vector<Vector> columns;  // of the inverse of the leading triangle
  std::vector<bool> determined(n, false);
  for (std::size_t j = 0; j < rank; ++j) {
    Vector unit(n, 0.0);
    unit[j] = 1.0;
    columns.push_back(back_substituted(qr.r, n, rank, std::move(unit)));
    determined[j] = true;
  }
  for (std::size_t j = rank; j < n; ++j) {  // which others change along with a column that depends on them
    Vector right(qr.r.begin() + static_cast<std::ptrdiff_t>(j * n),
                 qr.r.begin() + static_cast<std::ptrdiff_t>((j + 1) * n));
    const Vector others = back_substituted(qr.r, n, rank, std::move(right));
    for (std::size_t i = 0; i < rank; ++i)
      determined[i] = determined[i] && !(std::abs(others[i]) > std::sqrt(rounding));
  }
  Vector result(n * n, std::numeric_limits<double>::quiet_NaN());
  for (std::size_t a = 0; a < rank; ++a) {
    for (std::size_t b = 0; b < rank; ++b) {
      if (!determined[a] || !determined[b]) continue;
      double sum = 0.0;
      for (std::size_t k = std::max(a, b); k < rank; ++k) sum += columns[k][a] * columns[k][b];
      result[qr.pivot[a] * n + qr.pivot[b]] = sum / length[qr.pivot[a]] / length[qr.pivot[b]];
    }
  }
  return result;
}

bool solve_square(Vector matrix, Vector& right) {
  const std::size_t n = right.size();
  for (std::size_t k = 0; k < n; ++k) {
    std::size_t best = k;
    for (std::size_t i = k + 1; i < n; ++i) {
      if (std::abs(matrix[i * n + k]) > std::abs(matrix[best * n + k])) best = i;
    }
    if (!(std::abs(matrix[best * n + k]) > 0.0)) return false;
    if (best != k) {
      std::swap_ranges(&matrix[k * n], &matrix[k * n] + n, &matrix[best * n]);
      std::swap(right[k], right[best]);
    }
    for (std::size_t i = k + 1; i < n; ++i) {
      const double factor = matrix[i * n + k] / matrix[k * n + k];
      if (factor == 0.0) continue;
      for (std::size_t j = k; j < n; ++j) matrix[i * n + j] -= factor * matrix[k * n + j];
      right[i] -= factor * right[k];
    }
  }
  for (std::size_t k = n; k-- > 0;) {
    for (std::size_t j = k + 1; j < n; ++j) right[k] -= matrix[k * n + j] * right[j];
    right[k] /= matrix[k * n + k];
  }
  return all_finite(right);
}

void History::add(Vector point, Vector change) {
  if (points.size() == memory) points.erase(points.begin()), changes.erase(changes.begin());
  points.push_back(std::move(point));
  changes.push_back(std::move(change));
}

Vector History::correction(const Vector& f, double mixing) const {
  Vector columns;
  for (const Vector& each : changes) columns.insert(columns.end(), each.begin(), each.end());
  Vector against(f);
  for (double& each : against) each = -each;
  const Vector weights = pivoted_qr(std::move(columns), std::move(against), changes.size()).least_squares(1e-12);
  Vector result(f.size(), 0.0);
  for (std::size_t k = 0; k < weights.size(); ++k) {
    result = along(result, weights[k], points[k]);
    result = along(result, mixing * weights[k], changes[k]);
  }
  return result;
}

}  // namespace xgrad::solve::detail
