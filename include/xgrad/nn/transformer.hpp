// Blocks of attention and feed-forward nets, and stacks of them.
#pragma once

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include <xgrad/core/dtype.hpp>
#include <xgrad/nn/activation.hpp>
#include <xgrad/nn/attention.hpp>
#include <xgrad/nn/dropout.hpp>
#include <xgrad/nn/initialise.hpp>
#include <xgrad/nn/layer.hpp>
#include <xgrad/nn/linear.hpp>
#include <xgrad/nn/normalisation.hpp>
#include <xgrad/nn/outline.hpp>
#include <xgrad/random/key.hpp>
#include <xgrad/tree/fields.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::nn {

/// linear2(f(linear1(x))) for the last axis of x; with a gate linear2(f(gate(x)) linear1(x)).
struct FeedForward {
  Linear linear1;
  Linear linear2;
  std::optional<Linear> gate;
  Activation activation = Activation::Relu;
  Dropout dropout;  ///< of what is between
  /// \throws ShapeError  unless the last axis of x has as many elements as there are inputs, and the gate as many
  ///                     outputs as linear1.
  Var operator()(const Var& x) const;
  Var operator()(const Var& x, const Training& training) const;
  void outline(detail::Outline& outline) const;
};
XGRAD_FIELDS(FeedForward, linear1, linear2, gate, activation, dropout)

/// Of all layers of this page. The defaults are torch's, but for dropout, of which there is none.
struct TransformerOptions {
  std::size_t hidden = 0;  ///< between the two products of the feed-forward net; 0: four times the width
  Activation activation = Activation::Relu;
  bool gated = false;       ///< with Activation::Silu this is SwiGLU (N. Shazeer 2020)
  bool norm_first = false;  ///< x + f(norm(x)) in place of norm(x + f(x)); stacks end with a norm then
  double dropout = 0.0;
  std::size_t key_heads = 0;                    ///< 0: as many as heads
  std::optional<double> rotary = std::nullopt;  ///< the base of rotary positions, where a sequence looks at itself
  bool bias = true;
  double eps = 1e-5;  ///< of norms
  Initialiser weights = lecun_normal();
  DType dtype = DType::Float32;
};

/// \throws TypeError   unless the element type is a floating-point one.
/// \throws ValueError  unless 0 <= dropout <= 1.
[[nodiscard]] FeedForward feed_forward(const random::Key& key, std::size_t width,
                                       const TransformerOptions& options = {});

/// A sequence looks at itself, and what each place has found goes through a net: [..., t, width] -> [..., t, width].
///
///     x = norm1(x + self_attn(x)),  x = norm2(x + feed_forward(x)),  or
///     x = x + self_attn(norm1(x)),  x = x + feed_forward(norm2(x))  with norm_first.
///
/// torch.nn.TransformerEncoderLayer, whose linear1 and linear2 are in feed_forward.
/// \source A. Vaswani et al. 2017; norms first: R. Xiong et al., On Layer Normalization in the Transformer, 2020.
struct TransformerEncoderLayer {
  MultiHeadAttention self_attn;
  FeedForward feed_forward;
  LayerNorm norm1;
  LayerNorm norm2;
  Dropout dropout;  ///< of what is added to x
  bool norm_first = false;

  /// \throws ShapeError  as MultiHeadAttention.
  Var operator()(const Var& x, const AttentionOptions& options = {}) const;
  Var operator()(const Var& x, const Training& training, const AttentionOptions& options = {}) const;
  /// What follows on what is in the cache, as of MultiHeadAttention.
  [[nodiscard]] std::pair<Var, AttentionCache> operator()(const Var& x, const AttentionCache& cache) const;
  void outline(detail::Outline& outline) const;
};
XGRAD_FIELDS(TransformerEncoderLayer, self_attn, feed_forward, norm1, norm2, dropout, norm_first)

/// \throws ValueError, TypeError  as multi_head_attention.
[[nodiscard]] TransformerEncoderLayer transformer_encoder_layer(const random::Key& key, std::size_t width,
                                                                std::size_t heads,
                                                                const TransformerOptions& options = {});

/// A sequence looks at itself, mostly at what is before, then at another sequence, the memory, and goes through a net.
/// torch.nn.TransformerDecoderLayer, whose linear1 and linear2 are in feed_forward.
struct TransformerDecoderLayer {
  MultiHeadAttention self_attn;
  MultiHeadAttention multihead_attn;  ///< that looks at the memory
  FeedForward feed_forward;
  LayerNorm norm1;
  LayerNorm norm2;
  LayerNorm norm3;
  Dropout dropout;
  bool norm_first = false;

  /// \param options    who sees whom in x: {.causal = true} mostly
  /// \param of_memory  what is seen of the memory
  /// \throws ShapeError  as MultiHeadAttention.
  Var operator()(const Var& x, const Var& memory, const AttentionOptions& options = {},
                 const AttentionOptions& of_memory = {}) const;
  Var operator()(const Var& x, const Var& memory, const Training& training, const AttentionOptions& options = {},
                 const AttentionOptions& of_memory = {}) const;
  [[nodiscard]] std::pair<Var, AttentionCache> operator()(const Var& x, const Var& memory, const AttentionCache& cache,
                                                          const AttentionOptions& of_memory = {}) const;
};
XGRAD_FIELDS(TransformerDecoderLayer, self_attn, multihead_attn, feed_forward, norm1, norm2, norm3, dropout, norm_first)

/// \throws ValueError, TypeError  as multi_head_attention.
[[nodiscard]] TransformerDecoderLayer transformer_decoder_layer(const random::Key& key, std::size_t width,
                                                                std::size_t heads,
                                                                const TransformerOptions& options = {});

/// The caches of the layers of a stack.
struct TransformerCache {
  std::vector<AttentionCache> layers;
};
XGRAD_FIELDS(TransformerCache, layers)

/// Layers one after another. \source torch.nn.TransformerEncoder.
struct TransformerEncoder {
  std::vector<TransformerEncoderLayer> layers;
  std::optional<LayerNorm> norm;

  /// \throws ShapeError  as MultiHeadAttention.
  Var operator()(const Var& x, const AttentionOptions& options = {}) const;
  Var operator()(const Var& x, const Training& training, const AttentionOptions& options = {}) const;
  /// What follows on what is in the cache.
  /// \throws ValueError  unless it is of as many layers.
  [[nodiscard]] std::pair<Var, TransformerCache> operator()(const Var& x, const TransformerCache& cache) const;
  [[nodiscard]] TransformerCache cache(const Shape& batch, std::size_t room) const;
  void outline(detail::Outline& outline) const;
};
XGRAD_FIELDS(TransformerEncoder, layers, norm)

/// \throws ValueError, TypeError  as multi_head_attention.
[[nodiscard]] TransformerEncoder transformer_encoder(const random::Key& key, std::size_t width, std::size_t heads,
                                                     std::size_t layers, const TransformerOptions& options = {});

/// Layers one after another, all of which look at the same memory. \source torch.nn.TransformerDecoder.
struct TransformerDecoder {
  std::vector<TransformerDecoderLayer> layers;
  std::optional<LayerNorm> norm;

  /// \throws ShapeError  as MultiHeadAttention.
  Var operator()(const Var& x, const Var& memory, const AttentionOptions& options = {},
                 const AttentionOptions& of_memory = {}) const;
  Var operator()(const Var& x, const Var& memory, const Training& training, const AttentionOptions& options = {},
                 const AttentionOptions& of_memory = {}) const;
  /// \throws ValueError  unless the cache is of as many layers.
  [[nodiscard]] std::pair<Var, TransformerCache> operator()(const Var& x, const Var& memory,
                                                            const TransformerCache& cache,
                                                            const AttentionOptions& of_memory = {}) const;
  [[nodiscard]] TransformerCache cache(const Shape& batch, std::size_t room) const;
};
XGRAD_FIELDS(TransformerDecoder, layers, norm)

/// \throws ValueError, TypeError  as multi_head_attention.
[[nodiscard]] TransformerDecoder transformer_decoder(const random::Key& key, std::size_t width, std::size_t heads,
                                                     std::size_t layers, const TransformerOptions& options = {});

}  // namespace xgrad::nn

#pragma GCC visibility pop
