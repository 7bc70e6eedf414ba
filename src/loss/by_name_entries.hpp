// The entries of the catalogue's losses, by their list.
#pragma once

#include <cstddef>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <boost/hana/tuple.hpp>
#include <boost/hana/type.hpp>

#include <xgrad/loss/add.hpp>
#include <xgrad/loss/list.hpp>

namespace xgrad::loss::detail {

using xgrad::detail::RegistryEntry;

/// A loss of functions: it has a name, but is made by itself.
RegistryEntry entry_of_functions(std::string_view name);

/// The list is compiled in parts: one translation unit for all losses takes as long as thirty others.
inline constexpr std::size_t part_count = 4;

/// Appends the losses of one part: every fourth of the list.
template <std::size_t part>
void append_entries(std::vector<RegistryEntry>& entries) {
  [&]<class... L>(boost::hana::tuple<boost::hana::basic_type<L>...>*) {
    using Types = std::tuple<boost::hana::basic_type<L>...>;
    [&]<std::size_t... k>(std::index_sequence<k...>) {
      const auto append = [&]<class OneLoss>(boost::hana::basic_type<OneLoss>) {
        if constexpr (Loss<OneLoss>) entries.push_back(entry_of<OneLoss>());
        else entries.push_back(entry_of_functions(OneLoss::name));
      };
      (append(std::tuple_element_t<part_count * k + part, Types>()), ...);
    }
    (std::make_index_sequence<(sizeof...(L) + part_count - 1 - part) / part_count>());
  }(static_cast<List*>(nullptr));
}
extern template void append_entries<0>(std::vector<RegistryEntry>& entries);
extern template void append_entries<1>(std::vector<RegistryEntry>& entries);
extern template void append_entries<2>(std::vector<RegistryEntry>& entries);
extern template void append_entries<3>(std::vector<RegistryEntry>& entries);

}  // namespace xgrad::loss::detail
