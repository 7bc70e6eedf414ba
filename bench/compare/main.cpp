// xgrad beside libtorch in one process, and beside what the machine allows.
//
//     bench_compare [--filter REGEX] [--json FILE] [--threads 1|all]
#include <cmath>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "case.hpp"
#include "libtorch/libtorch.hpp"
#include "machine.hpp"
#include "options.hpp"
#include "report.hpp"

namespace bench {
namespace {

template <class T>
void append(std::vector<T>& all, std::vector<T> more) {
  for (T& each : more) all.push_back(std::move(each));
}

std::vector<Case> all_cases() {
  std::vector<Case> all;
  append(all, small_cases());
  append(all, elementwise_cases());
  append(all, cross_entropy_cases());
  append(all, loss_cases());
  append(all, mlp_cases());
  append(all, optimiser_cases());
  append(all, layernorm_cases());
  append(all, stack_cases());
  append(all, einsum_cases());
  append(all, process_cases());
  append(all, convolution_cases());
  return all;
}

std::vector<Limit> all_limits() {
  std::vector<Limit> all;
  append(all, machine_limits());
  append(all, optimiser_limits());
  append(all, cost_limits());
  append(all, behaviour_limits());
  append(all, footprint_limits());
  append(all, einsum_limits());
  append(all, process_limits());
  return all;
}

/// Root mean square of a - b over that of b.
double distance(const std::vector<double>& a, const std::vector<double>& b) {
  if (a.size() != b.size()) return HUGE_VAL;
  double difference = 0.0, size = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference += (a[i] - b[i]) * (a[i] - b[i]);
    size += b[i] * b[i];
  }
  return difference == 0.0 ? 0.0 : std::sqrt(difference / size);
}

/// Runs a few steps of both. \throws std::runtime_error unless they lead to the same results.
void require_agreement(const Case& c, const Contest& contest) {
  for (int i = 0; i < 3; ++i) {
    contest.ours.step();
    contest.theirs.step();
  }
  const Arrays ours = contest.ours.results(), theirs = contest.theirs.results();
  if (ours.size() != theirs.size()) throw std::runtime_error(c.id + ": not the same number of results");
  const double tolerance = c.dtype == "float32" ? 2e-5 : 1e-10;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    const double d = distance(ours[i], theirs[i]);
    if (d <= tolerance) continue;
    std::ostringstream text;
    text << c.id << ": result " << i << " differs by " << d << " of its size";
    throw std::runtime_error(text.str());
  }
}

Row compare(const Case& c, int threads) {
  const Contest contest = c.start();
  require_agreement(c, contest);
  const Clock clock = threads == 1 ? Clock::processor : Clock::wall;
  const auto blas = [](std::size_t k) { set_blas_threads_for(k == 0 ? Library::xgrad : Library::libtorch); };
  const std::vector<double> ns = measure({contest.ours.step, contest.theirs.step}, clock, blas);
  return {c.id, c.size, c.dtype, threads, ns[0], ns[1], "ratio", ns[1] / ns[0], threads == 1 ? c.at_least : none, {}};
}

Row run(const Limit& limit) {
  const Measured m = limit.run();
  return {limit.id, limit.size, limit.dtype, 1, m.ours_ns, none, limit.field, m.value, limit.bound, m.details};
}

/// What has been measured, and whether everything could be.
struct Outcome {
  std::vector<Row> rows;
  bool complete = true;

  /// Goes on after an error, so that one wrong result does not hide all others.
  template <class Run>
  void add(Run run) try {
    rows.push_back(run());
  } catch (const std::exception& error) {
    std::cerr << "bench_compare: " << error.what() << '\n';
    complete = false;
  }
};

void run_cases(const Options& options, Outcome& outcome) {
  bool header = false;
  for (const int threads : options.threads) {
    set_threads_of_all(threads);
    for (const Case& c : all_cases()) {
      if (!std::regex_search(c.id, options.filter)) continue;
      if (!std::exchange(header, true)) print_comparison_header(std::cout);
      outcome.add([&] {
        const Row row = compare(c, threads);
        print_comparison(std::cout, row);
        return row;
      });
    }
  }
}

void run_limits(const Options& options, Outcome& outcome) {
  bool header = false;
  set_threads_of_all(1);
  for (const Limit& limit : all_limits()) {
    if (!std::regex_search(limit.id, options.filter)) continue;
    if (!std::exchange(header, true)) print_limit_header(std::cout << '\n');
    outcome.add([&] {
      const Row row = run(limit);
      print_limit(std::cout, row);
      return row;
    });
  }
}

void print_machine() {
  std::string model = "unknown processor";
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find(": ");
    if (!line.starts_with("model name") || colon == std::string::npos) continue;
    model = line.substr(colon + 2);
    break;
  }
  std::cout << model << ", libtorch " << libtorch::version() << ", compiler " << __VERSION__ << ", medians of "
            << samples << " samples; one thread: processor time, more: time on the wall. Bold: bound missed.\n\n";
}

/// \return whether everything could be measured.
bool run_all(const Options& options) {
  print_machine();
  Outcome outcome;
  run_cases(options, outcome);
  if (options.threads.front() == 1) run_limits(options, outcome);
  if (outcome.complete && outcome.rows.empty()) throw std::invalid_argument("no id matches the filter");
  if (!options.json.empty()) {
    std::ofstream file(options.json);
    write_json(file, outcome.rows);
    if (!file.flush()) throw std::runtime_error("cannot write " + options.json);
  }
  return outcome.complete;
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  try {
    return bench::run_all(bench::read_options(argc, argv)) ? 0 : 1;
  } catch (const std::invalid_argument& error) {
    std::cerr << error.what() << '\n';
    return 2;
  } catch (const std::exception& error) {
    std::cerr << "bench_compare: " << error.what() << '\n';
    return 1;
  }
}
