// What implicit() and its kin refuse: what is no solution, derivatives that do not exist, functions that do not fit.
#include <limits>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/xgrad.hpp>

#include "comparing.hpp"
#include "implicit_functions.hpp"

BOOST_AUTO_TEST_SUITE(test_implicit_errors)

using namespace implicit_functions;
using comparing::near;
using comparing::same;
using comparing::throws;
using xg::Shape;

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

BOOST_AUTO_TEST_SUITE_END()
