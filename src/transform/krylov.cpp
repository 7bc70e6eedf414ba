// Iterative methods. Vectors are of one element type, and scaled: their squares neither vanish nor overflow.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/index.hpp>
#include <xgrad/ops/linalg.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/ops/reduce.hpp>
#include <xgrad/transform/control.hpp>

#include "linear_methods.hpp"

namespace xgrad::detail {

namespace {

Var counter() { return Var(std::int64_t{0}); }

struct CgState {
  Var x, r, p, rr, iterations, sound;
  XGRAD_MEMBER_FIELDS(CgState, x, r, p, rr, iterations, sound)
};

}  // namespace

Correction conjugate_gradient(const MatVec& apply, const Var& r, const Var& target, const Var& at_most) {
  const auto goes_on = [&](const CgState& s) { return s.sound && sqrt(s.rr) > target && s.iterations < at_most; };
  const auto step = [&](const CgState& s) {
    const Var q = apply(s.p);
    const Var pq = dot(s.p, q);
    const Var sound = pq > 0.0;  // else A is not positive definite
    const Var alpha = where(sound, s.rr / pq, 0.0);
    const Var rest = s.r - alpha * q;
    const Var rr = dot(rest, rest);
    return CgState{s.x + alpha * s.p, rest, rest + rr / s.rr * s.p, rr, s.iterations + 1, sound};
  };
  const CgState last = while_loop(goes_on, step, CgState{zeros_like(r), r, r, dot(r, r), counter(), Var(true)});
  return {last.x, last.iterations};
}

namespace {

struct BiCGStabState {
  Var x, r, p, rho, size, iterations, sound;
  XGRAD_MEMBER_FIELDS(BiCGStabState, x, r, p, rho, size, iterations, sound)
};

}  // namespace

Correction bicgstab(const MatVec& apply, const Var& r, const Var& target, const Var& at_most) {
  const auto goes_on = [&](const BiCGStabState& s) { return s.sound && s.size > target && s.iterations < at_most; };
  const auto step = [&](const BiCGStabState& s) {
    const Var q = apply(s.p);
    const Var alpha = s.rho / dot(r, q);
    const Var half = s.r - alpha * q;
    const Var t = apply(half);
    const Var tt = dot(t, t);
    const Var omega = where(tt > 0.0, dot(t, half) / tt, 0.0);
    const Var rest = half - omega * t;
    const Var rho = dot(r, rest);
    const Var size = norm(rest);
    const Var finite = size < INFINITY;  // else it broke down, and what was there is kept
    return BiCGStabState{where(finite, s.x + alpha * s.p + omega * half, s.x),
                         where(finite, rest, s.r),
                         rest + rho / s.rho * (alpha / omega) * (s.p - omega * q),
                         rho,
                         where(finite, size, s.size),
                         s.iterations + 1,
                         finite && not_equal(rho, 0.0) && not_equal(omega, 0.0)};
  };
  const BiCGStabState last =
      while_loop(goes_on, step, BiCGStabState{zeros_like(r), r, r, dot(r, r), norm(r), counter(), Var(true)});
  return {last.x, last.iterations};
}

namespace {

/// A basis V of the Krylov space, A V^T = V^T H in columns of H, and the rotations Q that make H triangular. H is kept
/// by columns: hessenberg[j] is what A times the j-th vector is made of.
struct Arnoldi {
  Var basis, hessenberg, rotation, size, iterations;
  XGRAD_MEMBER_FIELDS(Arnoldi, basis, hessenberg, rotation, size, iterations)
};

/// y of R y = g, from below. Rows that were not reached are 0, and so is y there.
Var back_substituted(const Var& triangle, const Var& g) {
  const Var numbers = numbers_to(g.size());
  const auto row = [&](const Var& y, const std::tuple<Var, Var, Var>& elements) {
    const auto& [coefficients, right, number] = elements;
    const Var unit = equal(numbers, number);
    const Var pivot = sum(where(unit, coefficients, 0.0));
    const Var there = not_equal(pivot, 0.0);
    const Var value = (right - dot(coefficients, y)) / where(there, pivot, 1.0);
    return std::pair{where(unit && there, value, y), std::tuple<>()};
  };
  return scan(row, zeros_like(g), std::tuple{triangle, g, numbers}, {.reverse = true}).first;
}

}  // namespace

Correction gmres(const MatVec& apply, const Var& r, const Var& target, const Var& at_most, std::size_t restart) {
  const double epsilon = epsilon_of(r.dtype());
  const auto count = static_cast<std::int64_t>(restart);
  const Var rows = numbers_to(restart + 1);
  const Var column = expand_dims(rows, 1);
  const Var of_basis = expand_dims(numbers_to(restart), 1);
  const Var length = norm(r);
  const auto goes_on = [&](const Arnoldi& s) {
    return s.size > target && s.iterations < count && s.iterations < at_most;
  };
  const auto step = [&](const Arnoldi& s) {
    const Var& k = s.iterations;
    const Var w = apply(take(s.basis, k, 0));
    const Var once = matmul(s.basis, w);
    const Var left = w - matmul(once, s.basis);
    const Var again = matmul(s.basis, left);  // what rounding has left of the others
    const Var fresh = left - matmul(again, s.basis);
    const Var of_fresh = norm(fresh);
    const Var height = where(of_fresh > epsilon * norm(w), of_fresh, 0.0);  // 0: the space is invariant
    const Var h = once + again + where(equal(rows, k + 1), height, 0.0);
    // A rotation of rows k and k + 1 makes the last element of the new column 0.
    const Var top = take(matmul(s.rotation, h), k, 0);
    const Var hypotenuse = hypot(top, height);
    const Var there = hypotenuse > 0.0;
    const Var cosine = where(there, top / hypotenuse, 1.0);
    const Var sine = where(there, height / hypotenuse, 0.0);
    const Var upper = take(s.rotation, k, 0);
    const Var lower = take(s.rotation, k + 1, 0);
    const Var last = cosine * lower - sine * upper;
    const Var next = where(height > 0.0, fresh / height, 0.0);
    return Arnoldi{
        where(equal(column, k + 1), next, s.basis), where(equal(of_basis, k), h, s.hessenberg),
        where(equal(column, k), cosine * upper + sine * lower, where(equal(column, k + 1), last, s.rotation)),
        length * abs(take(last, Var(std::int64_t{0}), 0)), k + 1};
  };
  const Var identity = cast(equal(column, rows), r.dtype());
  const Var none = zeros_like(identity);
  const Arnoldi last = while_loop(goes_on, step,
                                  Arnoldi{where(equal(column, 0.0), r / length, 0.0), view(none, xt::range(0, count)),
                                          identity, length, counter()});
  const Var triangle = matmul(view(last.rotation, xt::range(0, count)), transpose(last.hessenberg));
  const Var g = length * view(last.rotation, xt::range(0, count), 0);
  return {matmul(back_substituted(triangle, g), view(last.basis, xt::range(0, count))), last.iterations};
}

}  // namespace xgrad::detail
