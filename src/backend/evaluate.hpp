// From recorded nodes to values.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "executable.hpp"

namespace xgrad::backend {

/// Whether other values of the same tape may be asked for later. If so, the tape keeps the values, so that asking again
/// costs nothing, and others that are worth keeping.
enum class Later : std::uint8_t { none, possible };

/// Computes nodes together.
/// \param results  one for each output; filled.
void evaluate(TapeState& tape, std::span<const NodeId> outputs, std::span<BufferPtr> results, Later later);

/// The value of one node; it lives as long as the tape.
Buffer* evaluated(TapeState& tape, NodeId output);

/// What was asked of a tape and how it was computed, which can be done again with other arrays as leaves.
struct Question {
  Request request;
  std::vector<NodeId> outputs;  ///< those asked for, then those worth keeping
  std::vector<BufferPtr> results;
  std::shared_ptr<const Executable> executable;
};

/// The value of one node on which it depends what is recorded next; it lives as long as the tape, whatever guards it.
/// Results of functions of the user's that it needs are kept too: what is recorded next shall be about the same.
/// \param question  filled; its first output is the node.
Buffer* decide(TapeState& tape, NodeId output, Question& question);

/// What the evaluations of this thread have done; tests look at it.
struct WorkOfEvaluations {
  std::size_t questions = 0;
  std::size_t nodes = 0;  ///< recorded operations that were computed, each time counted
};
WorkOfEvaluations& work_of_evaluations() noexcept;

}  // namespace xgrad::backend
