#include <xgrad/nn/embedding.hpp>

#include <string>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/create.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/index.hpp>
#include <xgrad/ops/linalg.hpp>
#include <xgrad/ops/manipulate.hpp>

#include "nn/checks.hpp"

namespace xgrad::nn {
namespace {

void require_table(const Var& weight) {
  if (weight.dimension() != 2) {
    throw ShapeError("Embedding: its weight has the shape " + to_string(weight.shape()) +
                     "; it must have two axes, [entries, features]");
  }
}

/// Counted from the front.
std::int64_t padding_row(std::string_view layer, std::int64_t padding, std::size_t entries) {
  const auto count = static_cast<std::int64_t>(entries);
  if (padding < -count || padding >= count) {
    throw ValueError(std::string(layer) + ": the padding index " + std::to_string(padding) +
                     " is that of no row; there are " + std::to_string(entries));
  }
  return padding < 0 ? padding + count : padding;
}

/// The weight, of which no gradient reaches the row of the padding, whatever it is used for.
Var trained_weight(const Embedding& layer) {
  if (!layer.padding) return layer.weight;
  const std::size_t entries = layer.weight.shape()[0];
  const Var rows = arange(static_cast<std::int64_t>(entries));
  const Var fixed = expand_dims(equal(rows, padding_row("Embedding", *layer.padding, entries)), -1);
  return where(fixed, stop_gradient(layer.weight), layer.weight);
}

}  // namespace

Var Embedding::operator()(const Var& indices) const {
  require_table(weight);
  if (indices.dtype() != DType::Int64) {
    throw TypeError("Embedding: called with " + std::string(name(indices.dtype())) + "; it takes indices, int64");
  }
  return take(trained_weight(*this), indices, 0);
}

Var Embedding::attend(const Var& x) const {
  require_table(weight);
  if (x.dimension() == 0 || x.shape(-1) != weight.shape()[1]) {
    throw ShapeError("Embedding::attend: called with the shape " + to_string(x.shape()) + ", with a weight of " +
                     to_string(weight.shape()) + "; the last axis must have the " + std::to_string(weight.shape()[1]) +
                     " features");
  }
  return matmul(x, transpose(trained_weight(*this)));
}

Embedding embedding(const random::Key& key, std::size_t entries, std::size_t features,
                    const EmbeddingOptions& options) {
  require_floating("embedding", options.dtype);
  Var weight = options.weights(key, {entries, features}, options.dtype);
  if (options.padding) {
    const Var rows = arange(static_cast<std::int64_t>(entries));
    const Var padded = equal(rows, padding_row("embedding", *options.padding, entries));
    weight = where(expand_dims(padded, -1), 0.0, weight);
  }
  return {weight, options.padding};
}

}  // namespace xgrad::nn
