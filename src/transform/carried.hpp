// What loops carry from run to run, as they are recorded.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include <xgrad/transform/trace.hpp>

namespace xgrad::detail {

using namespace ir;

/// Stand-ins without values.
std::vector<Var> stand_ins_for_carried(TapeState& tape, std::span<const Var> first);

/// Whether what is carried keeps its form. Numbers that get another one take it; then the body is to be recorded anew.
/// \throws ShapeError, TypeError  if an array does not keep it.
bool settle_carried(std::string_view operation, std::span<Var> first, std::span<const Var> next, const Paths& paths);

}  // namespace xgrad::detail
