#include <xgrad/io/named.hpp>

#include <set>
#include <string_view>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/elementwise.hpp>

#include "var/access.hpp"
#include "var/record.hpp"

namespace xgrad::io {

std::function<std::string(const std::string&)> with_prefixes(const std::map<std::string, std::string>& prefixes) {
  // In reverse order a longer beginning comes before a shorter one.
  const std::map<std::string, std::string, std::greater<>> reversed(prefixes.begin(), prefixes.end());
  return [reversed](const std::string& path) {
    for (const auto& [from, to] : reversed) {
      if (path.starts_with(from)) return to + path.substr(from.size());
    }
    return path;
  };
}

namespace {

/// The first differences between a tree and what it is filled from.
class Differences {
 public:
  void add(std::string difference, bool of_types_alone = false) {
    types_alone_ = types_alone_ && of_types_alone;
    if (++count_ <= 5) text_ += (count_ > 1 ? "; " : "") + std::move(difference);
  }
  void require_none() const {
    if (count_ == 0) return;
    const std::string message = "filled: the arrays are not those of the tree: " + text_ +
                                (count_ > 5 ? "; and " + std::to_string(count_ - 5) + " more" : "");
    if (types_alone_) throw TypeError(message + "; the option `cast` would convert them");
    throw ShapeError(message);
  }

 private:
  std::string text_;
  std::size_t count_ = 0;
  bool types_alone_ = true;
};

std::string type_of(const Var& x) { return std::string(name(x.dtype())) + " " + to_string(x.shape()); }

/// An array in place of another one, or what speaks against it.
Var in_place_of(const Var& old, const Var& found, const std::string& path, const FillOptions& options,
                Differences& differences) {
  if (!old.defined()) return found;
  const bool weak = VarAccess::is_weak(old);
  const bool is_shape = old.shape() == found.shape();
  const bool is_type = options.cast || old.dtype() == found.dtype();
  if (!is_shape || !is_type) {
    differences.add(path + " is " + type_of(old) + " in the tree, and " + type_of(found) + " is given", is_shape);
    return old;
  }
  return xgrad::detail::as_weak(old.dtype() == found.dtype() ? found : cast(found, old.dtype()), weak);
}

}  // namespace

namespace detail {

ArraysByName by_name(const std::vector<std::string>& paths, const std::vector<Var>& arrays) {
  ArraysByName result;
  for (std::size_t k = 0; k < paths.size(); ++k) {
    if (!result.emplace(paths[k], arrays[k]).second) {
      throw ValueError("by_name: two arrays of the tree have the path '" + paths[k] + "'; each needs one of its own");
    }
  }
  return result;
}

std::vector<Var> filled(const std::vector<std::string>& paths, const std::vector<Var>& arrays, const ArraysByName& from,
                        const FillOptions& options) {
  std::vector<Var> result = arrays;
  std::set<std::string_view> used;
  Differences differences;
  for (std::size_t k = 0; k < paths.size(); ++k) {
    const std::string name = options.name_of ? options.name_of(paths[k]) : paths[k];
    const std::string path = "'" + paths[k] + "'" + (name == paths[k] ? "" : " ('" + name + "')");
    const auto found = from.find(name);
    if (found == from.end()) {
      if (options.allow_missing) continue;
      differences.add(path + (arrays[k].defined() ? ", " + type_of(arrays[k]) + " in the tree," : "") +
                      " is not given");
      continue;
    }
    used.insert(found->first);
    result[k] = in_place_of(arrays[k], found->second, path, options, differences);
  }
  for (const auto& [name, array] : from) {
    if (!options.allow_unused && !used.contains(name)) {
      differences.add("'" + name + "', " + type_of(array) + ", is not in the tree");
    }
  }
  differences.require_none();
  return result;
}

}  // namespace detail
}  // namespace xgrad::io
