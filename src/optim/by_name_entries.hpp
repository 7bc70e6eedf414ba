// The entries of what the library itself has by name.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <xgrad/optim/add.hpp>

namespace xgrad::optim::detail {

using xgrad::detail::needed;
using xgrad::detail::RegistryEntry;

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
