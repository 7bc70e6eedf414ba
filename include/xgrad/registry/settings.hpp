// Settings of what is made by its name: losses, optimisers, schedules.
//
// registry: names at run time, for programs that read a configuration. A registry knows nothing of what it makes; it
// includes ops, tree and what is below.
#pragma once

#include <any>
#include <concepts>
#include <functional>
#include <map>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad {

/// A value for a setting: a number, a boolean, an array, a text, or an object that the setting is made to take, such as
/// a schedule for a rate.
class SettingValue {
 public:
  template <std::convertible_to<Var> T>
  SettingValue(const T& array) : value_(Var(array)) {}           // NOLINT(*-explicit-*)
  SettingValue(const char* text) : value_(std::string(text)) {}  // NOLINT(*-explicit-*)
  SettingValue(std::string text) : value_(std::move(text)) {}    // NOLINT(*-explicit-*)
  // NOLINTBEGIN(bugprone-forwarding-reference-overload): constrained
  template <class T>
  requires std::is_class_v<T> &&
      (!std::convertible_to<T, Var> && !std::convertible_to<T, std::string> && !std::same_as<T, SettingValue> &&
       std::copy_constructible<T>)SettingValue(const T& object)  // NOLINT(*-explicit-*)
      : value_(std::any(object)) {}
  // NOLINTEND(bugprone-forwarding-reference-overload)

  /// Each is null unless the value is one.
  [[nodiscard]] const Var* array() const noexcept { return std::get_if<Var>(&value_); }
  [[nodiscard]] const std::string* text() const noexcept { return std::get_if<std::string>(&value_); }
  template <class T>
  [[nodiscard]] const T* object() const noexcept {
    const std::any* held = std::get_if<std::any>(&value_);
    return held == nullptr ? nullptr : std::any_cast<T>(held);
  }
  /// What it is, for messages: "float64 [2]", "the text \"abc\"", "an object".
  [[nodiscard]] std::string description() const;

 private:
  std::variant<Var, std::string, std::any> value_;
};

/// Values for the settings of what is made by its name: `{{"delta", 0.5}}`.
using Settings = std::map<std::string, SettingValue, std::less<>>;

}  // namespace xgrad

#pragma GCC visibility pop
