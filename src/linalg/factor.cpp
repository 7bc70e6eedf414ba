#include <xgrad/linalg/factor.hpp>

#include <xgrad/ops/diagonal.hpp>

#include "operands.hpp"

namespace xgrad::linalg {

Var cholesky(const Var& a, const Options& options) {
  return detail::cholesky(square_matrices("cholesky", a), without_result(options));
}

LU lu(const Var& a, const Options& options) {
  const Var x = matrices("lu", a);
  const detail::LuFactors factors = detail::lu_factors(x, without_result(options));
  const std::size_t rows = rows_of(x);
  const std::size_t columns = columns_of(x);
  const Var& packed = factors.packed;
  // A triangle of the packed matrix, without what is beside it.
  const Var left = rows < columns ? view(packed, xt::ellipsis(), xt::range(std::size_t{0}, rows)) : packed;
  const Var top = rows > columns ? view(packed, xt::ellipsis(), xt::range(std::size_t{0}, columns), xt::all()) : packed;
  const Var diagonal =
      equal(expand_dims(detail::positions(rows, x.dtype()), 1), detail::positions(std::min(rows, columns), x.dtype()));
  const Var l = where(diagonal, 1.0, tril(left, -1));
  return {.l = l, .u = triu(top), .permutation = factors.order, .pivots = factors.pivots};
}

QR qr(const Var& a, const Options& options) {
  auto [q, r] = detail::qr(matrices("qr", a), without_result(options));
  return {.q = std::move(q), .r = std::move(r)};
}

SVD svd(const Var& a, const Options& options) {
  auto [u, s, vt] = detail::svd(matrices("svd", a), without_result(options));
  return {.u = std::move(u), .s = std::move(s), .vt = std::move(vt)};
}

Var svdvals(const Var& a, const Options& options) {
  const Var x = matrices("svdvals", a);
  return detail::computed_at_once(
      "svdvals", [&](const Var& each) { return detail::svd(each, without_result(options)).s; }, x);
}

Eigh eigh(const Var& a, const Options& options) {
  auto [w, v] = detail::eigh(square_matrices("eigh", a), without_result(options));
  return {.w = std::move(w), .v = std::move(v)};
}

Var eigvalsh(const Var& a, const Options& options) {
  const Var x = square_matrices("eigvalsh", a);
  return detail::computed_at_once(
      "eigvalsh", [&](const Var& each) { return detail::eigh(each, without_result(options)).w; }, x);
}

}  // namespace xgrad::linalg
