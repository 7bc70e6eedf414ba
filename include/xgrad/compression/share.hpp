// Weights that share a few values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include <xgrad/core/shape.hpp>
#include <xgrad/nn/linear.hpp>
#include <xgrad/tree/fields.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::compression {

struct ShareOptions {
  int bits = 4;             ///< 1, 2, 4 or 8: there are 2^bits values
  bool keep_zeros = false;  ///< weights that are 0, which were pruned, stay 0: this is one of the values
  std::size_t most_rounds = 100;
};

/// An array whose elements are some of a few values. The values are trained, the gradient of each is the sum of those
/// of all its elements; who has which stays.
struct SharedArray {
  Var values;  ///< the centroids, rising; 2^bits, or one less if zeros are kept
  Var words;   ///< which of them each element has, in `bits` bits, the first in the lowest: int64
  Shape shape = {};
  std::int64_t bits = 4;
  bool keep_zeros = false;

  /// The array.
  [[nodiscard]] Var array() const;
};
XGRAD_FIELDS(SharedArray, values, state(words), shape, bits, keep_zeros)

/// Clusters the elements of an array by k-means: centroids begin evenly between the extrema, then each is the mean of
/// what is nearest to it, until nothing changes.
/// \source  S. Han, H. Mao and W. J. Dally, Deep compression, 2016; S. P. Lloyd 1982.
/// \throws ValueError  unless bits are 1, 2, 4 or 8; for numbers that are not finite.
/// \throws TypeError   unless x is floating-point.
[[nodiscard]] SharedArray shared(const Var& x, const ShareOptions& options = {});

/// A linear layer of such weights.
struct SharedLinear {
  SharedArray weight;
  std::optional<Var> bias;
  Var operator()(const Var& x) const { return nn::Linear{weight.array(), bias}(x); }
};
XGRAD_FIELDS(SharedLinear, weight, bias)

[[nodiscard]] SharedLinear shared(const nn::Linear& layer, const ShareOptions& options = {});

}  // namespace xgrad::compression

#pragma GCC visibility pop
