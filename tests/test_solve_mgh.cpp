// The problems of Moré, Garbow and Hillstrom from their standard starts: which method finds a minimum, and in how many
// evaluations.
#include <algorithm>
#include <array>
#include <cmath>
#include <iomanip>
#include <sstream>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/solve.hpp>
#include <xgrad/xgrad.hpp>

#include "solve/mgh.hpp"

BOOST_AUTO_TEST_SUITE(test_solve_mgh)

namespace xg = xgrad;
using xg::Var;

namespace {

/// Whether a sum of squares is one of the minima to 1e-8 of it; of minima that are 0, to 1e-14.
bool is_minimum(double sum, const mgh::Numbers& minima) {
  return std::ranges::any_of(
      minima, [&](double least) { return std::abs(sum - least) <= (least == 0.0 ? 1e-14 : 1e-8 * least); });
}

struct Outcome {
  double sum;
  xg::solve::Report report;
};

Outcome squares(const mgh::Problem& problem, const xg::solve::LeastSquaresMethod& method) {
  const auto fit = xg::solve::least_squares(problem.residuals, Var(problem.start), method, {.covariance = false});
  return {fit.sum, fit};
}
Outcome least(const mgh::Problem& problem, const xg::solve::Minimiser& method) {
  const auto objective = [&](const Var& x) -> Var { return sum(square(problem.residuals(x))); };
  const auto found = xg::solve::minimise(objective, Var(problem.start), method);
  return {found.value, found};
}

/// Evaluations if it was found, else where the search ended.
std::string cell(const Outcome& outcome, bool found) {
  std::ostringstream text;
  if (found) text << outcome.report.evaluations;
  else text << '-' << std::setprecision(3) << outcome.sum;
  return text.str();
}

struct Method {
  std::string name;
  std::size_t least_solved;
  std::function<Outcome(const mgh::Problem&)> run;
};

}  // namespace

BOOST_AUTO_TEST_CASE(minima_are_found) {
  using namespace xg::solve;
  const std::vector<Method> methods{
      {"LM", 34, [](const mgh::Problem& p) { return squares(p, LevenbergMarquardt{}); }},
      {"dogleg", 34, [](const mgh::Problem& p) { return squares(p, xg::solve::Dogleg{}); }},
      {"LM free", 33, [](const mgh::Problem& p) { return squares(p, MatrixFreeLM{}); }},
      {"GN", 27, [](const mgh::Problem& p) { return squares(p, GaussNewton{}); }},
      {"region", 33, [](const mgh::Problem& p) { return least(p, TrustRegion{}); }},
      {"Steihaug", 32, [](const mgh::Problem& p) { return least(p, TrustRegion{.subproblem = Subproblem::Steihaug}); }},
      {"dogleg N", 33, [](const mgh::Problem& p) { return least(p, TrustRegion{.subproblem = Subproblem::Dogleg}); }},
      {"NewtonCG", 32, [](const mgh::Problem& p) { return least(p, NewtonCG{}); }},
      {"BFGS", 33, [](const mgh::Problem& p) { return least(p, BFGS{}); }},
      {"LBFGS", 33, [](const mgh::Problem& p) { return least(p, LBFGS{}); }},
      {"LBFGS HZ", 33, [](const mgh::Problem& p) { return least(p, LBFGS{.search = HagerZhang{}}); }},
      {"LBFGSB", 32, [](const mgh::Problem& p) { return least(p, LBFGSB{}); }},
  };
  std::ostringstream table;
  table << std::left << std::setw(28) << "problem";
  for (const Method& method : methods) table << std::right << std::setw(10) << method.name;
  table << "   (evaluations; - not found)\n";
  std::vector<std::size_t> solved(methods.size(), 0);
  for (const mgh::Problem& problem : mgh::all_problems()) {
    table << std::right << std::setw(2) << problem.number << ' ' << std::left << std::setw(25) << problem.name;
    bool by_any = false;
    for (std::size_t k = 0; k < methods.size(); ++k) {
      const Outcome outcome = methods[k].run(problem);
      const bool found = is_minimum(outcome.sum, problem.minima);
      solved[k] += found ? 1 : 0;
      by_any = by_any || found;
      table << std::right << std::setw(10) << cell(outcome, found);
    }
    table << '\n';
    BOOST_TEST(by_any, problem.name << " is found by none");
  }
  table << std::left << std::setw(28) << "found of 35";
  for (const std::size_t count : solved) table << std::right << std::setw(10) << count;
  BOOST_TEST_MESSAGE(table.str());
  for (std::size_t k = 0; k < methods.size(); ++k) {
    BOOST_TEST(solved[k] >= methods[k].least_solved, methods[k].name << " finds " << solved[k]);
  }
}

BOOST_AUTO_TEST_CASE(starts_may_be_further_away) {
  using namespace xg::solve;
  // How many are found at least, of starts 10 and 100 times as far away.
  struct Far {
    Method method;
    std::size_t least_at_100;
  };
  const std::vector<Far> methods{
      {{"LM", 24, [](const mgh::Problem& p) { return squares(p, LevenbergMarquardt{}); }}, 22},
      {{"region", 28, [](const mgh::Problem& p) { return least(p, TrustRegion{}); }}, 24},
      {{"NewtonCG", 24, [](const mgh::Problem& p) { return least(p, NewtonCG{}); }}, 18},
      {{"LBFGS", 27, [](const mgh::Problem& p) { return least(p, LBFGS{}); }}, 23},
  };
  for (const double factor : {10.0, 100.0}) {
    std::ostringstream table;
    table << "starts times " << std::left << std::setw(15) << factor;
    for (const Far& far : methods) table << std::right << std::setw(12) << far.method.name;
    table << "   (evaluations; - not found)\n";
    std::vector<std::size_t> solved(methods.size(), 0);
    std::size_t runs = 0;
    for (mgh::Problem problem : mgh::all_problems()) {
      if (std::ranges::all_of(problem.start, [](double x) { return x == 0.0; })) continue;
      for (double& x : problem.start) x *= factor;
      const Var at_start = problem.residuals(Var(problem.start));
      if (!std::isfinite(sum(square(at_start)).item<double>())) continue;  // of exponentials
      ++runs;
      table << std::right << std::setw(2) << problem.number << ' ' << std::left << std::setw(25) << problem.name;
      for (std::size_t k = 0; k < methods.size(); ++k) {
        const Outcome outcome = methods[k].method.run(problem);
        const bool found = is_minimum(outcome.sum, problem.minima);
        solved[k] += found ? 1 : 0;
        table << std::right << std::setw(12) << cell(outcome, found);
      }
      table << '\n';
    }
    table << "found of " << std::left << std::setw(19) << runs;
    for (const std::size_t count : solved) table << std::right << std::setw(12) << count;
    BOOST_TEST_MESSAGE(table.str());
    for (std::size_t k = 0; k < methods.size(); ++k) {
      const Far& far = methods[k];
      BOOST_TEST(
          solved[k] >= (factor == 10.0 ? far.method.least_solved : far.least_at_100),
          far.method.name << " finds " << solved[k] << " of " << runs << " from " << factor << " times the start");
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
