#include "registry/registry.hpp"

#include <algorithm>
#include <mutex>
#include <utility>

#include <xgrad/core/errors.hpp>

#include "core/text.hpp"

namespace xgrad::registry {
namespace {

void require_name(std::string_view name) {
  const bool fits = !plain(name).empty() && std::ranges::all_of(name, [](char c) {
    const char low = core::lower(c);
    return c == '_' || (c >= '0' && c <= '9') || (low >= 'a' && low <= 'z');
  });
  if (!fits)
    throw ValueError("add: \"" + std::string(name) + "\" is no name: it must be of letters, digits and underscores");
}

/// How many letters are missing, too many, others, or swapped with their neighbours.
std::size_t distance(std::string_view a, std::string_view b) {
  const std::size_t width = b.size() + 1;
  std::vector<std::size_t> d((a.size() + 1) * width);
  const auto at = [&](std::size_t i, std::size_t j) -> std::size_t& { return d[i * width + j]; };
  for (std::size_t i = 0; i <= a.size(); ++i) at(i, 0) = i;
  for (std::size_t j = 0; j <= b.size(); ++j) at(0, j) = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t other = a[i - 1] == b[j - 1] ? 0 : 1;
      std::size_t least = std::min({at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + other});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) least = std::min(least, at(i - 2, j - 2) + 1);
      at(i, j) = least;
    }
  }
  return at(a.size(), b.size());
}

}  // namespace

std::string nearest(std::string_view name, const std::vector<std::string>& names) {
  const std::string wanted = plain(name.substr(0, 64));  // longer ones are none, and would take long
  return *std::ranges::min_element(names, {}, [&](const std::string& each) { return distance(wanted, plain(each)); });
}

std::string joined(const std::vector<std::string>& words) {
  std::string result;
  for (const std::string& word : words) result += (result.empty() ? "" : ", ") + word;
  return result;
}

Registry::Registry(std::string_view kind, std::vector<RegistryEntry> own) : kind_(kind) {
  for (RegistryEntry& each : own) insert(std::move(each), true);
}

void Registry::insert(RegistryEntry&& entry, bool own) {
  const std::string key = plain(entry.name);
  const auto found = known_.find(key);
  if (found != known_.end()) {
    throw ValueError("add: the name \"" + entry.name + "\" is taken by the " + kind_ + " \"" +
                     found->second.entry->name + (found->second.own ? "\" of the catalogue" : "\"") +
                     "; it must be another one (capitals and underscores make no difference)");
  }
  known_.emplace(key, Known{std::make_shared<const RegistryEntry>(std::move(entry)), own});
}

void Registry::add(RegistryEntry entry) {
  require_name(entry.name);
  const std::unique_lock lock(mutex_);
  insert(std::move(entry), false);
}

void Registry::remove(std::string_view name) {
  std::shared_ptr<const RegistryEntry> gone;  // without the lock: its destructor is the user's, and may ask
  const std::unique_lock lock(mutex_);
  const auto found = known_.find(plain(name));
  if (found == known_.end()) throw_unknown("remove", name);
  if (found->second.own) {
    throw ValueError("remove: the " + kind_ + " \"" + std::string(name) + "\" is of the catalogue, and stays");
  }
  gone = std::move(found->second.entry);
  known_.erase(found);
}

std::shared_ptr<const RegistryEntry> Registry::find(std::string_view name) const {
  const std::shared_lock lock(mutex_);
  const auto found = known_.find(plain(name));
  if (found == known_.end()) throw_unknown("by_name", name);
  return found->second.entry;
}

std::vector<std::string> Registry::names() const {
  const std::shared_lock lock(mutex_);
  return names_unlocked();
}

std::vector<std::string> Registry::names_unlocked() const {
  std::vector<std::string> result;
  for (const auto& [key, known] : known_) result.push_back(known.entry->name);
  std::ranges::sort(result);
  return result;
}

void Registry::throw_unknown(std::string_view caller, std::string_view name) const {
  const std::vector<std::string> all = names_unlocked();
  throw ValueError(std::string(caller) + ": there is no " + kind_ + " \"" + core::shortened(name) +
                   "\"; the nearest is \"" + nearest(name, all) + "\". There are " + joined(all));
}

}  // namespace xgrad::registry
