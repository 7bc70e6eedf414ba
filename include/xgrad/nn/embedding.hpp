// Vectors for words and other things that are counted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include <xgrad/core/dtype.hpp>
#include <xgrad/nn/initialise.hpp>
#include <xgrad/random/key.hpp>
#include <xgrad/tree/fields.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::nn {

/// The rows of a table that some indices name: int64 [...] -> [..., features]. Negative indices count from the end.
struct Embedding {
  Var weight;                                ///< [entries, features], as torch's
  std::optional<std::int64_t> padding = {};  ///< an index whose row no gradient reaches, by `attend` neither
  /// \throws TypeError   unless the indices are integers.
  /// \throws ValueError  when values are computed, for an index that there is not.
  Var operator()(const Var& indices) const;
  /// The products of vectors with all rows, for a net that ends as it began: [..., features] -> [..., entries].
  /// \throws ShapeError  unless the last axis has as many elements as a row.
  [[nodiscard]] Var attend(const Var& x) const;
};
XGRAD_FIELDS(Embedding, weight, padding)

struct EmbeddingOptions {
  std::optional<std::int64_t> padding = std::nullopt;  ///< its row is 0
  Initialiser weights = lecun_normal();                ///< of the deviation 1 / sqrt(features)
  DType dtype = DType::Float32;
};

/// \throws TypeError   unless the element type is a floating-point one.
/// \throws ValueError  unless the padding index is one of an entry.
[[nodiscard]] Embedding embedding(const random::Key& key, std::size_t entries, std::size_t features,
                                  const EmbeddingOptions& options = {});

}  // namespace xgrad::nn

#pragma GCC visibility pop
