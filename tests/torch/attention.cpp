#include "attention.hpp"

#include <ATen/Parallel.h>
#include <torch/nn.h>

#include <cmath>
#include <stdexcept>

#include "libtorch.hpp"

namespace libtorch {
namespace {

using torch::Tensor;

Tensor tensor_of(const std::vector<double>& numbers, at::IntArrayRef shape) {
  return torch::tensor(numbers, at::kDouble).reshape(shape);
}

std::vector<double> numbers_of(const Tensor& x) {
  const Tensor dense = x.detach().contiguous();
  return {dense.data_ptr<double>(), dense.data_ptr<double>() + dense.numel()};
}

/// libtorch takes sequences as [t, batch, width].
struct Call {
  const AttentionCase& with;
  Tensor x, memory, causal, padding;
};

Call call_of(const AttentionCase& with, const Tensor& x, const Tensor& memory) {
  Call call{with, x.transpose(0, 1), memory.transpose(0, 1), {}, {}};
  if (with.causal) {  // in C++ a mask is added
    call.causal = torch::triu(torch::full({with.t, with.t}, -HUGE_VAL, at::kDouble), 1);
  }
  if (!with.lengths.empty()) {
    const bool of_memory = with.cross || with.layer.rfind("decoder", 0) == 0;
    const Tensor lengths = torch::tensor(with.lengths, at::kLong);
    call.padding = torch::arange(of_memory ? with.s : with.t).unsqueeze(0) >= lengths.unsqueeze(1);
  }
  return call;
}

void set_weights(torch::nn::Module& module, const NumbersByName& weights) {
  const torch::NoGradGuard no_gradients;
  const auto parameters = module.named_parameters();
  if (parameters.size() != weights.size()) throw std::runtime_error("libtorch has other weights");
  for (const auto& [name, numbers] : weights) {
    const Tensor& parameter = parameters[name];
    parameter.copy_(tensor_of(numbers, parameter.sizes()));
  }
}

template <class Options>
Options layer_options(const AttentionCase& with) {
  Options options(with.width, with.heads);
  options.dim_feedforward(with.hidden).dropout(0.0);
  if (with.gelu) options.activation(torch::kGELU);
  return options;
}

Tensor looked(torch::nn::MultiheadAttention& attention, const Tensor& x, const Tensor& memory, const Tensor& padding,
              const Tensor& causal) {
  return std::get<0>(attention->forward(x, memory, memory, padding, false, causal));
}

template <class Layer>
Tensor fed(Layer& layer, const Tensor& x, bool gelu) {
  const Tensor hidden = layer->linear1(x);
  return layer->linear2(gelu ? torch::gelu(hidden) : torch::relu(hidden));
}

/// The norm first, which libtorch's C++ has not.
Tensor with_norms_first(torch::nn::TransformerEncoderLayer& layer, const Call& call) {
  const Tensor y = layer->norm1(call.x);
  const Tensor x = call.x + looked(layer->self_attn, y, y, call.padding, call.causal);
  return x + fed(layer, layer->norm2(x), call.with.gelu);
}

Tensor with_norms_first(torch::nn::TransformerDecoderLayer& layer, const Call& call) {
  const Tensor y = layer->norm1(call.x);
  Tensor x = call.x + looked(layer->self_attn, y, y, {}, call.causal);
  x = x + looked(layer->multihead_attn, layer->norm2(x), call.memory, call.padding, {});
  return x + fed(layer, layer->norm3(x), call.with.gelu);
}

template <class Layer>
Tensor called(Layer& layer, const Call& call) {
  if constexpr (std::is_same_v<Layer, torch::nn::MultiheadAttention>) {
    return looked(layer, call.x, call.with.cross ? call.memory : call.x, call.padding, call.causal);
  } else if constexpr (std::is_same_v<Layer, torch::nn::TransformerEncoderLayer>) {
    return call.with.norm_first ? with_norms_first(layer, call) : layer(call.x, call.causal, call.padding);
  } else if constexpr (std::is_same_v<Layer, torch::nn::TransformerEncoder>) {
    return layer(call.x, call.causal, call.padding);
  } else if constexpr (std::is_same_v<Layer, torch::nn::TransformerDecoderLayer>) {
    return call.with.norm_first ? with_norms_first(layer, call)
                                : layer(call.x, call.memory, call.causal, Tensor(), Tensor(), call.padding);
  } else {
    return layer(call.x, call.memory, call.causal, Tensor(), Tensor(), call.padding);
  }
}

template <class Layer>
AttentionResult result_of(Layer& layer, const AttentionCase& with) {
  layer->to(at::kDouble);
  set_weights(*layer, with.weights);
  const Tensor x = tensor_of(with.x, {with.batch, with.t, with.width}).requires_grad_(true);
  const Tensor memory = tensor_of(with.memory, {with.batch, with.s, with.width}).requires_grad_(true);
  const Tensor value = called(layer, call_of(with, x, memory)).transpose(0, 1).contiguous();
  Tensor cotangent = torch::empty_like(value);
  for (std::int64_t i = 0; i < value.numel(); ++i) {
    cotangent.data_ptr<double>()[i] = weight(0, static_cast<std::size_t>(i));
  }
  value.backward(cotangent);
  AttentionResult result{numbers_of(value), {}};
  for (const auto& parameter : layer->named_parameters()) {
    result.gradients[parameter.key()] = numbers_of(parameter.value().grad());
  }
  result.gradients["x"] = numbers_of(x.grad());
  if (memory.grad().defined()) result.gradients["memory"] = numbers_of(memory.grad());
  return result;
}

}  // namespace

AttentionResult attention(const AttentionCase& with) {
  using namespace torch::nn;
  at::set_num_threads(1);
  if (with.layer == "attention") {
    MultiheadAttention layer(MultiheadAttentionOptions(with.width, with.heads).bias(with.bias));
    return result_of(layer, with);
  }
  TransformerEncoderLayer encoder(layer_options<TransformerEncoderLayerOptions>(with));
  TransformerDecoderLayer decoder(layer_options<TransformerDecoderLayerOptions>(with));
  if (with.layer == "encoder layer") return result_of(encoder, with);
  if (with.layer == "decoder layer") return result_of(decoder, with);
  if (with.layer == "encoder") {
    TransformerEncoder stack(TransformerEncoderOptions(encoder, with.layers));
    return result_of(stack, with);
  }
  if (with.layer == "decoder") {
    TransformerDecoder stack(TransformerDecoderOptions(decoder, with.layers));
    return result_of(stack, with);
  }
  throw std::runtime_error("no layer " + with.layer);
}

}  // namespace libtorch
