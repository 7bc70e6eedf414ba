// Names of layers of sequences, and of blocks of residual nets.
#include <xgrad/nn/attention.hpp>
#include <xgrad/nn/positions.hpp>
#include <xgrad/nn/recurrent.hpp>
#include <xgrad/nn/resnet.hpp>
#include <xgrad/nn/transformer.hpp>

#include "nn/by_name_entries.hpp"

namespace xgrad::nn {
namespace {

// The settings of each layer: the arguments of its maker, and its options.

/// What recurrent nets have in common; the others are those of the cells.
struct RecurrentSettings {
  std::optional<std::size_t> inputs;
  std::optional<std::size_t> hidden;
  std::size_t layers = 1;
  bool bidirectional = false;
  double dropout = 0.0;
};
struct RnnSettings : RecurrentSettings, RnnCellOptions {};
XGRAD_FIELDS(RnnSettings, inputs, hidden, layers, bidirectional, dropout, bias, activation, weights, recurrent_weights,
             biases, dtype)

struct LstmSettings : RecurrentSettings, LstmCellOptions {};
XGRAD_FIELDS(LstmSettings, inputs, hidden, layers, bidirectional, dropout, bias, forget_bias, weights,
             recurrent_weights, biases, dtype)

struct GruSettings : RecurrentSettings, GruCellOptions {};
XGRAD_FIELDS(GruSettings, inputs, hidden, layers, bidirectional, dropout, bias, weights, recurrent_weights, biases,
             dtype)

struct PositionalSettings : PositionalEmbeddingOptions {
  std::optional<std::size_t> length;
  std::optional<std::size_t> width;
};
XGRAD_FIELDS(PositionalSettings, length, width, weights, dtype)

struct AttentionSettings : MultiHeadAttentionOptions {
  std::optional<std::size_t> width;
  std::optional<std::size_t> heads;
};
XGRAD_FIELDS(AttentionSettings, width, heads, key_heads, bias, dropout, rotary, weights, biases, dtype)

struct FeedForwardSettings : TransformerOptions {
  std::optional<std::size_t> width;
};
XGRAD_FIELDS(FeedForwardSettings, width, hidden, activation, gated, dropout, bias, weights, dtype)

struct EncoderSettings : TransformerOptions {
  std::optional<std::size_t> width;
  std::optional<std::size_t> heads;
  std::size_t layers = 1;
};
XGRAD_FIELDS(EncoderSettings, width, heads, layers, hidden, activation, gated, norm_first, dropout, key_heads, rotary,
             bias, eps, weights, dtype)

struct BlockSettings : ResNetBlockOptions {
  std::optional<std::size_t> inputs;
  std::optional<std::size_t> outputs;
};
XGRAD_FIELDS(BlockSettings, inputs, outputs, stride, axes, weights)

struct BottleneckSettings : ResNetBottleneckOptions {
  std::optional<std::size_t> inputs;
  std::optional<std::size_t> between;
  std::optional<std::size_t> outputs;
};
XGRAD_FIELDS(BottleneckSettings, inputs, between, outputs, stride, groups, axes, weights)

using detail::entry_of;
using detail::needed;
using detail::RegistryEntry;
using random::Key;

template <class S, class L, class CellOptions>
RegistryEntry entry_of_recurrent(const char* name, L (*make)(const Key&, std::size_t, std::size_t,
                                                             const RecurrentOptions<CellOptions>&)) {
  return entry_of<S>(name, [name, make](const S& s, const Key& key) -> AnyLayer {
    return make(key, needed(name, "inputs", s.inputs), needed(name, "hidden", s.hidden),
                {s.layers, s.bidirectional, s.dropout, s});
  });
}

AnyLayer make_positions(const PositionalSettings& s, const Key& key) {
  constexpr std::string_view name = "positional_embedding";
  return positional_embedding(key, needed(name, "length", s.length), needed(name, "width", s.width), s);
}
AnyLayer make_attention(const AttentionSettings& s, const Key& key) {
  constexpr std::string_view name = "multi_head_attention";
  return multi_head_attention(key, needed(name, "width", s.width), needed(name, "heads", s.heads), s);
}
AnyLayer make_feed_forward(const FeedForwardSettings& s, const Key& key) {
  return feed_forward(key, needed("feed_forward", "width", s.width), s);
}
AnyLayer make_encoder(const EncoderSettings& s, const Key& key) {
  constexpr std::string_view name = "transformer_encoder";
  return transformer_encoder(key, needed(name, "width", s.width), needed(name, "heads", s.heads), s.layers, s);
}
AnyLayer make_block(const BlockSettings& s, const Key& key) {
  constexpr std::string_view name = "resnet_block";
  return resnet_block(key, needed(name, "inputs", s.inputs), needed(name, "outputs", s.outputs), s);
}
AnyLayer make_bottleneck(const BottleneckSettings& s, const Key& key) {
  constexpr std::string_view name = "resnet_bottleneck";
  return resnet_bottleneck(key, needed(name, "inputs", s.inputs), needed(name, "between", s.between),
                           needed(name, "outputs", s.outputs), s);
}

}  // namespace

std::vector<RegistryEntry> detail::sequence_entries() {
  return {
      entry_of_recurrent<RnnSettings>("rnn", rnn),
      entry_of_recurrent<LstmSettings>("lstm", lstm),
      entry_of_recurrent<GruSettings>("gru", gru),
      entry_of<PositionalSettings>("positional_embedding", make_positions),
      entry_of<AttentionSettings>("multi_head_attention", make_attention),
      entry_of<FeedForwardSettings>("feed_forward", make_feed_forward),
      entry_of<EncoderSettings>("transformer_encoder", make_encoder),
      entry_of<BlockSettings>("resnet_block", make_block),
      entry_of<BottleneckSettings>("resnet_bottleneck", make_bottleneck),
  };
}

}  // namespace xgrad::nn
