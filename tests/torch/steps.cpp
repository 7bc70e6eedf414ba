#include "steps.hpp"

#include <ATen/Parallel.h>
#include <torch/nn.h>
#include <torch/optim/adam.h>

#include <functional>
#include <map>
#include <memory>
#include <stdexcept>

namespace libtorch {
namespace {

namespace nn = torch::nn;
using torch::Tensor;

/// What a net learns from.
struct Given {
  Tensor x, y, labels;
};

struct Net : nn::Module {
  virtual Tensor loss(const Given& given) = 0;
};

Tensor cross_entropy(const Tensor& logits, const Given& given) {
  return torch::cross_entropy_loss(logits, given.labels);
}

struct Mlp : Net {
  nn::Sequential layers{nn::Linear(4, 16), nn::Tanh(), nn::Linear(16, 8), nn::Tanh(), nn::Linear(8, 3)};
  Mlp() { register_module("layers", layers); }
  Tensor loss(const Given& given) override { return torch::mse_loss(layers->forward(given.x), given.y); }
};

struct LeNet : Net {
  nn::Sequential layers{nn::Conv2d(1, 6, 5), nn::ReLU(),          nn::MaxPool2d(2), nn::Conv2d(6, 16, 5),
                        nn::ReLU(),          nn::MaxPool2d(2),    nn::Flatten(),    nn::Linear(256, 120),
                        nn::ReLU(),          nn::Linear(120, 84), nn::ReLU(),       nn::Linear(84, 10)};
  LeNet() { register_module("layers", layers); }
  Tensor loss(const Given& given) override { return cross_entropy(layers->forward(given.x), given); }
};

nn::Conv2d convolution(int inputs, int outputs, int window, int stride) {
  return nn::Conv2d(nn::Conv2dOptions(inputs, outputs, window).stride(stride).padding(window / 2).bias(false));
}

/// torchvision's BasicBlock.
struct Block : nn::Module {
  nn::Conv2d conv1, conv2;
  nn::BatchNorm2d bn1, bn2;
  nn::Sequential downsample;
  Block(int inputs, int outputs, int stride)
      : conv1(convolution(inputs, outputs, 3, stride)),
        conv2(convolution(outputs, outputs, 3, 1)),
        bn1(outputs),
        bn2(outputs),
        downsample(convolution(inputs, outputs, 1, stride), nn::BatchNorm2d(outputs)) {
    register_module("conv1", conv1);
    register_module("bn1", bn1);
    register_module("conv2", conv2);
    register_module("bn2", bn2);
    register_module("downsample", downsample);
  }
  Tensor forward(const Tensor& x) {
    return torch::relu(bn2(conv2(torch::relu(bn1(conv1(x))))) + downsample->forward(x));
  }
};

struct ResNet : Net {
  std::shared_ptr<Block> first = register_module("first", std::make_shared<Block>(2, 4, 1));
  std::shared_ptr<Block> second = register_module("second", std::make_shared<Block>(4, 8, 2));
  nn::Linear head = register_module("head", nn::Linear(8, 5));
  Tensor loss(const Given& given) override {
    return cross_entropy(head(second->forward(first->forward(given.x)).mean({2, 3})), given);
  }
};

/// Classes of sequences, from the last output of the second layer.
struct LstmClassifier : Net {
  nn::LSTM lstm = register_module("lstm", nn::LSTM(nn::LSTMOptions(5, 12).num_layers(2).batch_first(true)));
  nn::Linear head = register_module("head", nn::Linear(12, 4));
  Tensor loss(const Given& given) override {
    const auto [outputs, state] = lstm(given.x);
    return cross_entropy(head(std::get<0>(state)[1]), given);
  }
};

struct Transformer : Net {
  nn::TransformerEncoder encoder = register_module(
      "encoder",
      nn::TransformerEncoder(nn::TransformerEncoderOptions(
          nn::TransformerEncoderLayer(nn::TransformerEncoderLayerOptions(16, 4).dim_feedforward(32).dropout(0.0)), 2)));
  nn::Linear head = register_module("head", nn::Linear(16, 3));
  Tensor loss(const Given& given) override {
    const Tensor encoded = encoder(given.x.transpose(0, 1)).transpose(0, 1);  // which wants time first
    return torch::mse_loss(head(encoded), given.y);
  }
};

/// Three numbers for each of the images, which have eight pixels.
struct Vae : Net {
  nn::Sequential encoder{nn::Linear(8, 16), nn::ReLU(), nn::Linear(16, 6)};
  nn::Sequential decoder{nn::Linear(3, 16), nn::ReLU(), nn::Linear(16, 8)};
  Vae() {
    register_module("encoder", encoder);
    register_module("decoder", decoder);
  }
  Tensor loss(const Given& given) override {
    const std::vector<Tensor> both = encoder->forward(given.x).chunk(2, 1);
    const Tensor logits = decoder->forward(both[0] + torch::exp(0.5 * both[1]) * given.y);
    const Tensor lost = torch::binary_cross_entropy_with_logits(logits, given.x, {}, {}, at::Reduction::Sum);
    const Tensor told = -0.5 * (1.0 + both[1] - both[0].square() - both[1].exp()).sum();
    return (lost + told) / given.x.size(0);
  }
};

const std::map<std::string, std::function<std::shared_ptr<Net>()>>& net_table() {
  static const std::map<std::string, std::function<std::shared_ptr<Net>()>> all{
      {"mlp", std::make_shared<Mlp>},
      {"lenet", std::make_shared<LeNet>},
      {"resnet", std::make_shared<ResNet>},
      {"lstm", std::make_shared<LstmClassifier>},
      {"transformer", std::make_shared<Transformer>},
      {"vae", std::make_shared<Vae>},
  };
  return all;
}

Tensor tensor_from(const Doubles& x) { return torch::tensor(x.values, at::kDouble).reshape(x.shape); }

Doubles doubles_from(const Tensor& x) {
  const Tensor dense = x.detach().contiguous();
  return {dense.sizes().vec(), {dense.data_ptr<double>(), dense.data_ptr<double>() + dense.numel()}};
}

void set_parameters(Net& net, const std::vector<Doubles>& weights) {
  const torch::NoGradGuard no_gradients;
  const std::vector<Tensor> parameters = net.parameters();
  if (parameters.size() != weights.size()) throw std::runtime_error("libtorch's net has other weights");
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (parameters[i].sizes() != weights[i].shape) {
      throw std::runtime_error("libtorch's net has weights of other shapes");
    }
    Tensor(parameters[i]).copy_(tensor_from(weights[i]));
  }
}

}  // namespace

std::vector<std::string> trained_nets() {
  std::vector<std::string> names;
  for (const auto& entry : net_table()) names.push_back(entry.first);
  return names;
}

TrainedSteps train(const TrainedNet& task, double rate, int steps) {
  at::set_num_threads(1);
  const std::shared_ptr<Net> net = net_table().at(task.name)();
  net->to(at::kDouble);
  set_parameters(*net, task.weights);
  Given given{tensor_from(task.x), {}, {}};
  if (!task.y.values.empty()) given.y = tensor_from(task.y);
  if (!task.labels.empty()) given.labels = torch::tensor(task.labels, at::kLong);
  torch::optim::Adam adam(net->parameters(), torch::optim::AdamOptions(rate));
  TrainedSteps result;
  for (int i = 0; i < steps; ++i) {
    adam.zero_grad();
    const Tensor loss = net->loss(given);
    loss.backward();
    adam.step();
    result.losses.push_back(loss.item<double>());
  }
  for (const Tensor& each : net->parameters()) result.weights.push_back(doubles_from(each));
  return result;
}

}  // namespace libtorch
