// Elementwise losses.
#include <cmath>
#include <memory>

#include "libtorch.hpp"
#include "tensors.hpp"

namespace bench::libtorch {
namespace {

struct State {
  Tensor prediction, target, value, gradient;
};

template <class Loss>
Program program(Loss loss, const Pair& data) {
  const auto size = static_cast<std::int64_t>(data.prediction.size());
  const auto s =
      std::make_shared<State>(State{parameter(data.prediction, {size}), tensor(data.target, {size}), {}, {}});
  return {[s, loss] {
            s->gradient = Tensor();  // its memory can serve this step, as that of a loop's local variable
            s->value = loss(s->prediction, s->target);
            s->gradient = torch::autograd::grad({s->value}, {s->prediction})[0];
            (void)s->value.item<double>();
          },
          [s] {
            return to_arrays({s->value, s->gradient});
          }};
}

}  // namespace

Program squared_error(const Pair& data) {
  return program([](const Tensor& prediction, const Tensor& target) { return torch::mse_loss(prediction, target); },
                 data);
}

Program squared_error_unfused(const Pair& data) {
  return program([](const Tensor& prediction, const Tensor& target) { return (prediction - target).square().mean(); },
                 data);
}

Program log_cosh(const Pair& data) {
  return program(
      [](const Tensor& prediction, const Tensor& target) {
        const Tensor d = prediction - target;
        return (d + torch::softplus(-2.0 * d) - std::log(2.0)).mean();
      },
      data);
}

Program barron(const Pair& data) {
  return program(
      [](const Tensor& prediction, const Tensor& target) {
        constexpr double a = barron_alpha;
        const double b = std::abs(a - 2.0);
        const Tensor d = prediction - target;
        return (b / a * (torch::pow(d.square() / b + 1.0, a / 2.0) - 1.0)).mean();
      },
      data);
}

}  // namespace bench::libtorch
