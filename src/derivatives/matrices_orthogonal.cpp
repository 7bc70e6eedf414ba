// Derivatives and batches of QR, of singular values and of eigenvalues.
//
// M. B. Giles 2008 (see matrices.cpp); J. Townsend, "Differentiating the singular value decomposition", 2016; S. F.
// Walter, L. Lehmann, R. Lamour, "On evaluating higher-order derivatives of the QR decomposition", 2012.
#include <limits>

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

Var flipped(const Var& x) { return detail::matrix_transpose(x); }

void add_to(Var& sum, const Var& term) { sum = sum.defined() ? sum + term : term; }

const Var& sensitivity_of(std::span<const Sensitivity> all, std::size_t which) {
  static const auto* const none = new Var;  // never destroyed
  return which < all.size() ? all[which].x : *none;
}

bool is_masked(std::span<const Sensitivity> all) {
  for (const Sensitivity& each : all) {
    if (each.defined() && each.masked) return true;
  }
  return false;
}

/// An output of a factorisation in a rule, of these last extents.
Var factor_of(const NodeContext& context, std::size_t which, std::initializer_list<std::size_t> extents) {
  const Var a = context.input(0);
  const Shape whole = a.shape();
  Shape shape(whole.begin(), whole.end() - 2);
  for (const std::size_t extent : extents) shape.push_back(extent);
  return record_projection(context.tape, context.node, which, {a.dtype(), shape});
}

struct Extents {
  std::size_t rows, columns, rank;
  explicit Extents(const NodeContext& context) {
    const Shape shape = context.input(0).shape();
    rows = shape[shape.size() - 2];
    columns = shape.back();
    rank = std::min(rows, columns);
  }
};

/// x without what lies in the space of the columns of q.
Var beyond(const Var& q, const Var& x) { return x - matmul(q, matmul(flipped(q), x)); }

/// The first columns of matrices, or those from there on.
Var columns_of_part(const Var& x, std::size_t first, std::size_t count) {
  Shape shape = x.shape();
  std::vector<std::int64_t> starts_and_steps;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    starts_and_steps.push_back(0);
    starts_and_steps.push_back(1);
  }
  shape.back() = count;
  starts_and_steps[starts_and_steps.size() - 2] = static_cast<std::int64_t>(first);
  return detail::slice(x, shape, starts_and_steps);
}

/// x R^-1, or x R^-T, of an upper triangle.
Var over_triangle(const Var& r, const Var& x, bool transposes, Without without) {
  return flipped(
      detail::triangular_solve(r, flipped(x), {.lower = false, .transposed = !transposes, .without = without}));
}

// ---- 1 / (x_j - x_i)

/// Where two numbers of a list are equal within rounding. A function of the matrix has no part there that depends on
/// the choice of vectors; what is computed of it is rounding, and would be divided by rounding.
Var are_equal(const Var& x) {
  const std::size_t n = x.shape().back();
  const double epsilon = x.dtype() == DType::Float32 ? double{std::numeric_limits<float>::epsilon()}
                                                     : std::numeric_limits<double>::epsilon();
  constexpr double units = 8.0;
  const Var distance = abs(expand_dims(x, -2) - expand_dims(x, -1));
  if (n == 0) return distance <= 0.0;
  return distance <= units * static_cast<double>(n) * epsilon * expand_dims(amax(abs(x), -1, keep_dims), -1);
}

/// [i, j]: 1 / (x[j] - x[i]), 0 where these are equal.
Var inverse_differences(const Var& x) {
  const Var equal_ones = are_equal(x);
  const Var difference = expand_dims(x, -2) - expand_dims(x, -1);
  return where(equal_ones, 0.0, 1.0 / where(equal_ones, 1.0, difference));
}

}  // namespace

// ---- QR

namespace {

struct QrParts {
  Extents extents;
  Var q, r;
  Without without;

  explicit QrParts(const NodeContext& context)
      : extents(context),
        q(factor_of(context, 0, {extents.rows, extents.rank})),
        r(factor_of(context, 1, {extents.rank, extents.columns})),
        without(without_result(context)) {}

  [[nodiscard]] bool wide() const { return extents.columns > extents.rank; }
  [[nodiscard]] Var left(const Var& x) const { return wide() ? columns_of_part(x, 0, extents.rank) : x; }
  [[nodiscard]] Var right(const Var& x) const {
    return columns_of_part(x, extents.rank, extents.columns - extents.rank);
  }
};

}  // namespace

/// Of A1 = Q R1, the square part, and A2 = Q R2 beside it.
std::vector<Sensitivity> Qr::jvp(const NodeContext& context, std::span<const Sensitivity> tangents) {
  const QrParts f(context);
  const Var r = f.left(f.r);
  const Var relative = over_triangle(r, f.left(tangents[0].x), false, f.without);
  const Var x = matmul(flipped(f.q), relative);
  const Var low = tril(x, -1);
  const Var rotation = low - flipped(low);
  Var dq = matmul(f.q, rotation);
  if (f.extents.rows > f.extents.rank) dq = dq + beyond(f.q, relative);
  Var dr = matmul(x - rotation, r);
  if (f.wide()) {
    const Var beside = matmul(flipped(f.q), f.right(tangents[0].x)) - matmul(rotation, f.right(f.r));
    dr = concatenate({dr, beside}, -1);
  }
  dr = triu(dr);
  return {{dq, tangents[0].masked}, {dr, tangents[0].masked}};
}

std::vector<Sensitivity> Qr::vjp(const NodeContext& context, std::span<const Sensitivity> cotangents,
                                 std::span<const char>) {
  const QrParts f(context);
  const Var r = f.left(f.r);
  const Var& of_q = sensitivity_of(cotangents, 0);
  Var of_r = sensitivity_of(cotangents, 1);
  if (of_r.defined()) of_r = triu(of_r);
  // The rotation W of Q = Q W + ... turns R by -W R.
  Var of_rotation;
  if (of_q.defined()) add_to(of_rotation, matmul(flipped(f.q), of_q));
  if (of_r.defined()) add_to(of_rotation, -matmul(of_r, flipped(f.r)));
  Var of_x = tril(of_rotation - flipped(of_rotation), -1);
  if (of_r.defined()) of_x = of_x + matmul(f.left(of_r), flipped(r));
  Var of_relative = matmul(f.q, of_x);
  if (of_q.defined() && f.extents.rows > f.extents.rank) of_relative = of_relative + beyond(f.q, of_q);
  Var of_a = over_triangle(r, of_relative, true, f.without);
  if (f.wide()) {
    const Var beside = of_r.defined() ? matmul(f.q, f.right(of_r)) : zeros_like(f.right(context.input(0)));
    of_a = concatenate({of_a, beside}, -1);
  }
  return {{of_a, is_masked(cotangents)}};
}

std::vector<Var> Qr::batch(const BatchContext& context) {
  const detail::QrFactors factors = detail::qr(context.batches[0], without_result(context));
  return {factors.q, factors.r};
}

// ---- singular values

namespace {

struct SvdParts {
  Extents extents;
  Var u, s, vt;

  explicit SvdParts(const NodeContext& context)
      : extents(context),
        u(factor_of(context, 0, {extents.rows, extents.rank})),
        s(factor_of(context, 1, {extents.rank})),
        vt(factor_of(context, 2, {extents.rank, extents.columns})) {}

  [[nodiscard]] Var rows_times_s(const Var& x) const { return expand_dims(s, -1) * x; }
  [[nodiscard]] Var columns_times_s(const Var& x) const { return x * expand_dims(s, -2); }
  /// 1 / s, 0 where s is.
  [[nodiscard]] Var inverse_s() const {
    const Var none = equal(s, 0.0);
    return where(none, 0.0, 1.0 / where(none, 1.0, s));
  }
  /// [i, j]: 1 / (s_j^2 - s_i^2), 0 where these are equal.
  [[nodiscard]] Var inverse_differences_of_squares() const {
    const Var equal_ones = are_equal(s);
    const Var total = expand_dims(s, -2) + expand_dims(s, -1);
    return inverse_differences(s) * where(equal_ones, 0.0, 1.0 / where(equal_ones, 1.0, total));
  }
};

}  // namespace

std::vector<Sensitivity> Svd::jvp(const NodeContext& context, std::span<const Sensitivity> tangents) {
  const SvdParts f(context);
  const Var& da = tangents[0].x;
  const Var v = flipped(f.vt);
  const Var inside = matmul(flipped(f.u), matmul(da, v));
  const Var factor = f.inverse_differences_of_squares();
  Var du = matmul(f.u, factor * (f.columns_times_s(inside) + f.rows_times_s(flipped(inside))));
  Var dvt = matmul(flipped(factor * (f.rows_times_s(inside) + f.columns_times_s(flipped(inside)))), f.vt);
  if (f.extents.rows > f.extents.rank) {
    du = du + beyond(f.u, matmul(da, v)) * expand_dims(f.inverse_s(), -2);
  }
  if (f.extents.columns > f.extents.rank) {
    dvt = dvt + flipped(beyond(v, matmul(flipped(da), f.u)) * expand_dims(f.inverse_s(), -2));
  }
  const bool masked = tangents[0].masked;
  return {{du, masked}, {diagonal(inside, 0, -2, -1), masked}, {dvt, masked}};
}

std::vector<Sensitivity> Svd::vjp(const NodeContext& context, std::span<const Sensitivity> cotangents,
                                  std::span<const char>) {
  const SvdParts f(context);
  const Var& of_u = sensitivity_of(cotangents, 0);
  const Var& of_s = sensitivity_of(cotangents, 1);
  const Var& of_vt = sensitivity_of(cotangents, 2);
  Var inside;
  if (of_s.defined()) add_to(inside, detail::diagonal_matrices(of_s));
  Var result;
  if (of_u.defined()) {
    const Var x = matmul(flipped(f.u), of_u);
    add_to(inside, f.columns_times_s(f.inverse_differences_of_squares() * (x - flipped(x))));
    if (f.extents.rows > f.extents.rank) {
      add_to(result, matmul(beyond(f.u, of_u) * expand_dims(f.inverse_s(), -2), f.vt));
    }
  }
  if (of_vt.defined()) {
    const Var x = matmul(f.vt, flipped(of_vt));
    add_to(inside, f.rows_times_s(f.inverse_differences_of_squares() * (x - flipped(x))));
    if (f.extents.columns > f.extents.rank) {
      const Var v = flipped(f.vt);
      add_to(result, matmul(f.u, flipped(beyond(v, flipped(of_vt)) * expand_dims(f.inverse_s(), -2))));
    }
  }
  add_to(result, matmul(f.u, matmul(inside, f.vt)));
  return {{result, is_masked(cotangents)}};
}

std::vector<Var> Svd::batch(const BatchContext& context) {
  const detail::SvdFactors factors = detail::svd(context.batches[0], without_result(context));
  return {factors.u, factors.s, factors.vt};
}

// ---- eigenvalues of symmetric matrices

namespace {

struct EighParts {
  Var w, v;

  explicit EighParts(const NodeContext& context) {
    const Extents extents(context);
    w = factor_of(context, 0, {extents.rows});
    v = factor_of(context, 1, {extents.rows, extents.rows});
  }
};

}  // namespace

std::vector<Sensitivity> Eigh::jvp(const NodeContext& context, std::span<const Sensitivity> tangents) {
  const EighParts f(context);
  const Var inside = matmul(flipped(f.v), matmul(detail::symmetric_part(tangents[0].x), f.v));
  const bool masked = tangents[0].masked;
  return {{diagonal(inside, 0, -2, -1), masked}, {matmul(f.v, inverse_differences(f.w) * inside), masked}};
}

std::vector<Sensitivity> Eigh::vjp(const NodeContext& context, std::span<const Sensitivity> cotangents,
                                   std::span<const char>) {
  const EighParts f(context);
  const Var& of_w = sensitivity_of(cotangents, 0);
  const Var& of_v = sensitivity_of(cotangents, 1);
  Var inside;
  if (of_w.defined()) add_to(inside, detail::diagonal_matrices(of_w));
  if (of_v.defined()) add_to(inside, inverse_differences(f.w) * matmul(flipped(f.v), of_v));
  const Var of_a = matmul(f.v, matmul(detail::symmetric_part(inside), flipped(f.v)));
  return {{of_a, is_masked(cotangents)}};
}

std::vector<Var> Eigh::batch(const BatchContext& context) {
  const detail::EighFactors factors = detail::eigh(context.batches[0], without_result(context));
  return {factors.w, factors.v};
}

}  // namespace xgrad::primitives
