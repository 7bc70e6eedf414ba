// A long chain of tiny operations: records it, differentiates it, evaluates value and gradient.
//
//     bench_chain [number of nodes, 1000000 by default]
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <utility>

#include <xgrad/xgrad.hpp>

namespace xg = xgrad;

namespace {

/// Processor seconds since the last call.
double lap() {
  static std::clock_t last = std::clock();
  const std::clock_t now = std::clock();
  return static_cast<double>(now - std::exchange(last, now)) / CLOCKS_PER_SEC;
}

double peak_mebibytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024.0;  // Linux counts in KiB
}

double bytes_per_node(const xg::Tape& tape) {
  return static_cast<double>(tape.bytes()) / static_cast<double>(tape.size());
}

void print_row(const char* stage, double seconds, const xg::Tape& tape) {
  std::printf("| %-28s | %8.3f | %10zu | %14.1f | %12.0f |\n", stage, seconds, tape.size(), bytes_per_node(tape),
              peak_mebibytes());
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t count = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
  const xt::xarray<double> start = xt::linspace<double>(0.1, 1.0, 10);
  std::printf("A chain of %zu nodes, x = sin(x), 10 doubles each; processor seconds.\n\n", count);
  std::printf("| stage                        |  seconds |      nodes | bytes per node | peak MiB     |\n");
  std::printf("|------------------------------|---------:|-----------:|---------------:|-------------:|\n");
  lap();
  xg::Tape tape;
  const xg::Var leaf = tape.leaf(start);
  xg::Var x = leaf;
  for (std::size_t i = 0; i < count; ++i) x = sin(x);
  const xg::Var loss = sum(x);
  print_row("record", lap(), tape);
  const xg::Var gradient = tape.gradient(loss, leaf);
  print_row("differentiate", lap(), tape);
  const std::vector<xg::Var> values = tape.evaluate(std::vector<xg::Var>{loss, gradient});
  print_row("evaluate value and gradient", lap(), tape);
  std::printf("\nloss %.17g, gradient[0] %.17g\n", values[0].item<double>(), values[1].array<double>()(0));
}
