#include "by_name_entries.hpp"

template void xgrad::loss::detail::append_entries<0>(std::vector<RegistryEntry>& entries);
