// What the outputs of nodes that run functions depend on.
#pragma once

#include "dependence.hpp"

namespace xgrad::detail::dependence {

/// Everything depends on all that the inputs depend on: right for any primitive.
SetArray on_everything(const FollowedNode& node, const Shape& shape);

std::vector<SetArray> on_call(const FollowedNode& node);
/// What the host computes is not looked into.
std::vector<SetArray> on_host_call(const FollowedNode& node);
/// On what all branches depend, or on everything if the index depends on something.
std::vector<SetArray> on_switch(const FollowedNode& node);
/// The loop runs on until nothing is added: how often it will is not known.
std::vector<SetArray> on_while(const FollowedNode& node);
/// Run by run.
std::vector<SetArray> on_scan(const FollowedNode& node);

}  // namespace xgrad::detail::dependence
