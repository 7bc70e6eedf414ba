#include <xgrad/xgrad.hpp>

namespace xg = xgrad;

xg::Var huber(const xg::Var& prediction, const xg::Var& target) {
  const xg::Var e = prediction - target;
  return mean(where(abs(e) < 1.0, 0.5 * square(e), abs(e) - 0.5));
}

int main() {
  const xg::Var x = xt::xarray<double>{{1.0, 2.0}, {3.0, 4.0}, {5.0, 6.0}};
  const xg::Var y = xt::xarray<double>{1.0, 2.0, 3.0};
  xg::Var theta = xt::xarray<double>{0.0, 0.0};
  const auto step = xg::value_and_grad([&](const xg::Var& w) { return huber(matmul(x, w), y); });
  for (int i = 0; i < 10; ++i) {
    const auto [value, gradient] = step(theta);
    theta = theta - 0.01 * gradient;
  }
  return theta.array<double>()(0) > 0.0 ? 0 : 1;
}
