// A loss and an optimiser from a shared library that is loaded at run time, chosen by their names and settings as those
// of xgrad: a line through points with outliers.
//
//     08_plugin [folder for pictures, of which there are none] [library]
#include <dlfcn.h>

#include <cstdio>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <xgrad/loss.hpp>
#include <xgrad/optim.hpp>
#include <xgrad/xgrad.hpp>

namespace xg = xgrad;
namespace optim = xgrad::optim;

struct Line {
  xg::Var slope = 0.0;
  xg::Var offset = 0.0;
};
XGRAD_FIELDS(Line, slope, offset)

/// A library while it is in use. What was made of its losses and optimisers must have ended before it does.
class Plugin {
 public:
  explicit Plugin(const char* path) : library_(dlopen(path, RTLD_NOW | RTLD_LOCAL)) {
    if (library_ == nullptr) throw std::runtime_error(dlerror());
    call("add_to_xgrad");
  }
  Plugin(const Plugin&) = delete;
  Plugin& operator=(const Plugin&) = delete;
  ~Plugin() {
    call("remove_from_xgrad");
    dlclose(library_);
  }

  /// Throws what the library throws, such as a ValueError for a name that is there already.
  void call(const char* name) {
    auto* function = reinterpret_cast<void (*)()>(dlsym(library_, name));
    if (function == nullptr) throw std::runtime_error(std::string("the library has no function ") + name);
    function();
  }

 private:
  void* library_;
};

/// Points on y = 2 x + 0.5, but for every fifth, which is 10 too high.
std::pair<xg::Var, xg::Var> points() {
  const xg::Var x = xg::linspace(-1.0, 1.0, 50);
  const xg::Var outlier = equal(xg::arange(50) % 5, 0);
  return {x, 2.0 * x + 0.5 + where(outlier, 10.0, 0.0)};
}

Line fitted(const xg::loss::AnyLoss& loss, const optim::Optimiser& optimiser) {
  const auto [x, y] = points();
  const auto objective = [&loss, x = x, y = y](const Line& line) {
    return mean(loss(line.slope * x + line.offset, y));
  };
  const auto step = xg::compile([&](const Line& line, const optim::State& state) {
    auto [updates, next] = optimiser.update(xg::grad(objective)(line), state, line);
    return std::tuple{optim::apply(line, updates), next};
  });
  Line line;
  optim::State state = optimiser.init(line);
  for (int i = 0; i < 500; ++i) std::tie(line, state) = step(std::move(line), std::move(state));
  return line;
}

void fit(const std::string& loss, const xg::Settings& of_loss, const std::string& optimiser,
         const xg::Settings& of_optimiser) {
  const xg::loss::AnyLoss error = xg::loss::by_name(loss, of_loss);
  const optim::Optimiser descent = optim::by_name(optimiser, of_optimiser);
  const Line line = fitted(error, descent);
  std::cout << error << " by " << descent.text() << ":\n";
  std::printf("  %s: y = %.6f x + %.6f\n", loss.c_str(), line.slope.item<double>(), line.offset.item<double>());
  std::fflush(stdout);
}

void run(const char* library) {
  const std::size_t losses = xg::loss::names().size();
  const std::size_t optimisers = optim::names().size();
  fit("mse", {}, "sgd", {{"rate", 0.1}});
  {
    Plugin plugin(library);
    std::printf("the library has brought %zu loss and %zu optimiser\n", xg::loss::names().size() - losses,
                optim::names().size() - optimisers);
    fit("capped_square", {{"most", 16.0}}, "heavy_ball", {{"rate", 0.05}, {"friction", 0.8}});
    try {
      (void)xg::loss::by_name("caped_square");
    } catch (const xg::ValueError& error) {
      const std::string text = error.what();
      std::printf("%s ...\n", text.substr(0, text.find(". There are")).c_str());
    }
    try {
      plugin.call("add_to_xgrad");
    } catch (const xg::ValueError& error) {
      std::printf("%s\n", error.what());
    }
  }
  std::printf("after it %zu and %zu are left of it\n", xg::loss::names().size() - losses,
              optim::names().size() - optimisers);
}

int main(int argc, char** argv) {
  try {
    run(argc > 2 ? argv[2] : XGRAD_EXAMPLE_PLUGIN);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
