// Random truth values, counts, indices and arrangements. They have no derivatives. What is said of element types,
// shapes and keys in continuous.hpp holds for them, too.
#pragma once

#include <cstddef>
#include <cstdint>

#include <xgrad/core/shape.hpp>
#include <xgrad/random/key.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::random {

/// True with the probability p, in 53 bits; bool.
/// \throws ValueError  when values are computed, unless 0 <= p <= 1.
[[nodiscard]] Var bernoulli(const KeyUse& key, const Var& p);
[[nodiscard]] Var bernoulli(const KeyUse& key, const Var& p, const Shape& shape);

/// -1 or 1, equally likely.
[[nodiscard]] Var rademacher(const KeyUse& key, const Shape& shape = {}, DType dtype = DType::Float64);

/// Integers from low on and below high, all equally likely (D. Lemire, 2019), int64.
/// \throws TypeError   unless both are integers.
/// \throws ValueError  when values are computed, unless low < high.
[[nodiscard]] Var randint(const KeyUse& key, const Var& low, const Var& high);
[[nodiscard]] Var randint(const KeyUse& key, const Var& low, const Var& high, const Shape& shape);

/// Counts with the probabilities rate^k e^-rate / k!, int64; by W. Hoermann's PTRS (1993) from a rate of 10 on.
/// \throws ValueError  when values are computed, unless 0 <= rate <= 2^62.
[[nodiscard]] Var poisson(const KeyUse& key, const Var& rate);
[[nodiscard]] Var poisson(const KeyUse& key, const Var& rate, const Shape& shape);

/// How many of n trials succeed, each with the probability p, int64; by W. Hoermann's BTRS (1993) from a mean of 10 on.
/// \throws TypeError   unless n is an integer.
/// \throws ValueError  when values are computed, unless 0 <= n <= 2^53 and 0 <= p <= 1.
[[nodiscard]] Var binomial(const KeyUse& key, const Var& n, const Var& p);
[[nodiscard]] Var binomial(const KeyUse& key, const Var& n, const Var& p, const Shape& shape);

/// Indices along an axis of logits, with the probabilities softmax(logits), int64: the largest of logits + gumbel. The
/// axis is left out of the result, whose shape may be given: the other axes of the logits broadcast to it.
/// \throws ShapeError  if the logits are a number or do not broadcast.
/// \throws ValueError  when values are computed, if the largest of some logits is not finite.
[[nodiscard]] Var categorical(const KeyUse& key, const Var& logits, std::ptrdiff_t axis = -1);
[[nodiscard]] Var categorical(const KeyUse& key, const Var& logits, std::ptrdiff_t axis, const Shape& shape);

/// The numbers 0 ... n - 1 in random order, all orders equally likely, int64.
/// \throws ValueError  if n is negative.
[[nodiscard]] Var permutation(const KeyUse& key, std::int64_t n);
/// The slices of x along an axis in random order.
/// \throws ShapeError  if x has no such axis, and for an array of keys.
[[nodiscard]] Var permutation(const KeyUse& key, const Var& x, std::ptrdiff_t axis = 0);

/// How `choice` chooses.
struct Choosing {
  bool replace = true;  ///< whether one may be chosen again
  Var p = {};           ///< probabilities, [n]; all equally likely without
};

/// Indices below n, int64. Without replacement they are those that are drawn one after another, each with the
/// probability that it has among what is left (by exponential variates divided by p).
/// \throws ShapeError  unless p is [n].
/// \throws ValueError  if n is negative or 0 or, without replacement, too small; when values are computed, if
///                     probabilities are negative or do not add up to 1, or too few of them are positive.
[[nodiscard]] Var choice(const KeyUse& key, std::int64_t n, const Shape& shape = {}, const Choosing& how = {});
/// Slices of x along an axis, in place of which are the axes of the shape.
/// \throws ShapeError  if x has no such axis, and for an array of keys.
[[nodiscard]] Var choice(const KeyUse& key, const Var& x, const Shape& shape = {}, const Choosing& how = {},
                         std::ptrdiff_t axis = 0);

}  // namespace xgrad::random

#pragma GCC visibility pop
