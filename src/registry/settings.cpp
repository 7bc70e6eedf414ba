#include <xgrad/registry/entry.hpp>

#include <algorithm>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/elementwise.hpp>

#include "core/text.hpp"
#include "registry/registry.hpp"

namespace xgrad {
namespace {

std::string setting_prefix(const detail::SettingPath& path) {
  return "by_name: " + std::string(path.owner) + ": " + std::string(path.setting);
}

const Var& number_in(const detail::SettingPath& path, const SettingValue& value, bool boolean,
                     std::string_view requirement) {
  const Var& array = detail::array_in(path, value, requirement);
  if (array.recorded()) {
    throw TypeError(setting_prefix(path) + " is recorded on a tape; it is a plain number and has no derivative");
  }
  if (array.size() != 1 || (array.dtype() == DType::Bool) != boolean) {
    detail::throw_wrong_type(path, value, requirement);
  }
  return array;
}

/// A plain array of numbers, [n].
Var numbers_in(const detail::SettingPath& path, const SettingValue& value, std::string_view requirement) {
  const Var& array = detail::array_in(path, value, requirement);
  if (array.recorded()) {
    throw TypeError(setting_prefix(path) + " is recorded on a tape; it has plain numbers and no derivative");
  }
  if (array.dimension() > 1 || array.dtype() == DType::Bool) detail::throw_wrong_type(path, value, requirement);
  return array;
}

}  // namespace

std::string SettingValue::description() const {
  if (const Var* held = array()) {
    if (!held->defined()) return "an empty Var";
    return std::string(name(held->dtype())) + " " + to_string(held->shape());
  }
  if (const std::string* held = text()) return "the text \"" + core::shortened(*held) + "\"";
  return "an object of another type";
}

namespace detail {

const Var& array_in(const SettingPath& path, const SettingValue& value, std::string_view requirement) {
  const Var* array = value.array();
  if (array == nullptr || !array->defined()) throw_wrong_type(path, value, requirement);
  return *array;
}

std::int64_t integer_in(const SettingPath& path, const SettingValue& value) {
  const Var& number = number_in(path, value, false, "an integer");
  if (number.dtype() != DType::Int64) throw_wrong_type(path, value, "an integer");
  return number.item<std::int64_t>();
}

void set_member(const SettingPath& path, double& member, const SettingValue& value) {
  member = cast<double>(number_in(path, value, false, "a number")).item<double>();
}
void set_member(const SettingPath& path, bool& member, const SettingValue& value) {
  member = number_in(path, value, true, "true or false").item<bool>();
}
void set_member(const SettingPath& path, Var& member, const SettingValue& value) {
  if (value.array() == nullptr) throw_wrong_type(path, value, "an array");
  member = *value.array();
}
void set_member(const SettingPath& path, std::string& member, const SettingValue& value) {
  if (value.text() == nullptr) throw_wrong_type(path, value, "a text");
  member = *value.text();
}
void set_member(const SettingPath& path, std::vector<double>& member, const SettingValue& value) {
  const Var numbers = cast<double>(numbers_in(path, value, "numbers, [n]"));
  const Array<double>& array = numbers.array<double>();
  member.assign(array.data(), array.data() + array.size());
}
void set_member(const SettingPath& path, std::vector<std::size_t>& member, const SettingValue& value) {
  const Var numbers = numbers_in(path, value, "integers, [n]");
  if (numbers.dtype() != DType::Int64) throw_wrong_type(path, value, "integers, [n]");
  const Array<std::int64_t>& array = numbers.array<std::int64_t>();
  member.clear();
  for (std::size_t i = 0; i < array.size(); ++i) {
    if (array.data()[i] < 0) throw_out_of_range(path, array.data()[i], "it must not be negative");
    member.push_back(static_cast<std::size_t>(array.data()[i]));
  }
}

void throw_wrong_type(const SettingPath& path, const SettingValue& value, std::string_view requirement) {
  throw TypeError(setting_prefix(path) + " is " + value.description() + "; it must be " + std::string(requirement));
}

void throw_out_of_range(const SettingPath& path, std::int64_t number, std::string_view requirement) {
  throw ValueError(setting_prefix(path) + " is " + std::to_string(number) + "; " + std::string(requirement));
}

void throw_not_settable(const SettingPath& path) {
  throw ValueError(setting_prefix(path) + " is no number and no array; make the struct itself to set it");
}

void throw_missing_setting(std::string_view owner, std::string_view setting) {
  throw ValueError(setting_prefix({owner, setting}) + " is missing; it has no default");
}

void apply_settings(std::string_view owner, std::span<const MemberSetter> known, void* settings,
                    const Settings& given) {
  for (const auto& [name, value] : given) {
    const auto found = std::ranges::find(known, name, &MemberSetter::name);
    if (found != known.end()) {
      found->set({owner, name}, settings, value);
      continue;
    }
    const std::vector<std::string> names = names_of(known);
    throw ValueError("by_name: " + std::string(owner) + " has no setting \"" + core::shortened(name) + "\"; " +
                     (names.empty() ? std::string("it has none")
                                    : "the nearest is \"" + registry::nearest(name, names) + "\". It has " +
                                          registry::joined(names)));
  }
}

std::vector<std::string> names_of(std::span<const MemberSetter> members) {
  std::vector<std::string> names;
  for (const MemberSetter& each : members) names.emplace_back(each.name);
  return names;
}

}  // namespace detail
}  // namespace xgrad
