// Branches and loops of unknown length, as they are recorded.
#pragma once

#include <span>
#include <vector>

#include "var/call.hpp"

namespace xgrad::derivatives {

using namespace detail;

/// A stand-in of which functions were recorded, and what they are given for it.
struct Replaced {
  Var parameter, given;
};

/// Records one of several functions.
/// \param number  of the function, int64.
/// \param ends    further stand-ins, recorded with the functions, where these begin.
std::vector<Var> record_switch(TapeState& tape, const Var& number, std::span<const Recorded> branches,
                               std::span<const Replaced> replaced = {}, std::span<const NodeId> ends = {});

/// Records a loop.
/// \param functions  its condition and its body.
/// \param first      of what is carried.
std::vector<Var> record_while(TapeState& tape, Together functions, std::span<const Var> first);

/// The same of what was recorded from `begin` on.
/// \param carried  stand-ins for what is carried.
std::vector<Var> make_while(TapeState& tape, NodeId begin, std::span<const Var> carried, std::span<const Var> first,
                            const Var& goes_on, std::span<const Var> next);

std::vector<NodeId> imported(TapeState& tape, std::span<const Var> all);

/// Stand-ins for the parameters of a function.
std::vector<Var> stand_ins(TapeState& tape, const Function& function);

}  // namespace xgrad::derivatives
