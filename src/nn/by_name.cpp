#include <xgrad/nn/by_name.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <utility>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/elementwise.hpp>

#include "nn/by_name_entries.hpp"
#include "nn/row_by_name.hpp"
#include "registry/registry.hpp"

namespace xgrad {
namespace nn {
namespace {

registry::Registry& all_layers() {
  // Never destroyed: other libraries may ask while the program ends.
  static auto* all = [] {
    std::vector<detail::RegistryEntry> entries = detail::core_entries();
    std::ranges::move(detail::channel_entries(), std::back_inserter(entries));
    std::ranges::move(detail::recurrent_entries(), std::back_inserter(entries));
    return new registry::Registry("layer", std::move(entries));
  }();
  return *all;
}

struct InitialiserRow {
  std::string_view name;
  Initialiser (*make)();
};

constexpr std::array<InitialiserRow, 12> initialiser_rows{{
    {"constant", [] { return constant(0.0); }},
    {"he_normal", [] { return he_normal(); }},
    {"he_uniform", [] { return he_uniform(); }},
    {"identity", [] { return identity(); }},
    {"lecun_normal", [] { return lecun_normal(); }},
    {"lecun_uniform", [] { return lecun_uniform(); }},
    {"normal", [] { return normal(); }},
    {"ones", [] { return constant(1.0); }},
    {"orthogonal", [] { return orthogonal(); }},
    {"truncated_normal", [] { return truncated_normal(); }},
    {"xavier_normal", [] { return xavier_normal(); }},
    {"xavier_uniform", [] { return xavier_uniform(); }},
}};

}  // namespace

AnyLayer by_name(std::string_view name, const Settings& settings, const random::Key& key) {
  return all_layers().make<detail::Maker>(name, settings)(key);
}
std::vector<std::string> names() { return all_layers().names(); }
std::vector<std::string> settings_of(std::string_view name) { return all_layers().find(name)->settings; }

void remove(std::string_view name) { all_layers().remove(name); }
void detail::add(xgrad::detail::RegistryEntry entry) { all_layers().add(std::move(entry)); }

Initialiser initialiser_by_name(std::string_view name) {
  return row_by_name("initialiser", initialiser_rows, name).make();
}

}  // namespace nn

namespace detail {
namespace {

/// One or several.
std::vector<std::int64_t> integers_in(const SettingPath& path, const SettingValue& value,
                                      std::string_view requirement) {
  const Var& numbers = array_in(path, value, requirement);
  if (numbers.recorded() || numbers.dimension() > 1 || numbers.dtype() != DType::Int64) {
    throw_wrong_type(path, value, requirement);
  }
  const Array<std::int64_t>& array = numbers.array<std::int64_t>();
  return {array.data(), array.data() + array.size()};
}

}  // namespace

void set_member(const SettingPath& path, nn::Activation& member, const SettingValue& value) {
  if (value.text() == nullptr) throw_wrong_type(path, value, "the name of an activation");
  member = nn::activation_by_name(*value.text());
}
void set_member(const SettingPath& path, nn::Initialiser& member, const SettingValue& value) {
  if (const auto* initialiser = value.object<nn::Initialiser>()) member = *initialiser;
  else if (value.text() != nullptr) member = nn::initialiser_by_name(*value.text());
  else throw_wrong_type(path, value, "the name of an initialiser, or an nn::Initialiser");
}
void set_member(const SettingPath& path, DType& member, const SettingValue& value) {
  constexpr std::string_view requirement = "\"float32\" or \"float64\"";
  if (value.text() == nullptr) throw_wrong_type(path, value, requirement);
  if (*value.text() == name(DType::Float32)) member = DType::Float32;
  else if (*value.text() == name(DType::Float64)) member = DType::Float64;
  else throw_wrong_type(path, value, requirement);
}
void set_member(const SettingPath& path, std::optional<nn::AnyLayer>& member, const SettingValue& value) {
  const auto* layer = value.object<nn::AnyLayer>();
  if (layer == nullptr) throw_wrong_type(path, value, "an nn::AnyLayer");
  member = *layer;
}
void set_member(const SettingPath& path, std::vector<int>& member, const SettingValue& value) {
  member.clear();
  for (const std::int64_t number : integers_in(path, value, "integers, [n]")) {
    if (!std::in_range<int>(number)) throw_out_of_range(path, number, "it must be smaller");
    member.push_back(static_cast<int>(number));
  }
}
void set_member(const SettingPath& path, OneOrMany& member, const SettingValue& value) {
  const std::vector<std::int64_t> numbers = integers_in(path, value, "an integer, or integers, [n]");
  if (value.array()->dimension() == 0) member = numbers.front();
  else member = numbers;
}
void set_member(const SettingPath& path, std::optional<OneOrMany>& member, const SettingValue& value) {
  OneOrMany inner = 0;
  set_member(path, inner, value);
  member = std::move(inner);
}
void set_member(const SettingPath& path, WindowPadding& member, const SettingValue& value) {
  if (value.text() != nullptr) {
    member = std::string_view(*value.text());
    return;
  }
  const std::vector<std::int64_t> numbers =
      integers_in(path, value, "an integer, integers for each axis, [n], \"valid\" or \"same\"");
  if (value.array()->dimension() == 0) {
    member = numbers.front();
    return;
  }
  std::vector<WindowPadding::Pair> pairs;
  for (const std::int64_t number : numbers) pairs.emplace_back(number, number);
  member = std::move(pairs);
}

}  // namespace detail
}  // namespace xgrad
