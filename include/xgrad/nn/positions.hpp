// Where in a sequence something stands, for layers that would not see it otherwise.
#pragma once

#include <cstddef>

#include <xgrad/core/dtype.hpp>
#include <xgrad/nn/initialise.hpp>
#include <xgrad/random/key.hpp>
#include <xgrad/tree/fields.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::nn {

/// Waves of places: sin(p / base^(2i / width)) at 2i and cos of the same at 2i + 1, for each place p:
/// [...] -> [..., width]. What `x + sinusoidal_positions(arange(t), width)` adds is the same for every batch.
/// \throws ValueError  unless the width is even, and the base positive.
/// \throws TypeError   unless the element type is a floating-point one.
/// \source A. Vaswani et al., Attention Is All You Need, 2017.
[[nodiscard]] Var sinusoidal_positions(const Var& places, std::size_t width, double base = 10000.0,
                                       DType dtype = DType::Float32);

/// Pairs (i, i + d / 2) of the last axis, turned by the angle p / base^(2i / d): products of two arrays that are both
/// turned depend on the distance of their places only. Of the two orders of pairs in use this is that of GPT-NeoX and
/// of LLaMA as Hugging Face has it; what pairs 2i with 2i + 1 is the same with its features in another order.
///
/// \param x       [..., t, d]
/// \param places  one for each t, 0, 1, ... unless they are given; broadcasts to [..., t].
/// \throws ShapeError  unless x has two axes or more, an even number of elements along the last one, and places
///                     broadcast to the axes before it.
/// \throws ValueError  unless the base is positive.
/// \source J. Su et al., RoFormer: Enhanced Transformer with Rotary Position Embedding, 2021.
[[nodiscard]] Var rotary(const Var& x, double base = 10000.0);
[[nodiscard]] Var rotary(const Var& x, const Var& places, double base = 10000.0);

/// A learnt array for each place, which is added: [..., t, width] -> [..., t, width].
struct PositionalEmbedding {
  Var weight;  ///< [length, width]
  /// \throws ShapeError  unless x is [..., t, width] with t up to the length.
  Var operator()(const Var& x) const;
  /// Of a sequence that begins at the place `first`, an integer, which may be recorded; sequences of a batch may begin
  /// at places of their own, [...].
  /// \throws ShapeError  likewise; unless first places broadcast to the axes before time. \throws TypeError  unless they
  ///                     are integers.
  /// \throws ValueError  if one ends behind the last place (raised when evaluated).
  Var operator()(const Var& x, const Var& first) const;
};
XGRAD_FIELDS(PositionalEmbedding, weight)

struct PositionalEmbeddingOptions {
  Initialiser weights = normal(0.02);
  DType dtype = DType::Float32;
};

/// \throws TypeError  unless the element type is a floating-point one.
[[nodiscard]] PositionalEmbedding positional_embedding(const random::Key& key, std::size_t length, std::size_t width,
                                                       const PositionalEmbeddingOptions& options = {});

}  // namespace xgrad::nn

#pragma GCC visibility pop
