// What a node of a program must be: what the operations check before they record one, said once more for programs that
// come from elsewhere.
#pragma once

#include <optional>
#include <string_view>

#include "ir/function.hpp"

namespace xgrad::primitives {

/// The rule that a node breaks: numbers and types of its inputs, shapes, attributes, the functions that it runs. Empty:
/// it is as an operation could have recorded it.
///
/// Its inputs come before it, its element type and its shape exist, an index of a requirement or of a name among its
/// attributes is one; the functions that it runs are well-formed themselves.
[[nodiscard]] std::string_view broken_rule(const ir::TapeState& program, ir::NodeId id);

/// Whether a node has a value itself, and not its projections alone.
[[nodiscard]] bool has_value(const ir::TapeState& program, ir::NodeId id);

/// The type of an output of a node that has several; nothing if it has no such output.
[[nodiscard]] std::optional<ir::ArrayType> output_of(const ir::TapeState& program, ir::NodeId id, std::size_t which);

}  // namespace xgrad::primitives
