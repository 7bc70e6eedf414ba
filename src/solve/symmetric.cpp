#include "symmetric.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

namespace xgrad::solve::detail {

SymmetricFactor::SymmetricFactor(Vector matrix, std::size_t n)
    : n_(n), matrix_(std::move(matrix)), factors_(matrix_), order_(n), is_pair_(n, 0) {
  std::iota(order_.begin(), order_.end(), std::size_t{0});
  factor();
  count_inertia();
}

/// Exchanges rows and columns of what is not eliminated yet, and rows of L.
void SymmetricFactor::exchange(std::size_t i, std::size_t j) {
  if (i == j) return;
  for (std::size_t k = 0; k < n_; ++k) std::swap(at(i, k), at(j, k));
  for (std::size_t k = 0; k < n_; ++k) std::swap(at(k, i), at(k, j));
  std::swap(order_[i], order_[j]);
}

void SymmetricFactor::factor() {
  const double alpha = (1.0 + std::sqrt(17.0)) / 8.0;
  for (std::size_t k = 0; k < n_;) {
    std::size_t largest_row = k;
    double below = 0.0;
    for (std::size_t i = k + 1; i < n_; ++i) {
      if (std::abs(at(i, k)) > below) below = std::abs(at(i, k)), largest_row = i;
    }
    const double pivot = std::abs(at(k, k));
    if (below == 0.0 || pivot >= alpha * below) {
      eliminate(k++);
      continue;
    }
    double beside = 0.0;
    for (std::size_t j = k; j < n_; ++j) {
      if (j != largest_row) beside = std::max(beside, std::abs(at(largest_row, j)));
    }
    if (pivot * beside >= alpha * below * below) {
      eliminate(k++);
    } else if (std::abs(at(largest_row, largest_row)) >= alpha * beside) {
      exchange(k, largest_row);
      eliminate(k++);
    } else {
      exchange(k + 1, largest_row);
      eliminate_pair(k);
      k += 2;
    }
  }
}

/// Both halves of what is left are kept.
void SymmetricFactor::eliminate(std::size_t k) {
  const double pivot = at(k, k);
  if (pivot == 0.0) return;
  for (std::size_t i = k + 1; i < n_; ++i) {
    const double factor = at(i, k) / pivot;
    if (factor != 0.0) {
      for (std::size_t j = k + 1; j < n_; ++j) at(i, j) -= factor * at(k, j);
    }
    at(i, k) = factor;
  }
}

void SymmetricFactor::eliminate_pair(std::size_t k) {
  is_pair_[k] = 1;
  const double off = at(k + 1, k);
  const double first = at(k, k) / off;  // scaled by what is largest
  const double second = at(k + 1, k + 1) / off;
  const double determinant = first * second - 1.0;
  for (std::size_t i = k + 2; i < n_; ++i) {
    const double a = at(i, k) / off;
    const double b = at(i, k + 1) / off;
    const double left = (second * a - b) / determinant;
    const double right = (first * b - a) / determinant;
    for (std::size_t j = k + 2; j < n_; ++j) at(i, j) -= left * at(k, j) + right * at(k + 1, j);
    at(i, k) = left;
    at(i, k + 1) = right;
  }
}

void SymmetricFactor::count_inertia() {
  for (std::size_t k = 0; k < n_; ++k) {
    if (is_pair_[k] != 0) {  // such a block has one eigenvalue of each sign
      ++negative_;
      ++k;
      continue;
    }
    double row = 0.0;
    for (std::size_t j = 0; j < n_; ++j) row = std::max(row, std::abs(matrix_[order_[k] * n_ + j]));
    const double least = static_cast<double>(n_) * std::numeric_limits<double>::epsilon() * row;
    if (!(std::abs(at(k, k)) > least)) ++zero_;
    else if (at(k, k) < 0.0) ++negative_;
  }
}

Vector SymmetricFactor::solve_once(const Vector& b) const {
  Vector x(n_);
  for (std::size_t i = 0; i < n_; ++i) x[i] = b[order_[i]];
  for (std::size_t k = 0; k < n_; ++k) {
    const std::size_t width = is_pair_[k] != 0 ? 2 : 1;
    for (std::size_t i = k + width; i < n_; ++i) {
      x[i] -= at(i, k) * x[k];
      if (width == 2) x[i] -= at(i, k + 1) * x[k + 1];
    }
    k += width - 1;
  }
  for (std::size_t k = 0; k < n_; ++k) {
    if (is_pair_[k] == 0) {
      x[k] = at(k, k) == 0.0 ? 0.0 : x[k] / at(k, k);
      continue;
    }
    const double off = at(k + 1, k);
    const double first = at(k, k) / off;
    const double second = at(k + 1, k + 1) / off;
    const double a = x[k] / off;
    const double c = x[k + 1] / off;
    x[k] = (second * a - c) / (first * second - 1.0);
    x[k + 1] = (first * c - a) / (first * second - 1.0);
    ++k;
  }
  for (std::size_t k = n_; k-- > 0;) {
    for (std::size_t i = k + 1; i < n_; ++i) x[k] -= at(i, k) * x[i];
    if (k == 0 || is_pair_[k - 1] == 0) continue;
    --k;  // the first of a pair
    for (std::size_t i = k + 2; i < n_; ++i) x[k] -= at(i, k) * x[i];
  }
  Vector result(n_);
  for (std::size_t i = 0; i < n_; ++i) result[order_[i]] = x[i];
  return result;
}

Vector SymmetricFactor::solve(const Vector& b) const {
  Vector x = solve_once(b);
  double before = std::numeric_limits<double>::infinity();
  for (int k = 0; k < 3; ++k) {
    Vector residual(b);
    for (std::size_t i = 0; i < n_; ++i) residual[i] -= dot({matrix_.data() + i * n_, n_}, x);
    const double size = norm(residual);
    if (!(size < 0.5 * before) || size == 0.0) break;
    before = size;
    x = along(x, 1.0, solve_once(residual));
  }
  return x;
}

}  // namespace xgrad::solve::detail
