// How losses are made and called by their names: a description of each loss type without its type.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <boost/hana/tuple.hpp>
#include <boost/hana/type.hpp>
#include <boost/hana/unpack.hpp>

#include <xgrad/loss/by_name.hpp>
#include <xgrad/loss/list.hpp>
#include <xgrad/loss/print.hpp>

#include "core/text.hpp"

namespace xgrad::loss::detail {

/// "SmoothL1" as "smooth_l1".
std::string snake_case(std::string_view name);

// ---- settings

/// The names of a setting, for messages.
struct SettingPath {
  std::string_view loss;
  std::string_view setting;
};

void set(const SettingPath& path, double& member, const Var& value);
void set(const SettingPath& path, bool& member, const Var& value);
void set(const SettingPath& path, Var& member, const Var& value);
void set(const SettingPath& path, std::vector<double>& member, const Var& value);
/// The integer in a setting.
std::int64_t integer_in(const SettingPath& path, const Var& value);
[[noreturn]] void throw_negative(const SettingPath& path, std::int64_t number);
[[noreturn]] void throw_not_settable(const SettingPath& path);

template <std::integral I>
void set(const SettingPath& path, I& member, const Var& value) {
  const std::int64_t number = integer_in(path, value);
  if (!std::in_range<I>(number)) throw_negative(path, number);
  member = static_cast<I>(number);
}
template <class T>
void set(const SettingPath& path, std::optional<T>& member, const Var& value) {
  T inner{};
  set(path, inner, value);
  member = std::move(inner);
}
template <class T>
concept Settable = requires(const SettingPath& path, T& member, const Var& value) {
  set(path, member, value);
};

/// A member of a loss, and how it is set.
struct Setting {
  std::string_view name;
  void (*set)(const SettingPath& path, void* loss, const Var& value);
};

/// \throws ValueError, TypeError  for a setting that the loss does not have or that its member does not take.
void apply(std::string_view own, std::span<const Setting> known, void* loss, const Settings& settings);

template <class L>
auto settings_of() {
  return boost::hana::unpack(boost::hana::accessors<L>(), []<class... A>(const A&... accessors) {
    return std::array<Setting, sizeof...(A)>{
        Setting{boost::hana::to<const char*>(boost::hana::first(accessors)),
                [](const SettingPath& path, void* loss, const Var& value) {
                  auto& member = std::decay_t<decltype(boost::hana::second(accessors))>()(*static_cast<L*>(loss));
                  if constexpr (Settable<std::remove_reference_t<decltype(member)>>) set(path, member, value);
                  else throw_not_settable(path);
                }}...};
  });
}

// ---- calls

inline constexpr std::size_t most_arrays = 5;

template <class L, std::size_t... I>
constexpr bool takes(std::index_sequence<I...>) {
  return LossOf<L, std::tuple_element_t<I, std::array<Var, sizeof...(I)>>...>;
}

/// A bit for each number of arrays that the loss takes; 1 is the lowest.
template <class L>
constexpr unsigned counts_of() {
  return []<std::size_t... n>(std::index_sequence<n...>) {
    return ((takes<L>(std::make_index_sequence<n + 1>()) ? 1U << n : 0U) | ...);
  }
  (std::make_index_sequence<most_arrays>());
}

[[noreturn]] void throw_wrong_count(std::string_view loss, std::size_t given, unsigned counts);

template <class L>
Var call(const L& loss, std::span<const Var> x) {
  Var result;
  const auto call_with = [&]<std::size_t... I>(std::index_sequence<I...> indices) {
    if constexpr (takes<L>(indices)) {
      if (x.size() != sizeof...(I)) return false;
      result = loss(x[I]...);
      return true;
    } else {
      return false;
    }
  };
  const bool called = [&]<std::size_t... n>(std::index_sequence<n...>) {
    return (call_with(std::make_index_sequence<n + 1>()) || ...);
  }
  (std::make_index_sequence<most_arrays>());
  if (!called) throw_wrong_count(L::name, x.size(), counts_of<L>());
  return result;
}

// ---- entries

struct Entry {
  std::string name;
  AnyLoss (*make)(const Settings& settings);
};

[[noreturn]] void throw_of_functions(std::string_view own);

template <class L>
AnyLoss made(const Settings& settings) {
  const std::string own = snake_case(L::name);
  if constexpr (Loss<L>) {
    static const auto known = settings_of<L>();
    L loss{};
    apply(own, known, &loss, settings);
    xgrad::core::TextStream text;
    text << loss;
    return {text.str(), [loss = std::move(loss)](std::span<const Var> x) { return call(loss, x); }};
  } else {
    throw_of_functions(own);
  }
}

/// The list is compiled in parts: one translation unit for all losses takes as long as thirty others.
inline constexpr std::size_t part_count = 4;

/// Appends the losses of one part: every fourth of the list.
template <std::size_t part>
void append_entries(std::vector<Entry>& entries) {
  [&]<class... L>(boost::hana::tuple<boost::hana::basic_type<L>...>*) {
    using Types = std::tuple<boost::hana::basic_type<L>...>;
    [&]<std::size_t... k>(std::index_sequence<k...>) {
      const auto append = [&]<class Loss>(boost::hana::basic_type<Loss>) {
        entries.push_back({snake_case(Loss::name), made<Loss>});
      };
      (append(std::tuple_element_t<part_count * k + part, Types>()), ...);
    }
    (std::make_index_sequence<(sizeof...(L) + part_count - 1 - part) / part_count>());
  }(static_cast<List*>(nullptr));
}
extern template void append_entries<0>(std::vector<Entry>& entries);
extern template void append_entries<1>(std::vector<Entry>& entries);
extern template void append_entries<2>(std::vector<Entry>& entries);
extern template void append_entries<3>(std::vector<Entry>& entries);

}  // namespace xgrad::loss::detail
