// minimise under constraints: multipliers, trees, element types, derivatives of solutions; how it ends; what it
// refuses. Problems are in tests/test_solve_hock_schittkowski.cpp.
#include "comparing.hpp"

#include <cmath>
#include <limits>
#include <string>
#include <tuple>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/solve.hpp>
#include <xgrad/xgrad.hpp>

BOOST_AUTO_TEST_SUITE(test_solve_constrained)

namespace xg = xgrad;
namespace solve = xgrad::solve;
using solve::Ended;
using xg::Var;
using Numbers = std::vector<double>;
using comparing::throws;

namespace {

struct Basket {
  Var shares, cash;
};
XGRAD_FIELDS(Basket, shares, cash)

double distance_between(const Var& x, const Numbers& to) { return amax(abs(x - Var(to))).item<double>(); }
const std::vector<solve::ConstrainedMethod> both_methods{
    solve::InteriorPoint{}, solve::InteriorPoint{.barrier = solve::Barrier::Mehrotra}, solve::AugmentedLagrangian{}};
Var squares(const Var& x) { return sum(square(x)); }
Var total_of(const Var& x) { return sum(x); }

}  // namespace

BOOST_AUTO_TEST_CASE(multipliers_are_what_limits_cost) {
  // Of sum x^2 with 2 x0 + x1 = 1: x = (0.4, 0.2), and 2 x + m (2, 1) = 0.
  const auto line = [](const Var& x) -> Var { return 2.0 * view(x, 0) + view(x, 1); };
  for (const auto& method : both_methods) {
    const auto equal =
        solve::minimise(squares, Var(Numbers{3, -1}), solve::subject_to(solve::equal(line, 1.0)), method);
    BOOST_TEST(equal.converged(), equal);
    BOOST_TEST(distance_between(equal.parameters, {0.4, 0.2}) < 1e-7, equal);
    BOOST_TEST(std::abs(std::get<0>(equal.multipliers).item<double>() + 0.4) < 1e-6, equal);
    const auto above =
        solve::minimise(squares, Var(Numbers{3, -1}), solve::subject_to(solve::at_least(line, 1.0)), method);
    BOOST_TEST(distance_between(above.parameters, {0.4, 0.2}) < 1e-6, above);
    BOOST_TEST(std::abs(std::get<0>(above.multipliers).item<double>() + 0.4) < 1e-6, above);
    const auto below = solve::minimise(
        [](const Var& x) -> Var { return squares(x - 2.0); }, Var(Numbers{0, 0}),
        solve::subject_to(solve::at_most([](const Var& x) { return x; }, Var(Numbers{1.0, 5.0}))), method);
    BOOST_TEST(distance_between(below.parameters, {1, 2}) < 1e-6, below);
    BOOST_TEST(distance_between(std::get<0>(below.multipliers), {2, 0}) < 1e-6, below);
    BOOST_TEST(below.violation < 2e-8, below);
    BOOST_TEST(below.complementarity < 1e-7, below);
    const auto bounded = solve::minimise(
        [](const Var& x) -> Var {
          return squares(x - Var(Numbers{2, -3}));
        },
        Var(Numbers{0.5, 0.5}), solve::subject_to(), method, {.lower = 0.0, .upper = 1.0});
    BOOST_TEST(distance_between(bounded.parameters, {1, 0}) < 1e-6, bounded);
    BOOST_TEST(distance_between(bounded.upper_multipliers, {2, 0}) < 1e-5, bounded);
    BOOST_TEST(distance_between(bounded.lower_multipliers, {0, 6}) < 1e-5, bounded);
  }
}

BOOST_AUTO_TEST_CASE(trees_of_several_element_types) {
  const auto objective = [](const Basket& b) -> Var { return sum(square(b.shares)) + square(b.cash - 3.0); };
  const auto budget = [](const Basket& b) -> Var { return sum(b.shares) + b.cash; };
  const auto caps = [](const Basket& b) { return b; };  // a tree
  const Basket start{Var(xt::xarray<float>{1.0F, 2.0F}), Var(0.5)};
  for (const auto& method : both_methods) {
    const auto found = solve::minimise(objective, start,
                                       solve::subject_to(solve::equal(budget, 4.0), solve::at_most(caps, 2.5)), method);
    BOOST_TEST(found.converged(), found);
    BOOST_TEST((found.parameters.shares.dtype() == xg::DType::Float32));
    BOOST_TEST(std::abs(found.parameters.shares.array<float>()(1) - 0.75F) < 2e-3F, found);
    BOOST_TEST(std::abs(found.parameters.cash.item<double>() - 2.5) < 2e-3, found);
    const Basket& prices = std::get<1>(found.multipliers);
    BOOST_TEST((prices.shares.shape() == xg::Shape{2}));
    BOOST_TEST(std::abs(prices.cash.item<double>() - 2.5) < 1e-2, found);  // 2 (2.5 - 3) + budget's -1.5 + it = 0
  }
}

BOOST_AUTO_TEST_CASE(any_inner_method) {
  const auto circle = [](const Var& x) -> Var { return sum(square(x)); };
  const auto slope = [](const Var& x) -> Var { return view(x, 0) + 2.0 * view(x, 1); };
  for (const solve::Minimiser& inner : {solve::Minimiser(solve::TrustRegion{}), solve::Minimiser(solve::BFGS{}),
                                        solve::Minimiser(solve::NewtonCG{}), solve::Minimiser(solve::LBFGS{})}) {
    const auto found = solve::minimise(slope, Var(Numbers{1, 1}), solve::subject_to(solve::equal(circle, 5.0)),
                                       solve::AugmentedLagrangian{.inner = inner});
    BOOST_TEST(distance_between(found.parameters, {-1, -2}) < 1e-6, inner.index() << ": " << found);
  }
}

BOOST_AUTO_TEST_CASE(degenerate_problems) {
  const auto part = [](const Var& x, std::ptrdiff_t i) -> Var { return view(x, i); };
  const auto first = [](const Var& x) -> Var { return view(x, 0); };
  const double infinity = std::numeric_limits<double>::infinity();
  for (const auto& method : both_methods) {
    // Where searches that keep both linearised constraints and bounds end: A. Wächter and L. T. Biegler, 2000.
    const auto crash = [&](const Var& x) -> Var {
      return xg::stack({square(part(x, 0)) - part(x, 1) - 1.0, part(x, 0) - part(x, 2) - 0.5});
    };
    const auto found = solve::minimise(first, Var(Numbers{-2, 1, 1}), solve::subject_to(solve::equal(crash)), method,
                                       {.lower = Var(Numbers{-infinity, 0, 0})});
    BOOST_TEST(distance_between(found.parameters, {1, 0, 0.5}) < 1e-6, found);
    // The same equation three times.
    const auto thrice = [](const Var& x) -> Var { return xg::stack({sum(x), 2.0 * sum(x), sum(x)}); };
    const auto redundant = solve::minimise(squares, Var(Numbers{3, 1}),
                                           solve::subject_to(solve::equal(thrice, Var(Numbers{1, 2, 1}))), method);
    BOOST_TEST(redundant.converged(), redundant);
    BOOST_TEST(distance_between(redundant.parameters, {0.5, 0.5}) < 1e-6, redundant);
    // Inequalities without room between them.
    const auto both_sides = [](const Var& x) -> Var { return xg::stack({sum(x), -sum(x)}); };
    const auto squeezed = solve::minimise([](const Var& x) -> Var { return squares(x - 2.0); }, Var(Numbers{0.5, 0.1}),
                                          solve::subject_to(solve::at_most(both_sides, Var(Numbers{1, -1}))), method);
    BOOST_TEST(distance_between(squeezed.parameters, {0.5, 0.5}) < 1e-6, squeezed);
    // No curvature at all: a linear program.
    const auto rows = [&](const Var& x) -> Var { return xg::stack({sum(x), part(x, 0) - part(x, 1)}); };
    const auto linear =
        solve::minimise([&](const Var& x) -> Var { return -part(x, 0) - 2.0 * part(x, 1); }, Var(Numbers{0, 0}),
                        solve::subject_to(solve::at_most(rows, Var(Numbers{4, 1}))), method, {.lower = 0.0});
    BOOST_TEST(distance_between(linear.parameters, {0, 4}) < 1e-6, linear);
    // Not finite beyond the bound at which it starts.
    const auto entropy = [](const Var& x) -> Var { return sum(x * log(x)); };
    const auto even = solve::minimise(entropy, Var(Numbers{0.9, 0.05, 0.05}),
                                      solve::subject_to(solve::equal(total_of, 1.0)), method, {.lower = 0.0});
    BOOST_TEST(distance_between(even.parameters, {1.0 / 3, 1.0 / 3, 1.0 / 3}) < 1e-6, even);
    const auto endless =
        solve::minimise([&](const Var& x) -> Var { return -exp(first(x)); }, Var(Numbers{1, 1}),
                        solve::subject_to(solve::equal([&](const Var& x) { return part(x, 1); }, 1.0)), method);
    BOOST_TEST((endless.ended == Ended::Diverged), endless);
    BOOST_TEST(!endless.converged());
  }
}

BOOST_AUTO_TEST_CASE(contradictions_are_found_and_said) {
  const auto contradiction = solve::subject_to(solve::at_least(total_of, 2.0), solve::at_most(total_of, 1.0));
  const auto no_circle = solve::subject_to(solve::equal(squares, -1.0));
  for (const auto& method : both_methods) {
    const auto linear = solve::minimise(squares, Var(Numbers{0.3, 0.1}), contradiction, method);
    BOOST_TEST((linear.ended == Ended::Infeasible), linear);
    BOOST_TEST(!linear.converged());
    BOOST_TEST(linear.violation >= 0.49, linear);
    BOOST_TEST(linear.violation <= 1.01, linear);
    const auto curved = solve::minimise(total_of, Var(Numbers{0.3, 0.1}), no_circle, method);
    BOOST_TEST((curved.ended == Ended::Infeasible), curved);
    BOOST_TEST(std::abs(curved.violation - 1.0) < 1e-3, curved);
  }
}

BOOST_AUTO_TEST_CASE(it_says_how_it_ended_and_can_be_stopped) {
  const auto circle = solve::subject_to(solve::equal(squares, 1.0));
  for (const auto& method : both_methods) {
    std::size_t calls = 0;
    const auto stop = [&](const solve::Progress& now) {
      ++calls;
      return now.evaluations < 3;
    };
    const auto stopped = solve::minimise(total_of, Var(Numbers{3.0, 0.1}), circle, method, {.observer = stop});
    BOOST_TEST((stopped.ended == Ended::Stopped), stopped);
    BOOST_TEST(calls > 0U);
    const auto few = solve::minimise(total_of, Var(Numbers{3.0, 0.1}), circle, method, {.iterations = 2});
    BOOST_TEST((few.ended == Ended::Iterations), few);
  }
}

BOOST_AUTO_TEST_CASE(solutions_have_derivatives) {
  // Weights of the least risk: some at their bounds, some capped, one budget.
  const Var risk(xt::xarray<double>{{0.4, 0.1, 0.0}, {0.1, 0.9, 0.2}, {0.0, 0.2, 1.6}});
  const auto objective = [&](const Var& w, const Var& gain) -> Var {
    return 0.5 * sum(w * matmul(risk, w)) - sum(gain * w);
  };
  const auto budget = [](const Var& w, const Var&) -> Var { return sum(w); };
  const auto cap = [](const Var& w, const Var&) -> Var { return view(w, 0); };
  const auto weights =
      solve::minimiser_of(objective, solve::subject_to(solve::equal(budget, 1.0), solve::at_most(cap, 0.6)),
                          solve::InteriorPoint{}, {.gradient = 1e-11, .lower = 0.0});
  const Var start(Numbers{0.3, 0.3, 0.4});
  for (const Numbers& gain : {Numbers{0.1, 0.2, 0.3}, Numbers{0.5, 0.2, 0.1}, Numbers{0.1, 0.9, -0.8}}) {
    const auto along_first = [&](double by) {
      Numbers moved(gain);
      moved[1] += by;
      return weights(start, Var(moved));
    };
    const Var slopes = xg::jacobian<1>(weights)(start, Var(gain));
    const Var difference = (along_first(1e-5) - along_first(-1e-5)) / 2e-5;
    BOOST_TEST(amax(abs(view(slopes, xt::all(), 1) - difference)).item<double>() < 1e-4, gain[0]);
    // Weights go on adding up to 1.
    BOOST_TEST(amax(abs(sum(slopes, {0}))).item<double>() < 1e-6, gain[0]);
  }
}

BOOST_AUTO_TEST_CASE(solutions_run_in_compiled_functions_and_batches) {
  // The point of a disc that is nearest to p: p / |p| outside of it, p inside.
  const auto apart = [](const Var& z, const Var& p) -> Var { return sum(square(z - p)); };
  const auto disc = [](const Var& z, const Var&) -> Var { return sum(square(z)); };
  const auto nearest = solve::minimiser_of(apart, solve::subject_to(solve::at_most(disc, 1.0)), solve::InteriorPoint{},
                                           {.gradient = 1e-11});
  const Var start(Numbers{0.1, 0.1});
  const auto from_start = [&](const Var& p) -> Var { return nearest(start, p); };
  const Var far(Numbers{3, 4});
  BOOST_TEST(distance_between(xg::compile(from_start)(far), {0.6, 0.8}) < 1e-8);
  // (I - n n^T) / |p| of n = (0.6, 0.8).
  BOOST_TEST(distance_between(flatten(xg::jacobian(from_start)(far)), {0.128, -0.096, -0.096, 0.072}) < 1e-6);
  const Var slope = xg::compile(xg::grad([&](const Var& p) -> Var { return view(from_start(p), 0); }))(far);
  BOOST_TEST(distance_between(slope, {0.128, -0.096}) < 1e-6);
  const Var all(xt::xarray<double>{{3, 4}, {0.2, 0.3}});
  BOOST_TEST(distance_between(flatten(xg::vmap(from_start)(all)), {0.6, 0.8, 0.2, 0.3}) < 1e-6);
  BOOST_CHECK_THROW(
      (void)solve::minimiser_of(apart, solve::subject_to(solve::equal(disc, -1.0)))(start, far).array<double>(),
      xg::HostError);
}

BOOST_AUTO_TEST_CASE(bounds_are_far_from_0_or_near_to_each_other) {
  for (const auto& method : both_methods) {
    for (const double bound : {1e8, -1e8, 1e12}) {
      const Var start(Numbers{bound + std::abs(bound)});
      const auto low = solve::minimise(total_of, start, solve::subject_to(), method, {.lower = bound});
      BOOST_TEST(low.converged(), low);
      BOOST_TEST(low.parameters.item<double>() == bound, low);
      BOOST_TEST(std::abs(low.lower_multipliers.item<double>() - 1.0) < 1e-6, low);
      const auto high =
          solve::minimise(total_of, -start, solve::subject_to(), method, {.lower = -1e13, .upper = -bound});
      BOOST_TEST(high.parameters.item<double>() == -1e13, high);
      const auto negative = [](const Var& x) -> Var { return -sum(x); };
      const auto up = solve::minimise(negative, -start, solve::subject_to(), method, {.lower = -1e13, .upper = -bound});
      BOOST_TEST(up.converged(), up);
      BOOST_TEST(up.parameters.item<double>() == -bound, up);
      BOOST_TEST(std::abs(up.upper_multipliers.item<double>() - 1.0) < 1e-6, up);
    }
    // Multipliers are not large only because steps are small.
    const auto narrow =
        solve::minimise(squares, Var(Numbers{1.0}), solve::subject_to(), method, {.lower = 1.0, .upper = 1.0 + 1e-12});
    BOOST_TEST(narrow.converged(), narrow);
    BOOST_TEST(narrow.gradient < 1e-3, narrow);
    BOOST_TEST(narrow.complementarity < 1e-3, narrow);
  }
}

BOOST_AUTO_TEST_CASE(whoever_ends_a_search_is_named) {
  // Half of the steps lead to where there is no logarithm, and are halved.
  const auto logs = [](const Var& x) -> Var { return sum(x - 1e-3 * log(x)); };
  const auto limit = solve::subject_to(solve::at_most(total_of, 10.0));
  for (const auto& method : both_methods) {
    const auto whole = solve::minimise(logs, Var(Numbers{3, 2}), limit, method);
    BOOST_TEST(whole.converged(), whole);
    for (std::size_t most = 1; most < whole.evaluations; ++most) {
      const auto part = solve::minimise(logs, Var(Numbers{3, 2}), limit, method, {.evaluations = most});
      const bool is_there = part.converged() && distance_between(part.parameters, {1e-3, 1e-3}) < 1e-7;
      BOOST_TEST((part.ended == Ended::Evaluations || is_there), part);
    }
  }
  // While the violation alone is reduced, too.
  int told = 0;
  const auto stopped =
      solve::minimise(total_of, Var(Numbers{3, -1}), solve::subject_to(solve::at_most(squares, -1.0)),
                      solve::InteriorPoint{}, {.observer = [&](const solve::Progress&) { return ++told < 300; }});
  BOOST_TEST((stopped.ended == Ended::Stopped), stopped);
  BOOST_TEST(stopped.iterations < 400, stopped);
}

BOOST_AUTO_TEST_CASE(bad_input_is_refused) {
  using xg::ShapeError, xg::TypeError, xg::ValueError;
  const Var start(Numbers{0.5, 0.5});
  const auto one = solve::subject_to(solve::equal(total_of, 1.0));
  const auto run = [&](const auto& constraints, const solve::ConstrainedMethod& method = {},
                       const solve::ConstrainedOptions& options = {}) {
    (void)solve::minimise(squares, start, constraints, method, options);
  };
  BOOST_TEST(throws<ValueError>([&] { run(solve::subject_to()); }, {"neither constraints nor bounds"}));
  const auto none = solve::subject_to(
      solve::at_most([](const Var& x) { return x; }, Var(Numbers{1.0, std::numeric_limits<double>::infinity()})));
  BOOST_TEST(throws<ValueError>([&] { run(none); }, {"the limit of a constraint is not finite"}));
  BOOST_TEST(throws<ShapeError>(
      [&] { run(solve::subject_to(solve::equal([](const Var& x) -> Var { return view(x, xt::range(0, 0)); }))); },
      {"holds no numbers"}));
  BOOST_TEST(throws<ShapeError>(
      [&] {
        run(solve::subject_to(solve::equal(total_of, Var(Numbers{1, 2}))));
      },
      {"limit of a constraint has the shape"}));
  BOOST_TEST(throws<ValueError>([&] { run(one, {}, {.lower = 0.7}); }, {"starts at 0.5"}));
  BOOST_TEST(throws<ValueError>([&] { run(one, {}, {.lower = 0.5, .upper = 0.5}); }, {"lower bound must be below"}));
  BOOST_TEST(throws<ShapeError>([&] { run(one, {}, {.lower = Var(Numbers{0, 0, 0})}); }, {"lower bounds"}));
  BOOST_TEST(
      throws<ValueError>([&] { run(one, solve::InteriorPoint{.weight = 0.0}); }, {"weight of the barrier is 0"}));
  BOOST_TEST(throws<ValueError>([&] { run(one, solve::AugmentedLagrangian{.penalty = -1.0}); }, {"penalty is -1"}));
  BOOST_TEST(
      throws<ValueError>([&] { run(one, solve::AugmentedLagrangian{.growth = 1.0}); }, {"growth of the penalty"}));
  BOOST_TEST(throws<ValueError>([&] { run(one, solve::AugmentedLagrangian{.inner = solve::LBFGS{}}, {.lower = 0.0}); },
                                {"knows no bounds"}));
  BOOST_TEST(throws<ValueError>([&] { run(one, {}, {.violation = 0.0}); }, {"violation is 0"}));
  const double nan = std::numeric_limits<double>::quiet_NaN();
  BOOST_TEST(throws<ValueError>([&] { run(solve::subject_to(solve::equal(total_of, nan))); }, {"not finite"}));
  BOOST_TEST(throws<ValueError>(
      [&] { run(solve::subject_to(solve::equal([](const Var& x) -> Var { return log(x - 1.0); }))); }, {"not finite"}));
  BOOST_TEST(throws<ShapeError>([&] { (void)solve::minimise([](const Var& x) -> Var { return x; }, start, one); },
                                {"solve::minimise"}));
  BOOST_TEST(throws<TypeError>(
      [&] { run(solve::subject_to(solve::equal([](const Var& x) -> Var { return argmax(x); }))); }, {"constraints"}));
}

BOOST_AUTO_TEST_SUITE_END()
