// Vars and trees as text.
#include <algorithm>
#include <ostream>
#include <string>

#if __has_include(<xtensor/io/xio.hpp>)
#include <xtensor/io/xio.hpp>
#else
#include <xtensor/xio.hpp>
#endif

#include <xgrad/tree/tree.hpp>

#include <xgrad/tree/statics.hpp>

#include "access.hpp"

namespace xgrad {

std::ostream& operator<<(std::ostream& out, const Var& x) {
  detail::require_usable(x, "operator<<");
  switch (x.dtype()) {
    case DType::Bool:
      return out << x.array<bool>();
    case DType::Int64:
      return out << x.array<std::int64_t>();
    case DType::Float32:
      return out << x.array<float>();
    case DType::Float64:
      break;
  }
  return out << x.array<double>();
}

namespace tree::detail {

std::string to_string(std::span<const std::string> paths, std::span<const Var> leaves) {
  if (leaves.empty()) return "no arrays";
  std::size_t width = 0;
  for (const std::string& path : paths) width = std::max(width, path.size());
  std::string text;
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    if (i != 0) text += '\n';
    text += paths[i];
    if (width != 0) text.append(width + 2 - paths[i].size(), ' ');
    text += leaves[i].defined() ? xgrad::detail::describe(leaves[i]) : "empty";
  }
  return text;
}

bool same_array(const Var& a, const Var& b) noexcept {
  if (VarAccess::kind(a) != VarAccess::kind(b) || VarAccess::dtype(a) != VarAccess::dtype(b)) return false;
  return VarAccess::same(a, b);
}

bool same_at(bool same, std::string_view part, std::string* where) {
  if (!same && where != nullptr) *where = where->empty() ? std::string(part) : std::string(part) + "." + *where;
  return same;
}

bool same_at(bool same, std::size_t part, std::string* where) {
  return same || same_at(same, std::to_string(part), where);
}

}  // namespace tree::detail
}  // namespace xgrad
