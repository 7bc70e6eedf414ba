// What a registry has of each name: how it is made of settings, without its type.
//
// Only what adds to a registry includes this. Members of settings are named by XGRAD_FIELDS; how one is set is a
// function `set_member`, found by its arguments, so that there may be more of them for other types.
#pragma once

#include <any>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <boost/hana/concept/struct.hpp>
#include <boost/hana/unpack.hpp>

#include <xgrad/registry/settings.hpp>
#include <xgrad/tree/fields.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::detail {

/// The names of a setting, for messages.
struct SettingPath {
  std::string_view owner;
  std::string_view setting;
};

void set_member(const SettingPath& path, double& member, const SettingValue& value);
void set_member(const SettingPath& path, bool& member, const SettingValue& value);
void set_member(const SettingPath& path, Var& member, const SettingValue& value);
void set_member(const SettingPath& path, std::string& member, const SettingValue& value);
void set_member(const SettingPath& path, std::vector<double>& member, const SettingValue& value);
void set_member(const SettingPath& path, std::vector<std::size_t>& member, const SettingValue& value);

/// The array in a setting. \throws TypeError  with the requirement, "a number", if there is none.
const Var& array_in(const SettingPath& path, const SettingValue& value, std::string_view requirement);
/// The integer in a setting.
std::int64_t integer_in(const SettingPath& path, const SettingValue& value);
[[noreturn]] void throw_wrong_type(const SettingPath& path, const SettingValue& value, std::string_view requirement);
[[noreturn]] void throw_out_of_range(const SettingPath& path, std::int64_t number, std::string_view requirement);
[[noreturn]] void throw_not_settable(const SettingPath& path);
/// For settings that have no default. \throws ValueError  that it is missing.
[[noreturn]] void throw_missing_setting(std::string_view owner, std::string_view setting);
template <class T>
const T& needed(std::string_view owner, std::string_view setting, const std::optional<T>& value) {
  if (!value) throw_missing_setting(owner, setting);
  return *value;
}

template <std::integral I>
void set_member(const SettingPath& path, I& member, const SettingValue& value) {
  const std::int64_t number = integer_in(path, value);
  if (!std::in_range<I>(number)) {
    throw_out_of_range(path, number, number < 0 ? "it must not be negative" : "it must be smaller");
  }
  member = static_cast<I>(number);
}
template <class T>
void set_member(const SettingPath& path, std::optional<T>& member, const SettingValue& value) {
  T inner{};
  set_member(path, inner, value);
  member = std::move(inner);
}
template <class T>
concept Settable = requires(const SettingPath& path, T& member, const SettingValue& value) {
  set_member(path, member, value);
};

/// A member of some settings, and how it is set.
struct MemberSetter {
  std::string_view name;
  void (*set)(const SettingPath& path, void* settings, const SettingValue& value);
};

/// \throws ValueError, TypeError  for a setting that does not exist or that its member does not take.
void apply_settings(std::string_view owner, std::span<const MemberSetter> known, void* settings, const Settings& given);

template <class S>
std::span<const MemberSetter> members_of() {
  static const auto all = boost::hana::unpack(boost::hana::accessors<S>(), []<class... A>(const A&... accessors) {
    return std::array<MemberSetter, sizeof...(A)>{
        MemberSetter{boost::hana::to<const char*>(boost::hana::first(accessors)),
                     [](const SettingPath& path, void* settings, const SettingValue& value) {
                       using Accessor = std::decay_t<decltype(boost::hana::second(accessors))>;
                       auto& member = Accessor()(*static_cast<S*>(settings));
                       if constexpr (Settable<std::remove_reference_t<decltype(member)>>) {
                         set_member(path, member, value);
                       } else {
                         throw_not_settable(path);
                       }
                     }}...};
  });
  return all;
}

/// A name of a registry: which settings there are, and what is made of them, in the type that the registry is for.
struct RegistryEntry {
  std::string name;
  std::vector<std::string> settings;
  std::function<std::any(const Settings& given)> make;
};

std::vector<std::string> names_of(std::span<const MemberSetter> members);

/// \param make  of the struct of settings S, whose members are named by XGRAD_FIELDS.
template <class S, class F>
requires boost::hana::Struct<S>::value RegistryEntry entry_of(std::string name, F make) {
  const std::span<const MemberSetter> known = members_of<S>();
  return {name, names_of(known), [name, known, make = std::move(make)](const Settings& given) {
            S settings{};
            apply_settings(name, known, &settings, given);
            return std::any(make(settings));
          }};
}

}  // namespace xgrad::detail

#pragma GCC visibility pop
