// Programs as people write them with xgrad, in the style of NumPy, beside the same by hand in C++, value and gradient.
//
//     bench_evals [--filter REGEX]
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <exception>
#include <regex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <xgrad/threads.hpp>

#include "../compare/report.hpp"
#include "contest.hpp"

// Present if the BLAS that was loaded is OpenBLAS.
extern "C" __attribute__((weak)) void openblas_set_num_threads(int count);

namespace bench_evals {
namespace {

Contests all_contests() {
  Contests all;
  for (const auto& family : {kmeans, least_squares, mixture, log_sum_exp, lstm, ode, determinant, bundle, hand, descent,
                             greeks, parameters, chains, ideal}) {
    for (Contest& contest : family()) all.push_back(std::move(contest));
  }
  return all;
}

double root_of_squares(const Numbers& numbers) {
  double sum = 0.0;
  for (const double x : numbers) sum += x * x;
  return std::sqrt(sum);
}

/// \throws std::runtime_error  unless value and gradient are those of the other side.
void require_agreement(const Contest& contest, const Numbers& ours, const Numbers& right) {
  if (ours.size() != right.size())
    throw std::runtime_error(contest.id + ": " + std::to_string(ours.size()) + " numbers beside " +
                             std::to_string(right.size()));
  const auto require = [&](const char* what, double error) {
    if (!(error <= contest.tolerance))
      throw std::runtime_error(contest.id + ": " + what + " differs by " + std::to_string(error));
  };
  require("the value", std::abs(ours[0] - right[0]) / std::max(std::abs(right[0]), 1e-300));
  Numbers gradient(right.begin() + 1, right.end());
  const double size = root_of_squares(gradient);
  for (std::size_t i = 0; i < gradient.size(); ++i) gradient[i] -= ours[i + 1];
  if (!gradient.empty()) require("the gradient", root_of_squares(gradient) / std::max(size, 1e-300));
}

void print_row(const Contest& contest, double ours, double other, double scale) {
  const bool cost = contest.bound.kind == Bound::Kind::at_most;
  const double ratio = scale * (cost ? ours / other : other / ours);
  const bool bounded = contest.bound.kind != Bound::Kind::none;
  const bool met = !bounded || (cost ? ratio <= contest.bound.number : ratio >= contest.bound.number);
  const char* mark = met ? "" : "**";
  std::printf("| %s | %s | %s | %s | %s | %s%.2f%s | ", contest.id.c_str(), contest.size.c_str(),
              bench::duration(ours).c_str(), contest.beside.c_str(), bench::duration(other).c_str(), mark, ratio, mark);
  if (bounded) std::printf("%s %.3g", cost ? "at most" : "at least", contest.bound.number);
  std::printf(" |\n");
  std::fflush(stdout);
}

void run(const Contest& contest) {
  const Sides sides = contest.make();
  require_agreement(contest, sides.ours.numbers(), sides.right ? sides.right() : sides.other.numbers());
  const std::vector<double> taken = bench::measure({sides.ours.step, sides.other.step}, bench::Clock::processor);
  print_row(contest, taken[0], taken[1], sides.scale);
}

/// Whether all could be measured.
bool run_all(const std::regex& filter) {
  std::printf("| id | size | xgrad | beside | its time | ratio | bound |\n|---|---|---:|---|---:|---:|---:|\n");
  bool good = true;
  for (const Contest& contest : all_contests()) {
    if (!std::regex_search(contest.id, filter)) continue;
    try {
      run(contest);
    } catch (const std::exception& error) {
      std::fprintf(stderr, "%s: %s\n", contest.id.c_str(), error.what());
      good = false;
    }
    xg::release_memory();
  }
  return good;
}

}  // namespace
}  // namespace bench_evals

int main(int argc, char** argv) try {
  std::string filter;
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]) != "--filter" || i + 1 == argc) {
      throw std::invalid_argument("usage: bench_evals [--filter REGEX]");
    }
    filter = argv[++i];
  }
  if (openblas_set_num_threads != nullptr) openblas_set_num_threads(1);
  xgrad::set_threads(1);
  return bench_evals::run_all(std::regex(filter)) ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
