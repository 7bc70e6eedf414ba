// implicit, implicit_fixed_point, implicit_minimiser: derivatives of solutions against closed formulas, differences and
// derivatives through the solver, in every transform; what is no solution is refused.
#include <array>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/testing.hpp>
#include <xgrad/xgrad.hpp>

#include "comparing.hpp"

BOOST_AUTO_TEST_SUITE(test_implicit)

namespace xg = xgrad;
using comparing::near;
using comparing::same;
using comparing::throws;
using comparing::wave;
using xg::Shape;
using xg::Var;
using xg::whole;
using Method = xg::LinearSolve;

namespace {

/// z = tanh(W z + U x + b).
struct Equilibrium {
  Var w, u, b;
  XGRAD_MEMBER_FIELDS(Equilibrium, w, u, b)
};

/// Substrate and biomass of a chemostat, and what drives it.
struct Chemostat {
  Var substrate, biomass;
  XGRAD_MEMBER_FIELDS(Chemostat, substrate, biomass)
};
struct Feed {
  Var dilution, inflow, yield;
  XGRAD_MEMBER_FIELDS(Feed, dilution, inflow, yield)
};

/// A solution, and how many steps it took.
struct Counted {
  Var z, steps;
  XGRAD_MEMBER_FIELDS(Counted, z, state(steps))
};

constexpr std::array linear_methods{Method::Gmres, Method::BiCGStab, Method::ConjugateGradient, Method::Dense};

xg::ImplicitOptions by(Method method) { return {.linear_solver = method, .tolerance = 1e-14}; }

// ---- a root: z^3 + a z = 1

Var cubic(const Var& z, const Var& a) { return z * z * z + a * z - 1.0; }

/// Of each element, until all rest: a loop that has no derivative in reverse mode.
Var newton(const Var& start, const Var& a) {
  const auto step_of = [&](const Var& z) { return cubic(z, a) / (3.0 * z * z + a); };
  return xg::while_loop([&](const Var& z) { return amax(abs(step_of(z))) > 1e-13; },
                        [&](const Var& z) { return z - step_of(z); }, start + 0.0 * a);
}

auto root_by(Method method) { return xg::implicit(cubic, newton, by(method)); }

/// z' = -z / (3 z^2 + a), and so on by differentiating it.
Var first(const Var& z, const Var& a) { return -z / (3.0 * z * z + a); }
Var second(const Var& z, const Var& a) {
  const Var d = first(z, a);
  return -(2.0 * d + 6.0 * z * d * d) / (3.0 * z * z + a);
}

Var start() { return xt::xarray<double>{1.0, 1.0, 1.0}; }
Var coefficients() { return xt::xarray<double>{0.5, 1.0, 3.0}; }

// ---- an equilibrium

Var rested(const Var& z, const Equilibrium& m, const Var& x) { return tanh(matmul(m.w, z) + matmul(m.u, x) + m.b); }

Var iterated_to_rest(const Var& z, const Equilibrium& m, const Var& x) {
  return xg::fori_loop(
      120, [&](const Var&, const Var& at) { return rested(at, m, x); }, z);
}

Equilibrium equilibrium() { return {wave({4, 4}, 0.2) * 0.1, wave({4, 3}, 1.0) * 0.3, wave({4}, 0.5) * 0.2}; }

// ---- ridge regression

Var features() { return sin(5.0 * wave({8, 3}, 0.4)); }
Var targets() { return wave({8}, 0.9); }

Var ridge_loss(const Var& w, const Var& penalty, const Var& y) {
  return 0.5 * sum(square(matmul(features(), w) - y)) + 0.5 * exp(penalty) * sum(w * w);
}

Var eye(std::size_t n) { return xt::xarray<double>(xt::eye<double>(n)); }

Var solved_exactly(const Var& a, const Var& b) {
  return xg::linear_solve([&](const Var& v) { return matmul(a, v); }, b, {.method = Method::Dense, .tolerance = 1e-14});
}

Var ridge_closed(const Var& penalty, const Var& y) {
  const Var x = features();
  return solved_exactly(matmul(transpose(x), x) + exp(penalty) * eye(3), matmul(transpose(x), y));
}

}  // namespace

BOOST_AUTO_TEST_CASE(roots_against_the_closed_formula) {
  const Var a = coefficients();
  for (const Method method : linear_methods) {
    BOOST_TEST_CONTEXT("method " << static_cast<int>(method)) {
      const auto root = root_by(method);
      const auto of_a = [&](const Var& at) { return root(start(), at); };
      const Var z = of_a(a);
      BOOST_TEST(near(cubic(z, a), zeros_like(a), 1e-14));
      BOOST_TEST(same(z, newton(start(), a)));
      const Var slope = first(z, a);
      BOOST_TEST(near(xg::grad([&](const Var& at) { return sum(of_a(at)); })(a), slope));
      BOOST_TEST(near(xg::jvp(of_a, a, ones_like(a)).tangent, slope));
      BOOST_TEST(near(xg::jacobian(of_a, xg::Mode::forward)(a), xg::jacobian(of_a, xg::Mode::reverse)(a)));
      const auto curvature = second(z, a) * eye(3);
      const auto total = [&](const Var& at) { return sum(of_a(at)); };
      BOOST_TEST(near(xg::hessian(total)(a), curvature));
      BOOST_TEST(near(xg::jacobian(xg::grad(total), xg::Mode::reverse)(a), curvature));
      BOOST_TEST(near(xg::jacobian(xg::jacobian(total, xg::Mode::forward), xg::Mode::forward)(a), curvature));
      BOOST_TEST(near(xg::jacobian(xg::jacobian(total, xg::Mode::forward), xg::Mode::reverse)(a), curvature));
      // Central differences, reverse and forward mode, up to the third order.
      BOOST_TEST(xg::testing::check_gradients({.order = 3, .mode_tolerance = 1e-11}, of_a, a));
    }
  }
}

BOOST_AUTO_TEST_CASE(the_start_and_what_only_the_solver_uses_do_not_move_a_root) {
  const auto root = root_by(Method::Gmres);
  const auto of_start = [&](const Var& s) { return sum(root(s, coefficients())); };
  BOOST_TEST(same(xg::grad(of_start)(start()), zeros_like(start())));
  const Var factor(2.0);
  const auto captured = [&](const Var& a) {
    const auto with_captured = xg::implicit([&](const Var& z) { return cubic(z, a); },
                                            [&](const Var& s) { return newton(s, a); }, by(Method::Gmres));
    return sum(with_captured(start()));
  };
  const Var z = root(start(), coefficients());
  BOOST_TEST(near(xg::grad(captured)(coefficients()), first(z, coefficients())));
  BOOST_TEST(near(xg::compile(xg::grad(captured))(coefficients()), first(z, coefficients())));
  BOOST_TEST(xg::testing::check_gradients(captured, coefficients()));
  // A tape of the user's.
  xg::Tape tape;
  const Var a = tape.leaf(coefficients());
  BOOST_TEST(near(tape.gradient(sum(root(start(), a)), a), first(z, coefficients())));
  // No start at all.
  const auto inverse = xg::implicit([](const Var& y, const Var& x) { return x * y - 1.0; },
                                    [](const std::tuple<>&, const Var& x) { return 1.0 / x; });
  BOOST_TEST(near(xg::grad<1>([&](const std::tuple<>& s, const Var& x) { return inverse(s, x); })(std::tuple<>(), 2.0),
                  Var(-0.25)));
}

BOOST_AUTO_TEST_CASE(solvers_of_every_kind) {
  const Var a = coefficients();
  const Var slope = first(root_by(Method::Dense)(start(), a), a);
  const auto gradient_by = [&](const auto& solver) {
    const auto root = xg::implicit(cubic, solver, by(Method::Gmres));
    return xg::grad([=](const Var& at) { return sum(root(start(), at)); });
  };
  // A loop of C++ that looks at values; one step after another recorded; a function on the host; constants.
  const auto looking = [](const Var& s, const Var& at) {
    Var z = s;
    while (amax(abs(cubic(z, at))).item<double>() > 1e-14) z = z - cubic(z, at) / (3.0 * z * z + at);
    return z;
  };
  BOOST_TEST(near(gradient_by(looking)(a), slope));
  BOOST_TEST(near(xg::hessian([&](const Var& at) { return sum(xg::implicit(cubic, looking)(start(), at)); })(a),
                  second(looking(start(), a), a) * eye(3)));
  BOOST_TEST(throws<xg::TapeError>([&] { return xg::compile(gradient_by(looking))(a); }));
  const auto on_host = xg::host_call(
      "roots", [](const Shape&, const Shape& of_a) { return of_a; },
      [](const xg::Array<double>& s, const xg::Array<double>& at) -> xg::Array<double> {
        xg::Array<double> z = s;
        for (std::size_t k = 0; k < z.size(); ++k) {
          double& each = z.data()[k];
          const double c = at.data()[k];
          for (int i = 0; i < 60; ++i) each -= (each * each * each + c * each - 1.0) / (3.0 * each * each + c);
        }
        return z;
      });
  BOOST_TEST(near(gradient_by(on_host)(a), slope));
  BOOST_TEST(near(xg::compile(gradient_by(on_host))(a), slope));
  BOOST_TEST(
      near(xg::vmap(gradient_by(on_host))(xg::stack({a, 2.0 * a})), xg::stack({slope, gradient_by(newton)(2.0 * a)})));
  const auto host_root = xg::implicit(cubic, on_host, by(Method::Gmres));
  BOOST_TEST(near(xg::jvp([&](const Var& at) { return host_root(start(), at); }, a, ones_like(a)).tangent, slope));
  const Var known = newton(start(), a);
  BOOST_TEST(near(gradient_by([&](const Var&, const Var&) { return known; })(a), slope));
}

// z = 0.3 f(z, a) + a, where f contains loops, branches and rules.
BOOST_AUTO_TEST_CASE(equations_of_every_kind) {
  const auto loop = [](const Var& z, const Var& a) {
    const auto step = [&](const Var& h, const Var& each) { return std::pair{0.5 * sin(h + each * z), h * each}; };
    const auto [last, all] = xg::scan(step, z * a, a);
    return last + 0.1 * sum(all, 0);
  };
  const auto ruled = xg::custom_vjp(
      [](const Var& x) {
        return std::pair{sin(x), cos(x) * 1.0};
      },
      [](const Var& cosine, const Var& dy) { return cosine * dy; },
      [](const Var& x, const Var& dx) { return cos(x) * dx; });
  const auto reverse_ruled = xg::custom_vjp(
      [](const Var& x) {
        return std::pair{sin(x), x};
      },
      [](const Var& x, const Var& dy) { return cos(x) * dy; });
  const auto doubled = [](const Var& z, const Var& a, const xg::WhileOptions& options) {
    const auto goes_on = [](const std::pair<Var, Var>& s) { return s.second < 3; };
    const auto step = [&](const std::pair<Var, Var>& s) { return std::pair{sin(s.first) * a, s.second + 1}; };
    return xg::while_loop(goes_on, step, std::pair{z, Var(std::int64_t{0})}, options).first;
  };
  using Function = std::function<Var(const Var&, const Var&)>;
  const std::vector<std::pair<const char*, Function>> all{
      {"scan", loop},
      {"checkpoint", [&](const Var& z, const Var& a) { return xg::checkpoint(loop)(z, a); }},
      {"cond",
       [](const Var& z, const Var& a) {
         return xg::cond(
             sum(z) > -50.0, [](const Var& x, const Var& y) { return sin(x * y); },
             [](const Var& x, const Var&) { return x; }, z, a);
       }},
      {"while_loop", [&](const Var& z, const Var& a) { return doubled(z, a, {.at_most = 5}); }},
      {"custom_vjp, both rules", [&](const Var& z, const Var& a) { return ruled(z * a); }},
      {"custom_vjp", [&](const Var& z, const Var& a) { return reverse_ruled(z * a); }},
      {"gradient",
       [](const Var& z, const Var& a) { return xg::grad([&](const Var& x) { return sum(sin(x * a)); })(z); }},
      {"product", [](const Var& z, const Var& a) { return sin(matmul(xg::outer(a, z), z)); }},
      {"linear_solve", [](const Var& z, const Var& a) {
         return xg::linear_solve([&](const Var& v) { return (2.0 + sin(z)) * v; }, a, {.tolerance = 1e-14});
       }}};
  const Var a = xt::xarray<double>{0.4, -0.3, 0.7};
  for (const auto& [name, f] : all) {
    BOOST_TEST_CONTEXT(name) {
      const auto step = [&f = f](const Var& z, const Var& p) { return 0.3 * f(z, p) + p; };
      const auto iterate = [&](const Var& z, const Var& p) {
        return xg::fori_loop(
            100, [&](const Var&, const Var& at) { return step(at, p); }, z);
      };
      const auto fixed = xg::implicit_fixed_point(step, iterate, by(Method::Gmres));
      const auto of_a = [&](const Var& p) { return fixed(0.0 * p, p); };
      const auto through = [&](const Var& p) { return iterate(0.0 * p, p); };
      const auto total = [](const auto& g) { return [&](const Var& p) { return sum(square(g(p))); }; };
      BOOST_TEST(near(xg::jacobian(of_a, xg::Mode::reverse)(a), xg::jacobian(through)(a), 1e-12));
      BOOST_TEST(near(xg::jacobian(of_a, xg::Mode::forward)(a), xg::jacobian(through)(a), 1e-12));
      BOOST_TEST(near(xg::hessian(total(of_a))(a), xg::hessian(total(through))(a), 1e-11));
      BOOST_TEST(near(xg::compile(xg::jacobian(xg::grad(total(of_a)), xg::Mode::reverse))(a),
                      xg::hessian(total(through))(a), 1e-11));
      const Var batch = xg::stack({a, 0.5 * a});
      BOOST_TEST(near(xg::vmap(xg::grad(total(of_a)))(batch), xg::vmap(xg::grad(total(through)))(batch), 1e-12));
    }
  }
  // A loop of unknown length in the equation: forward mode only.
  const auto step = [&](const Var& z, const Var& p) { return 0.3 * doubled(z, p, {}) + p; };
  const auto iterate = [&](const Var& z, const Var& p) {
    return xg::fori_loop(
        100, [&](const Var&, const Var& at) { return step(at, p); }, z);
  };
  const auto fixed = xg::implicit_fixed_point(step, iterate, by(Method::Gmres));
  const auto of_a = [&](const Var& p) { return fixed(0.0 * p, p); };
  BOOST_TEST(
      near(xg::jvp(of_a, a, a).tangent, xg::jvp([&](const Var& p) { return iterate(0.0 * p, p); }, a, a).tangent));
  BOOST_TEST(throws<xg::TapeError>([&] { return xg::grad([&](const Var& p) { return sum(of_a(p)); })(a); },
                                   {"while_loop", "at_most"}));
}

BOOST_AUTO_TEST_CASE(equilibria_against_derivatives_through_the_iteration) {
  const Var x = wave({3}, 0.1);
  const Var z0 = zeros_like(wave({4}));
  const Equilibrium model = equilibrium();
  const auto layer = xg::implicit_fixed_point(rested, iterated_to_rest, by(Method::Gmres));
  const auto loss_of = [&](const auto& f) {
    return [&](const Equilibrium& m, const Var& input) { return sum(square(f(z0, m, input)) * wave({4}, 2.0)); };
  };
  const auto loss = loss_of(layer);
  const auto unrolled = loss_of(iterated_to_rest);
  BOOST_TEST(near(loss(model, x), unrolled(model, x)));
  const auto check = [&](const Equilibrium& given, const Equilibrium& expected, double tolerance) {
    BOOST_TEST(near(given.w, expected.w, tolerance));
    BOOST_TEST(near(given.u, expected.u, tolerance));
    BOOST_TEST(near(given.b, expected.b, tolerance));
  };
  check(xg::grad(loss)(model, x), xg::grad(unrolled)(model, x), 1e-12);
  check(xg::compile(xg::grad(loss))(model, x), xg::grad(unrolled)(model, x), 1e-12);
  BOOST_TEST(near(xg::grad<1>(loss)(model, x), xg::grad<1>(unrolled)(model, x), 1e-12));
  BOOST_TEST(xg::testing::check_gradients({.order = 2, .mode_tolerance = 1e-11}, loss, model, x));
  const auto of_model = [&](const auto& f) { return [&](const Equilibrium& m) { return f(m, x); }; };
  check(xg::hvp(of_model(loss), model, model), xg::hvp(of_model(unrolled), model, model), 1e-11);
  // A gradient for each sample, and the sum of them.
  const Var batch = wave({5, 3}, 0.8);
  const auto per_sample = xg::vmap(xg::grad(loss), {.in = {whole, 0}})(model, batch);
  const auto expected = xg::vmap(xg::grad(unrolled), {.in = {whole, 0}})(model, batch);
  check(per_sample, expected, 1e-12);
  const auto mean_of = [&](const auto& f) {
    return [&](const Equilibrium& m) { return mean(xg::vmap(f, {.in = {whole, 0}})(m, batch)); };
  };
  check(xg::grad(mean_of(loss))(model), xg::grad(mean_of(unrolled))(model), 1e-12);
  // A recurrent net of such layers.
  const auto recurrent = [&](const auto& f) {
    return [&](const Equilibrium& m) {
      const auto step = [&](const Var& h, const Var& each) {
        const Var next = f(z0, m, each + view(h, xt::range(0, 3)));
        return std::pair{next, sum(next * h)};
      };
      const auto [last, all] = xg::scan(step, z0 + 0.1, batch);
      return sum(last) + sum(square(all));
    };
  };
  check(xg::grad(recurrent(layer))(model), xg::grad(recurrent(iterated_to_rest))(model), 1e-11);
  check(xg::compile(xg::grad(recurrent(xg::checkpoint(layer))))(model), xg::grad(recurrent(iterated_to_rest))(model),
        1e-11);
  check(xg::hvp(recurrent(layer), model, model), xg::hvp(recurrent(iterated_to_rest), model, model), 1e-10);
}

BOOST_AUTO_TEST_CASE(minimisers_against_the_closed_formula) {
  const Var penalty(0.3);
  const Var y = targets();
  const auto gradient_steps = [](const Var& w, const Var& p, const Var& t) {
    const auto slope = xg::grad(ridge_loss);
    return xg::fori_loop(
        600, [&](const Var&, const Var& at) { return at - 0.15 * slope(at, p, t); }, w);
  };
  for (const Method method : {Method::ConjugateGradient, Method::Gmres, Method::Dense}) {
    const auto ridge = xg::implicit_minimiser(ridge_loss, gradient_steps, by(method));
    const Var w0 = zeros_like(wave({3}));
    const auto f = [&](const Var& p, const Var& t) { return ridge(w0, p, t); };
    BOOST_TEST(near(f(penalty, y), ridge_closed(penalty, y), 1e-11));
    BOOST_TEST(near(xg::jacobian(f)(penalty, y), xg::jacobian(ridge_closed)(penalty, y), 1e-11));
    BOOST_TEST(near(xg::jacobian<1>(f)(penalty, y), xg::jacobian<1>(ridge_closed)(penalty, y), 1e-11));
    const auto held_out = [&](const auto& of) { return [&](const Var& p) { return sum(square(of(p, y) - 0.5)); }; };
    BOOST_TEST(near(xg::hessian(held_out(f))(penalty), xg::hessian(held_out(ridge_closed))(penalty), 1e-10));
    BOOST_TEST(xg::testing::check_gradients({.order = 2, .mode_tolerance = 1e-11}, f, penalty, y));
    const Var penalties = xt::xarray<double>{-1.0, 0.0, 1.0};
    BOOST_TEST(
        near(xg::vmap(xg::grad(held_out(f)))(penalties), xg::vmap(xg::grad(held_out(ridge_closed)))(penalties), 1e-11));
  }
}

BOOST_AUTO_TEST_CASE(constrained_minimisers_against_the_closed_formula) {
  // 1/2 x Q x - q x under A x = b: Q x + A^T m = q, A x = b.
  const Var root = sin(5.0 * wave({4, 4}, 0.1));
  const Var quadratic = matmul(root, transpose(root)) + eye(4);
  const Var a = wave({2, 4}, 0.9);
  using Parameters = std::tuple<Var, Var, Var>;
  const auto objective = [&](const Var& x, const Parameters& p) {
    return 0.5 * dot(x, matmul(quadratic, x)) - dot(std::get<0>(p), x);
  };
  const auto constraints = [](const Var& x, const Parameters& p) { return matmul(std::get<1>(p), x) - std::get<2>(p); };
  const auto closed = [&](const Parameters& p) {
    const auto& [q, rows, b] = p;
    const Var top = xg::concatenate({quadratic, transpose(rows)}, 1);
    const Var bottom = xg::concatenate({rows, zeros_like(matmul(rows, transpose(rows)))}, 1);
    const Var all = solved_exactly(xg::concatenate({top, bottom}, 0), xg::concatenate({q, b}));
    return std::pair{Var(view(all, xt::range(0, 4))), Var(view(all, xt::range(4, 6)))};
  };
  const Parameters p{wave({4}, 0.2), a, wave({2}, 0.3)};
  for (const Method method : {Method::Gmres, Method::Dense}) {
    const auto minimiser = xg::implicit_constrained_minimiser(
        objective, constraints, [&](const std::tuple<>&, const Parameters& at) { return closed(at); }, by(method));
    const auto f = [&](const Parameters& at) { return minimiser(std::tuple<>(), at); };
    const auto [x, multipliers] = f(p);
    BOOST_TEST(near(matmul(quadratic, x) + matmul(transpose(a), multipliers), std::get<0>(p), 1e-11));
    BOOST_TEST(near(matmul(a, x), std::get<2>(p), 1e-11));
    const auto cost = [&](const auto& of) {
      return [&](const Parameters& at) {
        const auto [z, m] = of(at);
        return sum(square(z) * wave({4}, 1.0)) + sum(sin(m));
      };
    };
    const auto [dq, da, db] = xg::grad(cost(f))(p);
    const auto [eq, ea, eb] = xg::grad(cost(closed))(p);
    BOOST_TEST(near(dq, eq, 1e-11));
    BOOST_TEST(near(da, ea, 1e-11));
    BOOST_TEST(near(db, eb, 1e-11));
    BOOST_TEST(xg::testing::check_gradients({.order = 2, .mode_tolerance = 1e-11}, f, p));
    BOOST_TEST(near(std::get<1>(xg::compile(xg::grad(cost(f)))(p)), ea, 1e-11));
    BOOST_TEST(near(std::get<1>(xg::hvp(cost(f), p, p)), std::get<1>(xg::hvp(cost(closed), p, p)), 1e-10));
  }
}

// Substrate s and biomass x under a growth rate s / (1 + s): s' = D (S - s) - x s / ((1 + s) Y), x' = x (s / (1 + s) -
// D).
BOOST_AUTO_TEST_CASE(steady_states_of_differential_equations) {
  const auto rates = [](const Chemostat& at, const Feed& p) {
    const Var growth = at.substrate / (1.0 + at.substrate);
    return Chemostat{p.dilution * (p.inflow - at.substrate) - at.biomass * growth / p.yield,
                     at.biomass * (growth - p.dilution)};
  };
  const auto until_steady = [&](const Chemostat& start_at, const Feed& p) {
    const auto goes_on = [&](const Chemostat& at) {
      const Chemostat rate = rates(at, p);
      return abs(rate.substrate) + abs(rate.biomass) > 1e-13;
    };
    const auto euler = [&](const Chemostat& at) {
      const Chemostat rate = rates(at, p);
      return Chemostat{at.substrate + 0.5 * rate.substrate, at.biomass + 0.5 * rate.biomass};
    };
    return xg::while_loop(goes_on, euler, start_at);
  };
  const auto closed = [](const Feed& p) {
    const Var s = p.dilution / (1.0 - p.dilution);
    return Chemostat{s, p.yield * (p.inflow - s)};
  };
  const Chemostat start_at{Var(xt::xarray<double>(1.0)), Var(xt::xarray<double>(1.0))};
  const Feed feed{Var(xt::xarray<double>(0.4)), Var(xt::xarray<double>(3.0)), Var(xt::xarray<double>(0.7))};
  for (const Method method : {Method::Gmres, Method::BiCGStab, Method::Dense}) {
    const auto steady = xg::implicit(rates, until_steady, by(method));
    const auto f = [&](const Feed& p) { return steady(start_at, p); };
    BOOST_TEST(near(f(feed).substrate, closed(feed).substrate, 1e-11));
    BOOST_TEST(near(f(feed).biomass, closed(feed).biomass, 1e-11));
    const auto worth = [](const auto& of) {
      return [&](const Feed& p) {
        const Chemostat at = of(p);
        return at.biomass * p.dilution - square(at.substrate);
      };
    };
    const auto check = [&](const Feed& given, const Feed& expected, double tolerance) {
      BOOST_TEST(near(given.dilution, expected.dilution, tolerance));
      BOOST_TEST(near(given.inflow, expected.inflow, tolerance));
      BOOST_TEST(near(given.yield, expected.yield, tolerance));
    };
    check(xg::grad(worth(f))(feed), xg::grad(worth(closed))(feed), 1e-10);
    check(xg::hvp(worth(f), feed, feed), xg::hvp(worth(closed), feed, feed), 1e-9);
    BOOST_TEST(xg::testing::check_gradients({.order = 2, .mode_tolerance = 1e-10}, f, feed));
  }
}

BOOST_AUTO_TEST_CASE(inside_of_other_transforms) {
  const Var a = coefficients();
  const Var batch = xg::stack({a, 2.0 * a, 0.7 * a});
  const auto root = root_by(Method::Gmres);
  const auto f = [&](const Var& at) { return root(start(), at); };
  const auto total = [&](const Var& at) { return sum(sin(f(at))); };
  const auto one_by_one = [&](const auto& of) {
    return xg::stack({of(view(batch, 0)), of(view(batch, 1)), of(view(batch, 2))});
  };
  BOOST_TEST(near(xg::vmap(f)(batch), one_by_one(f)));
  BOOST_TEST(near(xg::vmap(xg::grad(total))(batch), one_by_one(xg::grad(total))));
  BOOST_TEST(near(xg::vmap(xg::hessian(total))(batch), one_by_one(xg::hessian(total))));
  BOOST_TEST(
      near(xg::grad([&](const Var& all) { return sum(xg::vmap(total)(all)); })(batch), one_by_one(xg::grad(total))));
  BOOST_TEST(
      near(xg::vmap(xg::vmap(total))(xg::stack({batch, batch})), xg::stack({one_by_one(total), one_by_one(total)})));
  BOOST_TEST(near(xg::compile(f)(a), f(a)));
  BOOST_TEST(near(xg::compile(xg::hessian(total))(a), xg::hessian(total)(a)));
  BOOST_TEST(near(xg::linearize(f, a).pushforward(a), xg::jvp(f, a, a).tangent));
  BOOST_TEST(near(xg::vjp(f, a).pullback(a), xg::jvp(f, a, a).tangent));
  BOOST_TEST(near(xg::grad(xg::checkpoint(total))(a), xg::grad(total)(a)));
  const auto chosen = [&](const Var& at) {
    return xg::cond(
        sum(at) > 0.0, [&](const Var& x) { return total(x); }, [](const Var& x) { return sum(x); }, at);
  };
  BOOST_TEST(near(xg::compile(xg::grad(chosen))(a), xg::grad(total)(a)));
  BOOST_TEST(near(xg::compile(xg::grad(chosen))(-a), ones_like(a)));
  const auto repeated = [&](const Var& at) {
    return sum(xg::fori_loop(
        3, [&](const Var&, const Var& z) { return f(at + z); }, 0.0 * at));
  };
  const auto unrolled = [&](const Var& at) { return sum(f(at + f(at + f(at)))); };
  BOOST_TEST(near(xg::grad(repeated)(a), xg::grad(unrolled)(a)));
  BOOST_TEST(near(xg::hessian(repeated)(a), xg::hessian(unrolled)(a), 1e-11));
  const auto ruled = xg::custom_jvp(f, [&](const Var& at, const Var& v) { return xg::jvp(f, at, v).tangent; });
  BOOST_TEST(near(xg::hessian([&](const Var& at) { return sum(sin(ruled(at))); })(a), xg::hessian(total)(a)));
  // An equation in which a solution of another one stands: y + z(y + a) = a.
  const auto outer = xg::implicit([&](const Var& y, const Var& at) { return y + f(square(y) + at) - at; },
                                  [&](const Var& y, const Var& at) {
                                    return xg::fori_loop(
                                        80, [&](const Var&, const Var& each) { return at - f(square(each) + at); }, y);
                                  },
                                  by(Method::Gmres));
  const auto nested = [&](const Var& at) { return outer(0.0 * at, at); };
  BOOST_TEST(xg::testing::check_gradients({.order = 2, .mode_tolerance = 1e-11}, nested, a));
}

BOOST_AUTO_TEST_CASE(what_a_solver_says_of_itself_rides_along) {
  const auto residual = [](const Counted& at, const Var& a) { return Counted{cubic(at.z, a), at.steps}; };
  const auto counting = [](const Var& from, const Var& a) {
    const auto goes_on = [&](const Counted& at) { return amax(abs(cubic(at.z, a))) > 1e-13; };
    const auto step = [&](const Counted& at) {
      return Counted{at.z - cubic(at.z, a) / (3.0 * at.z * at.z + a), at.steps + 1};
    };
    return xg::while_loop(goes_on, step, Counted{from, Var(xt::xarray<std::int64_t>(0))});
  };
  const auto root = xg::implicit(residual, counting, by(Method::Dense));
  const Var a = coefficients();
  const Counted found = root(start(), a);
  BOOST_TEST(near(found.z, newton(start(), a)));
  BOOST_TEST(found.steps.item<std::int64_t>() > 1);
  BOOST_TEST(near(xg::grad([&](const Var& at) { return sum(root(start(), at).z); })(a), first(found.z, a)));
  BOOST_TEST(near(xg::compile([&](const Var& at) { return root(start(), at).z; })(a), found.z));
}

BOOST_AUTO_TEST_CASE(element_types) {
  const Var a = cast(coefficients(), xg::DType::Float32);
  const Var s = cast(start(), xg::DType::Float32);
  const auto solver = [](const Var& from, const Var& at) {
    return xg::fori_loop(
        40, [&](const Var&, const Var& z) { return z - cubic(z, at) / (3.0 * z * z + at); }, from);
  };
  for (const Method method : linear_methods) {
    const auto root = xg::implicit(cubic, solver, {.linear_solver = method});
    const auto total = [&](const Var& at) { return sum(root(s, at)); };
    const Var slope = xg::grad(total)(a);
    BOOST_TEST(slope.dtype() == xg::DType::Float32);
    const Var z = newton(start(), coefficients());
    BOOST_TEST(near(cast(slope, xg::DType::Float64), first(z, coefficients()), 1e-5));
    BOOST_TEST(near(cast(xg::hessian(total)(a), xg::DType::Float64), second(z, coefficients()) * eye(3), 1e-4));
  }
  // Integers and booleans among the parameters are constants; a solution that is a number.
  const auto shifted = xg::implicit(
      [](const Var& z, const Var& p, const Var& count, const Var& on) { return where(on, z - p * count, z); },
      [](const Var& z0, const Var& p, const Var& count, const Var& on) { return where(on, p * count, 0.0 * z0); });
  const Var count = xt::xarray<int>{3, 4};
  const Var on = xt::xarray<bool>{true, false};
  const auto of_p = [&](const Var& p) { return sum(shifted(zeros_like(p), p, count, on)); };
  BOOST_TEST(near(xg::grad(of_p)(Var(xt::xarray<double>{1.0, 2.0})), Var(xt::xarray<double>{3.0, 0.0})));
  const auto half = xg::implicit([](const Var& z, const Var& p) { return 2.0 * z - p; },
                                 [](const Var&, const Var& p) { return 0.5 * p; });
  BOOST_TEST(near(xg::grad([&](const Var& p) { return half(0.0, p); })(3.0), Var(0.5)));
  // A parameter whose part of the derivative is infinite, where another one is asked for.
  const auto touching = xg::implicit([](const Var& z, const Var& p, const Var& q) { return z - p - sqrt(q); },
                                     [](const Var&, const Var& p, const Var& q) { return p + sqrt(q); });
  const auto along_p = [&](const Var& p) { return touching(0.0, p, Var(xt::xarray<double>(0.0))); };
  const Var one(xt::xarray<double>(1.0));
  BOOST_TEST(near(xg::jvp(along_p, one, one).tangent, one));
  BOOST_TEST(near(xg::grad(along_p)(one), one));
}

BOOST_AUTO_TEST_CASE(what_is_no_solution_is_refused) {
  const Var a = coefficients();
  const auto lazy = [](const Var& s, const Var&) { return s; };
  const auto unsolved = xg::implicit(cubic, lazy);
  BOOST_TEST(throws<xg::ValueError>([&] { return unsolved(start(), a); },
                                    {"implicit", "residual of 3", "1e-06 (1 + max |solution|)", "residual_tolerance"}));
  BOOST_TEST(throws<xg::ValueError>([&] { return xg::compile(unsolved)(start(), a); }, {"implicit", "residual of 3"}));
  BOOST_TEST(throws<xg::ValueError>(
      [&] { return xg::grad([&](const Var& at) { return sum(unsolved(start(), at)); })(a); }, {"residual of 3"}));
  BOOST_TEST(throws<xg::ValueError>(
      [&] {
        return xg::vmap(unsolved)(xg::stack({newton(start(), a), start()}), xg::stack({a, a}));
      },
      {"residual of"}));
  BOOST_TEST(same(xg::implicit(cubic, lazy, {.residual_tolerance = 10.0})(start(), a), start()));
  const auto wilful = xg::implicit(cubic, lazy, {.residual_tolerance = std::numeric_limits<double>::infinity()});
  BOOST_TEST(same(wilful(start(), a), start()));
  const Var nan = start() * std::numeric_limits<double>::quiet_NaN();
  BOOST_TEST(throws<xg::ValueError>([&] { return wilful(nan, a); }, {"implicit", "nan"}));
  BOOST_TEST(throws<xg::ValueError>([&] { return unsolved(nan, a); }, {"implicit", "nan"}));
  for (const auto& f : {std::string("fixed"), std::string("minimiser")}) {
    const auto call = [&]() -> Var {
      if (f == "fixed")
        return xg::implicit_fixed_point([](const Var& z, const Var& p) { return p - z; }, lazy)(start(), a);
      return xg::implicit_minimiser([](const Var& z, const Var& p) { return sum(square(z - p)); }, lazy)(start(), a);
    };
    BOOST_TEST(throws<xg::ValueError>(call, {"implicit_", f, "residual of"}));
  }
}

BOOST_AUTO_TEST_CASE(infinite_solutions_are_refused) {
  const auto diverged = [](const xg::ImplicitOptions& options) {
    return xg::implicit([](const Var& z, const Var& p) { return tanh(z) - p; },
                        [](const Var& start, const Var&) { return start / 0.0; }, options);
  };
  const Var p = xt::xarray<double>{0.2, 0.5};
  BOOST_TEST(throws<xg::ValueError>([&] { return diverged({})(p, p); }, {"implicit", "a residual of 0.8", "infinite"}));
  BOOST_TEST(diverged({.residual_tolerance = std::numeric_limits<double>::infinity()})(p, p).size() == 2U);
}

BOOST_AUTO_TEST_CASE(derivatives_that_do_not_exist_are_refused) {
  // z^2 = a at a = 0, where the root has no derivative; its value does.
  const auto square_root = [](Method method) {
    return xg::implicit([](const Var& z, const Var& a) { return z * z - a; },
                        [](const Var&, const Var& a) { return sqrt(a); }, by(method));
  };
  const Var zero = xt::xarray<double>{0.0, 4.0};
  for (const Method method : linear_methods) {
    const auto f = [&](const Var& a) { return sum(square_root(method)(zeros_like(a), a)); };
    BOOST_TEST(near(f(zero), Var(xt::xarray<double>(2.0))));
    BOOST_TEST(throws<xg::ValueError>([&] { return xg::grad(f)(zero); }, {"implicit", "linear solve"}));
    BOOST_TEST(throws<xg::ValueError>([&] { return xg::jvp(f, zero, zero + 1.0).tangent; }, {"implicit"}));
    BOOST_TEST(throws<xg::ValueError>([&] { return xg::compile(xg::grad(f))(zero); }, {"implicit"}));
    BOOST_TEST(throws<xg::ValueError>([&] { return xg::vmap(xg::grad(f))(xg::stack({zero + 1.0, zero})); }));
  }
  // Too few iterations.
  const auto layer = xg::implicit_fixed_point(rested, iterated_to_rest, {.tolerance = 1e-12, .max_iterations = 2});
  const auto loss = [&](const Var& x) { return sum(layer(zeros_like(wave({4})), equilibrium(), x)); };
  BOOST_TEST(throws<xg::ValueError>([&] { return xg::grad(loss)(wave({3})); },
                                    {"implicit_fixed_point", "GMRES", "|b - A x| of", "within 2 iterations", "1e-12"}));
  // Two equal constraints: a multiplier each, and many that do.
  const auto twice = xg::implicit_constrained_minimiser([](const Var& x, const Var& p) { return sum(square(x - p)); },
                                                        [](const Var& x, const Var&) {
                                                          return xg::stack({sum(x), sum(x)});
                                                        },
                                                        [](const Var&, const Var& p) {
                                                          return std::pair{p - mean(p), ones_like(p) * mean(p)};
                                                        },
                                                        by(Method::Dense));
  const Var p = xt::xarray<double>{1.0, 3.0};
  BOOST_TEST(near(twice(p, p).first, Var(xt::xarray<double>{-1.0, 1.0})));
  BOOST_TEST(throws<xg::ValueError>(
      [&] { return xg::grad([&](const Var& at) { return sum(square(twice(p, at).first)); })(p); },
      {"implicit_constrained_minimiser", "singular"}));
}

BOOST_AUTO_TEST_CASE(bad_input_is_refused) {
  const Var a = coefficients();
  using Fields = std::vector<Var>;
  const auto same_start = [](const auto& s, const auto&...) { return s; };
  const auto call = [&](const auto& residual, const auto& from, const xg::ImplicitOptions& options = {}) {
    return [=] { return xg::implicit(residual, same_start, options)(from, a); };
  };
  BOOST_TEST(throws<xg::ShapeError>(call([](const Var& z, const Var&) { return sum(z); }, a),
                                    {"implicit", "the residual is float64 []", "the solution float64 [3]"}));
  BOOST_TEST(throws<xg::ShapeError>(call(
                                        [](const Fields& z, const Var&) {
                                          return Fields{z[0], xg::stack({z[1], z[1]})};
                                        },
                                        Fields{a, a}),
                                    {"implicit", "[2, 3]", "(1)"}));
  BOOST_TEST(throws<xg::ShapeError>(call([](const Fields& z, const Var&) { return Fields{z[0]}; }, Fields{a, a}),
                                    {"implicit", "another tree"}));
  BOOST_TEST(throws<xg::TypeError>(call([](const Var& z, const Var&) { return cast(z, xg::DType::Float32); }, a),
                                   {"implicit", "float32", "float64"}));
  BOOST_TEST(throws<xg::TypeError>(call([](const Var& z, const Var&) { return z; }, Var(xt::xarray<int>{1, 2})),
                                   {"implicit", "int64"}));
  BOOST_TEST(throws<xg::ValueError>(call([](const Var&, const Var& p) { return 0.0 * p; }, a),
                                    {"implicit", "does not depend on the solution"}));
  BOOST_TEST(throws<xg::TapeError>(call([](const Var& z, const Var&) { return z * z.array<double>()(0); }, a)));
  const auto fits = [](const Var& z, const Var&) { return z - z; };
  BOOST_TEST(throws<xg::ValueError>(call(fits, a, {.tolerance = 2.0}), {"implicit", "tolerance", "2"}));
  BOOST_TEST(throws<xg::ValueError>(call(fits, a, {.max_iterations = 0}), {"implicit", "max_iterations"}));
  BOOST_TEST(throws<xg::ValueError>(call(fits, a, {.residual_tolerance = -1.0}), {"implicit", "residual_tolerance"}));
  const auto wrong_step = xg::implicit_fixed_point([](const Var& z, const Var&) { return sum(z); }, same_start);
  BOOST_TEST(throws<xg::ShapeError>([&] { return wrong_step(a, a); },
                                    {"implicit_fixed_point", "what a step returns", "the solution", "[3]"}));
  const auto wrong_multipliers = xg::implicit_constrained_minimiser([](const Var& x, const Var&) { return sum(x * x); },
                                                                    [](const Var& x, const Var&) { return sum(x); },
                                                                    [](const Var& x, const Var&) {
                                                                      return std::pair{x, x};
                                                                    });
  BOOST_TEST(throws<xg::ShapeError>([&] { return wrong_multipliers(a, a).first; },
                                    {"implicit_constrained_minimiser", "its multiplier", "[3]"}));
  const auto narrow_step =
      xg::implicit_fixed_point([](const Var& z, const Var&) { return cast(z, xg::DType::Float32); }, same_start);
  BOOST_TEST(throws<xg::TypeError>([&] { return narrow_step(a, a); },
                                   {"implicit_fixed_point", "what a step returns", "float32", "float64"}));
  const auto several_losses = xg::implicit_minimiser([](const Var& z, const Var& p) { return z * p; }, same_start);
  BOOST_TEST(throws<xg::ShapeError>([&] { return several_losses(a, a); }, {"implicit_minimiser", "[3]", "scalar"}));
  BOOST_TEST(xg::implicit(fits, same_start)(Var(xt::zeros<double>({0})), a).shape() == Shape{0});
}

/// Its rule batches a function of values, the columns of the matrix; it must record them on the tape.
BOOST_AUTO_TEST_CASE(gradients_of_a_tape_go_through_dense_solves) {
  const auto root =
      xg::implicit([](const Var& z, const Var& a) { return Var(z * z - a); },
                   [](const std::tuple<>&, const Var& a) { return sqrt(a); }, {.linear_solver = Method::Dense});
  xg::Tape tape;
  const Var a = tape.leaf(xt::xarray<double>{1.0, 4.0});
  const Var slope = tape.gradient(sum(root(std::tuple<>(), a)), a);
  BOOST_TEST(near(tape.evaluate({slope})[0], Var(xt::xarray<double>{0.5, 0.25})));
}

/// Parts of a residual without derivative, inside of what runs functions.
BOOST_AUTO_TEST_CASE(what_does_not_move_the_solution_has_derivative_0) {
  const auto solver = [](const std::tuple<>&, const Var& a) { return round(a); };
  const auto solve = [&](auto f) {
    return xg::implicit([f](const Var& z, const Var& a) { return Var(z - f(a)); }, solver);
  };
  const Var a = xt::xarray<double>{1.2, 3.7};
  const auto check = [&](const auto& f) {
    const auto root = solve(f);
    const auto loss = [&](const Var& x) { return sum(root(std::tuple<>(), x) * x); };
    BOOST_TEST(near(xg::grad(loss)(a), round(a)));
    BOOST_TEST(near(xg::jvp(loss, a, a).tangent, sum(round(a) * a)));
  };
  check([](const Var& x) { return round(x); });
  check([](const Var& x) {
    return xg::cond(
        sum(x) > 0.0, [](const Var& y) { return round(y); }, [](const Var& y) { return floor(y); }, x);
  });
  check([](const Var& x) {
    return xg::scan(
               [](const Var& c, const std::tuple<>&) {
                 return std::pair{Var(round(c)), std::tuple<>()};
               },
               x, std::tuple<>(), {.length = 2})
        .first;
  });
  // An integer as a factor is not 0 because it has no derivative.
  const auto product = xg::implicit(
      [](const Var& z, const Var& x) {
        return Var(z - xg::fori_loop(
                           1, [&](const Var&, const Var&) { return Var((argmax(x) + std::int64_t{1}) * x); }, 0.0 * x));
      },
      [](const std::tuple<>&, const Var& x) { return Var((argmax(x) + std::int64_t{1}) * x); });
  BOOST_TEST(near(xg::grad([&](const Var& x) { return sum(product(std::tuple<>(), x)); })(a),
                  Var(xt::xarray<double>{2.0, 2.0})));
}

BOOST_AUTO_TEST_SUITE_END()
