// least_squares on the 27 nonlinear sets of NIST's Statistical Reference Datasets, from both starts: certified digits.
#include <algorithm>
#include <cmath>
#include <iomanip>
#include <sstream>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/solve.hpp>
#include <xgrad/xgrad.hpp>

#include "solve/nist_1.hpp"
#include "solve/nist_2.hpp"
#include "solve/nist_models.hpp"

BOOST_AUTO_TEST_SUITE(test_solve_nist)

namespace xg = xgrad;
using xg::Var;

namespace {

/// Digits that agree; NIST certifies eleven.
double digits(double value, double certified) {
  const double error = std::abs(value - certified) / std::abs(certified);
  return error == 0.0 ? 11.0 : std::clamp(-std::log10(error), 0.0, 11.0);
}

double least_digits(const std::vector<Var>& values, const std::vector<double>& certified) {
  double least = 11.0;
  for (std::size_t i = 0; i < certified.size(); ++i) {
    least = std::min(least, digits(values[i].item<double>(), certified[i]));
  }
  return least;
}

std::vector<nist::Set> all_sets() {
  std::vector<nist::Set> sets = nist::first_sets();
  for (nist::Set& set : nist::second_sets()) sets.push_back(std::move(set));
  return sets;
}

auto residuals_of(const nist::Set& set) {
  const Var x(set.x);
  const Var y = nist::observed(set.name, Var(set.y));
  const Var x2 = set.x2.empty() ? Var(0.0) : Var(set.x2);
  return
      [=, model = nist::model_of<Var, Var>(set.name)](const std::vector<Var>& b) -> Var { return model(x, x2, b) - y; };
}

auto fit(const nist::Set& set, const std::vector<double>& start, const xg::solve::LeastSquaresMethod& method) {
  return xg::solve::least_squares(residuals_of(set), std::vector<Var>(start.begin(), start.end()), method);
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_parameter_has_its_certified_digits) {
  std::ostringstream table;
  table << "set        start   digits: parameters  deviations  sum     evaluations Jacobians  ended\n" << std::fixed;
  double total = 0.0;
  std::size_t evaluations = 0;
  int runs = 0;
  int good = 0;
  for (const nist::Set& set : all_sets()) {
    for (const int which : {1, 2}) {
      const auto found = fit(set, which == 1 ? set.start_1 : set.start_2, xg::solve::LevenbergMarquardt{});
      const double of_parameters = least_digits(found.parameters, set.certified);
      const double of_deviations = least_digits(found.deviations, set.deviations);
      const double of_sum = digits(found.sum, set.sum);
      table << std::left << std::setw(11) << set.name << which << std::right << std::setprecision(1) << std::setw(26)
            << of_parameters << std::setw(12) << of_deviations << std::setw(8) << of_sum << std::setw(12)
            << found.evaluations << std::setw(11) << found.gradients << "  " << text(found.ended) << '\n';
      total += of_parameters;
      evaluations += found.evaluations;
      ++runs;
      if (of_parameters >= 8.0) ++good;
      BOOST_TEST(found.converged(), set.name << " from start " << which << ": " << text(found.ended));
      BOOST_TEST(of_parameters >= 8.0, set.name << " from start " << which << ": " << of_parameters << " digits");
      // Residuals of Lanczos1 are those of rounding: 1e-13 of values that are known to 1e-16.
      const double enough = set.name == "Lanczos1" ? 2.0 : 8.0;
      BOOST_TEST(of_deviations >= enough, set.name << ": deviations to " << of_deviations << " digits");
      BOOST_TEST(of_sum >= enough, set.name << ": sum to " << of_sum << " digits");
    }
  }
  BOOST_TEST_MESSAGE(table.str() << good << " of " << runs << " with 8 digits or more; " << total / runs
                                 << " on average");
  BOOST_TEST(runs == 54);
  BOOST_TEST(good == 54);
  BOOST_TEST(total / runs >= 10.0);
  BOOST_TEST(evaluations <= 3100U);
}

BOOST_AUTO_TEST_CASE(factors_of_the_normal_matrix_lead_there_too) {
  using xg::solve::Factor, xg::solve::LevenbergMarquardt;
  for (const nist::Set& set : all_sets()) {
    for (const auto& start : {set.start_1, set.start_2}) {
      const auto found = fit(set, start, LevenbergMarquardt{.factor = Factor::Cholesky});
      const double of_parameters = least_digits(found.parameters, set.certified);
      BOOST_TEST(of_parameters >= 8.0, set.name << ": " << of_parameters << " digits, " << text(found.ended));
      if (set.name != "Lanczos1") BOOST_TEST(least_digits(found.deviations, set.deviations) >= 8.0, set.name);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
