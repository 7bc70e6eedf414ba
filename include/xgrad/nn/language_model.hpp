// A net that says what comes next in a text.
#pragma once

#include <cstddef>
#include <optional>
#include <utility>

#include <xgrad/nn/dropout.hpp>
#include <xgrad/nn/embedding.hpp>
#include <xgrad/nn/layer.hpp>
#include <xgrad/nn/linear.hpp>
#include <xgrad/nn/outline.hpp>
#include <xgrad/nn/positions.hpp>
#include <xgrad/nn/transformer.hpp>
#include <xgrad/random/key.hpp>
#include <xgrad/tree/fields.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::nn {

/// A Transformer of which each place sees what is before it: tokens [..., t], int64, to the logits of the token that
/// comes next at each place, [..., t, vocabulary].
/// \source A. Radford et al., Improving Language Understanding by Generative Pre-Training, 2018.
struct LanguageModel {
  Embedding embedding;
  std::optional<PositionalEmbedding> positions;
  Dropout dropout;  ///< of what enters the first block
  TransformerEncoder blocks;
  std::optional<Linear> head;  ///< none: the products with the rows of the embedding

  /// \throws TypeError   unless tokens are integers.
  /// \throws ShapeError  unless they have an axis; if there are more than learnt positions.
  /// \throws ValueError  for a token that there is not, negative ones, too (raised when evaluated).
  Var operator()(const Var& tokens) const;
  Var operator()(const Var& tokens, const Training& training) const;
  /// What follows on what is in the cache, as of MultiHeadAttention.
  [[nodiscard]] std::pair<Var, TransformerCache> operator()(const Var& tokens, const TransformerCache& cache) const;
  [[nodiscard]] TransformerCache cache(const Shape& batch, std::size_t room) const;
  void outline(detail::Outline& outline) const;
};
XGRAD_FIELDS(LanguageModel, embedding, positions, dropout, blocks, head)

struct LanguageModelOptions {
  /// Learnt positions, up to this length; 0: rotary ones, of the base 10000 unless the blocks say another.
  std::size_t length = 0;
  bool tied = true;  ///< without a head of its own
  TransformerOptions blocks = {.activation = Activation::Gelu, .norm_first = true};
};

/// \throws ValueError  without layers; as multi_head_attention. \throws TypeError  likewise.
[[nodiscard]] LanguageModel language_model(const random::Key& key, std::size_t vocabulary, std::size_t width,
                                           std::size_t heads, std::size_t layers,
                                           const LanguageModelOptions& options = {});

struct GenerateOptions {
  double temperature = 1.0;  ///< what logits are divided by; 0: always the likeliest token
  std::size_t top_k = 0;     ///< only the so many likeliest; 0: all
};

/// So many tokens that go on where prompts [..., t] end, drawn one after another: int64 [..., count]. The loop is a
/// scan with a cache, so that each step costs what one token costs.
///
///     const auto with = [](const nn::LanguageModel& model, const xg::random::Key& key, const xg::Var& prompt) {
///       return nn::generate(model, key, prompt, 100, {.temperature = 0.8, .top_k = 40});
///     };
///     const xg::Var text = xg::compile(with)(model, key, prompt);
///
/// \throws ShapeError  unless prompts have at least one token.
/// \throws ValueError  unless the temperature is finite and not negative, and top_k not above the vocabulary; if learnt
///                     positions do not reach so far.
[[nodiscard]] Var generate(const LanguageModel& model, const random::Key& key, const Var& prompt, std::size_t count,
                           const GenerateOptions& options = {});

}  // namespace xgrad::nn

#pragma GCC visibility pop
