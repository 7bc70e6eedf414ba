#include <xgrad/optim/combine.hpp>

#include <memory>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/create.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/transform/control.hpp>

#include "optim/numbers.hpp"
#include "var/access.hpp"

namespace xgrad::optim {
namespace {

/// Whether a text fits a pattern, in which a * stands for any characters.
bool fits_pattern(std::string_view text, std::string_view pattern) {
  std::size_t t = 0;
  std::size_t p = 0;
  std::size_t star = std::string_view::npos;
  std::size_t from = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      from = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++from;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool is_path_in(std::string_view path, const std::string& pattern) {
  return fits_pattern(path, pattern) || fits_pattern(path, pattern + ".*");
}

std::string texts_of(std::string_view name, const std::vector<Transformation>& all) {
  std::string text(name);
  text += '(';
  for (std::size_t i = 0; i < all.size(); ++i) text += (i == 0 ? "" : ", ") + all[i].text();
  return text + ')';
}

/// Those of the parameters that a selector chooses, in init (Slots) and in an update (Step).
template <class Parameters>
std::vector<std::size_t> chosen_in(const Parameters& all, const Selector& which) {
  std::vector<std::size_t> chosen;
  for (std::size_t i = 0; i < all.parameters().size(); ++i) {
    if (which(all.path(i), all.parameters()[i])) chosen.push_back(i);
  }
  return chosen;
}

using Parts = std::vector<std::pair<Selector, Transformation>>;

/// The parameters of each part.
template <class Parameters>
std::vector<std::vector<std::size_t>> partitioned(const Parameters& all, const Parts& parts) {
  std::vector<std::vector<std::size_t>> result(parts.size());
  for (std::size_t i = 0; i < all.parameters().size(); ++i) {
    std::size_t k = 0;
    while (k < parts.size() && !parts[k].first(all.path(i), all.parameters()[i])) ++k;
    if (k == parts.size()) throw ValueError("partition: the parameter \"" + all.path(i) + "\" is in no part");
    result[k].push_back(i);
  }
  return result;
}

}  // namespace

Transformation chain(std::vector<Transformation> links) {
  auto all = std::make_shared<const std::vector<Transformation>>(std::move(links));
  for (std::size_t i = 1; i < all->size(); ++i) detail::require_of_batch("chain", (*all)[i]);
  const auto kind = all->empty() ? Transformation::Gradients::of_batch : all->front().gradients();
  Transformation result(
      texts_of("chain", *all),
      [all](Slots& slots) {
        for (std::size_t i = 0; i < all->size(); ++i) slots.part(std::to_string(i), (*all)[i]);
      },
      [all](Step& step) {
        for (const Transformation& link : *all) step.part(link);
      },
      kind);
  for (const Transformation& link : *all) result = detail::with_rate_of(link, result);
  return result;
}

Transformation identity() {
  return Transformation(
      "identity", [](Slots&) {}, [](Step&) {});
}

Transformation frozen() {
  return Transformation(
      "frozen", [](Slots&) {},
      [](Step& step) {
        for (Var& u : step.updates) u = zeros_like(u);
      });
}

Selector::Selector(const std::string& pattern)
    : function_([pattern](std::string_view path, const Var&) { return is_path_in(path, pattern); }),
      text_('"' + pattern + '"') {}

Transformation partition(Parts parts) {
  std::string text = "partition(";
  for (std::size_t k = 0; k < parts.size(); ++k) {
    detail::require_of_batch("partition", parts[k].second);
    text += (k == 0 ? "" : ", ") + parts[k].first.text() + ": " + parts[k].second.text();
  }
  auto all = std::make_shared<const Parts>(std::move(parts));
  return Transformation(
      text + ')',
      [all](Slots& slots) {
        const auto members = partitioned(slots, *all);
        for (std::size_t k = 0; k < all->size(); ++k) slots.part(std::to_string(k), (*all)[k].second, members[k]);
      },
      [all](Step& step) {
        const auto members = partitioned(step, *all);
        for (std::size_t k = 0; k < all->size(); ++k) step.part((*all)[k].second, members[k]);
      });
}

Transformation masked(const Selector& which, const Transformation& inner) {
  detail::require_of_batch("masked", inner);
  std::string text = "masked(" + which.text() + ", " + inner.text() + ')';
  return Transformation(
      std::move(text), [which, inner](Slots& slots) { slots.part("", inner, chosen_in(slots, which)); },
      [which, inner](Step& step) { step.part(inner, chosen_in(step, which)); });
}

Transformation accumulate(std::size_t k, const Transformation& inner) {
  require_at_least("accumulate", "k", static_cast<long long>(k), 1, "the number of batches");
  detail::require_of_batch("accumulate", inner);
  const auto batches = static_cast<std::int64_t>(k);
  std::string text = "accumulate(" + std::to_string(k) + ", " + inner.text() + ')';
  return Transformation(
      std::move(text),
      [inner](Slots& slots) {
        slots.number("batch", Var(0));
        slots.like("mean");
        slots.part("inner", inner);
      },
      [inner, batches](Step& step) {
        Var& batch = step.number();
        const std::span<Var> mean = step.slot();
        const Var share = 1.0 / (detail::weak(batch) + 1.0);
        const Var last = equal(batch, batches - 1);
        for (std::size_t i = 0; i < step.size(); ++i) {
          mean[i] = mean[i] + share * (step.updates[i] - mean[i]);
          step.updates[i] = mean[i];
        }
        step.part_if(last, inner);
        for (Var& m : mean) m = where(last, zeros_like(m), m);
        batch = where(last, 0, batch + 1);
      });
}

Transformation skip_not_finite(const Transformation& inner, std::size_t most) {
  const auto limit = static_cast<std::int64_t>(most);
  std::string text = "skip_not_finite(" + inner.text() + ", most " + std::to_string(most) + ')';
  return Transformation(
      std::move(text),
      [inner](Slots& slots) {
        slots.number("skipped", Var(0));
        slots.number("in_a_row", Var(0));
        slots.part("inner", inner);
      },
      [inner, limit](Step& step) {
        Var& skipped = step.number();
        Var& in_a_row = step.number();
        const Var good = detail::all_finite(step.updates);
        in_a_row = where(good, 0, in_a_row + 1);
        skipped = where(good, skipped, skipped + 1);
        const Var goes = good || in_a_row > limit;
        const std::span<Var> state = step.state_of_part();
        const std::vector<Var> before(state.begin(), state.end());
        // What is thrown away is computed of zeros: factorisations refuse what is not finite, and derivatives of it are
        // NaN even where it is not chosen.
        for (Var& u : step.updates) u = where(goes, u, 0.0);
        step.part(inner);
        for (std::size_t i = 0; i < before.size(); ++i) state[i] = where(goes, state[i], before[i]);
        for (Var& u : step.updates) u = where(goes, u, 0.0);
      },
      inner.gradients());
}

Transformation inject(const Hyperparameters& values,
                      const std::function<Transformation(const Hyperparameters&)>& make) {
  for (const auto& [name, value] : values) {
    if (value.size() == 1 && value.dtype() != DType::Bool) continue;
    throw ShapeError("inject: \"" + name + "\" is " + xgrad::detail::describe(value) + "; it must be one number");
  }
  const Transformation first = make(values);
  return Transformation(
      "inject(" + first.text() + ')',
      [values, make](Slots& slots) {
        for (const auto& [name, value] : values) slots.number(name, detail::weak(reshape(value, {})));
        slots.part("inner", make(values));
      },
      [values, make](Step& step) {
        Hyperparameters now;
        for (const auto& entry : values) now.emplace(entry.first, step.number());
        step.part(make(now));
      },
      first.gradients());
}

}  // namespace xgrad::optim
