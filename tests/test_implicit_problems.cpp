// Derivatives of equilibria, minima with and without constraints and steady states, against closed formulas and
// derivatives through the iteration.
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/testing.hpp>
#include <xgrad/xgrad.hpp>

#include "comparing.hpp"
#include "implicit_functions.hpp"

BOOST_AUTO_TEST_SUITE(test_implicit_problems)

using namespace implicit_functions;
using comparing::near;
using xg::whole;

namespace {

/// Substrate and biomass of a chemostat, and what drives it.
struct Chemostat {
  Var substrate, biomass;
  XGRAD_MEMBER_FIELDS(Chemostat, substrate, biomass)
};
struct Feed {
  Var dilution, inflow, yield;
  XGRAD_MEMBER_FIELDS(Feed, dilution, inflow, yield)
};

// ---- ridge regression

Var features() { return sin(5.0 * wave({8, 3}, 0.4)); }
Var targets() { return wave({8}, 0.9); }

Var ridge_loss(const Var& w, const Var& penalty, const Var& y) {
  return 0.5 * sum(square(matmul(features(), w) - y)) + 0.5 * exp(penalty) * sum(w * w);
}

Var solved_exactly(const Var& a, const Var& b) {
  return xg::linear_solve([&](const Var& v) { return matmul(a, v); }, b, {.method = Method::Dense, .tolerance = 1e-14});
}

Var ridge_closed(const Var& penalty, const Var& y) {
  const Var x = features();
  return solved_exactly(matmul(transpose(x), x) + exp(penalty) * eye(3), matmul(transpose(x), y));
}

}  // namespace

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

BOOST_AUTO_TEST_SUITE_END()
