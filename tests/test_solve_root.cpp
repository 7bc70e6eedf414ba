// root, scalar_root, fixed_point, and solutions with derivatives, against closed formulas; what they refuse.
#include "comparing.hpp"

#include <cmath>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/solve.hpp>
#include <xgrad/xgrad.hpp>

BOOST_AUTO_TEST_SUITE(test_solve_root)

namespace xg = xgrad;
namespace solve = xgrad::solve;
using solve::Ended;
using xg::Var;
using Numbers = std::vector<double>;
using comparing::throws;

namespace {

/// Powell 1970: roots at (1.098e-5, 9.106), badly scaled.
Var powell(const Var& x) {
  const Var a = view(x, 0), b = view(x, 1);
  return xg::stack({1e4 * a * b - 1.0, exp(-a) + exp(-b) - 1.0001});
}
/// Broyden 1965, tridiagonal.
Var tridiagonal(const Var& x) {
  const Var zero(Numbers{0.0});
  const Var before = xg::concatenate({zero, view(x, xt::range(0, 9))});
  const Var after = xg::concatenate({view(x, xt::range(1, 10)), zero});
  return (3.0 - 2.0 * x) * x - before - 2.0 * after + 1.0;
}
double largest_of(const Var& x) { return amax(abs(x)).item<double>(); }

struct Pair {
  Var a, b;
  XGRAD_MEMBER_FIELDS(Pair, a, b)
};

}  // namespace

BOOST_AUTO_TEST_CASE(systems_are_solved_to_rounding) {
  for (const solve::RootMethod& method :
       {solve::RootMethod(solve::Newton{}), solve::RootMethod(solve::Chord{}), solve::RootMethod(solve::Broyden{})}) {
    const auto band = solve::root(tridiagonal, Var(Numbers(10, -1.0)), method);
    BOOST_TEST(band.converged(), band);
    BOOST_TEST(largest_of(tridiagonal(band.solution)) < 1e-14);
  }
  const auto scaled = solve::root(powell, Var(Numbers{0.0, 1.0}));
  BOOST_TEST(scaled.converged(), scaled);
  BOOST_TEST(std::abs(view(scaled.solution, 1).item<double>() - 9.106146739867) < 1e-11);
}

BOOST_AUTO_TEST_CASE(jacobians_are_used_again) {
  const Var start(Numbers(10, -1.0));
  const auto newton = solve::root(tridiagonal, start, solve::Newton{});
  const auto chord = solve::root(tridiagonal, start, solve::Chord{});
  const auto broyden = solve::root(tridiagonal, start, solve::Broyden{});
  BOOST_TEST(chord.gradients < newton.gradients);
  BOOST_TEST(broyden.gradients < newton.gradients);
}

BOOST_AUTO_TEST_CASE(trees_floats_and_numbers_are_solved_for) {
  const auto circle = [](const Pair& z) { return Pair{z.a * z.a + z.b * z.b - 4.0, z.a - z.b}; };
  const auto found = solve::root(circle, Pair{Var(1.0), Var(2.0)});
  BOOST_TEST(std::abs(found.solution.a.item<double>() - std::sqrt(2.0)) < 1e-15);
  const auto number = solve::root([](const Var& x) -> Var { return cos(x) - x; }, 1.0);
  BOOST_TEST(std::abs(number.solution.item<double>() - 0.7390851332151607) < 1e-15);
  const auto single = solve::root([](const Var& x) -> Var { return x * x - 2.0; }, xt::xarray<float>{1.0F, 3.0F});
  BOOST_TEST(single.converged(), single);
  BOOST_TEST((single.solution.dtype() == xg::DType::Float32));
  BOOST_TEST(std::abs(single.solution.array<float>()(1) - 1.4142135F) < 1e-6F);
}

BOOST_AUTO_TEST_CASE(no_root_is_said) {
  const auto none = solve::root([](const Var& x) -> Var { return x * x + 1.0; }, 1.0);
  BOOST_TEST((none.ended == Ended::Diverged), none);
  const auto flat = solve::root([](const Var& x) -> Var { return x * 0.0 + 1.0; }, 1.0);
  BOOST_TEST((flat.ended == Ended::Diverged), flat);
}

BOOST_AUTO_TEST_CASE(scalar_roots_are_bracketed) {
  struct Case {
    Var (*f)(const Var&);
    double lower, upper, root;
  };
  const std::vector<Case> cases{
      {[](const Var& x) -> Var { return x * x * x - 2.0 * x - 5.0; }, 2, 3, 2.0945514815423265},
      {[](const Var& x) -> Var { return cos(x) - x; }, 0, 4, 0.7390851332151607},
      {[](const Var& x) -> Var { return exp(x) - 1e6; }, -100, 100, 13.815510557964274},
      {[](const Var& x) -> Var { return pow(x - 1.0, 9.0); }, 0, 1.7, 1.0},
      {[](const Var& x) -> Var { return log(x); }, 0, 5, 1.0},
  };
  for (const Case& each : cases) {
    for (const solve::ScalarRootMethod& method :
         {solve::ScalarRootMethod(solve::Brent{}), solve::ScalarRootMethod(solve::Bisection{})}) {
      const auto found = solve::scalar_root(each.f, each.lower, each.upper, method);
      BOOST_TEST(found.converged(), found);
      BOOST_TEST(std::abs(found.solution - each.root) <= 4e-15 * each.root, found.solution << " is not " << each.root);
      BOOST_TEST((found.lower <= found.solution && found.solution <= found.upper));
    }
  }
  const auto f = cases[0].f;
  const auto brent = solve::scalar_root(f, 2, 3);
  const auto bisection = solve::scalar_root(f, 2, 3, solve::Bisection{});
  BOOST_TEST(brent.evaluations < 15U);
  BOOST_TEST(bisection.evaluations > 40U);
}

BOOST_AUTO_TEST_CASE(fixed_points_are_found) {
  const auto step = [](const Var& x) -> Var { return cos(x); };
  const Var start(Numbers{0.1, 2.0, -3.0});
  const auto picard = solve::fixed_point(step, start, solve::Picard{});
  const auto anderson = solve::fixed_point(step, start, solve::Anderson{});
  for (const auto& found : {picard, anderson}) {
    BOOST_TEST(found.converged(), found);
    BOOST_TEST(largest_of(found.solution - 0.7390851332151607) < 2e-15);
  }
  BOOST_TEST(anderson.evaluations < picard.evaluations / 2);
  const auto away = solve::fixed_point([](const Var& x) -> Var { return 1e3 * x * x; }, 2.0, solve::Picard{});
  BOOST_TEST((away.ended == Ended::Diverged), away);
}

BOOST_AUTO_TEST_CASE(observers_end_it) {
  std::size_t calls = 0;
  const auto observer = [&](const solve::Progress& now) { return ++calls, now.iteration < 2; };
  const auto found = solve::root(tridiagonal, Var(Numbers(10, -1.0)), solve::Newton{}, {.observer = observer});
  BOOST_TEST((found.ended == Ended::Stopped));
  BOOST_TEST(found.iterations == 2U);
  BOOST_TEST(calls == 3U);
}

BOOST_AUTO_TEST_CASE(solutions_have_derivatives) {
  const auto cubic = [](const Var& z, const Var& a) -> Var { return z * z * z + a * z - 1.0; };
  const auto z_of = solve::root_of(cubic, solve::Newton{}, {}, {.linear_solver = xg::LinearSolve::Dense});
  const Var start(Numbers{1.0, 1.0});
  const Var a(Numbers{1.0, 2.0});
  const Var z = z_of(start, a);
  const Var slope = xg::grad<1>([&](const Var& s, const Var& p) -> Var { return sum(z_of(s, p)); })(start, a);
  BOOST_TEST(largest_of(slope + z / (3.0 * z * z + a)) < 1e-12);
  const auto compiled = xg::compile([&](const Var& p) { return z_of(start, p); });
  BOOST_TEST(largest_of(compiled(a) - z) == 0.0);
  const Var batch = xg::vmap([&](const Var& p) {
    return z_of(Var(Numbers{1.0, 1.0}), p);
  })(Var(xt::xarray<double>{{1.0, 2.0}, {3.0, 4.0}}));
  BOOST_TEST(largest_of(view(batch, 0) - z) < 1e-14);

  const auto cosine = solve::fixed_point_of([](const Var& x, const Var& c) -> Var { return c * cos(x); });
  const Var c(0.5);
  const double x = cosine(Var(0.3), c).item<double>();
  const double dx = xg::grad<1>(cosine)(Var(0.3), c).item<double>();
  BOOST_TEST(std::abs(dx - std::cos(x) / (1.0 + 0.5 * std::sin(x))) < 1e-10);
}

BOOST_AUTO_TEST_CASE(minimisers_have_derivatives) {
  const Var x(Numbers{1.0, 2.0, 3.0});
  const auto ridge = [&](const Var& w, const Var& penalty) -> Var {
    return sum(square(w * x - 2.0)) + penalty * w * w;
  };
  const auto w_of = solve::minimiser_of(ridge);
  // w = 12 / (14 + penalty)
  const Var penalty(1.0);
  BOOST_TEST(std::abs(w_of(Var(0.0), penalty).item<double>() - 0.8) < 1e-12);
  BOOST_TEST(std::abs(xg::grad<1>(w_of)(Var(0.0), penalty).item<double>() + 12.0 / 225.0) < 1e-9);
  const auto line = solve::least_squares_of([&](const Var& w, const Var& y) -> Var { return w * x - y; });
  const Var y(Numbers{1.0, 1.0, 2.0});
  const Var gradient = xg::grad<1>(line)(Var(0.0), y);
  BOOST_TEST(largest_of(gradient - x / 14.0) < 1e-10);
}

BOOST_AUTO_TEST_CASE(bad_input_is_refused) {
  using xg::ShapeError, xg::TypeError, xg::ValueError;
  const auto f = [](const Var& x) -> Var { return x - 1.0; };
  const auto nan = std::nan("");
  BOOST_TEST(throws<ValueError>([&] { (void)solve::root(f, nan); }, {"must be finite"}));
  BOOST_TEST(throws<TypeError>([&] { (void)solve::root(f, Var(std::vector<int>{1})); }, {"solve::root"}));
  BOOST_TEST(throws<ShapeError>([&] { (void)solve::root(f, Var(Numbers{})); }, {"no numbers"}));
  BOOST_TEST(throws<ShapeError>(
      [&] {
        (void)solve::root([](const Var& x) -> Var { return sum(x); }, Var(Numbers{1, 2}));
      },
      {"as many as it takes"}));
  BOOST_TEST(throws<ValueError>([&] { (void)solve::root([](const Var& x) -> Var { return log(x); }, -1.0); },
                                {"not finite at the start"}));
  BOOST_TEST(throws<ValueError>([&] { (void)solve::root(f, 1.0, {}, {.step = -1.0}); }, {"step is -1"}));
  BOOST_TEST(throws<ValueError>([&] { (void)solve::scalar_root(f, 2.0, 3.0); }, {"signs must differ"}));
  BOOST_TEST(throws<ValueError>([&] { (void)solve::scalar_root(f, 3.0, 2.0); }, {"the lower one below"}));
  BOOST_TEST(throws<ValueError>([&] { (void)solve::scalar_root([](const Var& x) -> Var { return log(x); }, -1, 2); },
                                {"NaN at -1"}));
  BOOST_TEST(throws<ValueError>([&] { (void)solve::fixed_point(f, 1.0, solve::Anderson{.memory = 0}); }, {"memory"}));
  BOOST_TEST(throws<ValueError>([&] { (void)solve::fixed_point(f, 1.0, solve::Anderson{.mixing = 2}); }, {"mixing"}));
  const auto none = solve::root_of([](const Var& z, const Var& a) -> Var { return z * z + a; });
  BOOST_TEST(throws<xg::HostError>([&] { (void)none(Var(1.0), Var(1.0)).item<double>(); }, {"has not converged"}));
}

BOOST_AUTO_TEST_SUITE_END()
