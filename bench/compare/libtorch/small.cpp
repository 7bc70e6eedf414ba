// Programs where the overhead of each operation counts, and the settings of libtorch.
#include <ATen/Parallel.h>
#include <torch/version.h>

#include <memory>

#include "libtorch.hpp"
#include "tensors.hpp"

namespace bench::libtorch {
namespace {

struct Regression {
  Tensor x, y, theta, value;
};

struct Tiny {
  Tensor x, a, b, value, gradient;
};

}  // namespace

std::string version() { return TORCH_VERSION; }

void set_threads(int count) { at::set_num_threads(count); }

Program linear_regression(const Points& points) {
  constexpr std::int64_t m = Points::count;
  const auto s = std::make_shared<Regression>(
      Regression{tensor(points.x, {m, 1}), tensor(points.y, {m, 1}),
                 torch::zeros({1, 1}, torch::dtype(torch::kDouble).requires_grad(true)), Tensor()});
  return {[s] {
            s->value = (s->y - s->x.matmul(s->theta)).square().sum() / (2.0 * m);
            const Tensor gradient = torch::autograd::grad({s->value}, {s->theta})[0];
            const torch::NoGradGuard no_grad;
            s->theta.sub_(gradient, sgd_rate);
            (void)s->value.item<double>();
          },
          [s] {
            return to_arrays({s->theta, s->value});
          }};
}

Program tiny_operations(const Chain& chain) {
  constexpr std::int64_t n = Chain::elements;
  const auto s = std::make_shared<Tiny>(
      Tiny{parameter(chain.x, {n}), tensor(chain.a, {n}), tensor(chain.b, {n}), Tensor(), Tensor()});
  return {[s] {
            s->value = tiny_chain(s->x, s->a, s->b).sum();
            s->gradient = torch::autograd::grad({s->value}, {s->x})[0];
            (void)s->value.item<double>();
          },
          [s] {
            return to_arrays({s->value, s->gradient});
          }};
}

}  // namespace bench::libtorch
