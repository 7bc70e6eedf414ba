// What a node of a program must be: what the operations check before they record one, said once more for programs that
// come from elsewhere, and for what the planner makes of them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "ir/function.hpp"

namespace xgrad::primitives {

/// An array that is somewhere else.
struct ArrayForm {
  DType dtype;
  const Shape* shape;
};

/// An operation, wherever it stands.
struct NodeForm {
  ir::Opcode op;
  DType dtype;
  const Shape* shape;
  std::span<const ArrayForm> inputs;
  std::span<const std::int64_t> attributes;
};

/// The rule that a node breaks: numbers and types of its inputs, shapes, attributes, the functions that it runs. Empty:
/// it is as an operation could have recorded it.
///
/// Its inputs come before it, its element type and its shape exist, an index of a requirement or of a name among its
/// attributes is one; the functions that it runs are well-formed themselves.
[[nodiscard]] std::string_view broken_rule(const ir::TapeState& program, ir::NodeId id);

/// The same of an operation that is in no program. It has no payload, and is no projection.
[[nodiscard]] std::string_view broken_rule(const NodeForm& node);

/// Whether a node has a value itself, and not its projections alone.
[[nodiscard]] bool has_value(const ir::TapeState& program, ir::NodeId id);

/// The type of an output of a node that has several; nothing if it has no such output.
[[nodiscard]] std::optional<ir::ArrayType> output_of(const ir::TapeState& program, ir::NodeId id, std::size_t which);

}  // namespace xgrad::primitives
