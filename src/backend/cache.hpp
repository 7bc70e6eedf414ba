// Executables that were made before.
#pragma once

#include <memory>

#include "executable.hpp"

namespace xgrad::backend {

/// The executable for a request: found, or made and remembered.
std::shared_ptr<const Executable> executable_for(const Request& request, const TapeState& tape,
                                                 std::span<const NodeId> outputs);

}  // namespace xgrad::backend
