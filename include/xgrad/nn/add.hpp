// Layers of your own, added to those that are found by name.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <xgrad/core/dtype.hpp>
#include <xgrad/nn/activation.hpp>
#include <xgrad/nn/any_layer.hpp>
#include <xgrad/nn/by_name.hpp>
#include <xgrad/nn/initialise.hpp>
#include <xgrad/ops/one_or_many.hpp>
#include <xgrad/ops/windows.hpp>
#include <xgrad/random/key.hpp>
#include <xgrad/registry/entry.hpp>

#pragma GCC visibility push(default)

namespace xgrad::detail {

void set_member(const SettingPath& path, nn::Activation& member, const SettingValue& value);
void set_member(const SettingPath& path, nn::Initialiser& member, const SettingValue& value);
void set_member(const SettingPath& path, DType& member, const SettingValue& value);
void set_member(const SettingPath& path, std::optional<nn::AnyLayer>& member, const SettingValue& value);
void set_member(const SettingPath& path, std::vector<int>& member, const SettingValue& value);
void set_member(const SettingPath& path, OneOrMany& member, const SettingValue& value);
void set_member(const SettingPath& path, std::optional<OneOrMany>& member, const SettingValue& value);
void set_member(const SettingPath& path, WindowPadding& member, const SettingValue& value);

}  // namespace xgrad::detail

namespace xgrad::nn {
namespace detail {

/// What is made of settings: a layer of a key.
using Maker = std::function<AnyLayer(const random::Key& key)>;

void add(xgrad::detail::RegistryEntry entry);

template <class S>
xgrad::detail::RegistryEntry entry_of(std::string name, std::function<AnyLayer(const S&, const random::Key&)> make) {
  return xgrad::detail::entry_of<S>(std::move(name), [make = std::move(make)](const S& settings) {
    return Maker([make, settings](const random::Key& key) { return make(settings, key); });
  });
}

}  // namespace detail

/// Adds a layer of your own, a function of a struct of settings that are named by XGRAD_FIELDS, and of a key. From then
/// on it is found, listed and set by its name as the library's:
///
///     struct ScaleSettings {
///       double factor = 1.0;
///     };
///     XGRAD_FIELDS(ScaleSettings, factor)
///
///     nn::add<ScaleSettings>("scale", [](const ScaleSettings& s, const xg::random::Key&) { return Scale{s.factor}; });
///     const auto net = nn::net_from_text("scale factor=2", key);
///
/// A setting without a default is a std::optional, and checked by the function.
/// \throws ValueError  if there is one of that name.
template <class S>
void add(const std::string& name, std::type_identity_t<std::function<AnyLayer(const S&, const random::Key&)>> make) {
  detail::add(detail::entry_of<S>(name, std::move(make)));
}
/// Takes a layer of your own away again. \throws ValueError  for a name that was not added.
void remove(std::string_view name);

}  // namespace xgrad::nn

#pragma GCC visibility pop
