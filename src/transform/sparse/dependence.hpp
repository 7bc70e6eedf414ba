// Which elements of a program's inputs its results depend on.
//
// transform/sparse: Jacobians and Hessians by their entries. Patterns read off programs, colours, compressed seeds. It
// includes the sweeps of transform and what is below; nothing outside of it but sparse_jacobian and sparse_hessian.
#pragma once

#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include <xgrad/var.hpp>

#include "index_sets.hpp"
#include "ir/function.hpp"
#include "primitives/list.hpp"
#include "var/access.hpp"

namespace xgrad::detail {

using primitives::opcode;

/// A program that is followed, and which of its values are known beforehand: those that come of numbers and of arrays
/// that were captured. Arguments have values while a program is recorded, but others when it is run again, so that
/// nothing may be concluded of them. What was recorded before them may be the argument of a transform around.
class FollowedProgram {
 public:
  /// \param arguments  where the recording begins.
  FollowedProgram(const TapeState& tape, std::span<const Var> arguments);
  /// A function, as part of the program that calls it.
  /// \param same_from  its parameters from this one on are the same in each of its runs: inputs of the call...
  /// \param shift      ... so many positions further.
  FollowedProgram(const Function& function, const FollowedProgram& caller, NodeId call, std::size_t same_from,
                  std::size_t shift);

  [[nodiscard]] const TapeState& tape() const noexcept { return tape_; }
  /// The value of a node; empty if it is not known beforehand.
  [[nodiscard]] Var value(NodeId id) const;

 private:
  [[nodiscard]] bool varies(NodeId id) const;
  [[nodiscard]] NodeId given_by_caller(NodeId parameter) const;
  [[nodiscard]] Var computed(NodeId id) const;

  const TapeState& tape_;
  std::vector<NodeId> arguments_;
  const FollowedProgram* caller_ = nullptr;
  NodeId call_ = no_node;
  std::size_t same_from_ = 0;
  std::size_t shift_ = 0;
  mutable std::vector<char> varies_;
  mutable std::unordered_map<NodeId, Var> values_;
};

/// A node whose elements depend on something, as its rule sees it.
struct FollowedNode {
  IndexSets& sets;
  const FollowedProgram& program;
  NodeId node;
  std::span<const SetArray* const> inputs;  ///< what their elements depend on

  [[nodiscard]] const TapeState& tape() const noexcept { return program.tape(); }
  [[nodiscard]] const Shape& shape() const { return tape().shape(node); }
  [[nodiscard]] const Shape& input_shape(std::size_t k) const { return tape().shape(tape().inputs(node)[k]); }
  [[nodiscard]] std::span<const std::int64_t> attributes() const { return tape().attributes(node); }
  [[nodiscard]] const SetArray& input(std::size_t k) const { return *inputs[k]; }
  [[nodiscard]] bool depends(std::size_t k) const { return !inputs[k]->empty(); }
  [[nodiscard]] Var value(std::size_t k) const { return program.value(tape().inputs(node)[k]); }
};

/// What the elements of a node, or of its outputs if there are several, depend on: at least on that.
using DependenceRule = std::vector<SetArray> (*)(const FollowedNode& node);
DependenceRule dependence_rule_of(Opcode op) noexcept;

/// Part of a program, made ready to be followed.
class Walk {
 public:
  /// \param first  nodes before it depend on nothing, unless they are among `from`.
  Walk(const FollowedProgram& program, NodeId first, std::span<const NodeId> from, std::span<const NodeId> outputs);

  /// What the outputs depend on.
  /// \param given  for each of `from`.
  [[nodiscard]] std::vector<SetArray> run(IndexSets& sets, std::span<const SetArray> given) const;

 private:
  const FollowedProgram& program_;
  std::vector<NodeId> from_;
  std::vector<NodeId> outputs_;
  std::vector<NodeId> needed_;
};

/// Element by element.
SetArray united(IndexSets& sets, const SetArray& a, const SetArray& b);

}  // namespace xgrad::detail
