#include <torch/nn.h>
#include <torch/optim/adam.h>
#include <torch/utils.h>
#include <torch/version.h>

#include <memory>
#include <stdexcept>
#include <utility>

#include "contest.hpp"

namespace bench_training::libtorch {
namespace {

namespace nn = torch::nn;
using torch::Tensor;

struct MlpImpl : nn::Module {
  nn::Linear in{nullptr}, middle{nullptr}, out{nullptr};
  MlpImpl() {
    in = register_module("in", nn::Linear(4, 32));
    middle = register_module("middle", nn::Linear(32, 16));
    out = register_module("out", nn::Linear(16, 4));
  }
  Tensor forward(const Tensor& x) { return out(torch::tanh(middle(torch::tanh(in(x))))); }
};
TORCH_MODULE(Mlp);

struct LeNetImpl : nn::Module {
  nn::Conv2d conv1{nullptr}, conv2{nullptr};
  nn::Linear fc1{nullptr}, fc2{nullptr}, fc3{nullptr};
  LeNetImpl() {
    conv1 = register_module("conv1", nn::Conv2d(1, 6, 5));
    conv2 = register_module("conv2", nn::Conv2d(6, 16, 5));
    fc1 = register_module("fc1", nn::Linear(256, 120));
    fc2 = register_module("fc2", nn::Linear(120, 84));
    fc3 = register_module("fc3", nn::Linear(84, 10));
  }
  Tensor forward(const Tensor& x) {
    const Tensor h = torch::max_pool2d(torch::relu(conv1(x)), 2);
    const Tensor features = torch::max_pool2d(torch::relu(conv2(h)), 2);
    return fc3(torch::relu(fc2(torch::relu(fc1(features.flatten(1))))));
  }
};
TORCH_MODULE(LeNet);

/// Classes of sequences [time, batch, inputs], which is how libtorch has them.
struct LstmClassifierImpl : nn::Module {
  nn::LSTM lstm{nullptr};
  nn::Linear head{nullptr};
  LstmClassifierImpl() {
    lstm = register_module("lstm", nn::LSTM(nn::LSTMOptions(32, 128)));
    head = register_module("head", nn::Linear(128, 10));
  }
  Tensor forward(const Tensor& x) {
    const auto [outputs, state] = lstm(x);
    return head(std::get<0>(state)[0]);
  }
};
TORCH_MODULE(LstmClassifier);

struct BlockImpl : nn::Module {
  nn::TransformerEncoderLayer layer{nullptr};
  BlockImpl() {
    layer = register_module("layer", nn::TransformerEncoderLayer(
                                         nn::TransformerEncoderLayerOptions(128, 8).dim_feedforward(512).dropout(0.0)));
  }
  Tensor forward(const Tensor& x) { return layer(x); }
};
TORCH_MODULE(Block);

struct DigitsCnnImpl : nn::Module {
  nn::Conv2d conv1{nullptr}, conv2{nullptr};
  nn::Linear head{nullptr};
  DigitsCnnImpl() {
    conv1 = register_module("conv1", nn::Conv2d(nn::Conv2dOptions(1, 16, 3).padding(1)));
    conv2 = register_module("conv2", nn::Conv2d(nn::Conv2dOptions(16, 32, 3).padding(1)));
    head = register_module("head", nn::Linear(128, 10));
  }
  Tensor forward(const Tensor& x) {
    const Tensor h = torch::max_pool2d(torch::relu(conv1(x)), 2);
    return head(torch::max_pool2d(torch::relu(conv2(h)), 2).flatten(1));
  }
};
TORCH_MODULE(DigitsCnn);

Tensor tensor(const Array& x) {
  return torch::from_blob(const_cast<float*>(x.values.data()), x.shape, torch::kFloat).clone();
}

/// Labels or targets.
Tensor target(const Samples& samples) {
  if (samples.labels.empty()) return tensor(samples.y);
  const auto count = static_cast<std::int64_t>(samples.labels.size());
  return torch::from_blob(const_cast<std::int64_t*>(samples.labels.data()), {count}, torch::kLong).clone();
}

template <class Net>
void take_weights(Net& net, const Task& task) {
  const torch::NoGradGuard no_grad;
  const std::vector<Tensor> parameters = net->parameters();
  if (parameters.size() != task.weights.size()) throw std::logic_error("the nets have other numbers of weights");
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (parameters[i].sizes() != task.weights[i].shape) throw std::logic_error("the nets have weights of other shapes");
    Tensor(parameters[i]).copy_(tensor(task.weights[i]));
  }
}

/// A net with its optimiser.
template <class Net>
struct Trained {
  Net net;
  std::unique_ptr<torch::optim::Adam> optimiser;

  explicit Trained(const Task& task) {
    take_weights(net, task);
    optimiser = std::make_unique<torch::optim::Adam>(net->parameters(), torch::optim::AdamOptions(task.rate));
  }

  double step(const Tensor& x, const Tensor& y) {
    optimiser->zero_grad();
    const Tensor prediction = net->forward(x);
    const Tensor loss =
        y.scalar_type() == torch::kLong ? torch::cross_entropy_loss(prediction, y) : torch::mse_loss(prediction, y);
    loss.backward();
    optimiser->step();
    return loss.item<double>();
  }
};

template <class Net>
Step step_of(const Task& task, const Tensor& x, const Tensor& y) {
  const auto trained = std::make_shared<Trained<Net>>(task);
  return [trained, x, y] { return trained->step(x, y); };
}

template <class Net>
Step step_of(const Task& task) {
  return step_of<Net>(task, tensor(task.samples.x), target(task.samples));
}

/// [batch, time, ...] as [time, batch, ...].
Tensor time_first(const Array& x) { return tensor(x).transpose(0, 1).contiguous(); }

}  // namespace

Step mlp(const Task& task) { return step_of<Mlp>(task); }
Step lenet(const Task& task) { return step_of<LeNet>(task); }
Step digits_cnn(const Task& task) { return step_of<DigitsCnn>(task); }
Step lstm(const Task& task) { return step_of<LstmClassifier>(task, time_first(task.samples.x), target(task.samples)); }
Step transformer(const Task& task) {
  return step_of<Block>(task, time_first(task.samples.x), time_first(task.samples.y));
}

Course lenet_course(const Task& task) {
  const auto trained = std::make_shared<Trained<LeNet>>(task);
  const Tensor x = tensor(task.samples.x);
  const Tensor y = target(task.samples);
  const auto run = [trained, x, y](std::size_t epochs, std::size_t batch) {
    for (std::size_t epoch = 0; epoch < epochs; ++epoch) {
      for (const Tensor& rows : torch::randperm(x.size(0), torch::kLong).split(static_cast<std::int64_t>(batch))) {
        trained->step(x.index_select(0, rows), y.index_select(0, rows));
      }
    }
  };
  const auto accuracy = [trained](const Samples& test) {
    const torch::NoGradGuard no_grad;
    const Tensor guesses = trained->net->forward(tensor(test.x)).argmax(1);
    return guesses.eq(target(test)).to(torch::kDouble).mean().item<double>();
  };
  return {run, accuracy};
}

std::string version() { return TORCH_VERSION; }

void set_threads(int count) { torch::set_num_threads(count); }

}  // namespace bench_training::libtorch
