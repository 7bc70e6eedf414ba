// Projections, and proximal gradients beside closed formulas and conditions of optimality.
#include "comparing.hpp"

#include <cmath>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/solve.hpp>
#include <xgrad/xgrad.hpp>

BOOST_AUTO_TEST_SUITE(test_solve_proximal)

namespace xg = xgrad;
namespace solve = xgrad::solve;
using xg::Var;
using Numbers = std::vector<double>;
using comparing::throws;

namespace {

double distance(const Var& x, const Numbers& to) { return amax(abs(x - Var(to))).item<double>(); }
const Var point(Numbers{0.5, 1.2, -0.3, 0.1});
const Var matrix(xt::xarray<double>{{4, 1, 0}, {1, 3, -1}, {0, -1, 2}});
const Var right(Numbers{1, -2, 0.3});
Var quadratic(const Var& x) { return 0.5 * sum(x * matmul(matrix, x)) - sum(right * x); }

}  // namespace

BOOST_AUTO_TEST_CASE(projections_are_the_nearest_points) {
  BOOST_TEST(distance(solve::project(point, solve::Interval{0.0, 1.0}), {0.5, 1, 0, 0.1}) == 0.0);
  BOOST_TEST(distance(solve::project(point, solve::Simplex{}), {0.15, 0.85, 0, 0}) < 1e-15);
  BOOST_TEST(distance(solve::project(Var(Numbers{0.2, 0.8}), solve::Simplex{}), {0.2, 0.8}) < 1e-16);
  const double length = std::sqrt(0.25 + 1.44 + 0.09 + 0.01);
  BOOST_TEST(distance(solve::project(point, solve::Ball{0.5}),
                      {0.25 / length, 0.6 / length, -0.15 / length, 0.05 / length}) < 1e-15);
  BOOST_TEST(distance(solve::project(point, solve::Ball{5.0}), {0.5, 1.2, -0.3, 0.1}) == 0.0);
  BOOST_TEST(distance(solve::project(point, solve::L1Ball{1.1}), {0.2, 0.9, -0.0, 0}) < 1e-15);
  BOOST_TEST(distance(solve::project(point, solve::HalfSpace{Var(Numbers{1, 1, 0, 0}), 0.7}), {0, 0.7, -0.3, 0.1}) <
             1e-15);
  BOOST_TEST(distance(solve::project(point, solve::L1{0.25}), {0.25, 0.95, -0.05, 0}) < 1e-15);
  const auto both = solve::project(std::vector<Var>{Var(3.0), Var(Numbers{4.0})}, solve::Ball{1.0});
  BOOST_TEST(std::abs(both[0].item<double>() - 0.6) < 1e-15);
}

BOOST_AUTO_TEST_CASE(the_negative_gradient_is_normal_to_the_set) {
  // x is the least over a convex set if, and only if, it is the projection of x - gradient.
  const Var start(Numbers{0.3, 0.3, 0.4});
  for (const solve::Term& term : {solve::Term(solve::Simplex{}), solve::Term(solve::Ball{0.5}),
                                  solve::Term(solve::L1Ball{0.4}), solve::Term(solve::HalfSpace{1.0, -0.8}),
                                  solve::Term(solve::Interval{-0.4, 0.2}), solve::Term(solve::L1{0.3})}) {
    for (const bool accelerated : {true, false}) {
      const auto found = solve::minimise(quadratic, start, solve::ProximalGradient{term, accelerated});
      BOOST_TEST(found.converged(), term.index() << ": " << found);
      const Var slope = xg::grad(quadratic)(found.parameters);
      const Var again = solve::project(found.parameters - slope, term);
      BOOST_TEST(amax(abs(again - found.parameters)).item<double>() < 1e-10, term.index() << ": " << found);
    }
  }
  const auto free = solve::minimise(quadratic, start, solve::ProximalGradient{});
  BOOST_TEST(amax(abs(matmul(matrix, free.parameters) - right)).item<double>() < 1e-11, free);
}

BOOST_AUTO_TEST_CASE(acceleration_saves_steps) {
  const auto steep = [](const Var& x) -> Var {
    return sum(Var(Numbers{1, 10, 1000}) * square(x - 1.0)) + 0.5 * square(sum(x));
  };
  const Var start(Numbers{0, 0, 0});
  const auto fast = solve::minimise(steep, start, solve::ProximalGradient{solve::L1{0.1}});
  const auto slow = solve::minimise(steep, start, solve::ProximalGradient{solve::L1{0.1}, false});
  BOOST_TEST(fast.converged(), fast);
  BOOST_TEST(2 * fast.iterations < slow.iterations, fast << " / " << slow);
}

BOOST_AUTO_TEST_CASE(bad_input_is_refused) {
  using xg::ShapeError, xg::ValueError;
  const auto run = [&](const solve::Term& term) { (void)solve::project(point, term); };
  BOOST_TEST(throws<ValueError>([&] { run(solve::Interval{1.0, 0.0}); }, {"lower end"}));
  BOOST_TEST(throws<ValueError>([&] { run(solve::Simplex{0.0}); }, {"sum of a simplex is 0"}));
  BOOST_TEST(throws<ValueError>([&] { run(solve::Ball{-1.0}); }, {"radius of a ball is -1"}));
  BOOST_TEST(throws<ValueError>([&] { run(solve::L1Ball{std::nan("")}); }, {"radius of a ball is nan"}));
  BOOST_TEST(throws<ValueError>([&] { run(solve::L1{-1.0}); }, {"weight of the l1 norm"}));
  BOOST_TEST(throws<ValueError>([&] { run(solve::HalfSpace{0.0, 1.0}); }, {"normal of a half-space"}));
  BOOST_TEST(throws<ShapeError>([&] { run(solve::HalfSpace{Var(Numbers{1, 2}), 1.0}); }, {"half-space's"}));
  BOOST_TEST(throws<ValueError>([&] { (void)solve::minimise(quadratic, right, solve::ProximalGradient{.step = 0.0}); },
                                {"step is 0"}));
}

BOOST_AUTO_TEST_SUITE_END()
