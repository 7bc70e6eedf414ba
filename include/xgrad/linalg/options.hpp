// What the functions of linalg have in common.
//
// linalg: linear algebra of dense matrices. All functions take stacks of matrices: the last two axes are those of a
// matrix, the others count them, and broadcast where there are several operands. Integers and booleans become float64.
// It includes transform, ops and what is below; LAPACK is inside of the back end.
#pragma once

#include <cstdint>

#include <xgrad/core/language.hpp>

#pragma GCC visibility push(default)

namespace xgrad::linalg {

/// What becomes of a matrix that has no result: it is singular, not positive definite, or not finite.
enum class OnFailure : std::uint8_t {
  Throw,  ///< MatrixError when evaluated, which names the matrix of the stack, and the pivot or element
  NaN,    ///< the result of this matrix is NaN; those of the others of the stack are as they are
};

struct Options {
  OnFailure on_failure = OnFailure::Throw;
};

}  // namespace xgrad::linalg

#pragma GCC visibility pop
