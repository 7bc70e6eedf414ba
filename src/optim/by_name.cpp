#include <xgrad/optim/by_name.hpp>

#include <iterator>
#include <utility>

#include <xgrad/ops/elementwise.hpp>

#include "optim/by_name_entries.hpp"
#include "registry/registry.hpp"

namespace xgrad {
namespace optim {
namespace {

// Never destroyed: destructors of static objects may ask.
registry::Registry& all_optimisers() {
  static auto* all = [] {
    std::vector<detail::RegistryEntry> entries = detail::optimiser_entries();
    std::ranges::move(detail::link_entries(), std::back_inserter(entries));
    return new registry::Registry("optimiser", std::move(entries));
  }();
  return *all;
}
registry::Registry& all_schedules() {
  static auto* all = new registry::Registry("schedule", detail::schedule_entries());
  return *all;
}

}  // namespace

Optimiser by_name(std::string_view name, const Settings& settings) {
  return all_optimisers().make<Optimiser>(name, settings);
}
std::vector<std::string> names() { return all_optimisers().names(); }
std::vector<std::string> settings_of(std::string_view name) { return all_optimisers().find(name)->settings; }

Schedule schedule_by_name(std::string_view name, const Settings& settings) {
  return all_schedules().make<Schedule>(name, settings);
}
std::vector<std::string> schedule_names() { return all_schedules().names(); }
std::vector<std::string> schedule_settings_of(std::string_view name) { return all_schedules().find(name)->settings; }

void add(const std::string& name, const std::function<Optimiser()>& make) {
  detail::add(xgrad::detail::entry_of<detail::NoSettings>(name, [make](const detail::NoSettings&) { return make(); }));
}
void remove(std::string_view name) { all_optimisers().remove(name); }
void remove_schedule(std::string_view name) { all_schedules().remove(name); }

namespace detail {

void add(RegistryEntry entry) { all_optimisers().add(std::move(entry)); }
void add_schedule(RegistryEntry entry) { all_schedules().add(std::move(entry)); }

}  // namespace detail
}  // namespace optim

namespace detail {

void set_member(const SettingPath& path, optim::Setting& member, const SettingValue& value) {
  constexpr std::string_view requirement = "a number, an optim::Schedule or a Var of one element";
  if (const auto* schedule = value.object<optim::Schedule>()) {
    member = *schedule;
  } else if (const auto* setting = value.object<optim::Setting>()) {
    member = *setting;
  } else {
    const Var& number = array_in(path, value, requirement);
    if (number.size() != 1 || number.dtype() == DType::Bool) throw_wrong_type(path, value, requirement);
    member = number;
  }
}
void set_member(const SettingPath& path, std::optional<optim::Setting>& member, const SettingValue& value) {
  optim::Setting inner = 0.0;
  set_member(path, inner, value);
  member = std::move(inner);
}
void set_member(const SettingPath& path, std::vector<optim::Setting>& member, const SettingValue& value) {
  if (const auto* all = value.object<std::vector<optim::Setting>>()) {
    member = *all;
    return;
  }
  std::vector<double> numbers;
  set_member(path, numbers, value);
  member.assign(numbers.begin(), numbers.end());
}
void set_member(const SettingPath& path, optim::Selector& member, const SettingValue& value) {
  if (const auto* selector = value.object<optim::Selector>()) {
    member = *selector;
  } else if (value.text() != nullptr) {
    member = optim::Selector(*value.text());
  } else {
    throw_wrong_type(path, value, "a text, such as \"*.weight\", or an optim::Selector");
  }
}
void set_member(const SettingPath& path, std::optional<optim::Selector>& member, const SettingValue& value) {
  optim::Selector inner = "*";
  set_member(path, inner, value);
  member = std::move(inner);
}
void set_member(const SettingPath& path, std::optional<optim::Transformation>& member, const SettingValue& value) {
  if (const auto* inner = value.object<optim::Transformation>()) {
    member = *inner;
  } else if (value.text() != nullptr) {
    member = optim::by_name(*value.text());
  } else {
    throw_wrong_type(path, value, "an optimiser or the name of one");
  }
}
void set_member(const SettingPath& path, std::vector<optim::Schedule>& member, const SettingValue& value) {
  const auto* all = value.object<std::vector<optim::Schedule>>();
  if (all == nullptr) throw_wrong_type(path, value, "a std::vector<optim::Schedule>");
  member = *all;
}
void set_member(const SettingPath& path, random::Key& member, const SettingValue& value) {
  const auto* key = value.object<random::Key>();
  member = key != nullptr ? *key : random::Key(integer_in(path, value));
}

}  // namespace detail
}  // namespace xgrad
