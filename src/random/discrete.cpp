#include <xgrad/random/discrete.hpp>

#include <array>
#include <cmath>
#include <limits>
#include <string>

#include <xgrad/core/errors.hpp>

#include "parameters.hpp"

namespace xgrad::random {

using detail::Distribution;
using detail::Family;
using OptionalShape = std::optional<Shape>;

// ---- truth values and counts

namespace {

Var bernoulli_of(const KeyUse& key, const Var& p, const OptionalShape& shape) {
  static const Requirement requirement("bernoulli: a probability is {}; it is between 0 and 1");
  const std::vector<Var> floats = detail::as_floats("bernoulli", {&p});
  const auto ready = detail::ready("bernoulli", key.bits(), {detail::probability(floats[0], requirement)}, shape);
  const Var u = xgrad::detail::random_draw(Distribution::Uniform, key.bits(), ready.shape, DType::Float64);
  return u < ready.expanded("bernoulli")[0];
}

Var randint_of(const KeyUse& key, const Var& low, const Var& high, const OptionalShape& shape) {
  static const Requirement requirement("randint: there is no integer from {} on and below the upper bound");
  detail::require_integer("randint", "the lower bound", low);
  detail::require_integer("randint", "the upper bound", high);
  const auto ready = detail::ready("randint", key.bits(), {low, high}, shape);
  std::vector<Var> bounds = ready.expanded("randint");
  bounds[0] = checked(bounds[0], bounds[0] < bounds[1], requirement);
  return xgrad::detail::random_sample(Family::Integers, key.bits(), bounds);
}

Var poisson_of(const KeyUse& key, const Var& rate, const OptionalShape& shape) {
  static const Requirement requirement("poisson: a rate is {}; it is between 0 and 2^62");
  xgrad::detail::require_usable(rate, "poisson");
  const Var wide = cast(rate, DType::Float64);
  const Var good = checked(wide, wide >= 0.0 && wide <= primitives::most_mean, requirement);
  const auto ready = detail::ready("poisson", key.bits(), {good}, shape);
  return xgrad::detail::random_sample(Family::Poisson, key.bits(), ready.expanded("poisson"));
}

Var binomial_of(const KeyUse& key, const Var& n, const Var& p, const OptionalShape& shape) {
  static const Requirement trials("binomial: the number of trials is {}; it is between 0 and 2^53");
  static const Requirement requirement("binomial: a probability is {}; it is between 0 and 1");
  detail::require_integer("binomial", "the number of trials", n);
  xgrad::detail::require_usable(p, "binomial");
  const Var wide = cast(p, DType::Float64);
  constexpr auto most = static_cast<std::int64_t>(primitives::most_trials);
  const Var count = checked(n, n >= std::int64_t{0} && n <= most, trials);
  const auto ready = detail::ready("binomial", key.bits(), {count, detail::probability(wide, requirement)}, shape);
  return xgrad::detail::random_sample(Family::Binomial, key.bits(), ready.expanded("binomial"));
}

}  // namespace

Var bernoulli(const KeyUse& key, const Var& p) { return bernoulli_of(key, p, {}); }
Var bernoulli(const KeyUse& key, const Var& p, const Shape& shape) { return bernoulli_of(key, p, shape); }

Var rademacher(const KeyUse& key, const Shape& shape, DType dtype) {
  if (dtype == DType::Bool) throw TypeError("rademacher: the element type is bool, which has no -1");
  const Var words = detail::standard(Distribution::Bits, "rademacher", key, shape, DType::Int64);
  return cast(where(words < std::int64_t{0}, std::int64_t{-1}, std::int64_t{1}), dtype);
}

Var randint(const KeyUse& key, const Var& low, const Var& high) { return randint_of(key, low, high, {}); }
Var randint(const KeyUse& key, const Var& low, const Var& high, const Shape& shape) {
  return randint_of(key, low, high, shape);
}
Var poisson(const KeyUse& key, const Var& rate) { return poisson_of(key, rate, {}); }
Var poisson(const KeyUse& key, const Var& rate, const Shape& shape) { return poisson_of(key, rate, shape); }
Var binomial(const KeyUse& key, const Var& n, const Var& p) { return binomial_of(key, n, p, {}); }
Var binomial(const KeyUse& key, const Var& n, const Var& p, const Shape& shape) {
  return binomial_of(key, n, p, shape);
}

// ---- one of several

namespace {

Var categorical_of(const KeyUse& key, const Var& logits, std::ptrdiff_t axis, const OptionalShape& shape) {
  static const Requirement requirement("categorical: the largest logit is {}; it must be finite");
  constexpr std::string_view function = "categorical";
  const std::size_t along = xgrad::detail::normalize_axis(function, axis, logits);
  Shape order;
  for (std::size_t i = 0; i < logits.dimension(); ++i) {
    if (i != along) order.push_back(i);
  }
  order.push_back(along);
  const Var rows = transpose(detail::as_floats(function, {&logits})[0], Axes(order));
  if (rows.shape(-1) == 0) throw ValueError("categorical: there are no logits along axis " + std::to_string(along));
  const Var largest = amax(rows, -1, keep_dims);
  const Var finite = abs(largest) < std::numeric_limits<double>::infinity();
  const Var good = rows - checked(largest, finite, requirement);
  OptionalShape whole = shape;
  if (whole) {
    xgrad::detail::require_rank(function, whole->size() + 1);
    whole->push_back(rows.shape(-1));
  }
  const auto ready = detail::ready(function, key.bits(), {good}, whole);
  const Var noise = xgrad::detail::random_draw(Distribution::Gumbel, key.bits(), ready.shape, ready.dtype());
  return argmax(ready.expanded(function)[0] + noise, -1);
}

}  // namespace

Var categorical(const KeyUse& key, const Var& logits, std::ptrdiff_t axis) {
  return categorical_of(key, logits, axis, {});
}
Var categorical(const KeyUse& key, const Var& logits, std::ptrdiff_t axis, const Shape& shape) {
  return categorical_of(key, logits, axis, shape);
}

// ---- arrangements

namespace {

void require_not_negative(std::string_view function, std::int64_t n) {
  if (n >= 0) return;
  throw ValueError(std::string(function) + ": n is " + std::to_string(n) + "; it must not be negative");
}

/// \throws ShapeError  for an array of keys.
void require_one_key(std::string_view function, const Var& keys) {
  xgrad::detail::require_usable(keys, function);
  if (keys.dimension() == 0) return;
  throw ShapeError(std::string(function) + ": the keys are " + to_string(keys.shape()) +
                   "; slices of an array are chosen with a single one: use vmap");
}

Var arrangement(std::string_view function, const Var& keys, std::size_t n) {
  return xgrad::detail::random_draw(Distribution::Permutation, keys, detail::shape_of_draws(function, keys, {n}),
                                    DType::Int64);
}

}  // namespace

Var permutation(const KeyUse& key, std::int64_t n) {
  require_not_negative("permutation", n);
  return arrangement("permutation", key.bits(), static_cast<std::size_t>(n));
}

Var permutation(const KeyUse& key, const Var& x, std::ptrdiff_t axis) {
  const std::size_t along = xgrad::detail::normalize_axis("permutation", axis, x);
  require_one_key("permutation", key.bits());
  return take(x, arrangement("permutation", key.bits(), x.shape()[along]), static_cast<std::ptrdiff_t>(along));
}

// ---- choice

namespace {

/// The probabilities as float64, checked.
Var probabilities(const Var& p, std::size_t n) {
  static const Requirement requirement("choice: a probability is {}; it is between 0 and 1");
  static const Requirement whole("choice: the probabilities add up to {}, not to 1");
  xgrad::detail::require_usable(p, "choice");
  if (p.shape() != Shape{n}) {
    throw ShapeError("choice: the probabilities are " + to_string(p.shape()) + " for " + std::to_string(n) +
                     " to choose from; they are [n]");
  }
  const double error = p.dtype() == DType::Float32 ? 1e-4 : 1e-8;
  const Var wide = detail::probability(cast(p, DType::Float64), requirement);
  const Var total = sum(wide, 0, keep_dims);
  return wide / checked(total, abs(total - 1.0) <= error, whole);
}

/// How many of the running sums are below a random share of the whole.
Var chosen_again(const Var& keys, const Var& p, const Shape& shape) {
  const std::size_t n = p.shape()[0];
  const Shape all = detail::shape_of_draws("choice", keys, shape);
  xgrad::detail::require_rank("choice", all.size() + 1);
  if (n == 1)
    return cast(xgrad::detail::random_draw(Distribution::Uniform, keys, all, DType::Float64) >= 1.0, DType::Int64);
  const Var sums = cumsum(p);
  const auto last = static_cast<std::ptrdiff_t>(n) - 1;
  const Var whole = view(sums, last) * (1.0 - 0x1p-52);  // so that the share is below it, rounded
  const Var u = xgrad::detail::random_draw(Distribution::Uniform, keys, all, DType::Float64);
  return sum(cast(view(sums, xt::range(0, last)) <= expand_dims(u * whole, -1), DType::Int64), -1);
}

/// The first of exponential variates, each divided by its probability (P. S. Efraimidis and P. G. Spirakis, 2006).
Var chosen_once(const Var& keys, const Var& p, std::size_t count) {
  static const Requirement enough("choice: of the probabilities, {} among them, fewer are positive than the {} drawn");
  const auto wanted = static_cast<std::int64_t>(count);
  const Var positive = sum(cast(p > 0.0, DType::Int64), 0, keep_dims);
  const Var rates = checked(p, positive >= wanted, enough, wanted);
  const Shape shape = detail::shape_of_draws("choice", keys, p.shape());
  const Var times = xgrad::detail::random_draw(Distribution::Exponential, keys, shape, DType::Float64) / rates;
  return top_k(times, count, -1, Order::Ascending).second;
}

Var choice_of(const Var& keys, std::int64_t n, const Shape& shape, const Choosing& how) {
  xgrad::detail::require_usable(keys, "choice");
  require_not_negative("choice", n);
  require_addressable(shape);
  const std::size_t count = size_of(shape);
  const auto from = static_cast<std::size_t>(n);
  if (count > 0 && (n == 0 || (!how.replace && count > from))) {
    throw ValueError("choice: " + std::to_string(count) + " of " + std::to_string(n) +
                     (how.replace ? "" : " without replacement") + "; there must be " +
                     (how.replace ? "something to choose from" : "as many"));
  }
  const Shape all = detail::shape_of_draws("choice", keys, shape);
  if (how.replace && !how.p.defined()) {
    const std::array bounds{xgrad::detail::broadcast_to("choice", std::int64_t{0}, all),
                            xgrad::detail::broadcast_to("choice", std::max<std::int64_t>(n, 1), all)};
    return xgrad::detail::random_sample(Family::Integers, keys, bounds);
  }
  if (how.replace) return chosen_again(keys, probabilities(how.p, from), shape);
  Shape first = keys.shape();
  first.push_back(count);
  std::vector<std::int64_t> from_the_start;
  for (std::size_t i = 0; i < first.size(); ++i) from_the_start.insert(from_the_start.end(), {0, 1});
  const Var chosen = how.p.defined() ? chosen_once(keys, probabilities(how.p, from), count)
                                     : xgrad::detail::slice(arrangement("choice", keys, from), first, from_the_start);
  return reshape(chosen, Strides(all));
}

}  // namespace

Var choice(const KeyUse& key, std::int64_t n, const Shape& shape, const Choosing& how) {
  return choice_of(key.bits(), n, shape, how);
}

Var choice(const KeyUse& key, const Var& x, const Shape& shape, const Choosing& how, std::ptrdiff_t axis) {
  const std::size_t along = xgrad::detail::normalize_axis("choice", axis, x);
  require_one_key("choice", key.bits());
  const auto n = static_cast<std::int64_t>(x.shape()[along]);
  return take(x, choice_of(key.bits(), n, shape, how), static_cast<std::ptrdiff_t>(along));
}

}  // namespace xgrad::random
