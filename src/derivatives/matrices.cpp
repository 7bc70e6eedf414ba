// Derivatives and batches of Cholesky and LU factors, of what is solved with them, and of determinants.
//
// M. B. Giles, "An extended collection of matrix derivative results for forward and reverse mode algorithmic
// differentiation", 2008; for Cholesky I. Murray, "Differentiation of the Cholesky decomposition", 2016, and M. Seeger,
// A. Hetzel, Z. Dai, N. D. Lawrence, "Auto-differentiating linear algebra", 2017.
#include <xgrad/ops/create.hpp>
#include <xgrad/ops/diagonal.hpp>

#include "batching.hpp"
#include "node_context.hpp"
#include "ops/internal.hpp"
#include "ops/matrices.hpp"
#include "primitives/matrices.hpp"
#include "var/call.hpp"

namespace xgrad::primitives {

using namespace derivatives;

namespace {

Var transposed(const Var& x) { return detail::matrix_transpose(x); }

void add_term(Var& sum, const Var& term) { sum = sum.defined() ? sum + term : term; }

// ---- Cholesky

/// What L gets of <C, tangent of L in the direction S> = <cotangent of A for C, S>. With E = dL L^-1, the one changes
/// by E P - 2 tangent(E S), where P is that tangent; so E gets C P^T - 2 T S, where T is that cotangent.
Var of_factor_in_derivative(const Var& l, const Var& c, const Var& p, const Var& t, const Var& s, Without without) {
  const Var of_e = matmul(c, transposed(p)) - 2.0 * matmul(t, detail::symmetric_part(s));
  const Var of_l = transposed(detail::triangular_solve(l, transposed(of_e), {.without = without}));
  return tril(of_l);
}

/// dL L^-1.
Var relative_tangent(const Var& l, const Var& tangent, Without without) {
  const Var lower = tril(tangent);
  return transposed(detail::triangular_solve(l, transposed(lower), {.transposed = true, .without = without}));
}

}  // namespace

Var Cholesky::vjp(const NodeContext& context, std::size_t, const Var& cotangent) {
  return detail::cholesky_cotangent(context.output(), cotangent, without_result(context));
}
Var Cholesky::jvp(const NodeContext& context, std::span<const Var> tangents) {
  return detail::cholesky_tangent(context.output(), tangents[0], without_result(context));
}

Var CholeskyTangent::vjp(const NodeContext& context, std::size_t input, const Var& cotangent) {
  const Var l = context.input(0);
  const Without without = without_result(context);
  const Var t = detail::cholesky_cotangent(l, cotangent, without);
  return input == 1 ? t : of_factor_in_derivative(l, cotangent, context.output(), t, context.input(1), without);
}
Var CholeskyTangent::jvp(const NodeContext& context, std::span<const Var> tangents) {
  const Var l = context.input(0);
  const Without without = without_result(context);
  Var direction = tangents[1];
  Var result;
  if (tangents[0].defined()) {
    const Var e = relative_tangent(l, tangents[0], without);
    result = matmul(e, context.output());
    add_term(direction, -2.0 * matmul(e, detail::symmetric_part(context.input(1))));
  }
  add_term(result, detail::cholesky_tangent(l, direction, without));
  return result;
}

Var CholeskyCotangent::vjp(const NodeContext& context, std::size_t input, const Var& cotangent) {
  const Var l = context.input(0);
  const Without without = without_result(context);
  const Var p = detail::cholesky_tangent(l, cotangent, without);
  return input == 1 ? p : of_factor_in_derivative(l, context.input(1), p, context.output(), cotangent, without);
}
Var CholeskyCotangent::jvp(const NodeContext& context, std::span<const Var> tangents) {
  const Var l = context.input(0);
  const Without without = without_result(context);
  Var of_factor = tangents[1];
  Var result;
  if (tangents[0].defined()) {
    const Var e = relative_tangent(l, tangents[0], without);
    add_term(of_factor, matmul(transposed(e), context.input(1)));
    result = -2.0 * detail::symmetric_part(matmul(context.output(), e));
  }
  add_term(result, detail::cholesky_cotangent(l, of_factor, without));
  return result;
}

// ---- triangles

namespace {

detail::Triangular how_of(std::span<const std::int64_t> attributes) {
  return {.lower = attributes[1] != 0,
          .transposed = attributes[2] != 0,
          .unit = attributes[3] != 0,
          .without = static_cast<Without>(attributes[0])};
}

/// The part of the matrix that is read.
Var part_read(const Var& x, const detail::Triangular& how) {
  if (how.lower) return tril(x, how.unit ? -1 : 0);
  return triu(x, how.unit ? 1 : 0);
}

/// What A gets of op(A)^-1 b = x, of which b gets this.
Var of_matrix_solved(const Var& of_b, const Var& x, bool op_transposes) {
  return op_transposes ? -matmul(x, transposed(of_b)) : -matmul(of_b, transposed(x));
}

}  // namespace

Var TriangularSolve::vjp(const NodeContext& context, std::size_t input, const Var& cotangent) {
  const detail::Triangular how = how_of(context.attributes());
  detail::Triangular back = how;
  back.transposed = !how.transposed;
  const Var of_b = detail::triangular_solve(context.input(0), cotangent, back);
  return input == 1 ? of_b : part_read(of_matrix_solved(of_b, context.output(), how.transposed), how);
}

Var TriangularSolve::jvp(const NodeContext& context, std::span<const Var> tangents) {
  const detail::Triangular how = how_of(context.attributes());
  Var right = tangents[1];
  if (tangents[0].defined()) {
    const Var part = part_read(tangents[0], how);
    add_term(right, -matmul(how.transposed ? transposed(part) : part, context.output()));
  }
  return detail::triangular_solve(context.input(0), right, how);
}

Var TriangularSolve::batch(const BatchContext& context) {
  if (context.batched(0)) return context.again(context.attributes());
  const Var right = context.batches[1];
  const Var x =
      detail::triangular_solve(context.input(0), detail::first_axis_as_columns(right), how_of(context.attributes()));
  return detail::columns_as_first_axis(x, context.extent, right.shape().back());
}

// ---- LU

namespace {

/// The parts of the factors of A with k = min(rows, columns) steps: L and U of the first k rows and columns, and what
/// is beside them, of L if there are more rows and of U if there are more columns.
struct LuParts {
  std::size_t rows, columns, k;
  Var packed, l, u;

  explicit LuParts(const Var& factors)
      : rows(factors.shape()[factors.dimension() - 2]),
        columns(factors.shape().back()),
        k(std::min(rows, columns)),
        packed(factors) {
    const Var square = first(factors);
    l = tril(square, -1) + eye(square.shape().back(), {}, 0, square.dtype());
    u = triu(square);
  }

  /// Rows and columns from some on.
  [[nodiscard]] static Var part(const Var& x, std::size_t row, std::size_t column, std::size_t rows,
                                std::size_t columns) {
    Shape shape = x.shape();
    std::vector<std::int64_t> starts_and_steps;
    for (std::size_t i = 0; i < shape.size(); ++i) {
      starts_and_steps.push_back(0);
      starts_and_steps.push_back(1);
    }
    shape[shape.size() - 2] = rows;
    shape[shape.size() - 1] = columns;
    starts_and_steps[2 * shape.size() - 4] = static_cast<std::int64_t>(row);
    starts_and_steps[2 * shape.size() - 2] = static_cast<std::int64_t>(column);
    return detail::slice(x, shape, starts_and_steps);
  }
  [[nodiscard]] Var first(const Var& x) const { return part(x, 0, 0, k, k); }
  [[nodiscard]] Var beside(const Var& x) const {
    return rows > k ? part(x, k, 0, rows - k, k) : part(x, 0, k, k, columns - k);
  }
  [[nodiscard]] bool is_square() const { return rows == columns; }
  [[nodiscard]] Var joined(const Var& square, const Var& other) const {
    return concatenate({square, other}, rows > k ? -2 : -1);
  }

  [[nodiscard]] static Var l_solve(const Var& f, const Var& x, bool op) {
    return detail::triangular_solve(f, x, {.lower = true, .transposed = op, .unit = true});
  }
  /// An U with a 0 on the diagonal has derivatives without bound.
  [[nodiscard]] static Var u_solve(const Var& f, const Var& x, bool op, Without without) {
    return detail::triangular_solve(f, x, {.lower = false, .transposed = op, .unit = false, .without = without});
  }
  /// x op(U)^-1.
  [[nodiscard]] static Var times_inverse_u(const Var& f, const Var& x, bool op, Without without) {
    return transposed(u_solve(f, transposed(x), !op, without));
  }
};

Var below(const Var& x) { return tril(x, -1); }
Var upper(const Var& x) { return triu(x); }

Var output_of_lu(const NodeContext& context, std::size_t which) {
  const Shape shape = context.input(0).shape();
  if (which == 0) return record_projection(context.tape, context.node, 0, {context.input(0).dtype(), shape});
  return record_projection(context.tape, context.node, 2, {DType::Int64, Shape(shape.begin(), shape.end() - 1)});
}

}  // namespace

/// P dA = dL U + L dU: of N = L^-1 P dA U^-1, what is below the diagonal is L^-1 dL, and the rest dU U^-1.
std::vector<Sensitivity> Lu::jvp(const NodeContext& context, std::span<const Sensitivity> tangents) {
  const Without without = without_result(context);
  const LuParts f(output_of_lu(context, 0));
  const Var square = f.first(f.packed);
  const Var moved = detail::rows_in_order(tangents[0].x, output_of_lu(context, 2));
  const Var n = LuParts::times_inverse_u(square, LuParts::l_solve(square, f.first(moved), false), false, without);
  const Var dl = matmul(f.l, below(n));
  const Var du = matmul(upper(n), f.u);
  if (f.is_square()) return {{dl + du, tangents[0].masked}};
  const Var other = f.beside(f.packed);
  const Var of_other = f.rows > f.k
                           ? LuParts::times_inverse_u(square, f.beside(moved) - matmul(other, du), false, without)
                           : LuParts::l_solve(square, f.beside(moved) - matmul(dl, other), false);
  return {{f.joined(dl + du, of_other), tangents[0].masked}};
}

/// The transpose of that, from the last step to the first.
std::vector<Sensitivity> Lu::vjp(const NodeContext& context, std::span<const Sensitivity> cotangents,
                                 std::span<const char>) {
  if (cotangents.empty() || !cotangents[0].defined()) return {{}};
  const Without without = without_result(context);
  const LuParts f(output_of_lu(context, 0));
  const Var square = f.first(f.packed);
  const Var of_packed = cotangents[0].x;
  Var of_l = below(f.first(of_packed));
  Var of_u = upper(f.first(of_packed));
  Var of_other;
  if (!f.is_square()) {
    const Var other = f.beside(f.packed);
    if (f.rows > f.k) {
      of_other = LuParts::times_inverse_u(square, f.beside(of_packed), true, without);
      of_u = of_u - upper(matmul(transposed(other), of_other));
    } else {
      of_other = LuParts::l_solve(square, f.beside(of_packed), true);
      of_l = of_l - below(matmul(of_other, transposed(other)));
    }
  }
  const Var of_n = below(matmul(transposed(f.l), of_l)) + upper(matmul(of_u, transposed(f.u)));
  Var of_moved = LuParts::times_inverse_u(square, LuParts::l_solve(square, of_n, true), true, without);
  if (of_other.defined()) of_moved = f.joined(of_moved, of_other);
  return {{detail::rows_from_order(of_moved, output_of_lu(context, 2)), cotangents[0].masked}};
}

std::vector<Var> Lu::batch(const BatchContext& context) {
  const detail::LuFactors factors = detail::lu_factors(context.batches[0], without_result(context));
  return {factors.packed, factors.pivots, factors.order};
}

namespace {

/// The factors among the inputs of a node.
detail::LuFactors given_factors(const NodeContext& context) {
  return {.packed = context.input(1), .pivots = {}, .order = context.input(2)};
}

}  // namespace

Var LuSolve::vjp(const NodeContext& context, std::size_t input, const Var& cotangent) {
  if (input == 1) return {};
  const bool op = context.attributes()[1] != 0;
  const Var of_b = detail::lu_solve(context.input(0), given_factors(context), cotangent, !op, without_result(context));
  return input == 3 ? of_b : of_matrix_solved(of_b, context.output(), op);
}

Var LuSolve::jvp(const NodeContext& context, std::span<const Var> tangents) {
  const bool op = context.attributes()[1] != 0;
  Var right = tangents[3];
  if (tangents[0].defined()) {
    add_term(right, -matmul(op ? transposed(tangents[0]) : tangents[0], context.output()));
  }
  if (!right.defined()) return {};
  return detail::lu_solve(context.input(0), given_factors(context), right, op, without_result(context));
}

Var LuSolve::batch(const BatchContext& context) {
  if (context.batched(0) || context.batched(1) || context.batched(2)) return context.again(context.attributes());
  const Var right = context.batches[3];
  const detail::LuFactors factors{.packed = context.input(1), .pivots = {}, .order = context.input(2)};
  const Var x = detail::lu_solve(context.input(0), factors, detail::first_axis_as_columns(right),
                                 context.attributes()[1] != 0, without_result(context));
  return detail::columns_as_first_axis(x, context.extent, right.shape().back());
}

// ---- determinants

Var LogAbsDet::vjp(const NodeContext& context, std::size_t input, const Var& cotangent) {
  if (input == 1) return {};
  return detail::as_matrices(cotangent) *
         detail::inverse_transposed(context.input(0), given_factors(context), without_result(context));
}

Var LogAbsDet::jvp(const NodeContext& context, std::span<const Var> tangents) {
  if (!tangents[0].defined()) return {};
  return sum(
      tangents[0] * detail::inverse_transposed(context.input(0), given_factors(context), without_result(context)),
      {-2, -1});
}

Var Det::vjp(const NodeContext& context, std::size_t input, const Var& cotangent) {
  if (input == 1) return {};
  return detail::as_matrices(cotangent) * detail::cofactor(context.input(0), without_result(context));
}

Var Det::jvp(const NodeContext& context, std::span<const Var> tangents) {
  if (!tangents[0].defined()) return {};
  return sum(tangents[0] * detail::cofactor(context.input(0), without_result(context)), {-2, -1});
}

namespace {

/// A^-T of the matrix in a node, whose factors are found again.
Var inverse_transposed_of(const NodeContext& context) {
  const Var a = context.input(0);
  const Without without = without_result(context);
  return detail::inverse_transposed(a, detail::lu_factors(stop_gradient(a), without), without);
}

}  // namespace

/// d(det A A^-T), where A is regular.
Var Cofactor::vjp(const NodeContext& context, std::size_t, const Var& cotangent) {
  const Var inverse = inverse_transposed_of(context);
  const Var c = context.output();
  return detail::as_matrices(sum(cotangent * c, {-2, -1})) * inverse -
         matmul(c, matmul(transposed(cotangent), inverse));
}

Var Cofactor::jvp(const NodeContext& context, std::span<const Var> tangents) {
  const Var inverse = inverse_transposed_of(context);
  const Var c = context.output();
  return detail::as_matrices(sum(tangents[0] * inverse, {-2, -1})) * c -
         matmul(inverse, matmul(transposed(tangents[0]), c));
}

}  // namespace xgrad::primitives
