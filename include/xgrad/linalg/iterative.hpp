// Iterative methods for matrices that are functions. Systems of equations: see linear_solve().
#pragma once

#include <cstddef>
#include <functional>

#include <xgrad/linalg/options.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::linalg {

/// What lanczos() gives: A Q^T = Q^T T but for the last column, with the symmetric tridiagonal matrix T.
struct Lanczos {
  Var diagonal;      ///< [steps]
  Var off_diagonal;  ///< [steps - 1], not negative
  Var vectors;       ///< Q, [steps, n], orthonormal rows; the first one is start / |start|
};

struct LanczosOptions {
  /// Each vector is made orthogonal to all before it, twice. Without that it is to the last two only: the others get
  /// lost by rounding, as soon as an eigenvalue of T is one of A, and copies of it appear.
  bool reorthogonalise = true;
};

/// Steps of the method of C. Lanczos (1950) for a symmetric A that is only multiplied by vectors. The eigenvalues of T
/// at the ends of the spectrum are soon those of A, and the first row of its eigenvectors has the weights of Gauss's
/// rule for start^T f(A) start / |start|^2 (G. H. Golub, G. Meurant 2010).
///
///     const auto t = xg::linalg::lanczos([&](const xg::Var& v) { return matmul(a, v); }, start, 20);
///
/// If the vectors so far span a space that A does not leave, there is nothing further: what follows is 0.
///
/// Derivatives, of every order and in both modes, with respect to the start and to what the function has captured, are
/// those of the steps themselves, which are recorded one by one; they are right where no step is the last one in that
/// sense. That A is symmetric is not checked.
///
/// \param matvec  v -> A v of vectors [n].
/// \param start   [n], not 0; integers become float64.
/// \throws ShapeError  unless start has one axis, and the function gives a vector like it.
/// \throws ValueError  unless there are from 1 to n steps; when evaluated: for a start that is 0 or not finite.
[[nodiscard]] Lanczos lanczos(const std::function<Var(const Var&)>& matvec, const Var& start, std::size_t steps,
                              const LanczosOptions& options = {});

}  // namespace xgrad::linalg

#pragma GCC visibility pop
