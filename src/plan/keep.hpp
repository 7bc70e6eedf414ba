// What is worth keeping beside the values that are asked for, so that a question costs what is new.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "ir/state.hpp"

namespace xgrad::plan {

using namespace ir;

/// Values that nobody asked for are kept up to so many bytes for each tape, and in any case those that the last
/// question read. Tests set it.
std::size_t& most_spare_bytes() noexcept;

/// Who asks for a loss and then for its gradient shall not pay for the values between: so many questions of a tape keep
/// nothing beside what is asked for.
inline constexpr std::uint32_t questions_without_keeping = 2;

/// Adds to the outputs of a question the nodes where what earlier questions computed meets what is new, if keeping them
/// costs less than computing them again and again has cost so far.
/// \param nodes  all that the question needs, in the order of the tape.
/// \param marks  one for each node of the tape; of the needed ones they are overwritten.
void add_worth_keeping(const TapeState& tape, std::span<const NodeId> nodes, std::span<std::uint32_t> marks,
                       std::vector<NodeId>& outputs);

}  // namespace xgrad::plan
