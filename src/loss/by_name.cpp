#include <xgrad/loss/by_name.hpp>

#include <ostream>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/elementwise.hpp>

#include "by_name_entries.hpp"
#include "core/text.hpp"
#include "registry/registry.hpp"

namespace xgrad::loss {
namespace {

using detail::RegistryEntry;

/// The same under another name.
template <class L>
RegistryEntry renamed(std::string name) {
  RegistryEntry entry = detail::entry_of<L>();
  entry.name = std::move(name);
  return entry;
}

std::vector<RegistryEntry> catalogue() {
  std::vector<RegistryEntry> result;
  detail::append_entries<0>(result);
  detail::append_entries<1>(result);
  detail::append_entries<2>(result);
  detail::append_entries<3>(result);
  result.push_back(renamed<BernoulliNll>("bernoulli_nll"));
  result.push_back(renamed<CategoricalNll>("categorical_nll"));
  result.push_back(renamed<CosineSimilarityLoss>("cosine_similarity_loss"));
  return result;
}

registry::Registry& all_losses() {
  static auto* all =
      new registry::Registry("loss", catalogue());  // never destroyed: destructors of static objects may ask
  return *all;
}

}  // namespace

AnyLoss by_name(std::string_view name, const Settings& settings) { return all_losses().make<AnyLoss>(name, settings); }

std::vector<std::string> names() { return all_losses().names(); }

std::vector<std::string> settings_of(std::string_view name) { return all_losses().find(name)->settings; }

void remove(std::string_view name) { all_losses().remove(name); }

std::ostream& operator<<(std::ostream& out, const AnyLoss& loss) { return out << loss.text(); }

namespace detail {

void add(RegistryEntry entry) { all_losses().add(std::move(entry)); }

std::string snake_case(std::string_view name) {
  std::string result;
  for (const char c : name) {
    const char low = xgrad::core::lower(c);
    if (low != c && !result.empty()) result += '_';
    result += low;
  }
  return result;
}

std::string printed(const std::function<void(std::ostream&)>& print) {
  xgrad::core::TextStream text;
  print(text);
  return text.str();
}

void throw_wrong_count(std::string_view loss, std::size_t given, unsigned counts) {
  std::vector<std::string> taken;
  for (std::size_t n = 0; n < most_arrays; ++n) {
    if ((counts >> n & 1U) != 0) taken.push_back(std::to_string(n + 1));
  }
  throw ValueError(std::string(loss) + ": called with " + xgrad::core::count_of(given, "array", "arrays") +
                   "; it takes " + registry::joined(taken));
}

RegistryEntry entry_of_functions(std::string_view name) {
  const std::string own = snake_case(name);
  return {own, {}, [own](const Settings&) -> std::any {
            throw ValueError("by_name: " + own + " is a loss of functions; make the struct itself");
          }};
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
