#include <xgrad/optim/transformation.hpp>

#include <algorithm>
#include <numeric>
#include <optional>
#include <ostream>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/create.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/transform/control.hpp>

#include "optim/numbers.hpp"
#include "var/access.hpp"
#include "var/record.hpp"

namespace xgrad::optim {

using detail::Layout;
using xgrad::detail::as_weak;

namespace {

/// The name in front of the settings, which errors speak of.
std::string name_in(const std::string& text) { return text.substr(0, text.find('(')); }

std::string form_of(DType dtype, const Shape& shape) { return std::string(name(dtype)) + ' ' + to_string(shape); }

std::string quoted(const std::string& path) { return path.empty() ? "the parameter" : '"' + path + '"'; }

std::vector<std::size_t> first_integers(std::size_t n) {
  std::vector<std::size_t> all(n);
  std::iota(all.begin(), all.end(), std::size_t{0});
  return all;
}

/// A result in the element type and weakness of its parameter.
Var in_place_of(const Var& parameter, const Var& x) {
  return x.dimension() == 0 ? as_weak(x, VarAccess::is_weak(parameter)) : x;
}

}  // namespace

struct Transformation::Parts {
  std::string text;
  Init init;
  Update update;
  Gradients kind;
  std::optional<Setting> rate = std::nullopt;
};

Transformation::Transformation(std::string text, Init init, Update update, Gradients kind)
    : parts_(std::make_shared<const Parts>(Parts{std::move(text), std::move(init), std::move(update), kind, {}})) {}

const std::string& Transformation::text() const noexcept { return parts_->text; }
Transformation::Gradients Transformation::gradients() const noexcept { return parts_->kind; }
const Setting* Transformation::rate() const noexcept { return parts_->rate ? &*parts_->rate : nullptr; }

Transformation Transformation::with_rate(const Setting& rate) const {
  Transformation result = *this;
  Parts parts = *parts_;
  parts.rate = rate;
  result.parts_ = std::make_shared<const Parts>(std::move(parts));
  return result;
}

std::ostream& operator<<(std::ostream& out, const Transformation& transformation) {
  return xgrad::detail::print(out, transformation.text());
}

// ---- the state

Slots::Slots(Layout& layout, std::vector<Var>& arrays, const std::vector<std::string>& paths,
             std::vector<Var> parameters, std::vector<std::size_t> places, std::string prefix)
    : layout_(&layout),
      arrays_(&arrays),
      paths_(&paths),
      parameters_(std::move(parameters)),
      places_(std::move(places)),
      prefix_(std::move(prefix)) {}

void Slots::append(std::string_view name, std::size_t parameter, bool number, const Var& value) {
  std::string path = prefix_ + std::string(name);
  if (parameter != Layout::none && !(*paths_)[parameter].empty()) path += '.' + (*paths_)[parameter];
  layout_->entries.push_back({std::move(path), std::string(name), parameter, number, value.dtype(), value.shape()});
  arrays_->push_back(value);
}

void Slots::like(std::string_view name, double value) {
  each(name, [value](const Var& p) { return value == 0.0 ? zeros_like(p) : full_like(p, value); });
}

void Slots::each(std::string_view name, const std::function<Var(const Var&)>& make) {
  for (std::size_t i = 0; i < parameters_.size(); ++i) of(i, name, make(parameters_[i]));
}

void Slots::of(std::size_t i, std::string_view name, const Var& value) {
  append(name, places_[i], false, in_place_of(parameters_[i], value));
}

void Slots::number(std::string_view name, const Var& value) { append(name, Layout::none, true, as_weak(value, false)); }

void Slots::count() { number("count", Var(0)); }

void Slots::part(std::string_view name, const Transformation& inner) { part(name, inner, parameters_, places_); }

void Slots::part(std::string_view name, const Transformation& inner, std::span<const std::size_t> which) {
  std::vector<Var> some;
  std::vector<std::size_t> places;
  for (const std::size_t i : which) {
    some.push_back(parameters_[i]);
    places.push_back(places_[i]);
  }
  part(name, inner, std::move(some), std::move(places));
}

void Slots::part_with(std::string_view name, const Transformation& inner, std::span<const Var> parameters) {
  part(name, inner, std::vector<Var>(parameters.begin(), parameters.end()), places_);
}

void Slots::part(std::string_view name, const Transformation& inner, std::vector<Var> parameters,
                 std::vector<std::size_t> places) {
  std::string prefix = name.empty() ? prefix_ : prefix_ + std::string(name) + '.';
  const std::size_t number = layout_->parts.size();
  layout_->parts.emplace_back();
  Slots slots(*layout_, *arrays_, *paths_, std::move(parameters), std::move(places), std::move(prefix));
  inner.parts_->init(slots);
  layout_->parts[number] = {layout_->entries.size(), layout_->parts.size()};
}

State Transformation::make_state(const std::vector<Var>& leaves, const std::vector<std::string>& paths) const {
  auto layout = std::make_shared<Layout>();
  layout->optimiser = name_in(text());
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    xgrad::detail::require_usable(leaves[i], layout->optimiser);
    if (!is_floating(leaves[i].dtype())) {
      throw TypeError(layout->optimiser + ": " + quoted(paths[i]) + " is " + xgrad::detail::describe(leaves[i]) +
                      "; what is trained must be floating-point: mark others as state(member)");
    }
    layout->parameters.push_back({paths[i], leaves[i].dtype(), leaves[i].shape()});
  }
  std::vector<Var> arrays;
  Slots slots(*layout, arrays, paths, leaves, first_integers(leaves.size()), "");
  parts_->init(slots);
  State state;
  state.layout_ = std::move(layout);
  state.arrays_.assign(arrays.begin(), arrays.end());
  return state;
}

// ---- an update

Step::Step(const Layout& layout, const Extras& extras, std::span<Var> state, Place* place)
    : layout_(&layout), extras_(&extras), state_(state), place_(place) {}

const std::string& Step::path(std::size_t i) const noexcept { return layout_->parameters[places_[i]].path; }

std::span<Var> Step::take(std::size_t n) {
  if (state_.size() - place_->entry < n) {
    throw ValueError(layout_->optimiser + ": an update takes more slots of the state than init has made");
  }
  const std::span<Var> taken = state_.subspan(place_->entry, n);
  place_->entry += n;
  return taken;
}

Var Step::count() {
  Var& count = number();
  const Var before = detail::weak(count);
  count = count + 1;
  return before;
}

std::span<Var> Step::state_of_part() const {
  if (place_->part == layout_->parts.size()) {
    throw ValueError(layout_->optimiser + ": an update runs a transformation that has no state from init");
  }
  return state_.subspan(place_->entry, layout_->parts[place_->part].end_of_entries - place_->entry);
}

void Step::run(const Transformation& inner, Step& step) {
  const std::size_t end = place_->entry + state_of_part().size();
  const std::size_t end_of_parts = layout_->parts[place_->part].end_of_parts;
  ++place_->part;
  inner.parts_->update(step);
  if (place_->entry != end || place_->part != end_of_parts) {
    throw ValueError(layout_->optimiser + ": " + inner.text() + " takes other slots in an update than it made in init");
  }
}

void Step::part(const Transformation& inner) {
  Step step(*layout_, *extras_, state_, place_);
  step.updates = std::move(updates);
  step.parameters_ = parameters_;
  step.places_ = places_;
  run(inner, step);
  updates = std::move(step.updates);
}

void Step::part(const Transformation& inner, std::span<const std::size_t> which) {
  Step step(*layout_, *extras_, state_, place_);
  for (const std::size_t i : which) {
    step.updates.push_back(updates[i]);
    step.parameters_.push_back(parameters_[i]);
    step.places_.push_back(places_[i]);
  }
  run(inner, step);
  for (std::size_t k = 0; k < which.size(); ++k) updates[which[k]] = step.updates[k];
}

std::vector<Var> Step::part_with(const Transformation& inner, std::vector<Var> others,
                                 std::span<const Var> parameters) {
  Step step(*layout_, *extras_, state_, place_);
  step.updates = std::move(others);
  step.parameters_.assign(parameters.begin(), parameters.end());
  step.places_ = places_;
  run(inner, step);
  return std::move(step.updates);
}

void Step::part_if(const Var& condition, const Transformation& inner) {
  using Arrays = std::vector<Var>;
  const std::span<Var> own = state_of_part();
  const Layout::Part end = layout_->parts[place_->part];
  const std::size_t before = place_->entry;
  const auto run_it = [&](const Arrays& gradients, const Arrays& parameters, const Arrays& kept) {
    Arrays all(before);  // its slots are where they are in the whole state
    all.insert(all.end(), kept.begin(), kept.end());
    Place place = *place_;
    Step step(*layout_, *extras_, all, &place);
    step.updates = gradients;
    step.parameters_ = parameters;
    step.places_ = places_;
    step.part(inner);
    all.erase(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(before));
    return std::pair{std::move(step.updates), std::move(all)};
  };
  const auto leave = [](const Arrays& gradients, const Arrays&, const Arrays& kept) {
    Arrays nothing;
    for (const Var& u : gradients) nothing.push_back(zeros_like(u));
    return std::pair{std::move(nothing), kept};
  };
  auto [next, kept] = cond(condition, run_it, leave, updates, parameters_, Arrays(own.begin(), own.end()));
  updates = std::move(next);
  std::ranges::move(kept, own.begin());
  *place_ = {end.end_of_entries, end.end_of_parts};
}

Transformation::Checked Transformation::checked(const State& state) const {
  if (state.layout_ == nullptr) {
    throw ValueError(name_in(text()) + ": the state is empty: make one with init(parameters)");
  }
  if (state.layout_->optimiser != name_in(text())) {
    throw ValueError(name_in(text()) + ": the state is one of " + state.layout_->optimiser);
  }
  Checked result{state.layout_, {}, {}, {}};
  result.parameters.reserve(state.layout_->parameters.size());
  result.gradients.reserve(state.layout_->parameters.size());
  return result;
}

void Transformation::require_like(const Checked& given, std::size_t i, const std::string& path, const Var& leaf) const {
  const Layout& layout = *given.layout;
  const auto start = [&] {
    return layout.optimiser + ": the " + std::string(given.what) + "s are no tree as that of init: ";
  };
  if (i >= layout.parameters.size()) throw ShapeError(start() + quoted(path) + " was not there");
  const Layout::Parameter& known = layout.parameters[i];
  if (known.path != path) throw ShapeError(start() + quoted(path) + " is in the place of " + quoted(known.path));
  xgrad::detail::require_usable(leaf, layout.optimiser);
  const Shape& shape = leaf.shape();
  const bool samples = parts_->kind == Gradients::per_sample && given.what == "gradient";
  const bool fits = samples ? shape.size() == known.shape.size() + 1 &&
                                  std::equal(known.shape.begin(), known.shape.end(), shape.begin() + 1)
                            : shape == known.shape;
  if (fits && leaf.dtype() == known.dtype) return;
  const std::string text = start() + quoted(path) + " is " + form_of(leaf.dtype(), shape) + "; in init it was " +
                           form_of(known.dtype, known.shape);
  if (fits) throw TypeError(text);
  throw ShapeError(text + (samples ? ", and gradients have the samples in front" : ""));
}

void Transformation::require_all(const Checked& given, std::size_t count) const {
  const Layout& layout = *given.layout;
  if (count == layout.parameters.size()) return;
  throw ShapeError(layout.optimiser + ": the " + std::string(given.what) +
                   "s are no tree as that of init: " + quoted(layout.parameters[count].path) + " is missing");
}

State Transformation::run(Checked& given, const State& state, const Extras& extras) const {
  const Layout& layout = *given.layout;
  State next = state;
  const auto is_real_number = [&](std::size_t i) {
    return layout.entries[i].number && is_floating(layout.entries[i].dtype);
  };
  for (std::size_t i = 0; i < next.arrays_.size(); ++i) {
    if (is_real_number(i)) next.arrays_[i] = as_weak(next.arrays_[i], true);
  }
  Step::Place place;
  Step step(layout, extras, next.arrays_, &place);
  step.updates = std::move(given.gradients);
  step.parameters_ = given.parameters;
  step.places_ = first_integers(given.parameters.size());
  parts_->update(step);
  if (place.entry != next.arrays_.size()) {
    throw ValueError(layout.optimiser +
                     ": the state has an array that an update does not take: " + layout.entries[place.entry].path);
  }
  const auto require_form = [&](const std::string& what, const Var& x, DType dtype, const Shape& shape) {
    if (x.dtype() == dtype && x.shape() == shape) return;
    throw TypeError(layout.optimiser + ": " + what + " became " + xgrad::detail::describe(x) + "; it must stay " +
                    form_of(dtype, shape));
  };
  for (std::size_t i = 0; i < next.arrays_.size(); ++i) {
    const Layout::Entry& entry = layout.entries[i];
    Var& x = next.arrays_[i];
    if (entry.number) x = as_weak(cast(x, entry.dtype), false);
    else x = in_place_of(given.parameters[entry.parameter], x);
    require_form("the state " + entry.path, x, entry.dtype, entry.shape);
  }
  for (std::size_t i = 0; i < step.updates.size(); ++i) {
    step.updates[i] = in_place_of(given.parameters[i], step.updates[i]);
    require_form("the update of " + quoted(layout.parameters[i].path), step.updates[i], layout.parameters[i].dtype,
                 layout.parameters[i].shape);
  }
  given.gradients = std::move(step.updates);
  return next;
}

}  // namespace xgrad::optim
