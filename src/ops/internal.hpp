// Operations that users do not call: what derivative rules are written with.
//
// ops: the operations that users call, and a few for rules. They check their arguments and record primitives. It
// includes var and what is below. No derivatives: a function here is differentiated by what it records.
#pragma once

#include <array>
#include <span>
#include <string_view>

#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/index.hpp>
#include <xgrad/ops/linalg.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/ops/order.hpp>
#include <xgrad/ops/reduce.hpp>
#include <xgrad/ops/rounding.hpp>
#include <xgrad/ops/special.hpp>

#include "var/one_tape.hpp"
#include "var/record.hpp"

namespace xgrad {

/// 1 where the condition holds, else 0, in the element type of x.
Var one_where(const Var& condition, const Var& x);
/// The part of the derivative that a gets in max(a, b): 1, 0, or 1/2 where they are equal.
Var share_of_larger(const Var& a, const Var& b);
Var absorbing_multiply(const Var& cotangent, const Var& partial);
/// a - b; 0 between equal infinities.
Var offset(const Var& a, const Var& b);
/// a / hypot(a, b); 0 where both are 0.
Var direction_cosine(const Var& a, const Var& b);
/// tanh(x), of which all derivatives keep their digits.
Var slope_of_log_cosh(const Var& x);
/// The normal density at x over ndtr(x).
Var slope_of_log_ndtr(const Var& x);
/// x^(a - 1) e^-x / Gamma(a).
Var gamma_density(const Var& a, const Var& x);
/// Of integer order n: e^-|x| I_n(x), and j_n(x).
Var scaled_bessel_i(const Var& n, const Var& x);
Var spherical_bessel(const Var& n, const Var& x);
/// What a rule returns where there is none: throws TypeError.
Var without_derivative(std::string_view function, std::string_view argument, const Var& x);
/// x - 1, which is a number that a plan knows if x is one.
Var less_one(const Var& x);
/// x, or infinity where x is 0: what is divided by it has the derivative 0 there, of every order.
Var infinite_where_zero(const Var& x);

namespace detail {

/// Adds up along the axes whose extent in `shape` is 1 where that of x is not; ranks are equal.
Var sum_to(const Var& x, const Shape& shape);
/// Whether an array of one shape broadcasts to the other.
bool broadcasts_to(const Shape& from, const Shape& to);
/// broadcast_to, for errors of another name.
Var broadcast_to(std::string_view operation, const Var& x, const Shape& shape);
/// concatenate, for errors of another name.
Var concatenate_named(std::string_view operation, std::span<const Var> parts, std::ptrdiff_t axis);
/// a - b of one shape, in floating point. An integer takes the type of the other argument: a float32 prediction of
/// counts has a float32 residual.
/// \throws ShapeError  unless both shapes are equal, in the name of the operation.
Var residual(std::string_view operation, const Var& prediction, const Var& target);
/// Nothing is broadcast: [N] against [N, 1] would give N times N elements.
/// \throws ShapeError  unless both shapes are equal.
/// \throws TapeError   if one is empty or of a finished tape.
void require_same_shape(std::string_view operation, const Var& a, const Var& b, std::string_view first,
                        std::string_view second);
/// f(x...) for a function whose result depends on x alone. Of values, operations are computed one by one, each with an
/// array for its result; here they are recorded first, and computed together.
template <class F, class... X>
Var computed_at_once(std::string_view operation, F f, const X&... x) {
  const bool recorded = (x.recorded() || ...);
  const bool small = (VarAccess::is_scalar(x) && ...);  // a weak number stays one
  if (recorded || small) return f(x...);
  Recording recording(operation, std::array{&x...});
  TapeState& tape = recording.tape();
  return recording.finish(VarAccess::node(f(VarAccess::recorded(tape, append_input(tape, x))...)));
}

/// Broadcasts axes of extent 1; ranks are equal.
Var expand_to(const Var& x, const Shape& shape);
/// Swaps the last two axes.
Var matrix_transpose(const Var& x);
/// x times powers of two that suit the factors in the rows of a matrix; see primitives::Balance.
Var balance(const Var& x, const Var& factors);
Var slice(const Var& x, const Shape& shape, std::span<const std::int64_t> starts_and_steps);
Var embed(const Var& x, const Shape& shape, std::span<const std::int64_t> starts_and_steps);
/// Part of one axis: `count` elements from `start` on, each `step` further; the other axes are whole.
Var slice_along(const Var& x, std::size_t axis, std::size_t start, std::size_t count, std::int64_t step = 1);
/// The axes in another order: axis i of the result is axis order[i] of x.
Var permuted(const Var& x, const Shape& order);
/// 0, 1, ... count - 1.
Var iota(std::size_t count, DType dtype = DType::Int64);
/// Whether column - row is at most `diagonal`, as a matrix of booleans.
Var below_diagonal(std::size_t rows, std::size_t columns, std::ptrdiff_t diagonal);

/// See primitives::SearchSorted.
Var searchsorted(const Var& lines, const Var& values, bool equals_count);

using primitives::Chooser;
Var take(const Var& x, const Var& indices, std::size_t axis, Chooser chooser);
Var take_along_axis(const Var& x, const Var& indices, std::size_t axis, Chooser chooser);
Var scatter_add(const Var& x, const Var& indices, const Shape& shape, std::size_t axis, Chooser chooser);
Var scatter_add_along_axis(const Var& x, const Var& indices, const Shape& shape, std::size_t axis, Chooser chooser);
/// The extremum of what indices send to each row, and of the row; see primitives::ScatterExtremum.
Var scatter_extremum(const Var& values, const Var& indices, const Var& rows, Chooser chooser, bool smallest,
                     bool only_values);
/// Indices of an axis, counted from the front.
/// \throws ValueError  for one that is out of range (raised when evaluated).
Var places(const Var& indices, std::size_t extent, Chooser chooser);
/// \throws TypeError  unless indices are integers.
void require_indices(std::string_view operation, const Var& indices, std::string_view what = "indices");

}  // namespace detail
}  // namespace xgrad
