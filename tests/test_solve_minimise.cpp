// minimise: methods that tests/test_solve_mgh.cpp does not go through, bounds, element types; how it ends; what it
// refuses.
#include "comparing.hpp"

#include <algorithm>
#include <cmath>
#include <csignal>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/solve.hpp>
#include <xgrad/xgrad.hpp>

BOOST_AUTO_TEST_SUITE(test_solve_minimise)

namespace xg = xgrad;
namespace solve = xgrad::solve;
using solve::Conjugate;
using solve::Ended;
using xg::Var;
using Numbers = std::vector<double>;
using comparing::throws;

namespace {

Var rosenbrock(const Var& x) {
  const Var a = view(x, 0);
  return 100.0 * square(view(x, 1) - a * a) + square(1.0 - a);
}
/// A bowl whose curvatures are 1 to 100.
Var bowl(const Var& x) { return 0.5 * sum(Var(Numbers{1, 4, 20, 100}) * square(x - Var(Numbers{1, -2, 3, 0.5}))); }
double at(const Var& x, std::size_t i) { return x.array<double>()(i); }
double distance(const Var& x, const Numbers& to) { return amax(abs(x - Var(to))).item<double>(); }
const Var hard_start(Numbers{-1.2, 1.0});

}  // namespace

BOOST_AUTO_TEST_CASE(conjugate_gradients_of_each_rule) {
  for (const Conjugate rule : {Conjugate::FletcherReeves, Conjugate::PolakRibiere, Conjugate::HestenesStiefel,
                               Conjugate::DaiYuan, Conjugate::HagerZhang}) {
    const auto found = solve::minimise(rosenbrock, hard_start, solve::NonlinearCG{.rule = rule});
    BOOST_TEST(found.converged(), found);
    BOOST_TEST(distance(found.parameters, {1, 1}) < 1e-8, found);
    const auto quadratic = solve::minimise(bowl, Var(Numbers(4, 0.0)), solve::NonlinearCG{.rule = rule});
    BOOST_TEST(distance(quadratic.parameters, {1, -2, 3, 0.5}) < 1e-10, quadratic);
  }
}

BOOST_AUTO_TEST_CASE(searches_combine_with_descents) {
  const std::vector<solve::Minimiser> methods{
      solve::GradientDescent{},
      solve::GradientDescent{.search = solve::Armijo{}},
      solve::GradientDescent{.search = solve::HagerZhang{}},
      solve::NonlinearCG{.search = solve::HagerZhang{}},
      solve::BFGS{.search = solve::HagerZhang{}},
      solve::LBFGS{.search = solve::HagerZhang{}},
      solve::NewtonCG{.search = solve::HagerZhang{}},
      solve::BFGS{.search = solve::Armijo{}},
      solve::LBFGS{.search = solve::Armijo{}},
      solve::NewtonCG{.search = solve::Armijo{}},
      solve::LBFGS{.memory = 1},
      solve::BFGS{.search = solve::StrongWolfe{.curvature = 0.1}},
  };
  for (const solve::Minimiser& method : methods) {
    const auto found = solve::minimise(bowl, Var(Numbers(4, 0.0)), method);
    BOOST_TEST(found.converged(), method.index() << ": " << found);
    BOOST_TEST(distance(found.parameters, {1, -2, 3, 0.5}) < 1e-9, method.index() << ": " << found);
  }
}

BOOST_AUTO_TEST_CASE(secants_search_where_values_have_no_digits_left) {
  for (const Conjugate rule : {Conjugate::FletcherReeves, Conjugate::PolakRibiere, Conjugate::HestenesStiefel,
                               Conjugate::DaiYuan, Conjugate::HagerZhang}) {
    const auto found =
        solve::minimise(rosenbrock, hard_start, solve::NonlinearCG{.rule = rule, .search = solve::HagerZhang{}});
    BOOST_TEST(found.converged(), found);
    BOOST_TEST(distance(found.parameters, {1, 1}) < 1e-7, found);
  }
  // 1e6 hides values below 1e-10: to a gradient of 1e-8 only slopes lead.
  const auto hidden = [](const Var& x) -> Var { return 1e6 + rosenbrock(x); };
  const auto by_slopes = solve::minimise(hidden, hard_start, solve::LBFGS{.search = solve::HagerZhang{}},
                                         {.gradient = 1e-8, .reduction = 0.0});
  BOOST_TEST(distance(by_slopes.parameters, {1, 1}) < 1e-7, by_slopes);
  // Steps over the place where there are no values get shorter.
  const auto logs = [](const Var& x) -> Var { return sum(x - log(x)); };
  const auto edge = solve::minimise(logs, Var(Numbers{20.0, 0.01}), solve::BFGS{.search = solve::HagerZhang{}});
  BOOST_TEST(distance(edge.parameters, {1, 1}) < 1e-6, edge);
}

BOOST_AUTO_TEST_CASE(evolution_finds_minima_without_derivatives) {
  const auto found = solve::minimise(rosenbrock, hard_start, solve::CMAES{});
  BOOST_TEST(found.converged(), found);
  BOOST_TEST(found.gradients == 0U);
  BOOST_TEST(distance(found.parameters, {1, 1}) < 1e-6, found);
  const auto again = solve::minimise(rosenbrock, hard_start, solve::CMAES{});
  BOOST_TEST(again.value == found.value);
  BOOST_TEST(distance(again.parameters, {at(found.parameters, 0), at(found.parameters, 1)}) == 0.0);
  const auto other = solve::minimise(rosenbrock, hard_start, solve::CMAES{.key = xg::random::Key(1)});
  BOOST_TEST(other.evaluations != found.evaluations);
  // An ellipsoid of 10 axes of 1 to 1000, turned: the covariance has to be learnt.
  const Var axes = pow(10.0, xg::linspace(0.0, 3.0, 10));
  const Var turned = xg::random::orthogonal(xg::random::Key(3), 10);
  const auto ellipsoid = [&](const Var& x) -> Var { return sum(square(axes * matmul(turned, x - 1.0))); };
  const auto narrow = solve::minimise(ellipsoid, Var(Numbers(10, 0.0)), solve::CMAES{});
  BOOST_TEST(distance(narrow.parameters, Numbers(10, 1.0)) < 1e-6, narrow);
  BOOST_TEST(narrow.evaluations < 8000U, narrow);
  // Rastrigin's function has a minimum near each point of a lattice: large generations find the least.
  const auto rastrigin = [](const Var& x) -> Var { return sum(square(x) + 10.0 - 10.0 * cos(6.283185307179586 * x)); };
  double least = 1e300;
  for (const int key : {0, 1, 2}) {
    const solve::CMAES method{.size = 2.0, .population = 300, .key = xg::random::Key(key)};
    least = std::min(least, solve::minimise(rastrigin, Var(Numbers(5, 2.2)), method).value);
  }
  BOOST_TEST(least < 1e-10);
  const auto one = solve::minimise([](const Var& x) -> Var { return abs(x - 3.0); }, 0.0, solve::CMAES{});
  BOOST_TEST(std::abs(one.parameters.item<double>() - 3.0) < 1e-6, one);
  // log of less than 0 counts as the worst.
  const auto edge =
      solve::minimise([](const Var& x) -> Var { return sum(x - log(x)); }, Var(Numbers{0.1, 0.1}), solve::CMAES{});
  BOOST_TEST(distance(edge.parameters, {1, 1}) < 1e-6, edge);
}

BOOST_AUTO_TEST_CASE(random_signs_lead_downhill) {
  const Var start(Numbers(50, 0.0));
  const auto far = [](const Var& x) -> Var { return sum(square(x - 1.0)); };
  const auto found = solve::minimise(far, start, solve::SPSA{}, {.iterations = 3000});
  BOOST_TEST(found.value < 1e-3, found);
  BOOST_TEST(found.evaluations < 6020U);
  BOOST_TEST(found.gradients == 0U);
  const auto again = solve::minimise(far, start, solve::SPSA{}, {.iterations = 3000});
  BOOST_TEST(again.value == found.value);
  const auto other = solve::minimise(far, start, solve::SPSA{.key = xg::random::Key(1)}, {.iterations = 3000});
  BOOST_TEST(other.value != found.value);
  const auto short_one = solve::minimise(far, start, solve::SPSA{}, {.step = 1e-2});
  BOOST_TEST((short_one.ended == Ended::Step), short_one);
}

BOOST_AUTO_TEST_CASE(interrupts_end_with_the_best_so_far) {
  using Handler = void (*)(int);
  const Handler mine = [](int) {};
  const Handler before = std::signal(SIGINT, mine);
  const auto press = [](const solve::Progress& now) {
    if (now.iteration == 3) std::raise(SIGINT);
    return true;
  };
  const std::vector<solve::Minimiser> methods{solve::LBFGS{},      solve::TrustRegion{},
                                              solve::NelderMead{}, solve::ProximalGradient{},
                                              solve::CMAES{},      solve::SPSA{}};
  for (const solve::Minimiser& method : methods) {
    const solve::StopAtInterrupt guard;
    const auto found = solve::minimise(rosenbrock, hard_start, method, {.observer = press});
    BOOST_TEST((found.ended == Ended::Interrupted), found);
    BOOST_TEST(found.iterations == 3U);
    BOOST_TEST(solve::StopAtInterrupt::interrupted());
    const auto later = solve::minimise(rosenbrock, hard_start, method);
    BOOST_TEST((later.ended == Ended::Interrupted), later);
  }
  {
    const solve::StopAtInterrupt guard;
    const solve::StopAtInterrupt inner;
    const auto residuals = [](const Var& x) -> Var { return x * x * x - 2.0; };
    for (const solve::LeastSquaresMethod& method :
         {solve::LeastSquaresMethod(solve::LevenbergMarquardt{}), solve::LeastSquaresMethod(solve::MatrixFreeLM{})}) {
      const auto fit = solve::least_squares(residuals, Var(Numbers{50.0}), method, {.observer = press});
      BOOST_TEST((fit.ended == Ended::Interrupted), fit);
    }
    BOOST_TEST((solve::root(residuals, 50.0).ended == Ended::Interrupted));
    BOOST_TEST((solve::scalar_root(residuals, 0.0, 50.0).ended == Ended::Interrupted));
    BOOST_TEST((solve::fixed_point([](const Var& x) -> Var { return cos(x); }, 0.5).ended == Ended::Interrupted));
  }
  BOOST_TEST(!solve::StopAtInterrupt::interrupted());
  BOOST_TEST((std::signal(SIGINT, SIG_IGN) == mine));  // the handler from before
  {
    const solve::StopAtInterrupt guard;  // of a program that ignores it
    std::raise(SIGINT);
    BOOST_TEST(!solve::StopAtInterrupt::interrupted());
  }
  BOOST_TEST((std::signal(SIGINT, before) == SIG_IGN));
}

BOOST_AUTO_TEST_CASE(simplices_need_no_derivatives) {
  const auto found = solve::minimise(rosenbrock, hard_start, solve::NelderMead{});
  BOOST_TEST(found.converged(), found);
  BOOST_TEST(found.gradients == 0U);
  BOOST_TEST(distance(found.parameters, {1, 1}) < 1e-7, found);
  const auto kink = [](const Var& x) -> Var { return abs(view(x, 0) - 1.0) + 2.0 * abs(view(x, 1) + 0.5); };
  const auto corner = solve::minimise(kink, Var(Numbers{0.3, 0.4}), solve::NelderMead{});
  BOOST_TEST(distance(corner.parameters, {1, -0.5}) < 1e-6, corner);
  const auto one = solve::minimise([](const Var& x) -> Var { return square(x - 3.0); }, 0.0, solve::NelderMead{});
  BOOST_TEST(std::abs(one.parameters.item<double>() - 3.0) < 1e-7, one);
}

BOOST_AUTO_TEST_CASE(bounds_hold) {
  const auto upper = solve::minimise(rosenbrock, hard_start, solve::LBFGSB{}, {.upper = Var(Numbers{0.8, 5.0})});
  BOOST_TEST(upper.converged(), upper);
  BOOST_TEST(distance(upper.parameters, {0.8, 0.64}) < 1e-9, upper);
  BOOST_TEST(upper.parameters.array<double>()(0) == 0.8);
  // The least of the bowl in a box: each variable by itself.
  const auto boxed = solve::minimise(bowl, Var(Numbers(4, 0.5)), solve::LBFGSB{}, {.lower = 0.0, .upper = 2.0});
  BOOST_TEST(distance(boxed.parameters, {1, 0, 2, 0.5}) < 1e-10, boxed);
  BOOST_TEST(boxed.parameters.array<double>()(1) == 0.0);
  BOOST_TEST(boxed.gradient < 1e-10);  // of the variables that are not held
  const auto logs = [](const Var& x) -> Var { return sum(x - log(x)) + sum(sqrt(x - 0.25)); };  // not finite outside
  const auto edge = solve::minimise(logs, Var(Numbers{3.0, 0.5}), solve::LBFGSB{}, {.lower = 0.3});
  BOOST_TEST(edge.converged(), edge);
}

BOOST_AUTO_TEST_CASE(saddle_points_are_left) {
  const auto saddle = [](const Var& x) -> Var {
    const Var a = view(x, 0), b = view(x, 1);
    return square(a) + 0.25 * square(square(b)) - 0.5 * square(b);
  };
  for (const auto kind : {solve::Subproblem::Exact, solve::Subproblem::Steihaug, solve::Subproblem::Dogleg}) {
    const auto found = solve::minimise(saddle, Var(Numbers{1.0, 1e-3}), solve::TrustRegion{.subproblem = kind});
    BOOST_TEST(std::abs(found.value + 0.25) < 1e-14, found);
  }
  // Where the gradient has no part downhill, only the eigenvector of negative curvature leads away.
  const auto hard = solve::minimise(saddle, Var(Numbers{1.0, 0.0}), solve::TrustRegion{});
  BOOST_TEST(std::abs(hard.value + 0.25) < 1e-14, hard);
}

BOOST_AUTO_TEST_CASE(float_parameters_and_places_without_values) {
  const auto f = [](const Var& x) -> Var { return sum(x - log(x)); };
  for (const solve::Minimiser& method : {solve::Minimiser(solve::LBFGS{}), solve::Minimiser(solve::TrustRegion{}),
                                         solve::Minimiser(solve::NewtonCG{})}) {
    const auto found = solve::minimise(f, xt::xarray<float>{20.0F, 0.01F}, method);
    BOOST_TEST(found.converged(), found);
    BOOST_TEST((found.parameters.dtype() == xg::DType::Float32));
    BOOST_TEST(std::abs(found.parameters.array<float>()(0) - 1.0F) < 1e-3F, found);
  }
}

BOOST_AUTO_TEST_CASE(it_says_how_it_ended) {
  const auto few = solve::minimise(rosenbrock, hard_start, {}, {.iterations = 3});
  BOOST_TEST((few.ended == Ended::Iterations));
  BOOST_TEST(few.iterations == 3U);
  const auto rough = solve::minimise(rosenbrock, hard_start, {}, {.gradient = 1.0});
  BOOST_TEST((rough.ended == Ended::Gradient));
  BOOST_TEST(rough.gradient <= 1.0);
  for (const solve::Minimiser& method : {solve::Minimiser(solve::LBFGS{}), solve::Minimiser(solve::TrustRegion{}),
                                         solve::Minimiser(solve::NelderMead{}), solve::Minimiser(solve::LBFGSB{})}) {
    double last = 1e300;
    const auto watch = [&](const solve::Progress& now) {
      last = now.value;
      return now.iteration < 4;
    };
    const auto stopped = solve::minimise(rosenbrock, hard_start, method, {.observer = watch});
    BOOST_TEST((stopped.ended == Ended::Stopped));
    BOOST_TEST(rosenbrock(stopped.parameters).item<double>() == last);
  }
  const auto unbounded = solve::minimise([](const Var& x) -> Var { return -exp(x); }, 1.0, {}, {.iterations = 50});
  BOOST_TEST(!(unbounded.value >= -1e10));
}

BOOST_AUTO_TEST_CASE(bad_input_is_refused) {
  using xg::ShapeError, xg::TypeError, xg::ValueError;
  const auto run = [&](const solve::Minimiser& method, const solve::MinimiseOptions& options = {}) {
    (void)solve::minimise(rosenbrock, hard_start, method, options);
  };
  BOOST_TEST(throws<ValueError>([&] { run(solve::LBFGS{}, {.lower = -5.0}); }, {"knows no bounds"}));
  BOOST_TEST(throws<ValueError>([&] { run(solve::LBFGSB{}, {.lower = 0.0}); }, {"starts at -1.2"}));
  BOOST_TEST(throws<ValueError>([&] { run(solve::LBFGS{.memory = 0}); }, {"memory is 0"}));
  BOOST_TEST(throws<ValueError>([&] { run(solve::TrustRegion{.radius = -1}); }, {"radius is -1"}));
  BOOST_TEST(throws<ValueError>([&] { run(solve::NelderMead{.size = 0}); }, {"size is 0"}));
  BOOST_TEST(throws<ValueError>([&] { run(solve::BFGS{.search = solve::Armijo{.shrink = 1.0}}); }, {"shrinks by"}));
  BOOST_TEST(throws<ValueError>([&] { run(solve::BFGS{.search = solve::HagerZhang{.decrease = 0.5}}); },
                                {"decrease of a search"}));
  BOOST_TEST(
      throws<ValueError>([&] { run(solve::BFGS{.search = solve::HagerZhang{.decrease = 0.2, .curvature = 0.1}}); },
                         {"below its decrease"}));
  BOOST_TEST(throws<ValueError>([&] { run(solve::BFGS{.search = solve::HagerZhang{.rounding = -1.0}}); },
                                {"rounding of a search"}));
  BOOST_TEST(throws<ValueError>([&] { run(solve::CMAES{.size = 0.0}); }, {"size is 0"}));
  BOOST_TEST(throws<ValueError>([&] { run(solve::CMAES{.population = 3}); }, {"population is 3"}));
  BOOST_TEST(throws<ValueError>([&] { run(solve::CMAES{}, {.upper = 5.0}); }, {"knows no bounds"}));
  BOOST_TEST(throws<ValueError>([&] { run(solve::SPSA{.difference = 0.0}); }, {"difference is 0"}));
  BOOST_TEST(throws<ValueError>(
      [&] { (void)solve::minimise([](const Var& x) -> Var { return log(x); }, -1.0, solve::CMAES{}); },
      {"not finite at the start"}));
  BOOST_TEST(throws<ValueError>([&] { run(solve::BFGS{.search = solve::StrongWolfe{.curvature = 1e-9}}); },
                                {"curvature of a search"}));
  BOOST_TEST(throws<ValueError>([&] { run({}, {.reduction = -1.0}); }, {"reduction is -1"}));
  BOOST_TEST(throws<ShapeError>([&] { (void)solve::minimise([](const Var& x) -> Var { return x; }, hard_start); },
                                {"solve::minimise"}));
  BOOST_TEST(throws<ValueError>(
      [&] {
        (void)solve::minimise(rosenbrock, Var(Numbers{1, 1.0 / 0.0}));
      },
      {"element 1 of the parameter"}));
  BOOST_TEST(throws<ValueError>([&] { (void)solve::minimise([](const Var& x) -> Var { return log(x); }, -1.0); },
                                {"not finite at the start"}));
  BOOST_TEST(throws<TypeError>(
      [&] {
        (void)solve::minimise(rosenbrock, Var(std::vector<int>{1, 1}));
      },
      {"solve::minimise"}));
}

BOOST_AUTO_TEST_SUITE_END()
