#include <string>
#include <string_view>

#include <xgrad/core/errors.hpp>
#include <xgrad/nn/transformer.hpp>

namespace xgrad::nn {
namespace {

/// What a layer gives of what the layer before gave, from first to last, and the norm of that.
template <class Stack, class Run>
Var through_layers(const Stack& stack, const Var& x, const Run& run) {
  Var y = x;
  for (std::size_t i = 0; i < stack.layers.size(); ++i) y = run(stack.layers[i], y, i);
  return stack.norm ? (*stack.norm)(y) : y;
}

/// The same of layers that hand on caches.
template <class Stack, class Run>
std::pair<Var, TransformerCache> through_cache(std::string_view name, const Stack& stack, const Var& x,
                                               const TransformerCache& cache, const Run& run) {
  if (cache.layers.size() != stack.layers.size()) {
    throw ValueError(std::string(name) + ": " + std::to_string(cache.layers.size()) + " caches of layers for " +
                     std::to_string(stack.layers.size()) + " layers; there must be one for each");
  }
  TransformerCache next;
  const Var y = through_layers(stack, x, [&](const auto& layer, const Var& from, std::size_t i) {
    std::pair<Var, AttentionCache> found = run(layer, from, cache.layers[i]);
    next.layers.push_back(std::move(found.second));
    return std::move(found.first);
  });
  return {y, next};
}

template <class Stack>
TransformerCache empty_cache(const Stack& stack, const Shape& batch, std::size_t room) {
  TransformerCache all;
  for (const auto& layer : stack.layers) all.layers.push_back(layer.self_attn.cache(batch, room));
  return all;
}

Training of_layer(const Training& training, std::size_t i) { return training.part(static_cast<std::int64_t>(i)); }

std::optional<LayerNorm> last_norm(std::size_t width, const TransformerOptions& options) {
  if (!options.norm_first) return std::nullopt;
  return layer_norm(width, {.eps = options.eps, .bias = options.bias, .dtype = options.dtype});
}

}  // namespace

Var TransformerEncoder::operator()(const Var& x, const AttentionOptions& options) const {
  return through_layers(*this, x, [&](const auto& layer, const Var& y, std::size_t) { return layer(y, options); });
}

Var TransformerEncoder::operator()(const Var& x, const Training& training, const AttentionOptions& options) const {
  return through_layers(*this, x, [&](const auto& layer, const Var& y, std::size_t i) {
    return layer(y, of_layer(training, i), options);
  });
}

std::pair<Var, TransformerCache> TransformerEncoder::operator()(const Var& x, const TransformerCache& cache) const {
  return through_cache("TransformerEncoder", *this, x, cache,
                       [](const auto& layer, const Var& y, const AttentionCache& one) { return layer(y, one); });
}

TransformerCache TransformerEncoder::cache(const Shape& batch, std::size_t room) const {
  return empty_cache(*this, batch, room);
}

void TransformerEncoder::outline(detail::Outline& outline) const {
  for (std::size_t i = 0; i < layers.size(); ++i) outline.part("layers." + std::to_string(i), layers[i]);
  if (norm) outline.part("norm", *norm);
}

TransformerEncoder transformer_encoder(const random::Key& key, std::size_t width, std::size_t heads, std::size_t layers,
                                       const TransformerOptions& options) {
  TransformerEncoder stack{{}, last_norm(width, options)};
  for (std::size_t i = 0; i < layers; ++i) {
    stack.layers.push_back(transformer_encoder_layer(key.fold_in(i), width, heads, options));
  }
  return stack;
}

Var TransformerDecoder::operator()(const Var& x, const Var& memory, const AttentionOptions& options,
                                   const AttentionOptions& of_memory) const {
  return through_layers(
      *this, x, [&](const auto& layer, const Var& y, std::size_t) { return layer(y, memory, options, of_memory); });
}

Var TransformerDecoder::operator()(const Var& x, const Var& memory, const Training& training,
                                   const AttentionOptions& options, const AttentionOptions& of_memory) const {
  return through_layers(*this, x, [&](const auto& layer, const Var& y, std::size_t i) {
    return layer(y, memory, of_layer(training, i), options, of_memory);
  });
}

std::pair<Var, TransformerCache> TransformerDecoder::operator()(const Var& x, const Var& memory,
                                                                const TransformerCache& cache,
                                                                const AttentionOptions& of_memory) const {
  return through_cache(
      "TransformerDecoder", *this, x, cache,
      [&](const auto& layer, const Var& y, const AttentionCache& one) { return layer(y, memory, one, of_memory); });
}

TransformerCache TransformerDecoder::cache(const Shape& batch, std::size_t room) const {
  return empty_cache(*this, batch, room);
}

TransformerDecoder transformer_decoder(const random::Key& key, std::size_t width, std::size_t heads, std::size_t layers,
                                       const TransformerOptions& options) {
  TransformerDecoder stack{{}, last_norm(width, options)};
  for (std::size_t i = 0; i < layers; ++i) {
    stack.layers.push_back(transformer_decoder_layer(key.fold_in(i), width, heads, options));
  }
  return stack;
}

}  // namespace xgrad::nn
