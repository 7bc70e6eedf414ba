// Tables with a name in each row.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <xgrad/core/errors.hpp>

#include "core/text.hpp"
#include "registry/registry.hpp"

namespace xgrad::nn {

/// The row of a name; capitals and underscores make no difference.
/// \param kind  "activation", for messages.
/// \throws ValueError  naming the nearest and all others, if there is none.
template <class Rows>
const auto& row_by_name(std::string_view kind, const Rows& rows, std::string_view name) {
  const auto alike = [plain = registry::plain(name)](const auto& row) { return registry::plain(row.name) == plain; };
  const auto found = std::ranges::find_if(rows, alike);
  if (found != rows.end()) return *found;
  std::vector<std::string> all;
  for (const auto& row : rows) all.emplace_back(row.name);
  throw ValueError(std::string(kind) + "_by_name: there is no " + std::string(kind) + " \"" + core::shortened(name) +
                   "\"; the nearest is \"" + registry::nearest(name, all) + "\". There are " + registry::joined(all));
}

}  // namespace xgrad::nn
