#include <xgrad/nn/language_model.hpp>

#include <cmath>
#include <string>
#include <string_view>
#include <tuple>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/check.hpp>
#include <xgrad/ops/create.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/index.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/ops/order.hpp>
#include <xgrad/ops/rearrange.hpp>
#include <xgrad/ops/reduce.hpp>
#include <xgrad/random/discrete.hpp>
#include <xgrad/transform/scan.hpp>

#include "core/text.hpp"

namespace xgrad::nn {
namespace {

void require_tokens(std::string_view function, const Var& tokens) {
  if (tokens.dimension() == 0) {
    throw ShapeError(std::string(function) + ": one number of no axis; tokens must be [..., t]");
  }
}

/// Rows of the embedding, which itself would count negative tokens from the end.
Var embedded(const LanguageModel& model, const Var& tokens) {
  static const Requirement known("LanguageModel: the token {}; there are {}, from 0 on");
  if (tokens.dtype() != DType::Int64) return model.embedding(tokens);  // which refuses it
  const auto count = static_cast<std::int64_t>(model.embedding.weight.shape(0));
  return model.embedding(checked(tokens, tokens >= 0 && tokens < count, known, count));
}

Var logits_of(const LanguageModel& model, const Var& x) {
  return model.head ? (*model.head)(x) : model.embedding.attend(x);
}

void require_generation(const LanguageModel& model, const Var& prompt, std::size_t count,
                        const GenerateOptions& options) {
  if (!(options.temperature >= 0.0 && std::isfinite(options.temperature))) {
    throw ValueError("generate: the temperature " + core::text_of(options.temperature) +
                     "; it must be finite and not negative");
  }
  const std::size_t vocabulary = model.embedding.weight.shape(0);
  if (options.top_k > vocabulary) {
    throw ValueError("generate: the likeliest " + std::to_string(options.top_k) + " of " + std::to_string(vocabulary) +
                     " tokens");
  }
  require_tokens("generate", prompt);
  const std::size_t given = prompt.shape(-1);
  if (given == 0) throw ShapeError("generate: prompts of the shape " + to_string(prompt.shape()) + " without a token");
  if (model.positions && given + count > model.positions->weight.shape(0) + 1) {
    throw ValueError("generate: " + std::to_string(given) + " tokens and " + std::to_string(count) + " to come, with " +
                     std::to_string(model.positions->weight.shape(0)) + " learnt positions");
  }
}

/// Logits divided by a temperature, of which the largest is 0: the smallest temperature leaves them numbers.
Var tempered(const Var& logits, double temperature) {
  const Var below = cast(logits - amax(logits, -1, keep_dims), DType::Float64);
  return cast(below / temperature, logits.dtype());
}

/// A token for the logits of each sequence, [..., vocabulary].
Var drawn(const random::Key& key, const Var& logits, const GenerateOptions& options) {
  if (options.temperature == 0.0) return argmax(logits, -1);
  if (options.top_k == 0) return random::categorical(key, tempered(logits, options.temperature));
  const auto [values, tokens] = top_k(logits, options.top_k);
  const Var chosen = random::categorical(key, tempered(values, options.temperature));
  return squeeze(take_along_axis(tokens, expand_dims(chosen, -1), -1), -1);
}

/// The logits at the last place.
Var last_of(const Var& logits) { return view(logits, xt::ellipsis(), -1, xt::all()); }

/// What follows on a first token.
Var continued(const LanguageModel& model, const random::Key& key, const TransformerCache& cache, const Var& first,
              std::size_t count, const GenerateOptions& options) {
  const auto run = [&](const std::pair<TransformerCache, Var>& carried, const Var& number) {
    auto [logits, next] = model(expand_dims(carried.second, -1), carried.first);
    const Var token = drawn(key.fold_in(number), last_of(logits), options);
    return std::pair(std::pair(std::move(next), token), token);
  };
  const auto numbers = arange(1, static_cast<std::int64_t>(count));
  return moveaxis(scan(run, std::pair(cache, first), numbers).second, 0, -1);
}

}  // namespace

Var LanguageModel::operator()(const Var& tokens) const {
  require_tokens("LanguageModel", tokens);
  const Var x = embedded(*this, tokens);
  return logits_of(*this, blocks(positions ? (*positions)(x) : x, {.causal = true}));
}

Var LanguageModel::operator()(const Var& tokens, const Training& training) const {
  require_tokens("LanguageModel", tokens);
  const Var x = embedded(*this, tokens);
  const Var y = dropout(positions ? (*positions)(x) : x, training.part(0));
  return logits_of(*this, blocks(y, training.part(1), {.causal = true}));
}

std::pair<Var, TransformerCache> LanguageModel::operator()(const Var& tokens, const TransformerCache& cache) const {
  require_tokens("LanguageModel", tokens);
  if (cache.layers.empty()) throw ValueError("LanguageModel: a cache of no layers; there must be one for each");
  const Var x = embedded(*this, tokens);
  const auto [y, next] = blocks(positions ? (*positions)(x, cache.layers.front().length) : x, cache);
  return {logits_of(*this, y), next};
}

TransformerCache LanguageModel::cache(const Shape& batch, std::size_t room) const { return blocks.cache(batch, room); }

void LanguageModel::outline(detail::Outline& outline) const {
  require_tokens("LanguageModel", outline.x());
  outline.part("embedding", embedding);
  if (positions) outline.part("positions", *positions);
  outline.part("blocks", blocks);
  if (head) outline.part("head", *head);
  else outline.x(embedding.attend(outline.x()));
}

LanguageModel language_model(const random::Key& key, std::size_t vocabulary, std::size_t width, std::size_t heads,
                             std::size_t layers, const LanguageModelOptions& options) {
  if (layers == 0) throw ValueError("language_model: no layers; there must be one or more");
  const DType dtype = options.blocks.dtype;
  TransformerOptions of_blocks = options.blocks;
  if (options.length == 0 && !of_blocks.rotary) of_blocks.rotary = 10000.0;
  LanguageModel model{.embedding = embedding(key.fold_in(0), vocabulary, width, {.dtype = dtype}),
                      .positions = std::nullopt,
                      .dropout = Dropout{of_blocks.dropout},
                      .blocks = transformer_encoder(key.fold_in(1), width, heads, layers, of_blocks),
                      .head = std::nullopt};
  if (options.length != 0) {
    model.positions = positional_embedding(key.fold_in(2), options.length, width, {.dtype = dtype});
  }
  if (!options.tied) {
    model.head =
        linear(key.fold_in(3), width, vocabulary, {.bias = false, .weights = of_blocks.weights, .dtype = dtype});
  }
  return model;
}

Var generate(const LanguageModel& model, const random::Key& key, const Var& prompt, std::size_t count,
             const GenerateOptions& options) {
  require_generation(model, prompt, count, options);
  const Shape batch(prompt.shape().begin(), prompt.shape().end() - 1);
  if (count == 0) {
    Shape nothing = batch;
    nothing.push_back(0);
    return zeros(nothing, DType::Int64);
  }
  const TransformerCache empty = model.cache(batch, prompt.shape(-1) + count - 1);
  const auto [logits, cache] = model(prompt, empty);
  const Var first = drawn(key.fold_in(0), last_of(logits), options);
  if (count == 1) return expand_dims(first, -1);
  return xgrad::concatenate({expand_dims(first, -1), continued(model, key, cache, first, count, options)}, -1);
}

}  // namespace xgrad::nn
