// The entries of the layers that the library itself has by name.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include <xgrad/nn/add.hpp>

namespace xgrad::nn::detail {

using xgrad::detail::needed;
using xgrad::detail::RegistryEntry;

/// The activations, and what else has few settings or none.
std::vector<RegistryEntry> core_entries();
/// Convolutions, pools, normalisation.
std::vector<RegistryEntry> channel_entries();
/// Recurrent nets, attention, and blocks of residual nets.
std::vector<RegistryEntry> sequence_entries();

}  // namespace xgrad::nn::detail
