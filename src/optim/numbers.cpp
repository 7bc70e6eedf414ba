#include "optim/numbers.hpp"

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/ops/reduce.hpp>

#include "var/access.hpp"
#include "var/record.hpp"

namespace xgrad::optim::detail {

using xgrad::detail::as_weak;

Var weak(const Var& x) { return as_weak(cast(x, DType::Float64), true); }

Var inner_product(std::span<const Var> a, std::span<const Var> b) {
  Var total = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) total = total + weak(sum(a[i] * b[i]));
  return total;
}

Var norm_of(const Var& x) { return weak(norm(x)); }

Var global_norm_of(std::span<const Var> leaves) {
  if (leaves.empty()) return 0.0;
  if (leaves.size() == 1) return norm_of(leaves[0]);
  std::vector<Var> norms;
  norms.reserve(leaves.size());
  for (const Var& leaf : leaves) norms.push_back(as_weak(norm_of(leaf), false));
  return norm_of(stack(norms));
}

Var sum_of_sizes(std::span<const Var> leaves) {
  Var total = 0.0;
  for (const Var& leaf : leaves) total = total + weak(sum(abs(leaf)));
  return total;
}

Var all_finite(std::span<const Var> leaves) {
  Var bad = as_weak(Var(0), false);
  for (const Var& leaf : leaves) bad = bad + count_nonzero(!isfinite(leaf));
  return equal(bad, 0);
}

Var root(const Var& x) { return where(equal(x, 0.0), 0.0, sqrt(x)); }

Var moved(const Var& mean, const Var& x, const Var& decay) { return decay * mean + (1.0 - decay) * x; }

void choose(const Var& condition, std::span<const Var> a, std::span<Var> b_and_result) {
  for (std::size_t i = 0; i < a.size(); ++i) b_and_result[i] = where(condition, a[i], b_and_result[i]);
}

Text& Text::operator()(std::string_view name, const std::string& value) {
  text_ += open_ ? ", " : "(";
  open_ = true;
  text_ += name;
  text_ += ' ';
  text_ += value;
  return *this;
}

Text& Text::flag(std::string_view name, bool set) {
  if (!set) return *this;
  text_ += open_ ? ", " : "(";
  open_ = true;
  text_ += name;
  return *this;
}

Text& Text::among(std::string_view name, const Selector& which) {
  return which.text() == "\"*\"" ? *this : (*this)(name, which.text());
}

void require_difference(std::string_view optimiser, std::string_view name, const Setting& a, const Setting& b,
                        Range range, std::string_view source) {
  if (!any_varies({a, b})) require_setting(optimiser, name, a.at() - b.at(), range, source);
}

Transformation with_rate_of(const Transformation& inner, const Transformation& outer) {
  return inner.rate() != nullptr ? outer.with_rate(*inner.rate()) : outer;
}

Transformation named(std::string text, const Transformation& inner) {
  const Transformation result(
      std::move(text), [inner](Slots& slots) { slots.part("", inner); }, [inner](Step& step) { step.part(inner); },
      inner.gradients());
  return with_rate_of(inner, result);
}

void require_of_batch(std::string_view outer, const Transformation& inner) {
  if (inner.gradients() == Transformation::Gradients::of_batch) return;
  throw ValueError(std::string(outer) + ": " + inner.text() +
                   " takes gradients of single samples, and gets those of a batch here; it must come first");
}

Var grown(Var& weight, const Var& decay) {
  weight = decay * weight + (1.0 - decay);
  return weight;
}

void throw_missing(std::string_view optimiser, std::string_view extra, std::string_view source) {
  throw ValueError(std::string(optimiser) + ": it needs " + std::string(extra) + " (" + std::string(source) +
                   "): hand it to update as Extras{." + std::string(extra) + " = ...}");
}

Var value_of(const Step& step, std::string_view optimiser, std::string_view source) {
  const Var& value = step.extras().value;
  if (!value.defined()) throw_missing(optimiser, "value", source);
  if (value.size() != 1) {
    throw ShapeError(std::string(optimiser) + ": the value is " + xgrad::detail::describe(value) +
                     "; it must be one number, the loss");
  }
  return weak(reshape(value, {}));
}

const Var& curvature_of(const Step& step, std::size_t i, std::string_view optimiser, std::string_view source) {
  const Leaves& curvature = step.extras().curvature;
  if (curvature.empty()) throw_missing(optimiser, "curvature", source);
  const std::size_t place = step.place(i);
  if (place >= curvature.size() || curvature[place].shape() != step.parameters()[i].shape()) {
    throw ShapeError(std::string(optimiser) + ": the curvature is no tree as the parameters: array " +
                     std::to_string(place) + " of " + std::to_string(curvature.size()) + " should be " +
                     to_string(step.parameters()[i].shape()));
  }
  return curvature[place];
}

}  // namespace xgrad::optim::detail
