// least_squares beside Ceres on NIST's 27 nonlinear sets from both starts: evaluations, and digits of the parameters.
//
//     bench_fits
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "contest.hpp"
#include "solve/nist_1.hpp"
#include "solve/nist_2.hpp"

namespace {

using bench_fits::Outcome;

/// Of the worst parameter; NIST certifies eleven.
double digits_of(const Outcome& outcome, const nist::Set& set) {
  double least = 11.0;
  for (std::size_t i = 0; i < set.certified.size(); ++i) {
    const double error = std::abs(outcome.parameters[i] - set.certified[i]) / std::abs(set.certified[i]);
    const double digits = error == 0.0 ? 11.0 : std::clamp(-std::log10(error), 0.0, 11.0);
    least = std::min(least, std::isnan(digits) ? 0.0 : digits);
  }
  return least;
}

struct Total {
  double digits = 0.0;
  int good = 0;  // of 8 digits
  std::size_t evaluations = 0;
  std::size_t jacobians = 0;

  void add(const Outcome& outcome, double found) {
    digits += found;
    good += found >= 8.0 ? 1 : 0;
    evaluations += outcome.evaluations;
    jacobians += outcome.jacobians;
  }
};

}  // namespace

int main() {
  std::vector<nist::Set> sets = nist::first_sets();
  for (nist::Set& set : nist::second_sets()) sets.push_back(std::move(set));
  std::printf("| set | start | evaluations | Jacobians | digits | Ceres: evaluations | Jacobians | digits |\n");
  std::printf("|---|---:|---:|---:|---:|---:|---:|---:|\n");
  Total ours;
  Total theirs;
  int runs = 0;
  int not_more = 0;
  int not_more_in_all = 0;
  for (const nist::Set& set : sets) {
    for (const int which : {1, 2}) {
      const auto& start = which == 1 ? set.start_1 : set.start_2;
      const Outcome mine = bench_fits::by_xgrad(set, start);
      const Outcome other = bench_fits::by_ceres(set, start);
      const double my_digits = digits_of(mine, set);
      const double other_digits = digits_of(other, set);
      std::printf("| %s | %d | %zu | %zu | %.1f | %zu | %zu | %.1f%s |\n", set.name.c_str(), which, mine.evaluations,
                  mine.jacobians, my_digits, other.evaluations, other.jacobians, other_digits,
                  other.converged ? "" : " (not converged)");
      ours.add(mine, my_digits);
      theirs.add(other, other_digits);
      ++runs;
      // What ends at another place, or nowhere, needs no evaluations.
      const bool failed = other_digits < 4.0;
      not_more += failed || mine.evaluations <= other.evaluations ? 1 : 0;
      not_more_in_all += failed || mine.evaluations + mine.jacobians <= other.evaluations + other.jacobians ? 1 : 0;
    }
  }
  const double count = runs;
  std::printf("\nxgrad: %d of %d with 8 digits, %.2f on average, %zu evaluations, %zu Jacobians\n", ours.good, runs,
              ours.digits / count, ours.evaluations, ours.jacobians);
  std::printf("Ceres: %d of %d with 8 digits, %.2f on average, %zu evaluations, %zu Jacobians\n", theirs.good, runs,
              theirs.digits / count, theirs.evaluations, theirs.jacobians);
  std::printf(
      "fewer evaluations or as many, or Ceres finds no 4 digits: %d of %d; with Jacobians counted as one more: %d\n",
      not_more, runs, not_more_in_all);
  return ours.good == runs ? 0 : 1;
}
