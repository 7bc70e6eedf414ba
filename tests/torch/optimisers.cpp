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

std::map<std::string, Make> make_table_of_digits() {
  using namespace torch::optim;
  return {
      {"sgd", made<SGD>(SGDOptions(0.5).momentum(0.9))},
      {"adam", made<Adam>(AdamOptions(0.01))},
      {"adamw", made<AdamW>(AdamWOptions(0.01).weight_decay(0.1))},
      {"rmsprop", made<RMSprop>(RMSpropOptions(0.005))},
      {"adagrad", made<Adagrad>(AdagradOptions(0.05))},
      {"lbfgs",  // which would stop at gradients of 1e-7
       made<LBFGS>(LBFGSOptions(0.5).max_iter(1).history_size(10).tolerance_grad(0.0).tolerance_change(0.0))},
  };
}

at::Tensor tensor_of(const std::vector<double>& values, at::IntArrayRef shape) {
  at::Tensor result = at::empty(shape, at::kDouble);
  std::copy(values.begin(), values.end(), result.data_ptr<double>());
  return result;
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

std::vector<double> losses_while_training(const std::string& optimiser, const DenseLayers& layers, int steps) {
  at::set_num_threads(1);
  const at::Tensor x = tensor_of(layers.pixels, {layers.samples, layers.inputs});
  at::Tensor labels = at::empty({layers.samples}, at::kLong);
  std::copy(layers.labels.begin(), layers.labels.end(), labels.data_ptr<std::int64_t>());
  Tensors p{tensor_of(layers.a, {layers.inputs, layers.hidden}), tensor_of(layers.b, {layers.hidden}),
            tensor_of(layers.c, {layers.hidden, layers.outputs}), tensor_of(layers.d, {layers.outputs})};
  for (at::Tensor& each : p) each.set_requires_grad(true);
  const auto made = make_table_of_digits().at(optimiser)(p);
  std::vector<double> losses;
  for (int i = 0; i < steps; ++i) {
    const at::Tensor loss = made->step([&] {
      made->zero_grad();
      const at::Tensor hidden = at::tanh(at::matmul(x, p[0]) + p[1]);
      at::Tensor value = at::nll_loss(at::log_softmax(at::matmul(hidden, p[2]) + p[3], 1), labels);
      value.backward();
      return value;
    });
    losses.push_back(loss.item<double>());
  }
  return losses;
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
