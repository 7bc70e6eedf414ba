// Small dense algebra of the solvers, in double: QR with pivoting, and what is solved with it.
#pragma once

#include <cstddef>
#include <vector>

#include "flat.hpp"

namespace xgrad::solve::detail {

/// Each times its scale.
Vector scaled(const Vector& scale, const Vector& x);

/// J P = Q R, the column of the largest norm first, and the first n of Q^T r.
struct PivotedQr {
  std::size_t n = 0;
  std::size_t rows = 0;
  Vector r;  ///< n x n, upper triangle, column after column; 0 below it
  Vector qtr;
  std::vector<std::size_t> pivot;  ///< column j of R is column pivot[j] of J

  [[nodiscard]] double at(std::size_t i, std::size_t j) const { return r[i + j * n]; }
  /// How many pivots are above a part of the first one.
  [[nodiscard]] std::size_t rank(double part = 0.0) const;
  /// The norms of the columns of J.
  [[nodiscard]] Vector lengths() const;
  /// Whether a column is a sum of others but for rounding.
  /// \param rounding  of the elements of J.
  [[nodiscard]] bool is_dependent(double rounding) const;
  /// J x, rotated: |R P^T x| = |J x|.
  [[nodiscard]] Vector times(const Vector& x) const;
  /// J^T r.
  [[nodiscard]] Vector gradient() const;
  /// The x of the least |J x + r|; components beyond the rank are 0.
  [[nodiscard]] Vector least_squares(double part = 0.0) const;
};
/// By Householder's reflections.
/// \param jacobian  column after column, rows x n.
PivotedQr pivoted_qr(Vector jacobian, Vector residuals, std::size_t n);

/// The same by elimination of J^T J, of columns that are made as long as each other; pivots that are lost in rounding
/// are as large as that.
PivotedQr pivoted_cholesky(const Vector& jacobian, const Vector& residuals, std::size_t n);

/// The step p of the least |J p + r|^2 + lambda |D p|^2.
/// \param triangle  if not null: gets the triangle S of S^T S = P^T (J^T J + lambda D^2) P, column after column.
Vector damped_step(const PivotedQr& qr, const Vector& scale, double lambda, Vector* triangle = nullptr);

/// The step within |D p| <= radius, and the lambda that makes it end there to a tenth; 0 if the step of Gauss and
/// Newton does.
/// \param lambda  in: a guess.
Vector trust_region_step(const PivotedQr& qr, const Vector& scale, double radius, double& lambda);

/// (J^T J)^-1, n x n. Where columns are linearly dependent but for rounding: the rows and columns of the variables that
/// J x determines, NaN for the others.
Vector inverse_of_normal(Vector jacobian, std::size_t n, double rounding);

/// LU with partial pivoting of a square matrix, row after row, solved in place; false if a pivot is 0 or no number.
bool solve_square(Vector matrix, Vector& right);

/// The last points of a fixed point iteration x + f(x), as differences, of which Anderson's method makes the next one.
struct History {
  std::size_t memory;
  std::vector<Vector> points, changes;

  void add(Vector point, Vector change);
  /// What the least change that the differences allow takes away from x + mixing f.
  [[nodiscard]] Vector correction(const Vector& f, double mixing) const;
};

}  // namespace xgrad::solve::detail
