#include <xgrad/loss/by_name.hpp>

#include <algorithm>
#include <cctype>
#include <limits>
#include <optional>
#include <ostream>
#include <tuple>

#include <xgrad/core/errors.hpp>
#include <xgrad/loss/list.hpp>
#include <xgrad/loss/print.hpp>
#include <xgrad/ops/elementwise.hpp>

#include "core/text.hpp"

namespace xgrad::loss {
namespace {

/// "SmoothL1" as "smooth_l1".
std::string snake_case(std::string_view name) {
  std::string result;
  for (const char c : name) {
    const bool upper = std::isupper(static_cast<unsigned char>(c)) != 0;
    if (upper && !result.empty()) result += '_';
    result += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return result;
}

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

// ---- settings

/// Where a setting goes, for messages.
struct Place {
  std::string loss;
  std::string setting;
};

[[noreturn]] void throw_wrong_type(const Place& place, const Var& value, std::string_view rule) {
  throw TypeError("by_name: " + place.loss + ": " + place.setting + " is " + std::string(name(value.dtype())) + " " +
                  to_string(value.shape()) + "; it must be " + std::string(rule));
}

void require_number(const Place& place, const Var& value, bool fits, std::string_view rule) {
  if (value.recorded()) {
    throw TypeError("by_name: " + place.loss + ": " + place.setting +
                    " is recorded on a tape; it is a plain number and has no derivative");
  }
  if (value.size() != 1 || !fits) throw_wrong_type(place, value, rule);
}

void set(const Place& place, double& member, const Var& value) {
  require_number(place, value, value.dtype() != DType::Bool, "a number");
  member = cast<double>(value).item<double>();
}
void set(const Place& place, bool& member, const Var& value) {
  require_number(place, value, value.dtype() == DType::Bool, "true or false");
  member = value.item<bool>();
}
template <std::integral I>
void set(const Place& place, I& member, const Var& value) {
  require_number(place, value, value.dtype() == DType::Int64, "an integer");
  const auto number = value.item<std::int64_t>();
  if (!std::in_range<I>(number)) {
    throw ValueError("by_name: " + place.loss + ": " + place.setting + " is " + std::to_string(number) +
                     "; it must not be negative");
  }
  member = static_cast<I>(number);
}
void set(const Place&, Var& member, const Var& value) { member = value; }
template <class T>
void set(const Place& place, std::optional<T>& member, const Var& value) {
  T inner{};
  set(place, inner, value);
  member = std::move(inner);
}
void set(const Place& place, std::vector<double>& member, const Var& value) {
  if (value.dimension() > 1 || value.dtype() == DType::Bool) throw_wrong_type(place, value, "numbers, [n]");
  const Var numbers = cast<double>(value);
  const Array<double>& array = numbers.array<double>();
  member.assign(array.data(), array.data() + array.size());
}
template <class T>
concept Settable = requires(const Place& place, T& member, const Var& value) {
  set(place, member, value);
};
template <class T>
void set_or_throw(const Place& place, T& member, const Var& value) {
  if constexpr (Settable<T>) {
    set(place, member, value);
  } else {
    throw ValueError("by_name: " + place.loss + ": " + place.setting +
                     " is no number and no array; make the struct itself to set it");
  }
}

template <class L>
std::vector<std::string> settings_of() {
  std::vector<std::string> result;
  boost::hana::unpack(boost::hana::accessors<L>(), [&](const auto&... accessors) {
    (result.emplace_back(boost::hana::to<const char*>(boost::hana::first(accessors))), ...);
  });
  return result;
}

template <class L>
L with_settings(const Settings& settings) {
  L loss{};
  const std::string own = snake_case(L::name);
  for (const auto& entry : settings) {
    const std::string& setting = entry.first;
    const Var& value = entry.second;
    bool found = false;
    boost::hana::unpack(boost::hana::accessors<L>(), [&](const auto&... accessors) {
      [[maybe_unused]] const auto visit = [&](const auto& accessor) {
        if (setting != boost::hana::to<const char*>(boost::hana::first(accessor))) return;
        found = true;
        set_or_throw({own, setting}, boost::hana::second(accessor)(loss), value);
      };
      (visit(accessors), ...);
    });
    if (found) continue;
    const std::vector<std::string> known = settings_of<L>();
    throw ValueError("by_name: " + own + " has no setting \"" + setting + "\"; " +
                     (known.empty() ? std::string("it has none") : "it has " + joined(known)));
  }
  return loss;
}

// ---- calls

constexpr std::size_t most_arrays = 5;

template <class L, std::size_t... I>
constexpr bool takes(std::index_sequence<I...>) {
  return LossOf<L, std::tuple_element_t<I, std::array<Var, sizeof...(I)>>...>;
}

template <class L, std::size_t n>
bool call_with(const L& loss, std::span<const Var> x, Var& result) {
  if constexpr (takes<L>(std::make_index_sequence<n>())) {
    if (x.size() != n) return false;
    [&]<std::size_t... I>(std::index_sequence<I...>) { result = loss(x[I]...); }
    (std::make_index_sequence<n>());
    return true;
  } else {
    return false;
  }
}

template <class L>
Var call(const L& loss, std::span<const Var> x) {
  Var result;
  const bool called = [&]<std::size_t... n>(std::index_sequence<n...>) {
    return (call_with<L, n + 1>(loss, x, result) || ...);
  }
  (std::make_index_sequence<most_arrays>());
  if (called) return result;
  std::vector<std::string> counts;
  [&]<std::size_t... n>(std::index_sequence<n...>) {
    ((takes<L>(std::make_index_sequence<n + 1>()) ? counts.push_back(std::to_string(n + 1)) : void()), ...);
  }
  (std::make_index_sequence<most_arrays>());
  throw ValueError(snake_case(L::name) + ": called with " + std::to_string(x.size()) + " arrays; it takes " +
                   joined(counts));
}

template <class L>
AnyLoss made(const Settings& settings) {
  if constexpr (Loss<L>) {
    const L loss = with_settings<L>(settings);
    xgrad::detail::TextStream text;
    text << loss;
    return {text.str(), [loss](std::span<const Var> x) { return call(loss, x); }};
  } else {
    throw ValueError("by_name: " + snake_case(L::name) + " is a loss of functions; make the struct itself");
  }
}

struct Entry {
  std::string name;
  AnyLoss (*make)(const Settings& settings);
};

const std::vector<Entry>& entries() {
  static const auto* all = new std::vector<Entry>([] {  // never destroyed: destructors of static objects may ask
    std::vector<Entry> result;
    [&]<class... L>(boost::hana::tuple<boost::hana::basic_type<L>...>*) {
      (result.push_back({snake_case(L::name), made<L>}), ...);
    }(static_cast<List*>(nullptr));
    // Other names of the same.
    result.push_back({"bernoulli_nll", made<BernoulliNll>});
    result.push_back({"categorical_nll", made<CategoricalNll>});
    result.push_back({"cosine_similarity_loss", made<CosineSimilarityLoss>});
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
