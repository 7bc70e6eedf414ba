#include <xgrad/nn/transformer.hpp>

#include <string>
#include <string_view>

#include <xgrad/core/errors.hpp>
#include <xgrad/nn/sequential.hpp>
#include <xgrad/ops/elementwise.hpp>

#include "checks.hpp"

namespace xgrad::nn {
namespace {

/// What of a layer gets random numbers of its own in training.
enum Part : std::int64_t { OfSelf, OfMemory, OfNet, AfterSelf, AfterMemory, AfterNet };

/// Runs the parts of a layer, in training or not.
struct Runner {
  const Training* training;

  [[nodiscard]] Var drop(const Dropout& dropout, const Var& x, Part part) const {
    return training == nullptr ? x : dropout(x, training->part(part));
  }
  [[nodiscard]] Var run(const FeedForward& net, const Var& x) const {
    return training == nullptr ? net(x) : net(x, training->part(OfNet));
  }
  [[nodiscard]] Var look(const MultiHeadAttention& attention, const Var& x, const AttentionOptions& options) const {
    return training == nullptr ? attention(x, options) : attention(x, training->part(OfSelf), options);
  }
  [[nodiscard]] Var look(const MultiHeadAttention& attention, const Var& x, const Var& memory,
                         const AttentionOptions& options) const {
    return training == nullptr ? attention(x, memory, memory, options)
                               : attention(x, memory, memory, training->part(OfMemory), options);
  }
};

/// x with what f finds added, and the norm before or after.
template <class F>
Var with_residual(const Var& x, const LayerNorm& norm, bool norm_first, const F& f) {
  return norm_first ? detail::added(x, f(norm(x))) : norm(detail::added(x, f(x)));
}

template <class Look>
Var encoded(const TransformerEncoderLayer& layer, const Var& x, const Runner& runner, const Look& look) {
  const Var seen = with_residual(x, layer.norm1, layer.norm_first,
                                 [&](const Var& y) { return runner.drop(layer.dropout, look(y), AfterSelf); });
  return with_residual(seen, layer.norm2, layer.norm_first, [&](const Var& y) {
    return runner.drop(layer.dropout, runner.run(layer.feed_forward, y), AfterNet);
  });
}

template <class Look>
Var decoded(const TransformerDecoderLayer& layer, const Var& x, const Var& memory, const AttentionOptions& of_memory,
            const Runner& runner, const Look& look) {
  const Var seen = with_residual(x, layer.norm1, layer.norm_first,
                                 [&](const Var& y) { return runner.drop(layer.dropout, look(y), AfterSelf); });
  const Var told = with_residual(seen, layer.norm2, layer.norm_first, [&](const Var& y) {
    return runner.drop(layer.dropout, runner.look(layer.multihead_attn, y, memory, of_memory), AfterMemory);
  });
  return with_residual(told, layer.norm3, layer.norm_first, [&](const Var& y) {
    return runner.drop(layer.dropout, runner.run(layer.feed_forward, y), AfterNet);
  });
}

/// What f gives, which looks once at itself and what is in a cache, and the next cache.
template <class F>
std::pair<Var, AttentionCache> with_cache(const MultiHeadAttention& attention, const AttentionCache& cache,
                                          const F& f) {
  AttentionCache next;
  const Var y = f([&](const Var& x) {
    std::pair<Var, AttentionCache> found = attention(x, cache);
    next = std::move(found.second);
    return std::move(found.first);
  });
  return {y, next};
}

Var hidden_of(const FeedForward& net, const Var& x) {
  const Activate activate{net.activation};
  if (net.gate) require_weight("FeedForward", "gate", net.gate->weight, net.linear1.weight.shape());
  return net.gate ? activate((*net.gate)(x)) * net.linear1(x) : activate(net.linear1(x));
}

LinearOptions linear_options(const TransformerOptions& options) {
  return {.bias = options.bias, .weights = options.weights, .dtype = options.dtype};
}

MultiHeadAttention attention_of(const random::Key& key, std::size_t width, std::size_t heads,
                                const TransformerOptions& options, std::optional<double> rotary) {
  return multi_head_attention(key, width, heads,
                              {.key_heads = options.key_heads,
                               .bias = options.bias,
                               .dropout = options.dropout,
                               .rotary = rotary,
                               .weights = options.weights,
                               .dtype = options.dtype});
}

LayerNorm norm_of(std::size_t width, const TransformerOptions& options) {
  return layer_norm(width, {.eps = options.eps, .bias = options.bias, .dtype = options.dtype});
}

}  // namespace

Var FeedForward::operator()(const Var& x) const { return linear2(hidden_of(*this, x)); }

Var FeedForward::operator()(const Var& x, const Training& training) const {
  return linear2(dropout(hidden_of(*this, x), training));
}

void FeedForward::outline(detail::Outline& outline) const {
  const Var x = outline.x();
  outline.part("linear1", linear1);
  const Var hidden = outline.x();
  if (gate) {
    outline.x(x);
    outline.part("gate", *gate);
    outline.x(Activate{activation}(outline.x()) * hidden);
  } else {
    outline.x(Activate{activation}(hidden));
  }
  outline.part("linear2", linear2);
}

FeedForward feed_forward(const random::Key& key, std::size_t width, const TransformerOptions& options) {
  require_rate("feed_forward", options.dropout);
  const std::size_t hidden = options.hidden == 0 ? 4 * width : options.hidden;
  const LinearOptions of_linear = linear_options(options);
  FeedForward net{.linear1 = linear(key.fold_in(0), width, hidden, of_linear),
                  .linear2 = linear(key.fold_in(1), hidden, width, of_linear),
                  .gate = std::nullopt,
                  .activation = options.activation,
                  .dropout = Dropout{options.dropout}};
  if (options.gated) net.gate = linear(key.fold_in(2), width, hidden, of_linear);
  return net;
}

Var TransformerEncoderLayer::operator()(const Var& x, const AttentionOptions& options) const {
  const Runner runner{nullptr};
  return encoded(*this, x, runner, [&](const Var& y) { return runner.look(self_attn, y, options); });
}

Var TransformerEncoderLayer::operator()(const Var& x, const Training& training, const AttentionOptions& options) const {
  const Runner runner{&training};
  return encoded(*this, x, runner, [&](const Var& y) { return runner.look(self_attn, y, options); });
}

std::pair<Var, AttentionCache> TransformerEncoderLayer::operator()(const Var& x, const AttentionCache& cache) const {
  return with_cache(self_attn, cache, [&](const auto& look) { return encoded(*this, x, {nullptr}, look); });
}

void TransformerEncoderLayer::outline(detail::Outline& outline) const {
  const auto with_norm = [&](std::string_view name, const auto& layer, std::string_view norm_name,
                             const LayerNorm& norm) {
    const Var x = outline.x();
    if (norm_first) outline.part(norm_name, norm);
    outline.part(name, layer);
    outline.x(x + outline.x());
    if (!norm_first) outline.part(norm_name, norm);
  };
  with_norm("self_attn", self_attn, "norm1", norm1);
  with_norm("feed_forward", feed_forward, "norm2", norm2);
}

TransformerEncoderLayer transformer_encoder_layer(const random::Key& key, std::size_t width, std::size_t heads,
                                                  const TransformerOptions& options) {
  return {.self_attn = attention_of(key.fold_in(0), width, heads, options, options.rotary),
          .feed_forward = feed_forward(key.fold_in(1), width, options),
          .norm1 = norm_of(width, options),
          .norm2 = norm_of(width, options),
          .dropout = Dropout{options.dropout},
          .norm_first = options.norm_first};
}

Var TransformerDecoderLayer::operator()(const Var& x, const Var& memory, const AttentionOptions& options,
                                        const AttentionOptions& of_memory) const {
  const Runner runner{nullptr};
  return decoded(*this, x, memory, of_memory, runner, [&](const Var& y) { return runner.look(self_attn, y, options); });
}

Var TransformerDecoderLayer::operator()(const Var& x, const Var& memory, const Training& training,
                                        const AttentionOptions& options, const AttentionOptions& of_memory) const {
  const Runner runner{&training};
  return decoded(*this, x, memory, of_memory, runner, [&](const Var& y) { return runner.look(self_attn, y, options); });
}

std::pair<Var, AttentionCache> TransformerDecoderLayer::operator()(const Var& x, const Var& memory,
                                                                   const AttentionCache& cache,
                                                                   const AttentionOptions& of_memory) const {
  return with_cache(self_attn, cache,
                    [&](const auto& look) { return decoded(*this, x, memory, of_memory, {nullptr}, look); });
}

TransformerDecoderLayer transformer_decoder_layer(const random::Key& key, std::size_t width, std::size_t heads,
                                                  const TransformerOptions& options) {
  return {.self_attn = attention_of(key.fold_in(0), width, heads, options, options.rotary),
          .multihead_attn = attention_of(key.fold_in(1), width, heads, options, std::nullopt),
          .feed_forward = feed_forward(key.fold_in(2), width, options),
          .norm1 = norm_of(width, options),
          .norm2 = norm_of(width, options),
          .norm3 = norm_of(width, options),
          .dropout = Dropout{options.dropout},
          .norm_first = options.norm_first};
}

}  // namespace xgrad::nn
