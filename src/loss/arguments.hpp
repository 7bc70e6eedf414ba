// What losses do with their arguments before they compute.
#pragma once

#include <limits>
#include <string_view>

#include <xgrad/ops/check.hpp>
#include <xgrad/var.hpp>

#include "tape/access.hpp"

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

/// Whether an array of one shape broadcasts to the other.
bool broadcasts_to(const Shape& from, const Shape& to);

/// x, checked for being 0 or more if that is wanted; NaN is neither.
Var not_negative(const Var& x, bool check, const Rule& rule);

}  // namespace xgrad::loss::detail
