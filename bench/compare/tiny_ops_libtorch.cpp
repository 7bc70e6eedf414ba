// The programs with libtorch.
#include <torch/torch.h>

#include <vector>

#include "tiny_ops.hpp"

namespace tiny_ops {
namespace {

torch::Tensor linspace(double first, double last) { return torch::linspace(first, last, 10, torch::kDouble); }

struct TorchChain {
  torch::Tensor x = linspace(-1.0, 1.0);
  torch::Tensor a = linspace(0.9, 1.1);
  torch::Tensor b = linspace(-0.1, 0.1);

  static torch::Tensor leaf(const torch::Tensor& x) { return x.detach().requires_grad_(true); }

  double forward() const { return chain(leaf(x), a, b).sum().item<double>(); }
  double gradient() const {
    const torch::Tensor from = leaf(x);
    const torch::Tensor loss = chain(from, a, b).sum();
    const torch::Tensor g = torch::autograd::grad({loss}, {from})[0];
    return loss.item<double>() + g.data_ptr<double>()[3];
  }
  double gradient_of_all() const {
    const torch::Tensor from = leaf(x);
    const torch::Tensor a0 = leaf(a);
    const torch::Tensor b0 = leaf(b);
    const torch::Tensor loss = chain(from, a0, b0).sum();
    const torch::Tensor g = torch::autograd::grad({loss}, {from, a0, b0})[1];
    return loss.item<double>() + g.data_ptr<double>()[3];
  }
};

struct TorchRegression {
  torch::Tensor x = torch::linspace(0.0, 1.0, points, torch::kDouble).reshape({points, 1});
  torch::Tensor y = 3.0 * x + 0.5;

  double operator()() const {
    torch::Tensor theta = torch::zeros({1, 1}, torch::dtype(torch::kDouble).requires_grad(true));
    double loss = 0.0;
    for (int i = 0; i < steps; ++i) {
      const torch::Tensor value = (y - x.matmul(theta)).square().sum() / (2.0 * points);
      const torch::Tensor gradient = torch::autograd::grad({value}, {theta})[0];
      const torch::NoGradGuard no_grad;
      theta -= 0.01 * gradient;
      loss = value.item<double>();
    }
    return loss;
  }
};

}  // namespace

Programs libtorch_programs() {
  at::set_num_threads(1);
  const TorchChain chain;
  return {[chain] { return chain.forward(); }, [chain] { return chain.gradient(); },
          [chain] { return chain.gradient_of_all(); }, TorchRegression()};
}

std::string libtorch_version() { return TORCH_VERSION; }

}  // namespace tiny_ops
