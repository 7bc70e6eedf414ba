// What metrics do with their arguments and states.
//
// metrics: one family in each file. A metric includes ops and tree; no primitive, no tape and no kernel.
#pragma once

#include <initializer_list>
#include <string_view>

#include <xgrad/core/shape.hpp>
#include <xgrad/metrics/state.hpp>
#include <xgrad/var.hpp>

namespace xgrad::metrics::detail {

/// The values as float64, without derivatives.
Var as_double(const Var& x);

/// \throws ShapeError  unless both shapes are equal.
void require_same_shape(std::string_view metric, const Var& prediction, const Var& target);
/// \throws ShapeError  unless the array has that many axes or more.
void require_axes(std::string_view metric, std::string_view what, const Var& x, std::size_t least);
/// \throws ValueError  with the rule, unless it holds for the setting.
void require_setting(std::string_view metric, std::string_view setting, double value, bool holds,
                     std::string_view rule);

/// A weight for each sample, float64 in the shape of the samples; see state.hpp.
Var weights_of(std::string_view metric, const Var& weights, const Shape& samples);

/// The same for rows along the last axis: of [..., n] a weight [...].
/// \throws ShapeError  unless prediction and target have the same shape, of one axis or more.
Var weights_of_rows(std::string_view metric, const Var& weights, const Var& prediction, const Var& target);
/// Rows [..., n] as float64, `otherwise` where their weight [...] is 0.
Var counting(const Var& rows, const Var& weights, double otherwise = 0.0);

/// w x, 0 where w is 0 whatever x is.
Var weighted(const Var& x, const Var& weights);

/// a / b, and `otherwise` where b is 0.
Var quotient(const Var& a, const Var& b, const Var& otherwise);

/// x, for which ValueError is thrown in its place unless the weight is positive.
Var of_something(std::string_view metric, const Var& x, const Var& weight);

/// Zeros.
Sums no_sums(const Shape& shape);
/// The state with the sums of a batch, [number of them], added.
Sums plus(std::string_view metric, const Sums& state, std::initializer_list<Var> sums);
/// The sums of a state. \throws ShapeError  unless they have that shape.
Var sums_of(std::string_view metric, const Sums& state, const Shape& shape);
/// The first of two sums divided by the second, a weight. \throws ValueError  if that is 0.
Var mean_of(std::string_view metric, const Sums& state);
/// The state with values and weights of a batch added, for mean_of.
Sums plus_mean(std::string_view metric, const Sums& state, const Var& values, const Var& weights);

Samples no_samples();
/// \throws ValueError  for the value of nothing.
void require_samples(std::string_view metric, const Samples& state);

}  // namespace xgrad::metrics::detail
