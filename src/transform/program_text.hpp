// What nodes of programs, and elements of arrays, are called in messages and pictures.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ir/state.hpp"

namespace xgrad::detail {

using namespace ir;
using namespace memory;

/// The name that debug::label gave, if a node is such a label: the input under a name.
std::optional<std::string> label_of(const TapeState& tape, NodeId id);

/// The operation that made a node: of an output, that which has it. Functions by what the user called: "scan",
/// "checkpoint", "custom_vjp", the name of a function given to host_call.
std::string operation_of(const TapeState& tape, NodeId id);

/// "float64 [2, 3]".
std::string type_of(const TapeState& tape, NodeId id);

/// A number as a double; one or zero for truth values.
double element(const Buffer& array, std::size_t k);

/// An element: "true", "3", "0.25".
std::string element_text(const Buffer& array, std::size_t k);

/// The indices of an element in row-major order: "[1, 0]".
std::string place_of(const Shape& shape, std::size_t k);

/// The names of a chain of operations, the last first, as "a > b > c"; the middle of a long one is left out.
std::string way_of(std::span<const std::string> names);

}  // namespace xgrad::detail
