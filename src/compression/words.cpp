#include "words.hpp"

#include <xgrad/ops/create.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/join.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/ops/pad.hpp>
#include <xgrad/ops/reduce.hpp>
#include <xgrad/ops/rounding.hpp>

#include "primitives/quantised.hpp"

namespace xgrad::compression::detail {
namespace {

using primitives::quantised_block, primitives::quantised_group, primitives::quantised_words;

std::ptrdiff_t extent(std::size_t n) { return static_cast<std::ptrdiff_t>(n); }

constexpr std::ptrdiff_t pairs = quantised_words;  // of outputs in a block: as many as words in a group
constexpr std::ptrdiff_t group = quantised_group;

/// The lowest bits of each element of the last axis, side by side in one word.
Var joined(const Var& parts, int bits) {
  const Var mask = (std::int64_t{1} << bits) - 1;
  const Var places = arange(extent(parts.shape().back())) * bits;
  return sum((parts & mask) << places, -1);
}

}  // namespace

Var packed(const Var& weights) {
  const std::ptrdiff_t outputs = extent(weights.shape()[0]);
  const std::ptrdiff_t inputs = extent(weights.shape()[1]);
  const std::ptrdiff_t blocks = extent(primitives::quantised_blocks(weights.shape()[0]));
  const std::ptrdiff_t groups = extent(primitives::quantised_groups(weights.shape()[1]));
  const Var whole = pad(weights, {{0, blocks * extent(quantised_block) - outputs}, {0, groups * group - inputs}});
  const Var sums = joined(reshape(sum(whole, 1), {blocks, pairs, 2}), 32);
  const Var laid = transpose(reshape(whole, {blocks, pairs, 2, groups, group}), {0, 3, 1, 2, 4});
  const Var bytes = joined(reshape(laid, {blocks, groups * pairs, 2 * group}), 8);
  return concatenate({sums, bytes}, 1);
}

Var unpacked(const Var& words, std::size_t inputs, std::size_t outputs) {
  const std::ptrdiff_t blocks = extent(words.shape()[0]);
  const std::ptrdiff_t groups = extent(primitives::quantised_groups(inputs));
  const Var bytes = expand_dims(view(words, xt::all(), xt::range(pairs, pairs + groups * pairs)), 2);
  const Var unsigned_ones = (bytes >> (arange(2 * group) * 8)) & 255;
  const Var numbers = (unsigned_ones ^ 128) - 128;
  const Var laid = transpose(reshape(numbers, {blocks, groups, pairs, 2, group}), {0, 2, 3, 1, 4});
  const Var whole = reshape(laid, {blocks * pairs * 2, groups * group});
  return view(whole, xt::range(0, extent(outputs)), xt::range(0, extent(inputs)));
}

}  // namespace xgrad::compression::detail
