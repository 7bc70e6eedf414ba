#include <xgrad/linalg/solve.hpp>

#include <limits>
#include <string>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/create.hpp>
#include <xgrad/transform/custom.hpp>

#include "operands.hpp"
#include "rank.hpp"

namespace xgrad::linalg {

namespace {

/// Of a matrix that has derivatives of its own.
detail::LuFactors factors_of(const Var& a, Without without) { return detail::lu_factors(stop_gradient(a), without); }

}  // namespace

Var solve(const Var& a, const Var& b, const Options& options) {
  const Var matrix = square_matrices("solve", a);
  const Without without = without_result(options);
  const auto by_lu = [&](const Var& x, const Var& right) {
    return detail::lu_solve(x, factors_of(x, without), right, false, without);
  };
  return solved_by("solve", matrix, b, detail::FunctionOf<Var, const Var&, const Var&>(by_lu));
}

Var inv(const Var& a, const Options& options) {
  const Var x = square_matrices("inv", a);
  const Without without = without_result(options);
  return detail::lu_solve(x, factors_of(x, without), broadcast_to(eye(rows_of(x), {}, 0, x.dtype()), x.shape()), false,
                          without);
}

Var solve_triangular(const Var& a, const Var& b, const TriangularOptions& options) {
  const Var matrix = square_matrices("solve_triangular", a);
  const detail::Triangular how{.lower = options.lower,
                               .transposed = options.transposed,
                               .unit = options.unit_diagonal,
                               .without = without_result(options.on_failure)};
  const auto by_substitution = [&](const Var& x, const Var& right) { return detail::triangular_solve(x, right, how); };
  return solved_by("solve_triangular", matrix, b, detail::FunctionOf<Var, const Var&, const Var&>(by_substitution));
}

Var cho_solve(const Var& l, const Var& b, const Options& options) {
  const Var matrix = square_matrices("cho_solve", l);
  const Without without = without_result(options);
  const auto twice = [&](const Var& x, const Var& right) {
    const Var half = detail::triangular_solve(x, right, {.without = without});
    return detail::triangular_solve(x, half, {.transposed = true, .without = without});
  };
  return solved_by("cho_solve", matrix, b, detail::FunctionOf<Var, const Var&, const Var&>(twice));
}

// ---- constant diagonals

namespace {

void require_axis(std::string_view operation, const Var& x) {
  detail::require_usable(x, operation);
  if (x.dimension() == 0) throw ShapeError(std::string(operation) + ": a number has no axis along which to go");
}

}  // namespace

Var toeplitz(const Var& column, const Var& row) {
  require_axis("toeplitz", column);
  require_axis("toeplitz", row);
  detail::require_one_tape("toeplitz", std::array{&column, &row});
  const std::size_t m = column.shape().back();
  const std::size_t n = row.shape().back();
  const Shape extents = common_leading("toeplitz", expand_dims(column, -1), expand_dims(row, -1));
  const auto whole = [&](const Var& x) {
    Shape shape = extents;
    shape.push_back(x.shape().back());
    return broadcast_to(x, shape);
  };
  auto places = Array<std::int64_t>::from_shape({m, n});
  for (std::size_t i = 0; i < m; ++i) {
    for (std::size_t j = 0; j < n; ++j) places(i, j) = static_cast<std::int64_t>(i >= j ? i - j : m + j - i);
  }
  return take(concatenate({whole(column), whole(row)}, -1), Var(std::move(places)), -1);
}

Var toeplitz(const Var& column) { return toeplitz(column, column); }

Var solve_toeplitz(const Var& column, const Var& row, const Var& b, const Options& options) {
  require_axis("solve_toeplitz", column);
  require_axis("solve_toeplitz", row);
  detail::require_usable(b, "solve_toeplitz");
  detail::require_one_tape("solve_toeplitz", std::array{&column, &row, &b});
  if (column.shape().back() != row.shape().back()) {
    throw ShapeError("solve_toeplitz: the first column " + to_string(column.shape()) + " and the first row " +
                     to_string(row.shape()) + " are not those of a square matrix; the last extents must be equal");
  }
  return solve(toeplitz(column, row), b, options);
}

// ---- by singular values

Var singular_values_that_count(const Var& s, const Var& a, const RankOptions& options) {
  const double epsilon = a.dtype() == DType::Float32 ? double{std::numeric_limits<float>::epsilon()}
                                                     : std::numeric_limits<double>::epsilon();
  const double rounding = static_cast<double>(std::max(rows_of(a), columns_of(a))) * epsilon;
  if (s.shape().back() == 0) return s > 0.0;
  return s > options.relative.value_or(rounding) * amax(s, -1, keep_dims);
}

namespace {

void check_rank_options(std::string_view operation, const RankOptions& options) {
  if (options.relative && !(*options.relative >= 0.0)) {
    throw ValueError(std::string(operation) + ": the part of the largest singular value is " +
                     std::to_string(*options.relative) + "; it must be 0 or more");
  }
}

Var pinv_by_svd(const Var& a, const RankOptions& options) {
  const auto [u, s, vt] = detail::svd(a, without_result(options.on_failure));
  const Var count = singular_values_that_count(s, a, options);
  const Var inverse = where(count, 1.0 / where(count, s, 1.0), where(equal(s, s), 0.0, s));
  return matmul(detail::matrix_transpose(vt) * expand_dims(inverse, -2), detail::matrix_transpose(u));
}

/// Of matrices. Its derivative is that of Golub and Pereyra, in which equal singular values do not matter.
Var pinv_of(const Var& a, const RankOptions& options) {
  const auto value = [options](const Var& x) { return pinv_by_svd(x, options); };
  const auto rule = [options](const Var& x, const Var& dx) {
    const Var p = pinv_of(x, options);
    const Var pt = detail::matrix_transpose(p);
    const Var dxt = detail::matrix_transpose(dx);
    const Var left = matmul(p, matmul(pt, dxt));
    const Var right = matmul(matmul(dxt, pt), p);
    return left - matmul(matmul(left, x), p) + right - matmul(p, matmul(x, right)) - matmul(p, matmul(dx, p));
  };
  return custom_jvp(value, rule)(a);
}

}  // namespace

Var pinv(const Var& a, const RankOptions& options) {
  check_rank_options("pinv", options);
  return pinv_of(matrices("pinv", a), options);
}

Var lstsq(const Var& a, const Var& b, const RankOptions& options) {
  check_rank_options("lstsq", options);
  const Var matrix = matrices("lstsq", a);
  const auto by_pinv = [&](const Var& x, const Var& right) { return matmul(pinv_of(x, options), right); };
  return solved_by("lstsq", matrix, b, detail::FunctionOf<Var, const Var&, const Var&>(by_pinv));
}

Var matrix_rank(const Var& a, const RankOptions& options) {
  check_rank_options("matrix_rank", options);
  const Var x = stop_gradient(matrices("matrix_rank", a));
  const Var s = detail::svd(x, without_result(options.on_failure)).s;
  return sum(cast(singular_values_that_count(s, x, options), DType::Int64), -1);
}

}  // namespace xgrad::linalg
