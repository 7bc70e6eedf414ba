// Names at run time, and what is made of them.
#pragma once

#include <map>
#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include <xgrad/registry/entry.hpp>

#include "core/text.hpp"

namespace xgrad::registry {

using xgrad::detail::RegistryEntry;

/// What has names of one kind: the catalogue's own, and those that users add. Several threads may use it at once.
/// Names differ by more than capitals and underscores: "SmoothL1" is "smooth_l1".
class Registry {
 public:
  /// \param kind  "loss", for messages.
  /// \param own  the catalogue's; they cannot be removed.
  Registry(std::string_view kind, std::vector<RegistryEntry> own);

  /// \throws ValueError  for a name that is there, or that is none: letters, digits and underscores.
  void add(RegistryEntry entry);
  /// \throws ValueError  for a name that users have not added.
  void remove(std::string_view name);
  /// \throws ValueError  naming the nearest and all others, if there is none of that name.
  [[nodiscard]] std::shared_ptr<const RegistryEntry> find(std::string_view name) const;
  /// In alphabetical order.
  [[nodiscard]] std::vector<std::string> names() const;

  /// Makes it, in no lock: what is made may be made of others. \tparam T  the type that the registry is for.
  template <class T>
  [[nodiscard]] T make(std::string_view name, const Settings& settings) const {
    return std::any_cast<T>(find(name)->make(settings));
  }

 private:
  struct Known {
    std::shared_ptr<const RegistryEntry> entry;
    bool own = false;
  };
  void insert(RegistryEntry&& entry, bool own);
  [[nodiscard]] std::vector<std::string> names_unlocked() const;
  [[noreturn]] void throw_unknown(std::string_view caller, std::string_view name) const;

  std::string kind_;
  mutable std::shared_mutex mutex_;
  std::map<std::string, Known> known_;  ///< by what spellings of a name have in common
};

/// What two spellings of a name have in common: "SmoothL1" and "smooth_l1" are "smoothl1".
inline std::string plain(std::string_view name) {
  std::string result;
  for (const char c : name) {
    if (c != '_') result += core::lower(c);
  }
  return result;
}

/// Of some names the one that is alike most: with the fewest letters that are missing, too many, others or swapped.
/// \param names  not empty.
std::string nearest(std::string_view name, const std::vector<std::string>& names);

/// "a, b, c".
std::string joined(const std::vector<std::string>& words);

}  // namespace xgrad::registry
