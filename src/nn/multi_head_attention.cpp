#include <algorithm>
#include <string>
#include <string_view>

#include <xgrad/core/errors.hpp>
#include <xgrad/nn/attention.hpp>
#include <xgrad/nn/positions.hpp>
#include <xgrad/ops/check.hpp>
#include <xgrad/ops/create.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/index.hpp>
#include <xgrad/ops/linalg.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/ops/rearrange.hpp>

#include "checks.hpp"
#include "grouped_product.hpp"
#include "sequences.hpp"

namespace xgrad::nn {

using detail::length_of;

namespace {

using Attention = MultiHeadAttention;

/// Of the last axis of a projection, or of the rows of its weight: queries, keys, values, one behind the other.
struct Parts {
  std::ptrdiff_t queries, keys, end;
};

Parts parts_of(const Attention& layer) {
  const std::size_t rows = layer.in_proj_weight.shape(0);
  const std::size_t size = rows / (layer.heads + 2 * layer.key_heads);
  const auto queries = static_cast<std::ptrdiff_t>(size * layer.heads);
  const auto keys = static_cast<std::ptrdiff_t>(size * layer.key_heads);
  return {queries, queries + keys, static_cast<std::ptrdiff_t>(rows)};
}

void require_weights(const Attention& layer) {
  const std::size_t all = layer.heads + 2 * layer.key_heads;
  if (layer.heads == 0 || layer.key_heads == 0 || layer.heads % layer.key_heads != 0) {
    throw ValueError("MultiHeadAttention: " + std::to_string(layer.heads) + " heads and " +
                     std::to_string(layer.key_heads) + " of keys; the latter must divide the former");
  }
  if (layer.in_proj_weight.dimension() != 2 || all < layer.heads || layer.in_proj_weight.shape(0) % all != 0) {
    throw ShapeError("MultiHeadAttention: in_proj_weight has the shape " + to_string(layer.in_proj_weight.shape()) +
                     "; it must have two axes, [(heads + 2 key heads) d, width], with " + std::to_string(layer.heads) +
                     " heads and " + std::to_string(layer.key_heads) + " of keys");
  }
  if (layer.in_proj_bias && layer.in_proj_bias->shape() != Shape{layer.in_proj_weight.shape(0)}) {
    throw ShapeError("MultiHeadAttention: in_proj_bias has the shape " + to_string(layer.in_proj_bias->shape()) +
                     "; it must have an element for each of the " + std::to_string(layer.in_proj_weight.shape(0)) +
                     " rows of in_proj_weight");
  }
}

void require_input(const Attention& layer, const Var& x) {
  const std::size_t width = layer.in_proj_weight.shape(1);
  if (x.dimension() < 2 || x.shape(-1) != width) {
    throw ShapeError("MultiHeadAttention: called with the shape " + to_string(x.shape()) +
                     "; it must be [..., t, width] with the width " + std::to_string(width));
  }
}

/// x times some rows of the weight.
Var projected(const Attention& layer, const Var& x, std::ptrdiff_t from, std::ptrdiff_t to) {
  const auto rows = xt::range(from, to);
  const Linear part{view(layer.in_proj_weight, rows),
                    layer.in_proj_bias ? std::optional(view(*layer.in_proj_bias, rows)) : std::nullopt};
  return part(x);
}

/// [..., t, heads d] -> [..., heads, t, d]
Var split_heads(const Var& x, std::size_t heads) {
  Shape shape = x.shape();
  const std::size_t size = shape.back() / heads;
  shape.back() = heads;
  shape.push_back(size);
  return swapaxes(reshape(x, Strides(shape)), -2, -3);
}

/// [..., heads, t, d] -> [..., t, heads d]
Var joined_heads(const Var& x) {
  const Var places = swapaxes(x, -2, -3);
  Shape shape(places.shape().begin(), places.shape().end() - 1);
  shape.back() *= x.shape(-1);
  return reshape(places, Strides(shape));
}

/// By heads.
struct Projections {
  Var q, k, v;
};

Projections by_heads(const Attention& layer, const Var& queries, const Var& keys, const Var& values) {
  return {split_heads(queries, layer.heads), split_heads(keys, layer.key_heads), split_heads(values, layer.key_heads)};
}

/// Of a sequence that looks at itself; its places begin at `first`.
Projections projections_of(const Attention& layer, const Var& x, const Var& first) {
  require_weights(layer);
  require_input(layer, x);
  const Parts parts = parts_of(layer);
  const Var all = projected(layer, x, 0, parts.end);
  const auto part = [&](std::ptrdiff_t from, std::ptrdiff_t to) {
    return view(all, xt::ellipsis(), xt::range(from, to));
  };
  Projections result =
      by_heads(layer, part(0, parts.queries), part(parts.queries, parts.keys), part(parts.keys, parts.end));
  if (layer.rotary) {
    const Var places = first + arange(length_of(x));
    result.q = rotary(result.q, places, *layer.rotary);
    result.k = rotary(result.k, places, *layer.rotary);
  }
  return result;
}

/// Of a sequence that looks at another one.
Projections projections_of(const Attention& layer, const Var& x, const Var& keys, const Var& values) {
  require_weights(layer);
  for (const Var* each : {&x, &keys, &values}) require_input(layer, *each);
  if (layer.rotary) {
    throw ValueError("MultiHeadAttention: rotary positions for two sequences; they are for one that looks at itself");
  }
  const Parts parts = parts_of(layer);
  return by_heads(layer, projected(layer, x, 0, parts.queries), projected(layer, keys, parts.queries, parts.keys),
                  projected(layer, values, parts.keys, parts.end));
}

Var attended(const Attention& layer, const Projections& all, const AttentionOptions& options,
             const Training* training) {
  Var weights = attention_weights(all.q, all.k, options);
  if (training != nullptr) weights = layer.dropout(weights, *training);
  return layer.out_proj(joined_heads(detail::grouped_product(weights, all.v)));
}

/// An array of a cache with what is new from the place `first` on: one pass, in the memory of a cache that is donated.
Var written(const Var& cache, const Var& fresh, const Var& first) {
  const std::ptrdiff_t count = length_of(fresh);
  if (count == 0) return cache;
  const Var numbers = arange(length_of(cache)) - first;
  const Var is_new = expand_dims(numbers >= 0 && numbers < count, 1);
  const Var values = count == 1 ? fresh : take(fresh, clip(numbers, 0, count - 1), -2);
  return where(is_new, values, cache);
}

/// Before it is computed with.
void require_length(const AttentionCache& cache) {
  if (cache.length.dtype() == DType::Int64 && cache.length.dimension() == 0) return;
  throw ShapeError("MultiHeadAttention: a cache whose length is " + std::string(name(cache.length.dtype())) + " " +
                   to_string(cache.length.shape()) + "; it must be one int64 for all sequences");
}

void require_cache(const AttentionCache& cache, const Var& keys) {
  Shape shape = keys.shape();
  const bool ranks_agree = cache.keys.dimension() == shape.size();
  if (ranks_agree) shape[shape.size() - 2] = cache.keys.shape(-2);
  if (!ranks_agree || cache.keys.shape() != shape || cache.values.shape() != shape) {
    throw ShapeError("MultiHeadAttention: a cache of the shape " + to_string(cache.keys.shape()) + " for keys of " +
                     to_string(keys.shape()) + "; all but the last axis but one, the room, must agree");
  }
  if (keys.shape(-2) > cache.keys.shape(-2)) {
    throw ShapeError("MultiHeadAttention: " + std::to_string(keys.shape(-2)) + " places for a cache with room for " +
                     std::to_string(cache.keys.shape(-2)));
  }
}

}  // namespace

Var MultiHeadAttention::operator()(const Var& x, const AttentionOptions& options) const {
  return attended(*this, projections_of(*this, x, 0), options, nullptr);
}

Var MultiHeadAttention::operator()(const Var& x, const Training& training, const AttentionOptions& options) const {
  return attended(*this, projections_of(*this, x, 0), options, &training);
}

Var MultiHeadAttention::operator()(const Var& x, const Var& keys, const Var& values,
                                   const AttentionOptions& options) const {
  return attended(*this, projections_of(*this, x, keys, values), options, nullptr);
}

Var MultiHeadAttention::operator()(const Var& x, const Var& keys, const Var& values, const Training& training,
                                   const AttentionOptions& options) const {
  return attended(*this, projections_of(*this, x, keys, values), options, &training);
}

std::pair<Var, AttentionCache> MultiHeadAttention::operator()(const Var& x, const AttentionCache& cache) const {
  static const Requirement room("MultiHeadAttention: {} places in a cache with room for {}");
  require_length(cache);
  const Projections all = projections_of(*this, x, cache.length);
  require_cache(cache, all.k);
  const std::ptrdiff_t capacity = length_of(cache.keys);
  const Var after = cache.length + length_of(x);
  const Var length = checked(after, cache.length >= 0 && after <= capacity, room, capacity);
  const Var first = length - length_of(x);
  const AttentionCache next{written(cache.keys, all.k, first), written(cache.values, all.v, first), length};
  const AttentionOptions before{.mask = causal_mask(x.shape(-2), static_cast<std::size_t>(capacity), first)};
  return {attended(*this, {all.q, next.keys, next.values}, before, nullptr), next};
}

AttentionCache MultiHeadAttention::cache(const Shape& batch, std::size_t room) const {
  require_weights(*this);
  Shape shape = batch;
  for (const std::size_t extent : {key_heads, room, in_proj_weight.shape(0) / (heads + 2 * key_heads)}) {
    shape.push_back(extent);
  }
  const Var nothing = zeros(shape, in_proj_weight.dtype());
  return {nothing, nothing, cast<std::int64_t>(zeros({}))};
}

MultiHeadAttention multi_head_attention(const random::Key& key, std::size_t width, std::size_t heads,
                                        const MultiHeadAttentionOptions& options) {
  require_floating("multi_head_attention", options.dtype);
  require_rate("multi_head_attention", options.dropout);
  if (options.rotary) require_base("multi_head_attention", *options.rotary);
  const std::size_t key_heads = options.key_heads == 0 ? heads : options.key_heads;
  const auto refuse = [&](std::string_view requirement) {
    throw ValueError("multi_head_attention: " + std::to_string(heads) + " heads, " + std::to_string(key_heads) +
                     " of keys, for the width " + std::to_string(width) + "; " + std::string(requirement));
  };
  if (heads == 0 || width % heads != 0) refuse("the heads must divide the width");
  if (heads % key_heads != 0) refuse("those of keys must divide the heads");
  const std::size_t size = width / heads;
  if (options.rotary && size % 2 != 0) refuse("rotary positions need an even number of features in a head");
  const std::size_t rows = size * (heads + 2 * key_heads);
  const LinearOptions out{
      .bias = options.bias, .weights = options.weights, .biases = options.biases, .dtype = options.dtype};
  MultiHeadAttention layer{.in_proj_weight = options.weights(key.fold_in(0), {rows, width}, options.dtype),
                           .in_proj_bias = std::nullopt,
                           .out_proj = linear(key.fold_in(1), width, width, out),
                           .dropout = Dropout{options.dropout},
                           .heads = heads,
                           .key_heads = key_heads,
                           .rotary = options.rotary};
  if (options.bias) layer.in_proj_bias = options.biases(key.fold_in(2), {rows}, options.dtype);
  return layer;
}

}  // namespace xgrad::nn
