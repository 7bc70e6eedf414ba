// The problems of Hock and Schittkowski: which method solves them to 1e-6 of the objective and of feasibility.
#include <algorithm>
#include <cmath>
#include <iomanip>
#include <sstream>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/solve.hpp>
#include <xgrad/xgrad.hpp>

#include "solve/hock_schittkowski.hpp"
#include "solve/hock_schittkowski_1.hpp"
#include "solve/hock_schittkowski_2.hpp"
#include "solve/hock_schittkowski_3.hpp"

BOOST_AUTO_TEST_SUITE(test_solve_hock_schittkowski)

namespace hs = hock_schittkowski;
namespace solve = xgrad::solve;
using xgrad::Var;

namespace {

struct HsMethod {
  std::string name;
  std::size_t least_solved;
  solve::ConstrainedMethod method;
};

/// Starts outside of bounds are put on them.
Var start_of(const hs::Problem& problem) {
  hs::Numbers x(problem.start);
  for (std::size_t i = 0; i < problem.lower.size(); ++i) x[i] = std::clamp(x[i], problem.lower[i], problem.upper[i]);
  return Var(x);
}

solve::ConstrainedReport solved(const hs::Problem& problem, const solve::ConstrainedMethod& method) {
  const auto objective = [&](const Var& x) -> Var { return problem.objective(hs::X(x)); };
  const auto above = [&](const Var& x) -> Var { return xgrad::stack(problem.at_least_0(hs::X(x))); };
  const auto zero = [&](const Var& x) -> Var { return xgrad::stack(problem.equal_0(hs::X(x))); };
  solve::ConstrainedOptions options;
  if (!problem.lower.empty()) options.lower = Var(problem.lower), options.upper = Var(problem.upper);
  const Var start = start_of(problem);
  if (problem.at_least_0 == nullptr) {
    return solve::minimise(objective, start, solve::subject_to(solve::equal(zero)), method, options);
  }
  if (problem.equal_0 == nullptr) {
    return solve::minimise(objective, start, solve::subject_to(solve::at_least(above)), method, options);
  }
  return solve::minimise(objective, start, solve::subject_to(solve::equal(zero), solve::at_least(above)), method,
                         options);
}

bool is_solved(const hs::Problem& problem, const solve::ConstrainedReport& report) {
  return std::abs(report.value - problem.minimum) <= 1e-6 * std::max(1.0, std::abs(problem.minimum)) &&
         report.violation <= 1e-6;
}

}  // namespace

BOOST_AUTO_TEST_CASE(minima_are_found) {
  const std::vector<HsMethod> methods{
      {"interior", 60, solve::InteriorPoint{}},
      {"Mehrotra", 60, solve::InteriorPoint{.barrier = solve::Barrier::Mehrotra}},
      {"augmented", 56, solve::AugmentedLagrangian{}},
  };
  std::ostringstream table;
  table << "problem";
  for (const HsMethod& method : methods) table << std::setw(20) << method.name;
  table << "   (iterations and evaluations; - not found)\n";
  std::vector<std::size_t> found(methods.size(), 0);
  std::size_t count = 0;
  for (const hs::Problem& problem : hs::all_problems()) {
    ++count;
    table << std::setw(7) << problem.number;
    for (std::size_t k = 0; k < methods.size(); ++k) {
      const solve::ConstrainedReport report = solved(problem, methods[k].method);
      std::ostringstream cell;
      if (is_solved(problem, report)) {
        ++found[k];
        cell << report.iterations << ' ' << report.evaluations << (report.converged() ? "" : " !");
      } else {
        cell << "- " << std::setprecision(8) << report.value << ' ' << std::setprecision(2) << report.violation << ' '
             << static_cast<int>(report.ended);
      }
      table << std::setw(20) << cell.str();
    }
    table << '\n';
  }
  table << "of " << std::setw(4) << count;
  for (const std::size_t each : found) table << std::setw(20) << each;
  BOOST_TEST_MESSAGE(table.str());
  for (std::size_t k = 0; k < methods.size(); ++k) {
    BOOST_TEST(found[k] >= methods[k].least_solved, methods[k].name << " finds " << found[k]);
  }
}

BOOST_AUTO_TEST_SUITE_END()
