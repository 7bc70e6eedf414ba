// What losses do with their arguments before they compute.
//
// loss: the catalogue, one family in each file. A loss is a struct of settings with a formula in ops. It includes ops
// and tree, transform only where a loss takes a gradient; no primitive, no tape and no kernel: what a loss can do, a
// loss of the user's can do too.
#pragma once

#include <cstdint>
#include <limits>
#include <string_view>

#include <xgrad/ops/check.hpp>
#include <xgrad/var.hpp>

#include "var/access.hpp"

namespace xgrad::loss::detail {

inline constexpr double infinity = std::numeric_limits<double>::infinity();

/// \throws TapeError  in the name of the loss, if an argument is empty or of a finished tape.
template <class... V>
void require_usable(std::string_view loss, const V&... arguments) {
  (xgrad::detail::require_usable(arguments, loss), ...);
}

/// In floating point: integers and booleans as float64.
Var as_floating(const Var& x);
/// The same, but integers in the type of the other argument if that is floating-point: counts beside a float32
/// prediction must not make float64 of it.
Var as_floating(const Var& x, const Var& beside);

/// x, checked for being 0 or more if that is wanted; NaN is neither.
Var not_negative(const Var& x, bool check, const Requirement& requirement);

/// A constant to divide by before a function to which a common factor is nothing: the size itself where it is so large
/// or small that products, quotients and derivatives of such numbers overflow or vanish, else 1, which changes no bit.
Var unwieldy(const Var& size);

/// A constant to divide x by before it is squared and added up along axes, which stay with extent 1: the largest size
/// where squares could overflow, else 1.
Var unit_of_squares(const Var& x, const Axes& axes);

/// Each iteration is recorded: more than these would take all time and memory before they end.
inline constexpr std::int64_t most_iterations = 100'000;

/// \throws ValueError  unless the setting `iterations` is between these.
void require_iterations(std::string_view loss, std::int64_t iterations, std::int64_t least);

}  // namespace xgrad::loss::detail
