#include <xgrad/ops/polynomial.hpp>

#include <algorithm>
#include <string>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/check.hpp>
#include <xgrad/ops/join.hpp>
#include <xgrad/ops/pad.hpp>
#include <xgrad/ops/rearrange.hpp>
#include <xgrad/ops/signal.hpp>

#include "internal.hpp"
#include "reductions.hpp"

namespace xgrad {
namespace {

using detail::part_along;

void require_coefficients(std::string_view operation, const Var& p, std::size_t least = 0) {
  detail::require_usable(p, operation);
  if (p.dimension() == 1 && p.size() >= least) return;
  throw ShapeError(std::string(operation) + ": the coefficients have the shape " + to_string(p.shape()) +
                   "; there must be one axis" + (least > 0 ? ", with one element at least" : ""));
}

/// With zeros for the powers that are missing.
Var of_length(const Var& p, std::size_t n) { return pad(p, {n - p.size(), std::size_t{0}}); }

Var coefficient(const Var& p, std::size_t i) { return reshape(part_along(p, 0, i, 1), {}); }

}  // namespace

Var polyval(const Var& p, const Var& x) {
  require_coefficients("polyval", p);
  detail::require_usable(x, "polyval");
  const auto of = [](const Var& all, const Var& at) {
    if (all.size() == 0) return zeros_like(at);
    Var value = zeros_like(at) + coefficient(all, 0);
    for (std::size_t i = 1; i < all.size(); ++i) value = value * at + coefficient(all, i);
    return value;
  };
  return detail::computed_at_once("polyval", of, p, x);
}

Var polyadd(const Var& p, const Var& q) {
  require_coefficients("polyadd", p);
  require_coefficients("polyadd", q);
  const std::size_t n = std::max(p.size(), q.size());
  return of_length(p, n) + of_length(q, n);
}

Var polysub(const Var& p, const Var& q) {
  require_coefficients("polysub", p);
  require_coefficients("polysub", q);
  const std::size_t n = std::max(p.size(), q.size());
  return of_length(p, n) - of_length(q, n);
}

Var polymul(const Var& p, const Var& q) {
  require_coefficients("polymul", p, 1);
  require_coefficients("polymul", q, 1);
  return convolve(p, q);
}

std::pair<Var, Var> polydiv(const Var& p, const Var& q) {
  static const Requirement divides("polydiv: the first coefficient of the divisor is {}; it must not be 0");
  require_coefficients("polydiv", p, 1);
  require_coefficients("polydiv", q, 1);
  const Var divisor = detail::floats_of(q);
  const Var first = coefficient(divisor, 0);
  const Var lead = checked(first, not_equal(first, 0.0), divides);
  Var rest = detail::floats_of(p);
  const std::size_t n = divisor.size();
  if (rest.size() < n) return {zeros_like(part_along(rest, 0, 0, 1) / lead), rest};
  std::vector<Var> quotient;
  while (rest.size() >= n) {
    const Var factor = coefficient(rest, 0) / lead;
    quotient.push_back(factor);
    const Var next = part_along(rest, 0, 1, n - 1) - factor * part_along(divisor, 0, 1, n - 1);
    rest = concatenate({next, part_along(rest, 0, n, rest.size() - n)});
  }
  return {stack(quotient), rest};
}

Var polyder(const Var& p, std::size_t order) {
  require_coefficients("polyder", p);
  Var result = p.dtype() == DType::Bool ? cast(p, DType::Int64) : p;
  for (; order > 0 && result.size() > 0; --order) {
    const std::size_t n = result.size();
    const Var powers = flip(detail::iota(n));
    result = part_along(result, 0, 0, n - 1) * cast(part_along(powers, 0, 0, n - 1), result.dtype());
  }
  return result;
}

Var polyint(const Var& p, std::size_t order, const Var& constants) {
  require_coefficients("polyint", p);
  detail::require_usable(constants, "polyint");
  if (constants.dimension() > 0 && constants.shape() != Shape{order}) {
    throw ShapeError("polyint: the constants have the shape " + to_string(constants.shape()) +
                     "; there must be one number, or one for each of the integrations, of which there are " +
                     std::to_string(order));
  }
  Var result = detail::floats_of(p);
  for (std::size_t i = 0; i < order; ++i) {
    const Var powers = cast(flip(detail::iota(result.size())) + 1, result.dtype());
    const Var constant = constants.dimension() == 0 ? constants : coefficient(constants, i);
    result = append(result / powers, constant);
  }
  return result;
}

Var poly(const Var& zeros) {
  require_coefficients("poly", zeros);
  const Var numbers = zeros.dtype() == DType::Bool ? cast(zeros, DType::Int64) : zeros;
  Var result = ones_like(broadcast_to(cast(0, numbers.dtype()), {1}));
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const std::size_t n = result.size() + 1;
    result = pad(result, {std::size_t{0}, std::size_t{1}}) - of_length(coefficient(numbers, i) * result, n);
  }
  return result;
}

}  // namespace xgrad
