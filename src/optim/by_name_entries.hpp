// The entries of what the library itself has by name.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <xgrad/optim/add.hpp>

namespace xgrad::optim::detail {

using xgrad::detail::RegistryEntry;

/// A setting without a default.
template <class T>
const T& needed(std::string_view owner, std::string_view setting, const std::optional<T>& value) {
  if (!value) xgrad::detail::throw_missing_setting(owner, setting);
  return *value;
}

/// What is made of no settings.
struct NoSettings {};
XGRAD_FIELDS(NoSettings)

template <class S>
RegistryEntry optimiser_entry(const char* name, Optimiser (*make)(const S&)) {
  return xgrad::detail::entry_of<S>(name, make);
}

std::vector<RegistryEntry> optimiser_entries();
std::vector<RegistryEntry> link_entries();
std::vector<RegistryEntry> schedule_entries();

}  // namespace xgrad::optim::detail
