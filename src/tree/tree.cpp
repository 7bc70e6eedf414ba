#include <xgrad/tree/tree.hpp>

#include <algorithm>
#include <string>

#include <boost/core/demangle.hpp>

#include <xgrad/core/errors.hpp>
#include <xgrad/tree/statics.hpp>

#include "core/text.hpp"
#include "var/access.hpp"

namespace xgrad::tree::detail {

std::size_t add_part(std::string& path, std::string_view part) {
  const std::size_t length = path.size();
  if (length != 0) path += '.';
  path += part;
  return length;
}

std::size_t add_part(std::string& path, std::size_t index) {
  return add_part(path, std::string_view(std::to_string(index)));
}

void require_same_count(std::size_t expected, std::size_t given) {
  if (expected == given) return;
  throw ShapeError("tree: " + xgrad::core::count_of(given, "leaf does", "leaves do") + " not fit a tree of " +
                   std::to_string(expected));
}

Visitor<const Var> appends(std::vector<Var>& all, Visit what) {
  return {{&all, [](void* list, const Var& x) { static_cast<std::vector<Var>*>(list)->push_back(x); }}, what};
}

Visitor<const Var> appends(std::vector<const Var*>& all, Visit what) {
  return {{&all, [](void* list, const Var& x) { static_cast<std::vector<const Var*>*>(list)->push_back(&x); }}, what};
}

PathList::PathList(std::vector<std::string>& all) : all_(all) {}

PathList::~PathList() = default;

Visitor<const Var> PathList::appends(Visit what) {
  const auto append = [](void* object, const Var&) {
    auto& list = *static_cast<PathList*>(object);
    std::string& name = list.all_.emplace_back(list.before_);
    if (!list.path_.empty()) (name += list.separator_) += list.path_;
  };
  return {{this, append}, what, &path_};
}

Visitor<const Var> PathList::appends(Visit what, std::size_t position, std::string_view separator) {
  before_ = "argument " + std::to_string(position);
  separator_ = separator;
  return appends(what);
}

Visitor<Var> Replacement::visitor(Visit what) {
  const auto replace = [](void* object, Var& x) {
    auto& replacement = *static_cast<Replacement*>(object);
    if (replacement.used < replacement.others.size()) x = replacement.others[replacement.used];
    ++replacement.used;
  };
  return {{this, replace}, what};
}

void Replacement::require_fit() const { require_same_count(used, others.size()); }

std::vector<char> flags_of(std::span<const Var* const> arrays, std::span<const Var* const> leaves) {
  std::vector<char> flags;
  std::size_t next = 0;
  for (const Var* const array : arrays) {
    const bool is_leaf = next < leaves.size() && leaves[next] == array;
    next += is_leaf ? 1 : 0;
    flags.push_back(is_leaf ? 1 : 0);
  }
  return flags;
}

void throw_other_tree(const std::type_info& held, const std::type_info& wanted) {
  if (held == typeid(void)) throw TypeError("AnyTree: it is empty");
  const auto readable = [](const std::type_info& type) { return boost::core::demangle(type.name()); };
  throw TypeError("AnyTree: it holds a " + readable(held) + ", not a " + readable(wanted));
}

std::string to_string(std::span<const std::string> paths, std::span<const Var> arrays, std::span<const char> is_leaf) {
  if (arrays.empty()) return "no arrays";
  std::size_t width = 0;
  for (const std::string& path : paths) width = std::max(width, path.size());
  std::string text;
  for (std::size_t i = 0; i < arrays.size(); ++i) {
    if (i != 0) text += '\n';
    text += paths[i];
    if (width != 0) text.append(width + 2 - paths[i].size(), ' ');
    text += arrays[i].defined() ? xgrad::detail::describe(arrays[i]) : "empty";
    if (is_leaf[i] == 0) text += "  state";
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

}  // namespace xgrad::tree::detail
