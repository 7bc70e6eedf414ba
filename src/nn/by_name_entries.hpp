// The entries of the layers that the library itself has by name.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include <xgrad/nn/add.hpp>

namespace xgrad::nn::detail {

using xgrad::detail::RegistryEntry;

/// A setting without a default.
template <class T>
const T& needed(std::string_view owner, std::string_view setting, const std::optional<T>& value) {
  if (!value) xgrad::detail::throw_missing_setting(owner, setting);
  return *value;
}

/// The activations, and what else has few settings or none.
std::vector<RegistryEntry> core_entries();
/// Convolutions, pools, normalisation.
std::vector<RegistryEntry> channel_entries();
/// Recurrent nets.
std::vector<RegistryEntry> recurrent_entries();

}  // namespace xgrad::nn::detail
