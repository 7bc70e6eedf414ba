// Training a net of two layers.
#include <cmath>
#include <memory>

#include "libtorch.hpp"
#include "tensors.hpp"

namespace bench::libtorch {
namespace {

struct Net {
  Tensor x, labels, value;
  std::vector<Tensor> parameters;  // weight and bias of each layer

  explicit Net(const Batch& batch) {
    constexpr std::int64_t inputs = Batch::inputs, hidden = Batch::hidden, outputs = Batch::outputs;
    x = tensor(batch.x, {static_cast<std::int64_t>(batch.size), inputs});
    labels = tensor(batch.labels, {static_cast<std::int64_t>(batch.size)});
    parameters = {parameter(batch.weight1, {inputs, hidden}), parameter(batch.bias1, {hidden}),
                  parameter(batch.weight2, {hidden, outputs}), parameter(batch.bias2, {outputs})};
  }

  std::vector<Tensor> gradients() {
    const Tensor h = torch::relu(torch::addmm(parameters[1], x, parameters[0]));
    value = torch::cross_entropy_loss(torch::addmm(parameters[3], h, parameters[2]), labels);
    std::vector<Tensor> result = torch::autograd::grad({value}, parameters);
    (void)value.item<float>();
    return result;
  }

  Arrays results() const {
    Arrays result = to_arrays(parameters);
    result.push_back(to_vector(value));
    return result;
  }
};

struct Adam : Net {
  std::vector<Tensor> first, second;
  double t = 0.0;

  explicit Adam(const Batch& batch) : Net(batch) {
    for (const Tensor& p : parameters) {
      first.push_back(torch::zeros_like(p));
      second.push_back(torch::zeros_like(p));
    }
  }

  /// As torch::optim::Adam.
  void step() {
    const std::vector<Tensor> g = gradients();
    const torch::NoGradGuard no_grad;
    t += 1.0;
    const double correction1 = 1.0 - std::pow(adam_beta1, t);
    const double correction2 = 1.0 - std::pow(adam_beta2, t);
    for (std::size_t i = 0; i < g.size(); ++i) {
      first[i].mul_(adam_beta1).add_(g[i], 1.0 - adam_beta1);
      second[i].mul_(adam_beta2).addcmul_(g[i], g[i], 1.0 - adam_beta2);
      const Tensor divisor = (second[i].sqrt() / std::sqrt(correction2)).add_(adam_epsilon);
      parameters[i].addcdiv_(first[i], divisor, -adam_rate / correction1);
    }
  }
};

}  // namespace

Program mlp_sgd(const Batch& batch) {
  const auto net = std::make_shared<Net>(batch);
  return {[net] {
            const std::vector<Tensor> g = net->gradients();
            const torch::NoGradGuard no_grad;
            for (std::size_t i = 0; i < g.size(); ++i) net->parameters[i].sub_(g[i], sgd_rate);
          },
          [net] { return net->results(); }};
}

Program mlp_adam(const Batch& batch) {
  const auto net = std::make_shared<Adam>(batch);
  return {[net] { net->step(); }, [net] { return net->results(); }};
}

}  // namespace bench::libtorch
