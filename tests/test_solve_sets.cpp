// Conditional gradients, mirror descent and ADMM beside proximal gradients, closed formulas and conditions of
// optimality; the sets that they share.
#include "comparing.hpp"

#include <cmath>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/solve.hpp>
#include <xgrad/xgrad.hpp>

BOOST_AUTO_TEST_SUITE(test_solve_sets)

namespace xg = xgrad;
namespace solve = xgrad::solve;
using solve::Ended;
using xg::Var;
using Numbers = std::vector<double>;
using comparing::throws;

namespace {

double apart(const Var& x, const Var& y) { return amax(abs(x - y)).item<double>(); }
const Var curvature_of_sets(xt::xarray<double>{{4, 1, 0}, {1, 3, -1}, {0, -1, 2}});
const Var pull(Numbers{1, -2, 0.3});
Var bowl_over_sets(const Var& x) { return 0.5 * sum(x * matmul(curvature_of_sets, x)) - sum(pull * x); }
const Var inside(Numbers{0.3, 0.3, 0.4});

}  // namespace

BOOST_AUTO_TEST_CASE(boxes_and_hyperplanes) {
  const Var x(Numbers{0.5, 1.2, -0.3});
  const solve::Interval box{Var(Numbers{0.6, -1, 0}), Var(Numbers{1, 1, 2})};
  BOOST_TEST(apart(solve::project(x, box), Var(Numbers{0.6, 1, 0})) == 0.0);
  BOOST_TEST(apart(solve::project(x, solve::Interval{.upper = 0.0}), Var(Numbers{0, 0, -0.3})) == 0.0);
  const Var on_plane = solve::project(x, solve::Hyperplane{Var(Numbers{1, 2, 0}), -1.0});
  BOOST_TEST(apart(on_plane, Var(Numbers{0.5 - 3.9 / 5, 1.2 - 7.8 / 5, -0.3})) < 1e-15);
  BOOST_TEST(throws<xg::ValueError>(
      [&] {
        (void)solve::project(x, solve::Hyperplane{0.0, 1.0});
      },
      {"normal of a hyperplane is 0"}));
  BOOST_TEST(throws<xg::ShapeError>(
      [&] {
        (void)solve::project(x, solve::Interval{Var(Numbers{1, 2})});
      },
      {"lower bounds"}));
}

BOOST_AUTO_TEST_CASE(corners_lead_to_the_minimum) {
  for (const solve::Term& set :
       {solve::Term(solve::Simplex{}), solve::Term(solve::Simplex{2.0}), solve::Term(solve::Ball{0.5}),
        solve::Term(solve::L1Ball{0.4}), solve::Term(solve::Interval{-0.4, 0.2}),
        solve::Term(solve::Interval{-2.0, 2.0}), solve::Term(solve::Ball{5.0}), solve::Term(solve::L1Ball{9.0})}) {
    const auto found = solve::minimise(bowl_over_sets, inside, solve::FrankWolfe{set, 1e-10});
    BOOST_TEST((found.ended == Ended::Gap), set.index() << ": " << found);
    const auto beside = solve::minimise(bowl_over_sets, inside, solve::ProximalGradient{set});
    BOOST_TEST(found.value - beside.value <= 1.1e-10, set.index() << ": " << found << " / " << beside);
    BOOST_TEST(apart(found.parameters, solve::project(found.parameters, set)) < 1e-14);
  }
  // Objectives that are not quadratic, and their default gap.
  const auto logs = [](const Var& x) -> Var { return -sum(log(x + 0.01) * Var(Numbers{1, 2, 3})); };
  const auto shares = solve::minimise(logs, inside, solve::FrankWolfe{});
  BOOST_TEST(shares.converged(), shares);
  BOOST_TEST(apart(shares.parameters, Var(Numbers{1.03 / 6 - 0.01, 2.06 / 6 - 0.01, 3.09 / 6 - 0.01})) < 1e-5, shares);
}

BOOST_AUTO_TEST_CASE(mirrors_lead_to_the_minimum) {
  const auto entropic = solve::minimise(bowl_over_sets, inside, solve::MirrorDescent{.gap = 1e-10});
  const auto beside = solve::minimise(bowl_over_sets, inside, solve::ProximalGradient{solve::Simplex{}});
  BOOST_TEST((entropic.ended == Ended::Gap), entropic);
  BOOST_TEST(entropic.value - beside.value <= 1.1e-10, entropic);
  BOOST_TEST(std::abs(sum(entropic.parameters).item<double>() - 1.0) < 1e-14);
  // Half the square gives gradient descent; x log x keeps x above 0.
  const solve::MirrorMap plain{[](const Var& x) -> Var { return 0.5 * sum(square(x)); },
                               [](const Var& y) { return y; }};
  const auto free = solve::minimise(bowl_over_sets, inside, solve::MirrorDescent{plain}, {.gradient = 1e-9});
  BOOST_TEST(free.converged(), free);
  BOOST_TEST(apart(matmul(curvature_of_sets, free.parameters), pull) < 1e-8, free);
  const solve::MirrorMap logarithms{[](const Var& x) -> Var { return sum(x * log(x) - x); },
                                    [](const Var& y) -> Var { return exp(y); }};
  const auto poisson = [](const Var& x) -> Var { return sum(x - Var(Numbers{3, 0.2, 40}) * log(x)); };
  const auto rates = solve::minimise(poisson, inside, solve::MirrorDescent{logarithms}, {.gradient = 1e-9});
  BOOST_TEST(apart(rates.parameters, Var(Numbers{3, 0.2, 40})) < 1e-5, rates);
}

BOOST_AUTO_TEST_CASE(admm_does_not_converge_where_there_is_no_minimum) {
  const auto same = [](const Var& x, const Var& z) -> Var { return x - z; };
  const auto check = [&](const auto& f) {
    const auto found = solve::admm(f, solve::L1{0.1}, same, inside, inside);
    BOOST_TEST((found.ended == Ended::Diverged), found);
  };
  check([](const Var& x) -> Var { return -sum(x); });
  check([](const Var& x) -> Var { return -sum(square(square(x))); });
}

BOOST_AUTO_TEST_CASE(elements_grow_from_the_smallest_numbers) {
  const auto away = [](const Var& x) -> Var { return 1.0 + sum(square(x - Var(Numbers{0.5, 0.3, 0.2}))); };
  const auto found = solve::minimise(away, Var(Numbers{1e-300, 1, 1e-310}), solve::MirrorDescent{});
  BOOST_TEST(apart(found.parameters, Var(Numbers{0.5, 0.3, 0.2})) < 1e-5, found);
}

BOOST_AUTO_TEST_CASE(admm_splits_a_sum) {
  const auto same = [](const Var& x, const Var& z) -> Var { return x - z; };
  const Var zero(Numbers{0, 0, 0});
  for (const solve::Term& term : {solve::Term(solve::L1{0.3}), solve::Term(solve::Simplex{}),
                                  solve::Term(solve::Ball{0.3}), solve::Term(solve::Hyperplane{1.0, 2.0})}) {
    const auto found = solve::admm(bowl_over_sets, term, same, zero, zero, {.residual = 1e-10});
    const auto beside = solve::minimise(bowl_over_sets, inside, solve::ProximalGradient{term});
    BOOST_TEST((found.ended == Ended::Residual), term.index() << ": " << found);
    BOOST_TEST(apart(found.z, beside.parameters) < 1e-7, term.index() << ": " << found << " / " << beside);
    // The multipliers are minus the slope of the first part.
    BOOST_TEST(apart(found.multipliers, pull - matmul(curvature_of_sets, found.x)) < 1e-6, term.index());
  }
}

BOOST_AUTO_TEST_CASE(admm_couples_by_matrices) {
  // The least sum of |A x - b|, of one column of ones: the median; with two parts that are functions: their mean.
  const Var b(Numbers{3, -1, 7, 2, 10});
  const auto residuals = [&](const Var& x, const Var& z) -> Var { return x * ones_like(b) - b - z; };
  const auto nothing = [](const Var& x) -> Var { return 0.0 * sum(x); };
  const auto median = solve::admm(nothing, solve::L1{1.0}, residuals, 0.0, zeros_like(b));
  BOOST_TEST((median.ended == Ended::Residual), median);
  BOOST_TEST(std::abs(median.x.item<double>() - 3.0) < 1e-6, median);
  const auto halves = [](const Var& z) -> Var { return 0.5 * sum(square(z)); };
  const auto mean = solve::admm(nothing, halves, residuals, 0.0, zeros_like(b), {.inner = solve::TrustRegion{}});
  BOOST_TEST(std::abs(mean.x.item<double>() - 4.2) < 1e-6, mean);
  // Two sets, and the point of one that is nearest to the other.
  const auto meet = solve::admm(
      solve::Ball{1.0}, solve::Hyperplane{Var(Numbers{1, 1}), 1.0},
      [](const Var& x, const Var& z) -> Var { return 2.0 * x - 2.0 * z; }, Var(Numbers{5, 0}), Var(Numbers{0, 0}));
  BOOST_TEST(apart(meet.x, meet.z) < 1e-6, meet);
  BOOST_TEST(norm(meet.z).item<double>() < 1.0 + 1e-6);
}

BOOST_AUTO_TEST_CASE(admm_finds_consensus) {
  // Each of three parties knows its own term; all agree on z.
  using Parties = std::vector<Var>;
  const auto costs = [](const Parties& x) -> Var { return square(x[0] - 1.0) + 2.0 * square(x[1] - 4.0) + exp(-x[2]); };
  const auto agree = [](const Parties& x, const Var& z) { return Parties{x[0] - z, x[1] - z, x[2] - z}; };
  const Parties start{Var(0.0), Var(0.0), Var(0.0)};
  const auto found = solve::admm(costs, solve::Interval{0.0, 10.0}, agree, start, 0.0, {.residual = 1e-9});
  const double z = found.z.item<double>();
  BOOST_TEST(std::abs(2.0 * (z - 1.0) + 4.0 * (z - 4.0) - std::exp(-z)) < 1e-6, found);
  BOOST_TEST(std::abs((found.multipliers[0] + found.multipliers[1] + found.multipliers[2]).item<double>()) < 1e-6);
}

BOOST_AUTO_TEST_CASE(bad_input_is_refused) {
  using xg::ShapeError, xg::ValueError;
  const auto run = [&](const solve::Minimiser& method, const Var& start = inside) {
    (void)solve::minimise(bowl_over_sets, start, method);
  };
  BOOST_TEST(throws<ValueError>([&] { run(solve::FrankWolfe{solve::HalfSpace{}}); }, {"needs a set with corners"}));
  BOOST_TEST(
      throws<ValueError>([&] { run(solve::FrankWolfe{solve::Interval{.lower = 0.0}}); }, {"Interval with bounds"}));
  BOOST_TEST(throws<ValueError>([&] { run(solve::FrankWolfe{solve::Simplex{}, -1.0}); }, {"duality gap is -1"}));
  BOOST_TEST(throws<ValueError>([&] { run(solve::MirrorDescent{}, Var(Numbers{0, 0.5, 0.5})); }, {"must be above 0"}));
  BOOST_TEST(throws<ValueError>([&] { run(solve::MirrorDescent{solve::Entropy{0.0}}); }, {"sum of an entropy is 0"}));
  BOOST_TEST(throws<ValueError>([&] { run(solve::MirrorDescent{solve::MirrorMap{}}); }, {"MirrorMap has a potential"}));
  BOOST_TEST(throws<ValueError>([&] { run(solve::MirrorDescent{.step = 0.0}); }, {"step is 0"}));
  const auto same = [](const Var& x, const Var& z) -> Var { return x - z; };
  const auto split = [&](const auto& coupling, const solve::Term& term, const solve::AdmmOptions& options = {}) {
    (void)solve::admm(bowl_over_sets, term, coupling, inside, inside, options);
  };
  const solve::Term l1 = solve::L1{};
  BOOST_TEST(throws<ValueError>([&] { split([](const Var& x, const Var& z) -> Var { return x * x - z; }, l1); },
                                {"not affine"}));
  BOOST_TEST(throws<ValueError>(
      [&] { split([](const Var& x, const Var& z) -> Var { return x - matmul(curvature_of_sets, z); }, l1); },
      {"matrix of z"}));
  BOOST_TEST(throws<ValueError>([&] { split(same, l1, {.penalty = 0.0}); }, {"penalty is 0"}));
  BOOST_TEST(throws<ValueError>([&] { split(same, l1, {.relaxation = 2.0}); }, {"relaxation is 2"}));
  BOOST_TEST(throws<ValueError>([&] { split(same, solve::Simplex{0.0}); }, {"sum of a simplex"}));
}

BOOST_AUTO_TEST_SUITE_END()
