#include <xgrad/loss/by_name.hpp>

#include <algorithm>
#include <cctype>
#include <ostream>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/elementwise.hpp>

#include "by_name_entries.hpp"
#include "core/text.hpp"

namespace xgrad::loss {
namespace {

using detail::Entry;
using detail::SettingPath;

/// What two spellings of a name have in common.
std::string plain(std::string_view name) {
  std::string result;
  for (const char c : name) {
    if (c != '_') result += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return result;
}

std::string joined(const std::vector<std::string>& words) {
  std::string result;
  for (const std::string& word : words) result += (result.empty() ? "" : ", ") + word;
  return result;
}

[[noreturn]] void throw_wrong_type(const SettingPath& path, const Var& value, std::string_view requirement) {
  throw TypeError("by_name: " + std::string(path.loss) + ": " + std::string(path.setting) + " is " +
                  std::string(name(value.dtype())) + " " + to_string(value.shape()) + "; it must be " +
                  std::string(requirement));
}

void require_number(const SettingPath& path, const Var& value, bool fits, std::string_view requirement) {
  if (value.recorded()) {
    throw TypeError("by_name: " + std::string(path.loss) + ": " + std::string(path.setting) +
                    " is recorded on a tape; it is a plain number and has no derivative");
  }
  if (value.size() != 1 || !fits) throw_wrong_type(path, value, requirement);
}

const std::vector<Entry>& entries() {
  static const auto* all = new std::vector<Entry>([] {  // never destroyed: destructors of static objects may ask
    std::vector<Entry> result;
    detail::append_entries<0>(result);
    detail::append_entries<1>(result);
    detail::append_entries<2>(result);
    detail::append_entries<3>(result);
    // Other names of the same.
    result.push_back({"bernoulli_nll", detail::made<BernoulliNll>});
    result.push_back({"categorical_nll", detail::made<CategoricalNll>});
    result.push_back({"cosine_similarity_loss", detail::made<CosineSimilarityLoss>});
    std::ranges::sort(result, {}, &Entry::name);
    return result;
  }());
  return *all;
}

}  // namespace

AnyLoss by_name(std::string_view name, const Settings& settings) {
  const std::string wanted = plain(name);
  for (const Entry& entry : entries()) {
    if (plain(entry.name) == wanted) return entry.make(settings);
  }
  throw ValueError("by_name: there is no loss \"" + std::string(name) + "\"; there are " + joined(names()));
}

std::vector<std::string> names() {
  std::vector<std::string> result;
  for (const Entry& entry : entries()) result.push_back(entry.name);
  return result;
}

std::ostream& operator<<(std::ostream& out, const AnyLoss& loss) { return out << loss.text(); }

namespace detail {

std::string snake_case(std::string_view name) {
  std::string result;
  for (const char c : name) {
    const bool upper = std::isupper(static_cast<unsigned char>(c)) != 0;
    if (upper && !result.empty()) result += '_';
    result += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return result;
}

void set(const SettingPath& path, double& member, const Var& value) {
  require_number(path, value, value.dtype() != DType::Bool, "a number");
  member = cast<double>(value).item<double>();
}
void set(const SettingPath& path, bool& member, const Var& value) {
  require_number(path, value, value.dtype() == DType::Bool, "true or false");
  member = value.item<bool>();
}
void set(const SettingPath&, Var& member, const Var& value) { member = value; }
void set(const SettingPath& path, std::vector<double>& member, const Var& value) {
  if (value.dimension() > 1 || value.dtype() == DType::Bool) throw_wrong_type(path, value, "numbers, [n]");
  const Var numbers = cast<double>(value);
  const Array<double>& array = numbers.array<double>();
  member.assign(array.data(), array.data() + array.size());
}

std::int64_t integer_in(const SettingPath& path, const Var& value) {
  require_number(path, value, value.dtype() == DType::Int64, "an integer");
  return value.item<std::int64_t>();
}

void throw_negative(const SettingPath& path, std::int64_t number) {
  throw ValueError("by_name: " + std::string(path.loss) + ": " + std::string(path.setting) + " is " +
                   std::to_string(number) + "; it must not be negative");
}

void throw_not_settable(const SettingPath& path) {
  throw ValueError("by_name: " + std::string(path.loss) + ": " + std::string(path.setting) +
                   " is no number and no array; make the struct itself to set it");
}

void apply(std::string_view own, std::span<const Setting> known, void* loss, const Settings& settings) {
  for (const auto& [name, value] : settings) {
    const auto found = std::ranges::find(known, name, &Setting::name);
    if (found != known.end()) {
      found->set({own, name}, loss, value);
      continue;
    }
    std::vector<std::string> names;
    for (const Setting& each : known) names.emplace_back(each.name);
    throw ValueError("by_name: " + std::string(own) + " has no setting \"" + name + "\"; " +
                     (names.empty() ? std::string("it has none") : "it has " + joined(names)));
  }
}

void throw_wrong_count(std::string_view loss, std::size_t given, unsigned counts) {
  std::vector<std::string> taken;
  for (std::size_t n = 0; n < most_arrays; ++n) {
    if ((counts >> n & 1U) != 0) taken.push_back(std::to_string(n + 1));
  }
  throw ValueError(std::string(loss) + ": called with " + xgrad::core::count_of(given, "array", "arrays") +
                   "; it takes " + joined(taken));
}

void throw_of_functions(std::string_view own) {
  throw ValueError("by_name: " + std::string(own) + " is a loss of functions; make the struct itself");
}

void print_setting(std::ostream& out, const Var& value) {
  if (!value.defined()) {
    out << "none";
  } else if (!value.recorded() && value.dimension() == 0) {
    print_setting(out, cast<double>(value).item<double>());
  } else {
    out << name(value.dtype()) << ' ' << to_string(value.shape());
  }
}

}  // namespace detail
}  // namespace xgrad::loss
