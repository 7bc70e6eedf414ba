// Equations with solutions that are known, for tests of implicit() and its kin.
#pragma once

#include <array>

#include <xgrad/xgrad.hpp>

#include "comparing.hpp"

namespace implicit_functions {

namespace xg = xgrad;
using comparing::wave;
using xg::Var;
using Method = xg::LinearSolve;

/// z = tanh(W z + U x + b).
struct Equilibrium {
  Var w, u, b;
  XGRAD_MEMBER_FIELDS(Equilibrium, w, u, b)
};

inline constexpr std::array linear_methods{Method::Gmres, Method::BiCGStab, Method::ConjugateGradient, Method::Dense};

inline xg::ImplicitOptions by(Method method) { return {.linear_solver = method, .tolerance = 1e-14}; }

// ---- a root: z^3 + a z = 1

inline Var cubic(const Var& z, const Var& a) { return z * z * z + a * z - 1.0; }

/// Of each element, until all rest: a loop that has no derivative in reverse mode.
inline Var newton(const Var& start, const Var& a) {
  const auto step_of = [&](const Var& z) { return cubic(z, a) / (3.0 * z * z + a); };
  return xg::while_loop([&](const Var& z) { return amax(abs(step_of(z))) > 1e-13; },
                        [&](const Var& z) { return z - step_of(z); }, start + 0.0 * a);
}

inline auto root_by(Method method) { return xg::implicit(cubic, newton, by(method)); }

/// z' = -z / (3 z^2 + a), and so on by differentiating it.
inline Var first(const Var& z, const Var& a) { return -z / (3.0 * z * z + a); }
inline Var second(const Var& z, const Var& a) {
  const Var d = first(z, a);
  return -(2.0 * d + 6.0 * z * d * d) / (3.0 * z * z + a);
}

inline Var start() { return xt::xarray<double>{1.0, 1.0, 1.0}; }
inline Var coefficients() { return xt::xarray<double>{0.5, 1.0, 3.0}; }

// ---- an equilibrium

inline Var rested(const Var& z, const Equilibrium& m, const Var& x) {
  return tanh(matmul(m.w, z) + matmul(m.u, x) + m.b);
}

inline Var iterated_to_rest(const Var& z, const Equilibrium& m, const Var& x) {
  return xg::fori_loop(
      120, [&](const Var&, const Var& at) { return rested(at, m, x); }, z);
}

inline Equilibrium equilibrium() { return {wave({4, 4}, 0.2) * 0.1, wave({4, 3}, 1.0) * 0.3, wave({4}, 0.5) * 0.2}; }

inline Var eye(std::size_t n) { return xt::xarray<double>(xt::eye<double>(n)); }

}  // namespace implicit_functions
