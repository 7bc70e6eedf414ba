#include "options.hpp"

#include <algorithm>
#include <stdexcept>
#include <thread>

namespace bench {
namespace {

constexpr const char* usage =
    "usage: bench_compare [--filter REGEX] [--json FILE] [--threads 1|all]\n"
    "  --filter   only the ids that the expression matches in part\n"
    "  --json     also writes the results to a file\n"
    "  --threads  one thread, or every core; without it first the one, then the other";

int cores() { return std::max(1, static_cast<int>(std::thread::hardware_concurrency())); }

}  // namespace

Options read_options(int argc, char** argv) {
  Options options{std::regex(""), "", {1}};
  if (cores() > 1) options.threads.push_back(cores());
  for (int i = 1; i < argc; i += 2) {
    const std::string name = argv[i];
    if (i + 1 == argc) throw std::invalid_argument(usage);
    const std::string value = argv[i + 1];
    if (name == "--filter") options.filter = std::regex(value);
    else if (name == "--json") options.json = value;
    else if (name == "--threads" && value == "1") options.threads = {1};
    else if (name == "--threads" && value == "all") options.threads = {cores()};
    else throw std::invalid_argument(usage);
  }
  return options;
}

}  // namespace bench
