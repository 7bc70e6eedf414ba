// Memory, measured in a process of its own: this one has libtorch in it.
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <stdexcept>

#include "case.hpp"

namespace bench {
namespace {

/// What bench_footprint, which stands in the folder above, prints: lines of a name and a number, the value first.
Measured ask(const std::string& what) {
  const auto program = std::filesystem::read_symlink("/proc/self/exe").parent_path().parent_path() / "bench_footprint";
  const std::string command = "OPENBLAS_NUM_THREADS=1 '" + program.string() + "' " + what;
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  if (pipe == nullptr) throw std::runtime_error("cannot run " + command);
  Measured result{none, none, {}};
  char name[100];
  double number = 0.0;
  while (std::fscanf(pipe.get(), "%99s %lf", name, &number) == 2) {
    if (std::string(name) == "value") result.value = number;
    else result.details.emplace_back(name, number);
  }
  if (std::isnan(result.value)) throw std::runtime_error("no result from " + command);
  return result;
}

}  // namespace

std::vector<Limit> footprint_limits() {
  return {{"memory_squared_error_1e7", "10000000", "float64", "cost", 1.05, [] { return ask("memory"); }},
          {"allocations_compiled", "", "", "cost", 0.0, [] { return ask("allocations"); }}};
}

}  // namespace bench
