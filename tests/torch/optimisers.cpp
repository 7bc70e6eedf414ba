#include "optimisers.hpp"

#include <ATen/Parallel.h>
#include <torch/optim.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>

namespace libtorch {
namespace {

using Tensors = std::vector<at::Tensor>;
using Make = std::function<std::unique_ptr<torch::optim::Optimizer>(const Tensors&)>;

template <class Optimizer, class Options>
Make made(const Options& options) {
  return [options](const Tensors& p) { return std::make_unique<Optimizer>(p, options); };
}

std::map<std::string, Make> make_table() {
  using namespace torch::optim;
  return {
      {"sgd", made<SGD>(SGDOptions(0.05))},
      {"sgd momentum", made<SGD>(SGDOptions(0.05).momentum(0.9).dampening(0.3))},
      {"sgd nesterov", made<SGD>(SGDOptions(0.05).momentum(0.9).nesterov(true))},
      {"sgd decay", made<SGD>(SGDOptions(0.05).momentum(0.5).weight_decay(0.1))},
      {"adagrad", made<Adagrad>(AdagradOptions(0.05).initial_accumulator_value(0.1))},
      {"adagrad decay", made<Adagrad>(AdagradOptions(0.05).lr_decay(0.2).weight_decay(0.1))},
      {"rmsprop", made<RMSprop>(RMSpropOptions(0.05))},
      {"rmsprop centred", made<RMSprop>(RMSpropOptions(0.05).alpha(0.9).momentum(0.5).centered(true))},
      {"adam", made<Adam>(AdamOptions(0.05))},
      {"adam decay", made<Adam>(AdamOptions(0.05).betas({0.8, 0.9}).weight_decay(0.1))},
      {"amsgrad", made<Adam>(AdamOptions(0.05).betas({0.9, 0.5}).amsgrad(true))},
      {"adamw", made<AdamW>(AdamWOptions(0.05).weight_decay(0.1))},
  };
}

const std::map<std::string, Make>& table() {
  static const std::map<std::string, Make> all = make_table();
  return all;
}

}  // namespace

std::vector<std::string> optimisers() {
  std::vector<std::string> names;
  for (const auto& entry : table()) names.push_back(entry.first);
  return names;
}

std::vector<double> descend(const std::string& optimiser, const std::vector<double>& start, const Slope& slope,
                            int steps) {
  at::set_num_threads(1);
  const auto n = static_cast<std::int64_t>(start.size());
  at::Tensor p = at::empty({n}, at::kDouble);
  std::copy(start.begin(), start.end(), p.data_ptr<double>());
  p.set_requires_grad(true);
  const auto made = table().at(optimiser)({p});
  std::vector<double> now = start;
  for (int i = 0; i < steps; ++i) {
    const std::vector<double> g = slope(now);
    at::Tensor gradient = at::empty({n}, at::kDouble);
    std::copy(g.begin(), g.end(), gradient.data_ptr<double>());
    p.mutable_grad() = gradient;
    made->step();
    const at::Tensor value = p.detach();
    std::copy(value.data_ptr<double>(), value.data_ptr<double>() + n, now.begin());
  }
  return now;
}

double seconds_of_adamw(int arrays, int size, int steps) {
  at::set_num_threads(1);
  Tensors all;
  for (int i = 0; i < arrays; ++i) {
    all.push_back(at::ones({size}, at::kFloat).set_requires_grad(true));
    all.back().mutable_grad() = at::ones({size}, at::kFloat);
  }
  torch::optim::AdamW adamw(all, torch::optim::AdamWOptions(1e-3));
  double least = 1e9;
  for (int i = 0; i < steps; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    adamw.step();
    least = std::min(least, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  return least;
}

}  // namespace libtorch
