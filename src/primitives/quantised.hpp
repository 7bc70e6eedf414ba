// The product of small integers, for nets whose weights and activations have 8 bits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "kinds.hpp"

namespace xgrad::primitives {

// How weights [outputs, inputs] from -128 to 127 lie in int64 words, so that they are arrays like all others in trees,
// files and compiled functions. Outputs come in blocks of 16, inputs in groups of 4, and what is missing is 0. A block
// is a row of words: first the 16 sums of its weights over the inputs, in 32 bits each; then for each group of inputs
// the weights, [16 outputs, 4 inputs], in 8 bits each. The lower bits come first.
inline constexpr std::size_t quantised_block = 16;
inline constexpr std::size_t quantised_group = 4;
inline constexpr std::size_t quantised_words = 8;  ///< of the sums, and of each group

/// So that sums of products stay in 32 bits: 255 times 128 times this.
inline constexpr std::size_t most_quantised_inputs = std::size_t{1} << 16U;

inline constexpr std::size_t quantised_blocks(std::size_t outputs) {
  return (outputs + quantised_block - 1) / quantised_block;
}
inline constexpr std::size_t quantised_groups(std::size_t inputs) {
  return (inputs + quantised_group - 1) / quantised_group;
}
inline constexpr std::size_t quantised_row(std::size_t inputs) {
  return quantised_words * (1 + quantised_groups(inputs));
}

/// y[i, o] = sum over k of (q[i, k] - zero) w[o, k],   q = clip(round(x inverse) + zero, 0, 255)
///
/// summed up exactly in 32 bits, then rounded to the element type of x. Inputs: x [m, inputs], in floating point; the
/// words of w; [inverse, zero] in the type of x. Each may be a stack, if all are. Attributes: the inputs, the outputs.
/// A row of x with NaN in it gives NaN, and so do inverse and zero that are NaN.
struct QuantisedMatmul : Constantlike {
  static constexpr std::string_view name = "quantised_matmul";
  static constexpr auto computation = Computation::Kernel;
  static constexpr auto failure = Failure::Memory;
  static constexpr bool needs_dense_inputs = true;
  static constexpr bool gives_indices = false;
  static Var batch(const derivatives::BatchContext& context);
};

}  // namespace xgrad::primitives
