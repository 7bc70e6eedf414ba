// Random numbers as operations: what the functions of xgrad::random are made of, and their derivatives.
#pragma once

#include <xgrad/var.hpp>

#include "primitives/random.hpp"

namespace xgrad::detail {

using primitives::Distribution;
using primitives::Family;
using primitives::Purpose;

/// Keys of keys and of numbers, int64 of one shape.
Var derive_key(Purpose purpose, const Var& keys, const Var& data);
/// \param shape   that of the result, which begins with that of the keys.
/// \param stream  arrays of different streams are independent, although they are of one key.
Var random_draw(Distribution distribution, const Var& keys, const Shape& shape, DType dtype, std::int64_t stream = 0);
/// Parameters have the shape of the result.
Var random_sample(Family family, const Var& keys, std::span<const Var> parameters, std::int64_t stream = 0);
/// The n-th derivative by a of dy/da, where y is the logarithm of a gamma variate of the shape a; one shape.
Var gamma_slope(std::size_t n, const Var& a, const Var& y);
/// The number with a share u of the standard normal distribution between low and high below it; one shape.
Var truncated_normal(const Var& u, const Var& low, const Var& high);
/// e^x with the same bits on all processors.
Var alike_exp(const Var& x);

}  // namespace xgrad::detail
