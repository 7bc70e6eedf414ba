// What ran, in place of what runs it: for looking at values inside of loops, branches and calls.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "ir/function.hpp"

namespace xgrad::detail {

using namespace ir;
using namespace memory;

/// Appends the runs of a loop one after another, the branch that was taken and the body of a call to a tape, in the
/// place of the node that runs them, and so on inside of these. Which branch, and how many runs, is computed, so that
/// there must be values.
class Expansion {
 public:
  /// Whether calls that have a rule for their derivative are replaced by their bodies, too.
  enum class Rules : std::uint8_t { Kept, Replaced };

  /// \param most_nodes  loops that would take more nodes stay as they are.
  Expansion(TapeState& tape, Rules rules, std::size_t most_nodes = 200'000)
      : tape_(tape), rules_(rules), limit_(tape.size() + most_nodes) {}

  /// Nodes that compute the same as some of the tape; the way to them is replaced as far as the inputs.
  std::vector<NodeId> replace(std::span<const NodeId> inputs, std::span<const NodeId> outputs);
  /// The node in the place of an output of a function; nothing if that stays.
  std::optional<NodeId> in_place_of(NodeId projection);

  /// Where a node comes from: "branch 1 of switch, in run [2] of scan"; empty outside. The run [2] of a scan gets the
  /// elements of arrays at 2.
  [[nodiscard]] std::string place(NodeId id) const;

 private:
  using Outputs = std::map<std::size_t, NodeId>;
  using Nodes = std::vector<NodeId>;

  std::optional<Outputs> run(const TapeState& program, NodeId id, const Nodes& inputs);
  std::optional<Outputs> run_scan(const TapeState& program, NodeId id, const Nodes& inputs);
  std::optional<Outputs> run_while(const Payload& payload, const Nodes& inputs);
  std::optional<Outputs> run_switch(const Payload& payload, const Nodes& inputs);
  /// The body of a function.
  /// \return  where its nodes are.
  Nodes append(const Function& function, const Nodes& inputs, const std::string& where);
  [[nodiscard]] bool has_room(std::size_t nodes) const { return tape_.size() + nodes <= limit_; }

  struct Part {
    NodeId begin, end;
    std::string where;
  };

  TapeState& tape_;
  Rules rules_;
  std::size_t limit_;
  std::vector<Part> parts_;  // inner ones before those around them
  std::unordered_map<NodeId, std::optional<Outputs>> known_;
};

}  // namespace xgrad::detail
