#include <xgrad/nn/attention.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <string_view>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/create.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/linalg.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/ops/rearrange.hpp>
#include <xgrad/ops/reduce.hpp>

#include "grouped_product.hpp"
#include "ops/internal.hpp"

namespace xgrad::nn {

namespace detail {

Var grouped_product(const Var& a, const Var& b) {
  const std::size_t heads = a.dimension() < 3 ? 1 : a.shape(-3);
  const std::size_t fewer = b.dimension() < 3 ? 1 : b.shape(-3);
  if (heads == fewer || fewer <= 1 || heads % fewer != 0) return matmul(a, b);
  const Shape of_a = a.shape();
  Shape shape(of_a.begin(), of_a.end() - 3);
  for (const std::size_t extent : {fewer, heads / fewer, of_a[of_a.size() - 2], of_a.back()}) shape.push_back(extent);
  const Var products = matmul(reshape(a, Strides(shape)), expand_dims(b, -3));
  const Shape of_products = products.shape();
  Shape joined(of_products.begin(), of_products.end() - 4);
  for (const std::size_t extent : {heads, of_products[of_products.size() - 2], of_products.back()}) {
    joined.push_back(extent);
  }
  return reshape(products, Strides(joined));
}

}  // namespace detail

namespace {

/// Whether leading axes fit, the last of them being heads, of which k may have fewer.
bool stacks_fit(const Shape& q, const Shape& k) {
  for (std::size_t back = 3; back <= std::min(q.size(), k.size()); ++back) {
    const std::size_t of_q = q[q.size() - back];
    const std::size_t of_k = k[k.size() - back];
    const bool grouped = back == 3 && of_k != 0 && of_q % of_k == 0;
    if (of_q != of_k && of_q != 1 && of_k != 1 && !grouped) return false;
  }
  return true;
}

void require_fit(const Var& q, const Var& k, const AttentionOptions& options) {
  const auto refuse = [&](std::string_view requirement) {
    throw ShapeError("attention: queries of the shape " + to_string(q.shape()) + " and keys of " +
                     to_string(k.shape()) + "; " + std::string(requirement));
  };
  if (q.dimension() < 2 || k.dimension() < 2) refuse("both must have two axes or more, [..., heads, t, d]");
  if (q.shape(-1) != k.shape(-1)) refuse("both must have the same last extent");
  if (!stacks_fit(q.shape(), k.shape())) {
    refuse("the axes before must broadcast, but for heads: those of keys may divide those of queries");
  }
  if (options.causal && q.shape(-2) != k.shape(-2)) {
    refuse("causal attention is for as many queries as keys: causal_mask says where other queries stand");
  }
}

/// \param v  values of keys k, for which there are as many, by the same heads.
void require_values(const Var& k, const Var& v) {
  const auto refuse = [&](std::string_view requirement) {
    throw ShapeError("attention: keys of the shape " + to_string(k.shape()) + " and values of " + to_string(v.shape()) +
                     "; " + std::string(requirement));
  };
  if (v.dimension() < 2 || v.shape(-2) != k.shape(-2)) refuse("there must be a value for each key, [..., s, e]");
  for (std::size_t back = 3; back <= std::min(k.dimension(), v.dimension()); ++back) {
    const std::size_t of_k = k.shape()[k.dimension() - back];
    const std::size_t of_v = v.shape()[v.dimension() - back];
    if (of_k != of_v && of_k != 1 && of_v != 1) refuse("the axes before the last two must broadcast");
  }
}

void require_broadcast(std::string_view what, const Var& x, const Shape& scores) {
  if (!xgrad::detail::broadcasts_to(x.shape(), scores)) {
    throw ShapeError("attention: the " + std::string(what) + " has the shape " + to_string(x.shape()) +
                     "; it must broadcast to the scores, " + to_string(scores));
  }
}

/// What is seen, or nothing if that is all.
std::optional<Var> seen(const Var& scores, const AttentionOptions& options) {
  std::optional<Var> result;
  if (options.causal) result = causal_mask(scores.shape(-2), scores.shape(-1));
  if (!options.mask.defined()) return result;
  if (options.mask.dtype() != DType::Bool) {
    throw TypeError("attention: a mask of " + std::string(name(options.mask.dtype())) +
                    "; it must be bool, true for what is seen (numbers to be added are a bias)");
  }
  require_broadcast("mask", options.mask, scores.shape());
  return result ? options.mask && *result : options.mask;
}

}  // namespace

Var causal_mask(std::size_t t, std::size_t s, const Var& first) {
  const Var places = expand_dims(expand_dims(first, -1), -1) + expand_dims(arange(t), 1);
  return arange(s) <= places;
}

Var length_mask(const Var& lengths, std::size_t s) {
  if (is_floating(lengths.dtype()) || lengths.dtype() == DType::Bool) {
    throw TypeError("length_mask: lengths of " + std::string(name(lengths.dtype())) + "; they must be integers");
  }
  return arange(s) < expand_dims(expand_dims(expand_dims(lengths, -1), -1), -1);
}

Var attention_weights(const Var& q, const Var& k, const AttentionOptions& options) {
  require_fit(q, k, options);
  const double width = static_cast<double>(std::max<std::size_t>(q.shape(-1), 1));
  Var scores = detail::grouped_product(q, swapaxes(k, -1, -2)) * options.scale.value_or(1.0 / std::sqrt(width));
  if (options.bias.defined()) {
    require_broadcast("bias", options.bias, scores.shape());
    scores = scores + options.bias;
  }
  const std::optional<Var> allowed = seen(scores, options);
  if (!allowed) return softmax(scores);
  const Var weights = softmax(where(*allowed, scores, -std::numeric_limits<double>::infinity()));
  // Of a row without a key softmax makes equal weights. A causal row has its own key.
  return options.mask.defined() ? where(*allowed, weights, 0.0) : weights;
}

Var scaled_dot_product_attention(const Var& q, const Var& k, const Var& v, const AttentionOptions& options) {
  const Var weights = attention_weights(q, k, options);
  require_values(k, v);
  return detail::grouped_product(weights, v);
}

}  // namespace xgrad::nn
