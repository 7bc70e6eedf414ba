#include <xgrad/nn/mlp.hpp>

#include <string>

#include <xgrad/core/errors.hpp>

namespace xgrad::nn {

Var Mlp::operator()(const Var& x) const {
  Var y = x;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    y = Activate{i + 1 < layers.size() ? activation : last}(layers[i](y));
  }
  return y;
}

void Mlp::outline(detail::Outline& outline) const {
  for (std::size_t i = 0; i < layers.size(); ++i) {
    outline.part("layers." + std::to_string(i), layers[i]);
    outline.x(Activate{i + 1 < layers.size() ? activation : last}(outline.x()));
  }
}

Mlp mlp(const random::Key& key, const std::vector<std::size_t>& sizes, const MlpOptions& options) {
  if (sizes.size() < 2) {
    throw ValueError("mlp: " + std::to_string(sizes.size()) +
                     " sizes; there must be two at least, the inputs and the outputs");
  }
  Mlp net{{}, options.activation, options.last};
  const LinearOptions linear_options{options.bias, options.weights, options.biases, options.dtype};
  for (std::size_t i = 0; i + 1 < sizes.size(); ++i) {
    net.layers.push_back(linear(key.fold_in(static_cast<std::int64_t>(i)), sizes[i], sizes[i + 1], linear_options));
  }
  return net;
}

}  // namespace xgrad::nn
