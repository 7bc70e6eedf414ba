// Optimisers and schedules of your own, added to those that are found by name.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <xgrad/optim/by_name.hpp>
#include <xgrad/optim/combine.hpp>
#include <xgrad/optim/setting.hpp>
#include <xgrad/optim/transformation.hpp>
#include <xgrad/random/key.hpp>
#include <xgrad/registry/entry.hpp>

#pragma GCC visibility push(default)

namespace xgrad::detail {

void set_member(const SettingPath& path, optim::Setting& member, const SettingValue& value);
void set_member(const SettingPath& path, std::optional<optim::Setting>& member, const SettingValue& value);
void set_member(const SettingPath& path, std::vector<optim::Setting>& member, const SettingValue& value);
void set_member(const SettingPath& path, optim::Selector& member, const SettingValue& value);
void set_member(const SettingPath& path, std::optional<optim::Selector>& member, const SettingValue& value);
void set_member(const SettingPath& path, std::optional<optim::Transformation>& member, const SettingValue& value);
void set_member(const SettingPath& path, std::vector<optim::Schedule>& member, const SettingValue& value);
void set_member(const SettingPath& path, random::Key& member, const SettingValue& value);

}  // namespace xgrad::detail

namespace xgrad::optim {
namespace detail {

void add(xgrad::detail::RegistryEntry entry);
void add_schedule(xgrad::detail::RegistryEntry entry);

}  // namespace detail

/// Adds an optimiser of your own, a function of a struct of settings that are named by XGRAD_FIELDS. From then on it is
/// found, listed, printed and set by its name as the library's:
///
///     struct HeavyBall {
///       xg::optim::Setting rate = 0.1;
///       double friction = 0.9;
///     };
///     XGRAD_FIELDS(HeavyBall, rate, friction)
///     xg::optim::Optimiser heavy_ball(const HeavyBall& settings);
///
///     xg::optim::add<HeavyBall>("heavy_ball", heavy_ball);
///     const auto ball = xg::optim::by_name("heavy_ball", {{"rate", 0.5}});
///
/// In a shared library that is loaded at run time, call it in a function that the program calls after loading: an
/// exception must not leave the initialisers of a library. Before it is unloaded, remove() what it has added, and let
/// go of all optimisers that were made of that.
/// \throws ValueError  if there is one of that name.
template <class S>
void add(const std::string& name, std::type_identity_t<std::function<Optimiser(const S&)>> make) {
  detail::add(xgrad::detail::entry_of<S>(name, std::move(make)));
}
/// The same for an optimiser without settings.
void add(const std::string& name, const std::function<Optimiser()>& make);
/// Takes an optimiser of your own away again. \throws ValueError  for a name that was not added.
void remove(std::string_view name);

/// The same of schedules.
template <class S>
void add_schedule(const std::string& name, std::type_identity_t<std::function<Schedule(const S&)>> make) {
  detail::add_schedule(xgrad::detail::entry_of<S>(name, std::move(make)));
}
void remove_schedule(std::string_view name);

}  // namespace xgrad::optim

#pragma GCC visibility pop
