#include "by_name_entries.hpp"

template void xgrad::loss::detail::append_entries<1>(std::vector<RegistryEntry>& entries);
