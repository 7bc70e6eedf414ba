// Losses of your own, added to those that are found by name.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <functional>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include <xgrad/loss/by_name.hpp>
#include <xgrad/loss/contract.hpp>
#include <xgrad/loss/print.hpp>
#include <xgrad/registry/entry.hpp>

#pragma GCC visibility push(default)

namespace xgrad::loss {
namespace detail {

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
Var call(std::string_view name, const L& loss, std::span<const Var> x) {
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
  if (!called) throw_wrong_count(name, x.size(), counts_of<L>());
  return result;
}

/// "SmoothL1" as "smooth_l1".
std::string snake_case(std::string_view name);
/// What a function prints, in the C locale.
std::string printed(const std::function<void(std::ostream&)>& print);

void add(xgrad::detail::RegistryEntry entry);

template <class L>
xgrad::detail::RegistryEntry entry_of() {
  return xgrad::detail::entry_of<L>(snake_case(L::name), [](const L& loss) {
    return AnyLoss(printed([&](std::ostream& out) { out << loss; }),
                   [loss](std::span<const Var> x) { return call(L::name, loss, x); });
  });
}

}  // namespace detail

/// Adds a loss of your own, a struct with a `name` and settings that are named by XGRAD_FIELDS. From then on it is
/// found, listed, printed and set by its name as those of the catalogue:
///
///     struct Capped {
///       static constexpr std::string_view name = "Capped";
///       double most = 1.0;
///       xg::Var operator()(const xg::Var& p, const xg::Var& t) const { return minimum(square(p - t), most); }
///     };
///     XGRAD_FIELDS(Capped, most)
///
///     xg::loss::add<Capped>();
///     const auto loss = xg::loss::by_name("capped", {{"most", 2.0}});
///
/// In a shared library that is loaded at run time, call it in a function that the program calls after loading: an
/// exception must not leave the initialisers of a library. Before it is unloaded, remove() what it has added, and let
/// go of all losses that were made of that.
/// \throws ValueError  if there is one of that name.
template <Loss L>
requires Named<L> && boost::hana::Struct<L>::value void add() { detail::add(detail::entry_of<L>()); }

/// The same for a function without settings: `add("absolute", [](const Var& p, const Var& t) { return abs(p - t); })`.
template <Loss L>
void add(const std::string& name, const L& loss) {
  detail::add({name, {}, [name, loss](const Settings& given) {
                 xgrad::detail::apply_settings(name, {}, nullptr, given);
                 return std::any(
                     AnyLoss(name, [name, loss](std::span<const Var> x) { return detail::call(name, loss, x); }));
               }});
}

/// Takes a loss of your own away again. \throws ValueError  for a name that was not added.
void remove(std::string_view name);

}  // namespace xgrad::loss

#pragma GCC visibility pop
