// From recorded nodes to values.
#pragma once

#include <cstddef>
#include <span>

#include "ir/state.hpp"

namespace xgrad::backend {

using namespace memory;
using namespace ir;

/// Whether other values of the same tape may be asked for later. If so, the tape keeps the values, so that asking again
/// costs nothing, and others that are worth keeping.
enum class Later : std::uint8_t { none, possible };

/// Computes nodes together.
/// \param results  one for each output; filled.
void evaluate(TapeState& tape, std::span<const NodeId> outputs, std::span<BufferPtr> results, Later later);

/// The value of one node; it lives as long as the tape.
Buffer* evaluated(TapeState& tape, NodeId output);

/// What the evaluations of this thread have done; tests look at it.
struct WorkOfEvaluations {
  std::size_t questions = 0;
  std::size_t nodes = 0;  ///< recorded operations that were computed, each time counted
};
WorkOfEvaluations& work_of_evaluations() noexcept;

}  // namespace xgrad::backend
