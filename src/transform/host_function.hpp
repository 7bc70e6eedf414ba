// Functions of the user's as programs hold them.
#pragma once

#include <memory>
#include <span>

#include <xgrad/transform/host_call.hpp>

#include "ir/host.hpp"

namespace xgrad::detail {

/// \param shapes  of its results.
std::shared_ptr<const ir::HostFunction> host_function(const std::shared_ptr<const HostBody>& body,
                                                      std::span<const Shape> shapes);

}  // namespace xgrad::detail
