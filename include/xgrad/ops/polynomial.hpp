// Polynomials as vectors of coefficients, [n], those of the highest powers first. How many there are depends on shapes
// alone: leading zeros stay. linalg::polyfit finds one that fits data.
//
// All throw ShapeError for coefficients that have not one axis.
#pragma once

#include <cstddef>
#include <utility>

#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad {

/// The value at x, of any shape, by Horner's rule: p[0] x^(n - 1) + ... + p[n - 1]; without coefficients 0.
Var polyval(const Var& p, const Var& x);

Var polyadd(const Var& p, const Var& q);  ///< of the longer length
Var polysub(const Var& p, const Var& q);  ///< of the longer length
/// The product, of the sum of the degrees.
/// \throws ShapeError  for no coefficients.
Var polymul(const Var& p, const Var& q);
/// Quotient and rest, in floating point: p = quotient q + rest. Of the rest there are as many coefficients as of p, or
/// one less than of q if that is less; of the quotient one more than the degrees differ, or a 0 if that of q is higher.
/// \throws ShapeError  for no coefficients.
/// \throws ValueError  if the first coefficient of q is 0 (raised when evaluated).
[[nodiscard]] std::pair<Var, Var> polydiv(const Var& p, const Var& q);

/// The derivative of an order: shorter by as many coefficients, or without any.
Var polyder(const Var& p, std::size_t order = 1);
/// The integral of an order, in floating point: longer by as many coefficients.
/// \param constants  a number, or one for each integration, the first one first.
/// \throws ShapeError  for other constants.
Var polyint(const Var& p, std::size_t order = 1, const Var& constants = 0.0);

/// The coefficients (1 first) of the polynomial with given zeros, [n]: [n + 1]. What NumPy does of a matrix, too,
/// is the characteristic polynomial; here a matrix is an error.
Var poly(const Var& zeros);

}  // namespace xgrad

#pragma GCC visibility pop
