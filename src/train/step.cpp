#include <xgrad/train/step.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include <xgrad/core/errors.hpp>
#include <xgrad/log.hpp>
#include <xgrad/ops/create.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/ops/reduce.hpp>
#include <xgrad/transform/grad.hpp>
#include <xgrad/transform/scan.hpp>
#include <xgrad/transform/vmap.hpp>

#include "core/text.hpp"
#include "var/record.hpp"

namespace xgrad::train::detail {

void require_terms(const std::vector<std::string>& names, const std::vector<double>& weights) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i].empty()) {
      throw ValueError("train::mixed: term " + std::to_string(i) + " has no name; each is logged under its own");
    }
    if (names[i] == "loss") {
      throw ValueError("train::mixed: a term has the name \"loss\", which is that of their sum; give it another");
    }
    if (std::find(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(i), names[i]) !=
        names.begin() + static_cast<std::ptrdiff_t>(i)) {
      throw ValueError("train::mixed: two terms have the name \"" + names[i] + "\"; each is logged under its own");
    }
    if (!std::isfinite(weights[i])) {
      throw ValueError("train::mixed: the weight of \"" + names[i] + "\" is " + core::text_of(weights[i]) +
                       "; it must be finite");
    }
  }
}

void require_loss(std::string_view name, const Var& loss) {
  const std::string what = "train: " + std::string(name == "the objective" ? "" : "the term ") + std::string(name);
  if (!loss.defined()) throw ValueError(what + " gave an empty Var; it must return its loss");
  if (loss.dimension() != 0) {
    throw ShapeError(what + " gave " + xgrad::detail::describe(loss) +
                     "; a loss is one number: take the mean over the samples, mean(...)");
  }
  if (!is_floating(loss.dtype())) {
    throw TypeError(what + " gave " + xgrad::detail::describe(loss) + "; a loss must be floating-point");
  }
}

namespace {

/// The first few.
std::string few_of(const std::vector<std::string>& paths) {
  std::string text;
  for (std::size_t i = 0; i < paths.size() && i < 3; ++i) text += (i > 0 ? ", " : "") + paths[i];
  return paths.size() > 3 ? text + " and " + std::to_string(paths.size() - 3) + " more" : text;
}

}  // namespace

void remark_state_that_stays(const std::vector<std::string>& paths, const Lists& model) {
  std::vector<std::string> states;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    if (model.is_leaf[i] == 0) states.push_back(paths[i]);
  }
  if (states.empty()) return;
  xgrad::detail::log("train: the objective takes nn::Training and returns its loss alone, so the state of the model (" +
                     few_of(states) + ") stays as it is; to hand it on, return std::pair(loss, model)");
}

void remark_layers_as_in_use(const std::vector<std::string>& paths) {
  if (paths.empty()) return;
  const std::string which = paths.front().empty() ? std::string() : " (" + few_of(paths) + ")";
  xgrad::detail::log(
      "train: the objective does not take nn::Training, so layers of the model that are another function "
      "in training" +
      which +
      " run as in use; to train them, take it as the last argument and hand it on: "
      "model(x, training)");
}

void require_options(const StepOptions& options) {
  if (options.micro_batches == 0) throw ValueError("train::step: micro_batches is 0; it must be at least 1");
}

namespace {

using Arrays = std::vector<Var>;

/// A loss with all that comes beside it.
struct Found {
  Var loss;
  Arrays gradient;
  Arrays states;
  Arrays terms;
  XGRAD_MEMBER_FIELDS(Found, loss, gradient, states, terms)
};

/// The objective for one model, whose leaves and states come apart.
class Differentiable {
 public:
  Differentiable(ListObjective objective, const std::vector<char>& is_leaf)
      : objective_(objective), is_leaf_(is_leaf) {}

  [[nodiscard]] Arrays joined(std::span<const Var> leaves, std::span<const Var> states) const {
    Arrays all;
    all.reserve(is_leaf_.size());
    auto leaf = leaves.begin();
    auto state = states.begin();
    for (const char of_leaf : is_leaf_) all.push_back(of_leaf != 0 ? *leaf++ : *state++);
    return all;
  }
  [[nodiscard]] Arrays chosen(std::span<const Var> all, bool leaves) const {
    Arrays some;
    for (std::size_t i = 0; i < all.size(); ++i) {
      if ((is_leaf_[i] != 0) == leaves) some.push_back(all[i]);
    }
    return some;
  }

  [[nodiscard]] Found operator()(const Arrays& leaves, const Arrays& states, const Arrays& batch,
                                 const random::Key& key) const {
    const auto loss = [&](const Arrays& at) {
      const nn::Training training{key};
      Outcome outcome = objective_(joined(at, states), batch, key.bits.defined() ? &training : nullptr);
      return std::tuple{std::move(outcome.loss), outcome.next.empty() ? states : chosen(outcome.next, false),
                        std::move(outcome.terms)};
    };
    auto found = value_and_grad(loss, {.connected = true})(leaves);
    return {std::move(found.value), std::move(found.gradient), std::get<0>(std::move(found.auxiliary)),
            std::get<1>(std::move(found.auxiliary))};
  }

 private:
  ListObjective objective_;
  const std::vector<char>& is_leaf_;
};

/// The arrays of a batch as [parts, samples of a part, ...].
Arrays in_parts(std::span<const Var> batch, std::size_t parts) {
  Arrays result;
  for (const Var& x : batch) {
    if (x.dimension() == 0 || x.shape()[0] % parts != 0) {
      throw ShapeError("train::step: " + std::to_string(parts) + " micro-batches of a batch with an array " +
                       to_string(x.shape()) +
                       "; its first extent must be a multiple of that: take another size of batches, and leave out "
                       "the last one if it is smaller");
    }
    Shape shape{parts, x.shape()[0] / parts};
    for (std::size_t axis = 1; axis < x.dimension(); ++axis) shape.push_back(x.shape()[axis]);
    result.push_back(reshape(x, shape));
  }
  return result;
}

random::Key part_of(const random::Key& key, const Var& number) {
  return key.bits.defined() ? key.fold_in(number) : random::Key();
}

/// Parts one after another: sums of their gradients are carried, and the state.
Found over_micro_batches(const Differentiable& f, const Arrays& leaves, const Arrays& states,
                         std::span<const Var> batch, const random::Key& key, std::size_t parts) {
  Arrays zeros;
  for (const Var& leaf : leaves) zeros.push_back(zeros_like(leaf));
  const std::pair<Arrays, Var> elements(in_parts(batch, parts), arange(static_cast<std::int64_t>(parts)));
  const auto body = [&](const std::pair<Arrays, Arrays>& carried, const std::pair<Arrays, Var>& element) {
    Found found = f(leaves, carried.second, element.first, part_of(key, element.second));
    for (std::size_t i = 0; i < leaves.size(); ++i) found.gradient[i] = carried.first[i] + found.gradient[i];
    return std::pair{std::pair{std::move(found.gradient), std::move(found.states)},
                     std::pair{std::move(found.loss), std::move(found.terms)}};
  };
  auto [carried, stacked] = scan(body, std::pair{std::move(zeros), states}, elements);
  Found found{mean(stacked.first), std::move(carried.first), std::move(carried.second), std::move(stacked.second)};
  for (Var& g : found.gradient) g = g / static_cast<double>(parts);
  for (Var& term : found.terms) term = mean(term);
  return found;
}

/// Gradients of single samples, each a batch of one.
Found over_samples(const Differentiable& f, const Arrays& leaves, const Arrays& states, std::span<const Var> batch,
                   const random::Key& key) {
  const std::size_t samples = batch.empty() || batch[0].dimension() == 0 ? 0 : batch[0].shape()[0];
  const auto one = [&](const Arrays& sample, const Var& number) {
    Arrays rows;
    for (const Var& x : sample) rows.push_back(expand_dims(x, 0));
    Found found = f(leaves, states, rows, part_of(key, number));
    found.states.clear();
    return found;
  };
  Found found = vmap(one)(Arrays(batch.begin(), batch.end()), arange(static_cast<std::int64_t>(samples)));
  found.loss = mean(found.loss);
  for (Var& term : found.terms) term = mean(term);
  found.states = states;
  return found;
}

}  // namespace

Differentiated differentiated(ListObjective objective, const Lists& model, std::span<const Var> batch,
                              const random::Key& key, const StepOptions& options,
                              optim::Transformation::Gradients kind) {
  const Differentiable f(objective, model.is_leaf);
  const Arrays leaves = f.chosen(model.arrays, true);
  const Arrays states = f.chosen(model.arrays, false);
  const bool of_samples = kind == optim::Transformation::Gradients::per_sample;
  if (of_samples && options.micro_batches > 1) {
    throw ValueError("train::step: the optimiser takes gradients of single samples, which cannot be averaged over " +
                     std::to_string(options.micro_batches) + " micro-batches; take smaller batches");
  }
  if (of_samples && !states.empty()) {
    throw ValueError(
        "train::step: the optimiser takes gradients of single samples, and the model has a state, which one sample "
        "cannot hand on to the next; use layers without a state, such as group norms");
  }
  const Arrays rows(batch.begin(), batch.end());
  Found found = of_samples                  ? over_samples(f, leaves, states, batch, key)
                : options.micro_batches > 1 ? over_micro_batches(f, leaves, states, batch, key, options.micro_batches)
                                            : f(leaves, states, rows, key);
  Differentiated result{found.loss,
                        found.terms.empty() ? Var() : stack(found.terms),
                        std::move(found.gradient),
                        f.joined(leaves, found.states),
                        {}};
  result.extras.value = found.loss;
  // Who asks for it does so while this is recorded.
  result.extras.gradient = [objective, is_leaf = model.is_leaf, states, rows, key](std::span<const Var> elsewhere) {
    const Differentiable again(objective, is_leaf);
    return again(Arrays(elsewhere.begin(), elsewhere.end()), states, rows, key).gradient;
  };
  return result;
}

void keep_finite(Differentiated& of, std::span<const Var> before, std::vector<Var>& after) {
  Var fine = isfinite(of.loss);
  for (const Var& g : of.gradient) fine = fine && all(isfinite(g));
  for (std::size_t i = 0; i < after.size(); ++i) after[i] = where(fine, after[i], before[i]);
  of.loss = where(fine || !isfinite(of.loss), of.loss, std::numeric_limits<double>::quiet_NaN());
}

}  // namespace xgrad::train::detail
