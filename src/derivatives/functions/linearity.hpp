// Whether a recorded function is linear, so that it has a transpose.
#pragma once

#include <span>
#include <string_view>

#include "var/access.hpp"

namespace xgrad::derivatives {

using namespace detail;

/// Looks for what makes a function other than linear: values that come from inputs to outputs by operations without
/// derivatives, products of two such values, functions that are not linear, and what is added and is not 0. What
/// functions do inside (loops, branches, calls) is not looked at.
/// \param function  names it in messages.
/// \throws TapeError  if there is one, with its operation.
void require_linear(std::string_view operation, std::string_view function, const TapeState& tape,
                    std::span<const Var> inputs, std::span<const Var> outputs);

/// Whether a value is seen to be 0 in every element, whatever the inputs are.
bool is_seen_to_be_zero(const Var& x);

}  // namespace xgrad::derivatives
