// Cross-entropy, and layer norm with GELU.
#include <memory>

#include "libtorch.hpp"
#include "tensors.hpp"

namespace bench::libtorch {
namespace {

struct Classifier {
  Tensor logits, labels, value, gradient;
};

struct Layer {
  Tensor x, weight, bias, cotangent, value;
  std::vector<Tensor> gradients;
};

}  // namespace

Program cross_entropy(const Classification& data) {
  const auto rows = static_cast<std::int64_t>(data.rows);
  const auto classes = static_cast<std::int64_t>(data.classes);
  const auto s = std::make_shared<Classifier>(
      Classifier{parameter(data.logits, {rows, classes}), tensor(data.labels, {rows}), {}, {}});
  return {[s] {
            s->gradient = Tensor();
            s->value = torch::cross_entropy_loss(s->logits, s->labels);
            s->gradient = torch::autograd::grad({s->value}, {s->logits})[0];
            (void)s->value.item<float>();
          },
          [s] {
            return to_arrays({s->value, s->gradient});
          }};
}

Program layernorm_gelu(const Normalization& data) {
  const auto rows = static_cast<std::int64_t>(data.rows);
  const auto columns = static_cast<std::int64_t>(data.columns);
  const auto s = std::make_shared<Layer>(Layer{parameter(data.x, {rows, columns}),
                                               parameter(data.weight, {columns}),
                                               parameter(data.bias, {columns}),
                                               tensor(data.cotangent, {rows, columns}),
                                               {},
                                               {}});
  return {[s, columns] {
            s->value = Tensor();
            s->gradients.clear();
            s->value = torch::gelu(torch::layer_norm(s->x, {columns}, s->weight, s->bias, norm_epsilon));
            s->gradients = torch::autograd::grad({s->value}, {s->x, s->weight, s->bias}, {s->cotangent});
          },
          [s] {
            Arrays result = to_arrays(s->gradients);
            result.push_back(to_vector(s->value));
            return result;
          }};
}

}  // namespace bench::libtorch
