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
  const Var& numbers = array_in(path, value, "integers, [n]");
  if (numbers.recorded() || numbers.dimension() > 1 || numbers.dtype() != DType::Int64) {
    throw_wrong_type(path, value, "integers, [n]");
  }
  const Array<std::int64_t>& array = numbers.array<std::int64_t>();
  member.clear();
  for (std::size_t i = 0; i < array.size(); ++i) {
    if (!std::in_range<int>(array.data()[i])) throw_out_of_range(path, array.data()[i], "it must be smaller");
    member.push_back(static_cast<int>(array.data()[i]));
  }
}

}  // namespace detail
}  // namespace xgrad
