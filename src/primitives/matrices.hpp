// The primitives that factorise matrices, or compute with what a factorisation gave. Matrices are the last two axes;
// all axes before them count the matrices of a stack. Their derivative rules are in src/derivatives/matrices*.cpp,
// their kernels in src/backend/cpu/lapack.
//
// The first attribute of each says what becomes of a matrix without a result: singular, not positive definite, not
// finite. With 0 that is a MatrixError, with 1 the result of this matrix is NaN.
//
// What a factorisation gave is an input of its own beside the matrix itself, so that derivatives use it again: that
// input is not differentiated, and all of the derivative belongs to the matrix.
#pragma once

#include <vector>

#include "kinds.hpp"
#include "rule_declarations.hpp"

namespace xgrad::primitives {

/// What all of them share.
struct OfMatrices : General {
  static constexpr bool masks = false;
  static constexpr auto computation = Computation::Kernel;
  static constexpr auto attributes = Attributes::NoAxes;
  static constexpr auto failure = Failure::Matrix;
  static constexpr bool needs_dense_inputs = true;
};

// ---- Cholesky

/// The lower triangle L of A = L L^T. Of A, only the lower triangle is read; its derivatives are those for a symmetric
/// matrix.
struct Cholesky : OfMatrices {
  static constexpr std::string_view name = "cholesky";
  XGRAD_DETAIL_RULES
};

/// Inputs: L, S. L Phi(L^-1 S L^-T), where Phi takes the lower triangle and half of the diagonal: the tangent of L for
/// a tangent S of A, of which the symmetric part is taken.
struct CholeskyTangent : OfMatrices {
  static constexpr std::string_view name = "cholesky_tangent";
  static constexpr std::size_t linear_from = 1;
  XGRAD_DETAIL_RULES
};

/// Inputs: L, C. The symmetric part of L^-T Phi(L^T C) L^-1: the cotangent of A for a cotangent C of L, of which the
/// lower triangle is read. The transpose of CholeskyTangent.
struct CholeskyCotangent : OfMatrices {
  static constexpr std::string_view name = "cholesky_cotangent";
  static constexpr std::size_t linear_from = 1;
  XGRAD_DETAIL_RULES
};

// ---- triangles

/// Inputs: A, B. op(A)^-1 B, where only a triangle of A is read. Attributes: ...; 1 if that is the lower one; 1 if op
/// transposes; 1 if the diagonal is taken for 1.
struct TriangularSolve : OfMatrices {
  static constexpr std::string_view name = "triangular_solve";
  static constexpr std::size_t linear_from = 1;
  XGRAD_DETAIL_RULES
  static Var batch(const derivatives::BatchContext& context);
};

// ---- LU

/// Outputs: L below the diagonal and U from there on in one matrix; for each step the row that it exchanges with its
/// own; the rows of A in the order in which they are those of L U. Rows are counted from 0, int64.
struct Lu : Several {
  static constexpr std::string_view name = "lu";
  static constexpr auto computation = Computation::Several;
  static constexpr auto failure = Failure::Matrix;
  static constexpr bool needs_dense_inputs = true;
  static constexpr bool has_payload = false;
  XGRAD_DETAIL_RULES_OF_SEVERAL
};

/// Inputs: A, L and U, the order of its rows, B. op(A)^-1 B. Attributes: ...; 1 if op transposes.
struct LuSolve : OfMatrices {
  static constexpr std::string_view name = "lu_solve";
  static constexpr std::size_t linear_from = 3;
  XGRAD_DETAIL_RULES
  static Var batch(const derivatives::BatchContext& context);
};

/// Inputs: A, L and U, the order of its rows. ln |det A|.
struct LogAbsDet : OfMatrices {
  static constexpr std::string_view name = "log_abs_det";
  XGRAD_DETAIL_RULES
};

/// Inputs: A, L and U, the row exchanged in each step. det A.
struct Det : OfMatrices {
  static constexpr std::string_view name = "det";
  XGRAD_DETAIL_RULES
};

/// The derivatives of det A by its elements: det A times A^-T, and what that tends to where A is singular.
struct Cofactor : OfMatrices {
  static constexpr std::string_view name = "cofactor";
  XGRAD_DETAIL_RULES
};

// ---- orthogonal factors

/// Outputs: Q with orthonormal columns and the upper triangle R of A = Q R, reduced.
struct Qr : Several {
  static constexpr std::string_view name = "qr";
  static constexpr auto computation = Computation::Several;
  static constexpr auto failure = Failure::Matrix;
  static constexpr bool needs_dense_inputs = true;
  static constexpr bool has_payload = false;
  XGRAD_DETAIL_RULES_OF_SEVERAL
};

/// Outputs: U, s (falling) and V^T of A = U diag(s) V^T, reduced.
struct Svd : Several {
  static constexpr std::string_view name = "svd";
  static constexpr auto computation = Computation::Several;
  static constexpr auto failure = Failure::Matrix;
  static constexpr bool needs_dense_inputs = true;
  static constexpr bool has_payload = false;
  XGRAD_DETAIL_RULES_OF_SEVERAL
};

/// Outputs: w (rising) and V of A = V diag(w) V^T. Of A, only the lower triangle is read; its derivatives are those for
/// a symmetric matrix.
struct Eigh : Several {
  static constexpr std::string_view name = "eigh";
  static constexpr auto computation = Computation::Several;
  static constexpr auto failure = Failure::Matrix;
  static constexpr bool needs_dense_inputs = true;
  static constexpr bool has_payload = false;
  XGRAD_DETAIL_RULES_OF_SEVERAL
};

// ---- functions of matrices

/// The functions that SymmetricFunction applies to eigenvalues.
enum class OfEigenvalues : std::int64_t { Sqrt, Log };

/// Inputs: A, symmetric; its w and V; directions H1, ..., Hk, of which the symmetric parts are taken. The derivative of
/// order k of f(A) = V diag(f(w)) V^T in these directions, by divided differences of f (Daleckii and Krein 1965), which
/// are right for equal eigenvalues, too. Attributes: ...; which function.
struct SymmetricFunction : OfMatrices {
  static constexpr std::string_view name = "symmetric_function";
  static constexpr std::size_t linear_from = 3;
  XGRAD_DETAIL_RULES
};

/// Inputs: A; directions H1, ..., Hk. The derivative of order k of e^A in these directions, by itself where there are
/// none.
struct MatrixExp : OfMatrices {
  static constexpr std::string_view name = "expm";
  static constexpr std::size_t linear_from = 1;
  XGRAD_DETAIL_RULES
};

}  // namespace xgrad::primitives
