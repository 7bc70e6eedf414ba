// Attention: each place of a sequence takes from others what it looks for.
#pragma once

#include <cstddef>
#include <optional>
#include <utility>

#include <xgrad/core/dtype.hpp>
#include <xgrad/core/shape.hpp>
#include <xgrad/nn/dropout.hpp>
#include <xgrad/nn/initialise.hpp>
#include <xgrad/nn/layer.hpp>
#include <xgrad/nn/linear.hpp>
#include <xgrad/random/key.hpp>
#include <xgrad/tree/fields.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::nn {

/// Who may look where. All of it together: a key is seen if neither `causal` nor `mask` forbids it.
struct AttentionOptions {
  /// Queries see the keys up to their own place. There are as many queries as keys, or it is refused: where shorter
  /// ones stand says causal_mask.
  bool causal = false;
  /// True where a query sees a key (torch.nn.MultiheadAttention has it the other way round). Broadcasts to the scores,
  /// [..., heads, t, s]; a mask for each sequence of a batch is [batch, 1, t, s].
  Var mask = {};
  /// Added to the scores, to which it broadcasts.
  Var bias = {};
  /// What products are multiplied with: 1 / sqrt(d) unless it is given.
  std::optional<double> scale = std::nullopt;
};

/// Of t queries, of which the first stands at the key number `first`, and s keys: the keys that are not behind a query,
/// [t, s]. `first` may be recorded, and an array: [..., t, s].
[[nodiscard]] Var causal_mask(std::size_t t, std::size_t s, const Var& first = 0);
/// Of sequences of these lengths, padded to s: what is no padding, [...] -> [..., 1, 1, s], as a mask.
/// \throws TypeError  unless lengths are integers.
[[nodiscard]] Var length_mask(const Var& lengths, std::size_t s);

/// softmax(q k^T scale + bias) over the keys that are seen; 0 for others, and everywhere for a query that sees none.
///
/// \param q  [..., heads, t, d]
/// \param k  [..., heads, s, d]. It may have fewer heads, of which each serves as many neighbouring ones of q.
/// \return [..., heads, t, s]
/// \throws ShapeError  unless q and k have two axes or more, the same d, axes before that broadcast or heads of which
///                     one number divides the other, and mask and bias fit; if it is causal, unless t is s.
/// \throws TypeError   unless the mask is of booleans.
[[nodiscard]] Var attention_weights(const Var& q, const Var& k, const AttentionOptions& options = {});

/// attention_weights(q, k) v: of each query a mean of the values that it sees, 0 if it sees none.
///
/// \param v  [..., heads, s, e], with the heads of k
/// \return [..., heads, t, e]
/// Keys that are not seen must be finite all the same, and so must their values: 0 times infinity is no number.
/// \throws ShapeError, TypeError  as attention_weights; unless v has a value for each key, and its axes before broadcast
///                                with those of k.
/// \source A. Vaswani et al., Attention Is All You Need, 2017; fewer heads: J. Ainslie et al., GQA, 2023.
[[nodiscard]] Var scaled_dot_product_attention(const Var& q, const Var& k, const Var& v,
                                               const AttentionOptions& options = {});

/// The keys and values of what was seen before, with room for more: places of which the first `length` are taken. The
/// room stays the same while it fills, so that a compiled step is recorded once.
struct AttentionCache {
  Var keys;    ///< [..., key heads, room, d]
  Var values;  ///< [..., key heads, room, d]
  Var length;  ///< [], int64
};
XGRAD_FIELDS(AttentionCache, state(keys), state(values), state(length))

/// Attention of several heads, each with projections of its own, which are one product.
///
///     nn::MultiHeadAttention attention = nn::multi_head_attention(key, 128, 8);
///     y = attention(x, {.causal = true});            // x looks at itself: [..., t, width] -> [..., t, width]
///     y = attention(x, memory, memory);              // and at something else
///     std::tie(y, cache) = attention(x, cache);      // and at all that was there before
///
/// Weights are those of torch.nn.MultiheadAttention, with its names.
/// \source A. Vaswani et al., Attention Is All You Need, 2017.
struct MultiHeadAttention {
  Var in_proj_weight;               ///< [(heads + 2 key heads) d, width]: of queries, then keys, then values
  std::optional<Var> in_proj_bias;  ///< [(heads + 2 key heads) d]
  Linear out_proj;                  ///< from heads d to the width
  Dropout dropout;                  ///< of attention weights
  std::size_t heads = 1;
  std::size_t key_heads = 1;     ///< of keys and values, each for as many neighbouring ones of the queries
  std::optional<double> rotary;  ///< the base of rotary positions, if there are any

  /// Each place looks at all of its sequence.
  /// \throws ShapeError  unless x is [..., t, width] and the weights fit; as attention_weights.
  Var operator()(const Var& x, const AttentionOptions& options = {}) const;
  Var operator()(const Var& x, const Training& training, const AttentionOptions& options = {}) const;

  /// Each place of x looks at those of another sequence: keys and values are [..., s, width], and mostly the same.
  /// \throws ShapeError  likewise; ValueError  with rotary positions, which two sequences do not share.
  Var operator()(const Var& x, const Var& keys, const Var& values, const AttentionOptions& options = {}) const;
  Var operator()(const Var& x, const Var& keys, const Var& values, const Training& training,
                 const AttentionOptions& options = {}) const;

  /// x goes on where what is in the cache ends; each place looks at those before it and at itself. The cache that is
  /// returned has x, too. Piece by piece this is what the whole sequence gives with .causal = true.
  /// \throws ShapeError  likewise; unless the cache was made for these heads and this batch.
  /// \throws ValueError  if there is not room enough, or the length is negative (raised when evaluated).
  [[nodiscard]] std::pair<Var, AttentionCache> operator()(const Var& x, const AttentionCache& cache) const;

  /// An empty cache for sequences [batch..., t, width] with room for so many places.
  [[nodiscard]] AttentionCache cache(const Shape& batch, std::size_t room) const;
};
XGRAD_FIELDS(MultiHeadAttention, in_proj_weight, in_proj_bias, out_proj, dropout, heads, key_heads, rotary)

struct MultiHeadAttentionOptions {
  std::size_t key_heads = 0;  ///< 0: as many as heads
  bool bias = true;
  double dropout = 0.0;
  std::optional<double> rotary = std::nullopt;  ///< the base, 10000 mostly
  Initialiser weights = lecun_normal();
  Initialiser biases = constant(0.0);
  DType dtype = DType::Float32;
};

/// Attention with weights made of a key; a head has width / heads features.
/// \throws ValueError  unless the heads divide the width, and the key heads the heads; with rotary positions, unless a
///                     head has an even number of features and the base is positive; unless 0 <= dropout <= 1.
/// \throws TypeError   unless the element type is a floating-point one.
[[nodiscard]] MultiHeadAttention multi_head_attention(const random::Key& key, std::size_t width, std::size_t heads,
                                                      const MultiHeadAttentionOptions& options = {});

}  // namespace xgrad::nn

#pragma GCC visibility pop
