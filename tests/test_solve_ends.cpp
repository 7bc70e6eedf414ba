// How solvers end where functions have no minimum, no root or no digits left, and derivatives of solutions that bounds
// hold.
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/solve.hpp>
#include <xgrad/xgrad.hpp>

BOOST_AUTO_TEST_SUITE(test_solve_ends)

namespace xg = xgrad;
namespace solve = xgrad::solve;
using solve::Ended;
using xg::Var;
using Numbers = std::vector<double>;

namespace {

double element(const Var& x, int i) { return xg::cast(xg::flatten(x), xg::DType::Float64).array<double>()(i); }

template <class E, class F>
bool refuses(F f, const std::string& part) {
  try {
    f();
  } catch (const E& error) {
    return std::string(error.what()).find(part) != std::string::npos;
  }
  return false;
}

/// The derivative of the i-th element of a solution with respect to the j-th parameter.
template <class F>
double slope(F solution, const Numbers& at, int i, int j) {
  return element(xg::jacobian(solution)(Var(at)), i * static_cast<int>(at.size()) + j);
}

}  // namespace

BOOST_AUTO_TEST_CASE(roots_that_are_far_are_not_found_because_steps_may_be_long) {
  for (const solve::RootMethod& method :
       {solve::RootMethod(solve::Newton{}), solve::RootMethod(solve::Chord{}), solve::RootMethod(solve::Broyden{})}) {
    const auto f = [](const Var& x) -> Var { return atan(x); };  // Newton's step from 3 leads away
    const auto found = solve::root(f, 3.0, method, {.step = 1e-3});
    BOOST_TEST(found.converged(), found);
    BOOST_TEST(found.value < 1e-3, found);
    const auto none = [](const Var& x) -> Var { return square(x) + 1.0; };
    BOOST_TEST(!solve::root(none, 3.0, method, {.step = 1e-3}).converged());
  }
}

BOOST_AUTO_TEST_CASE(intervals_may_be_as_long_as_numbers_go) {
  for (const solve::ScalarRootMethod& method :
       {solve::ScalarRootMethod(solve::Brent{}), solve::ScalarRootMethod(solve::Bisection{})}) {
    const auto f = [](const Var& x) -> Var { return atan(x - 3.0); };
    const auto found = solve::scalar_root(f, -1e308, 1.7e308, method, {.iterations = 5000});
    BOOST_TEST(found.converged(), found);
    BOOST_TEST(std::abs(found.solution - 3.0) < 1e-14, found.solution);
  }
}

BOOST_AUTO_TEST_CASE(intervals_end_where_there_is_no_number_between) {
  for (const solve::ScalarRootMethod& method :
       {solve::ScalarRootMethod(solve::Brent{}), solve::ScalarRootMethod(solve::Bisection{})}) {
    const auto f = [](const Var& x) -> Var { return x * x - 2.0; };
    const auto found = solve::scalar_root(f, 1.0, 2.0, method, {.step = 0.0});
    BOOST_TEST((found.ended == Ended::Interval), found);
    BOOST_TEST(found.upper == std::nextafter(found.lower, 2.0));
  }
}

BOOST_AUTO_TEST_CASE(steps_of_fixed_points_return_what_they_get) {
  const auto turned = [](const Var& x) -> Var { return reshape(cos(x), {3, 2}); };
  BOOST_TEST(refuses<xg::ShapeError>([&] { (void)solve::fixed_point(turned, xg::ones({2, 3})); }, "must be like it"));
}

BOOST_AUTO_TEST_CASE(what_falls_without_end_has_not_converged) {
  const auto plane = [](const Var& x) -> Var { return -sum(x); };
  const auto bowl = [](const Var& x) -> Var { return -sum(square(x)); };
  const std::vector<solve::Minimiser> methods{solve::LBFGS{},
                                              solve::BFGS{},
                                              solve::LBFGSB{},
                                              solve::NonlinearCG{},
                                              solve::GradientDescent{},
                                              solve::NelderMead{},
                                              solve::ProximalGradient{},
                                              solve::TrustRegion{},
                                              solve::TrustRegion{.subproblem = solve::Subproblem::Dogleg}};
  for (const solve::Minimiser& method : methods) {
    const solve::MinimiseOptions options{.iterations = 2000, .evaluations = 3000};
    for (const auto& found : {solve::minimise(plane, Var(Numbers{1, 2}), method, options),
                              solve::minimise(bowl, Var(Numbers{1, 2}), method, options)}) {
      BOOST_TEST(!found.converged(), method.index() << ": " << found);
      BOOST_TEST(std::isfinite(found.value), method.index() << ": " << found);
      BOOST_TEST(std::isfinite(element(found.parameters, 1)), method.index());
    }
  }
}

BOOST_AUTO_TEST_CASE(simplices_of_tiny_starts_grow) {
  const auto f = [](const Var& x) -> Var { return sum(square(x - 1.0)); };
  const auto found = solve::minimise(f, Var(Numbers{1e-10, 1e-10}), solve::NelderMead{});
  BOOST_TEST(found.converged(), found);
  BOOST_TEST(found.value < 1e-12, found);
}

BOOST_AUTO_TEST_CASE(hessians_that_overflow_end_the_search) {
  const auto f = [](const Var& x) -> Var { return sum(sqrt(x)); };  // whose curvature has no bound near 0
  const auto found = solve::minimise(f, Var(Numbers{0.5, 2.0}), solve::TrustRegion{});
  BOOST_TEST(!found.converged(), found);
  BOOST_TEST(std::isfinite(found.value), found);
}

BOOST_AUTO_TEST_CASE(proximal_gradients_come_back_from_where_the_objective_is_not) {
  // Not finite below -1e-3, where the extrapolation leads.
  const auto f = [](const Var& x) -> Var { return sum(x - 0.01 * log(x + 1e-3)); };
  const auto found =
      solve::minimise(f, Var(Numbers{4, 9}), solve::ProximalGradient{.term = solve::Interval{.lower = 0.0}});
  BOOST_TEST(found.converged(), found);
  for (int i : {0, 1}) BOOST_TEST(std::abs(element(found.parameters, i) - 0.009) < 1e-8, found);
  // The gradient is known at the start, and told.
  const auto g = [](const Var& x) -> Var { return sum(square(x)); };
  const solve::MinimiseOptions none{.iterations = 0};
  BOOST_TEST(solve::minimise(g, Var(Numbers{1, 2}), solve::ProximalGradient{}, none).gradient == 4.0);
}

BOOST_AUTO_TEST_CASE(projections_of_large_numbers_are_in_the_set) {
  const Var x(Numbers{3e17, -1e17, 3e17, 2.0});
  const Numbers half{0.5, 0.0, 0.5, 0.0};
  const Var on_simplex = solve::project(x, solve::Simplex{});
  const Var in_ball = solve::project(x, solve::L1Ball{});
  for (int i = 0; i < 4; ++i) {
    BOOST_TEST(element(on_simplex, i) == half[static_cast<std::size_t>(i)]);
    BOOST_TEST(element(in_ball, i) == half[static_cast<std::size_t>(i)]);
  }
}

BOOST_AUTO_TEST_CASE(columns_that_are_dependent_but_for_rounding) {
  const Var x(Numbers{0, 1, 2, 3, 4});
  const Var y(Numbers{1.1, 2.9, 5.2, 7.1, 8.8});
  const auto line = [&](const Var& p) -> Var { return (view(p, 0) + view(p, 1)) * x + view(p, 2) - y; };
  for (const solve::LeastSquaresMethod& method :
       {solve::LeastSquaresMethod(solve::LevenbergMarquardt{}), solve::LeastSquaresMethod(solve::GaussNewton{}),
        solve::LeastSquaresMethod(solve::Dogleg{})}) {
    const auto fit = solve::least_squares(line, Var(Numbers{0.3, 0.1, 0.0}), method);
    BOOST_TEST(fit.converged(), fit);
    BOOST_TEST(std::abs(fit.sum - 0.092) < 1e-10, fit);
    BOOST_TEST(std::isnan(element(fit.deviations, 0)));
    BOOST_TEST(std::isnan(element(fit.deviations, 1)));
    BOOST_TEST(std::abs(element(fit.deviations, 2) - std::sqrt(0.092 / 2.0 * 0.6)) < 1e-10, fit);
    BOOST_TEST(std::isnan(element(fit.covariance, 1)));
    BOOST_TEST(std::isnan(element(fit.covariance, 2)));
  }
  // Lengths do not matter.
  const auto scaled = [&](const Var& p) -> Var { return 1e9 * view(p, 0) * x + 1e-9 * view(p, 1) - y; };
  const auto fit = solve::least_squares(scaled, Var(Numbers{1e-9, 1e9}));
  BOOST_TEST(std::abs(element(fit.deviations, 0) / (std::sqrt(0.092 / 3.0 * 0.1) * 1e-9) - 1.0) < 1e-8, fit);
  BOOST_TEST(std::abs(element(fit.deviations, 1) / (std::sqrt(0.092 / 3.0 * 0.6) * 1e9) - 1.0) < 1e-8, fit);
}

BOOST_AUTO_TEST_CASE(losses_below_0_are_refused) {
  const auto f = [](const Var& x) -> Var { return x - Var(Numbers{1, 2}); };
  const solve::LeastSquaresOptions options{.loss = [](const Var& r) -> Var { return 0.5 * square(r) - 100.0; }};
  BOOST_TEST(refuses<xg::ValueError>(
      [&] {
        (void)solve::least_squares(f, Var(Numbers{0, 0}), {}, options);
      },
      "below 0"));
  const solve::LBFGS never{.search = solve::StrongWolfe{.trials = 0}};
  const auto g = [](const Var& x) -> Var { return sum(square(x)); };
  BOOST_TEST(refuses<xg::ValueError>([&] { (void)solve::minimise(g, 1.0, never); }, "trials"));
}

BOOST_AUTO_TEST_CASE(bounds_have_the_element_types_of_parameters) {
  const auto f = [](const Var& x) -> Var { return concatenate(std::vector<Var>{x - 3.0, x}); };
  const auto fit = solve::least_squares(f, Var(std::vector<float>{0.3F, 0.1F}), {}, {.upper = 0.3});
  BOOST_TEST(fit.converged(), fit);
  for (int i : {0, 1}) BOOST_TEST(element(fit.parameters, i) == static_cast<double>(0.3F));
}

BOOST_AUTO_TEST_CASE(what_a_bound_holds_does_not_move_with_parameters) {
  const auto objective = [](const Var& z, const Var& a) -> Var {
    return sum(square(z - a)) + 0.5 * view(z, 0) * view(z, 1);
  };
  const auto fixed = solve::minimiser_of(objective, solve::LBFGSB{}, {.upper = 2.0});
  const auto z = [&](const Var& a) -> Var { return fixed(Var(Numbers{0, 0}), a); };
  // z0 = 2 is held, and z1 = a1 - z0 / 4.
  BOOST_TEST(std::abs(element(z(Var(Numbers{4, 1})), 1) - 0.5) < 1e-8);
  BOOST_TEST(std::abs(slope(z, {4, 1}, 0, 0)) < 1e-12);
  BOOST_TEST(std::abs(slope(z, {4, 1}, 1, 0)) < 1e-12);
  BOOST_TEST(std::abs(slope(z, {4, 1}, 1, 1) - 1.0) < 1e-8);
  // Free: 2 (z - a) + (z1, z0) / 2 = 0.
  BOOST_TEST(std::abs(slope(z, {1, 1}, 0, 0) - 16.0 / 15.0) < 1e-8);
  BOOST_TEST(std::abs(slope(z, {1, 1}, 1, 0) + 4.0 / 15.0) < 1e-8);
  // In reverse, of second order, in batches, compiled.
  const auto total = [&](const Var& a) -> Var { return sum(square(z(a))); };  // 4 + (a1 - 1/2)^2
  const auto gradient = xg::grad(total);
  BOOST_TEST(std::abs(element(gradient(Var(Numbers{4, 1})), 1) - 1.0) < 1e-8);
  const auto curvature = xg::grad([&](const Var& a) -> Var { return view(gradient(a), 1); });
  BOOST_TEST(std::abs(element(curvature(Var(Numbers{4, 1})), 1) - 2.0) < 1e-8);
  BOOST_TEST(std::abs(element(curvature(Var(Numbers{4, 1})), 0)) < 1e-12);
  const Var batch = xg::stack(std::vector<Var>{Var(Numbers{4, 1}), Var(Numbers{1, 1})});
  const auto each = xg::compile(xg::vmap(gradient));
  for (int row : {0, 1}) {
    for (int i : {0, 1}) {
      const double alone = element(gradient(view(batch, row)), i);
      BOOST_TEST(std::abs(element(each(batch), 2 * row + i) - alone) < 1e-7);
    }
  }
  // The same of a set, and of least squares.
  const auto in_set = solve::minimiser_of(objective, solve::ProximalGradient{.term = solve::Interval{.upper = 2.0}});
  const auto w = [&](const Var& a) -> Var { return in_set(Var(Numbers{0, 0}), a); };
  BOOST_TEST(std::abs(slope(w, {4, 1}, 0, 0)) < 1e-12);
  BOOST_TEST(std::abs(slope(w, {4, 1}, 1, 1) - 1.0) < 1e-6);
  const auto residuals = [](const Var& u, const Var& a) -> Var {
    return concatenate(std::vector<Var>{u - a, 0.5 * u});
  };
  const auto fitted = solve::least_squares_of(residuals, {}, {.upper = Var(Numbers{2, 9})});
  const auto u = [&](const Var& a) -> Var { return fitted(Var(Numbers{0, 0}), a); };
  BOOST_TEST(std::abs(slope(u, {3, 1}, 0, 0)) < 1e-12);
  BOOST_TEST(std::abs(slope(u, {3, 1}, 1, 1) - 0.8) < 1e-8);
  // A bound that depends on parameters is refused.
  const auto moving = [&](const Var& a) -> Var {
    return sum(solve::minimiser_of(objective, solve::LBFGSB{}, {.upper = a})(Var(Numbers{0, 0}), a));
  };
  BOOST_TEST(refuses<xg::TapeError>([&] { (void)xg::grad(moving)(Var(Numbers{4, 1})); }, "a bound is recorded"));
}

BOOST_AUTO_TEST_CASE(there_are_no_derivatives_of_what_is_no_solution) {
  // The derivative of this one does not depend on the solution, and was computed without it.
  const auto objective = [](const Var& z, const Var& a) -> Var { return sum(square(z - a)); };
  const auto in_ball = solve::minimiser_of(objective, solve::ProximalGradient{.term = solve::Ball{.radius = 1.0}});
  const auto z = [&](const Var& a) -> Var { return in_ball(Var(Numbers{0, 0}), a); };
  BOOST_TEST(refuses<xg::ValueError>([&] { static_cast<void>(slope(z, {3, 1}, 0, 0)); }, "derivatives are those of"));
  BOOST_TEST(std::abs(slope(z, {0.3, 0.1}, 0, 0) - 1.0) < 1e-8);
  const auto total = [&](const Var& a) -> Var { return sum(z(a)); };
  BOOST_TEST(refuses<xg::ValueError>(
      [&] {
        static_cast<void>(element(xg::grad(total)(Var(Numbers{3, 1})), 0));
      },
      "derivatives are those of"));
}

BOOST_AUTO_TEST_SUITE_END()
