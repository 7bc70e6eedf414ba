#include <torch/torch.h>

torch::Tensor huber(const torch::Tensor& prediction, const torch::Tensor& target) {
  const torch::Tensor e = prediction - target;
  return torch::where(e.abs() < 1.0, 0.5 * e.square(), e.abs() - 0.5).mean();
}

int main() {
  const torch::Tensor x = torch::tensor({{1.0, 2.0}, {3.0, 4.0}, {5.0, 6.0}}, torch::kDouble);
  const torch::Tensor y = torch::tensor({1.0, 2.0, 3.0}, torch::kDouble);
  torch::Tensor theta = torch::zeros({2}, torch::dtype(torch::kDouble).requires_grad(true));
  for (int i = 0; i < 10; ++i) {
    const torch::Tensor value = huber(x.matmul(theta), y);
    const torch::Tensor gradient = torch::autograd::grad({value}, {theta})[0];
    torch::NoGradGuard guard;
    theta -= 0.01 * gradient;
  }
  return theta[0].item<double>() > 0.0 ? 0 : 1;
}
