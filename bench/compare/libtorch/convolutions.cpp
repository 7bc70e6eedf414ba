// Convolutions with their gradients.
#include <memory>

#include "libtorch.hpp"
#include "tensors.hpp"

namespace bench::libtorch {
namespace {

struct Convolved {
  Tensor x, w, cotangent, value;
  std::vector<Tensor> gradients;
};

}  // namespace

Program convolution(const Images& images) {
  const auto n = [](std::size_t number) { return static_cast<std::int64_t>(number); };
  const auto s = std::make_shared<Convolved>(
      Convolved{parameter(images.x, {n(images.count), n(images.channels), n(images.extent), n(images.extent)}),
                parameter(images.w, {n(images.kernels), n(images.channels), n(images.kernel), n(images.kernel)}),
                tensor(images.cotangent, {n(images.count), n(images.kernels), n(images.result()), n(images.result())}),
                {},
                {}});
  return {[s, padding = n(images.padding)] {
            s->value = Tensor();
            s->gradients.clear();
            s->value = torch::conv2d(s->x, s->w, {}, 1, padding);
            s->gradients = torch::autograd::grad({s->value}, {s->x, s->w}, {s->cotangent});
          },
          [s] {
            Arrays result = to_arrays(s->gradients);
            result.push_back(to_vector(s->value));
            return result;
          }};
}

}  // namespace bench::libtorch
