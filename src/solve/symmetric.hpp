// Factors of symmetric matrices that are not definite.
#pragma once

#include <cstddef>
#include <vector>

#include "flat.hpp"

namespace xgrad::solve::detail {

/// P A P^T = L D L^T, with blocks of one or two on the diagonal of D.
/// \source  J. R. Bunch and L. Kaufman, Some stable methods for calculating inertia and solving symmetric linear systems,
///          1977.
class SymmetricFactor {
 public:
  /// \param matrix  n x n, row after row.
  SymmetricFactor(Vector matrix, std::size_t n);

  // The inertia: what is within rounding of 0 beside its row counts as such.
  [[nodiscard]] std::size_t negative() const noexcept { return negative_; }
  [[nodiscard]] std::size_t zero() const noexcept { return zero_; }
  /// x of A x = b, refined by its residual.
  [[nodiscard]] Vector solve(const Vector& b) const;

 private:
  void factor();
  void exchange(std::size_t i, std::size_t j);
  void eliminate(std::size_t k);
  void eliminate_pair(std::size_t k);
  void count_inertia();
  [[nodiscard]] Vector solve_once(const Vector& b) const;
  [[nodiscard]] double& at(std::size_t i, std::size_t j) { return factors_[i * n_ + j]; }
  [[nodiscard]] double at(std::size_t i, std::size_t j) const { return factors_[i * n_ + j]; }

  std::size_t n_;
  Vector matrix_, factors_;             ///< the lower triangle: L below D
  std::vector<std::size_t> order_;      ///< row i of P A P^T is row order_[i] of A
  std::vector<unsigned char> is_pair_;  ///< whether a block of two begins here
  std::size_t negative_ = 0, zero_ = 0;
};

}  // namespace xgrad::solve::detail
