#include <xgrad/train/step.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <limits>

#include <xgrad/core/errors.hpp>
#include <xgrad/log.hpp>
#include <xgrad/ops/create.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/ops/reduce.hpp>
#include <xgrad/transform/grad.hpp>
#include <xgrad/transform/vmap.hpp>

#include "core/text.hpp"
#include "var/access.hpp"
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

void require_options(const StepOptions& options, const optim::Optimiser& optimiser) {
  static_cast<void>(options.shards.own());
  if (options.shards.count > 1 && optimiser.gradients() == optim::Transformation::Gradients::per_sample) {
    throw ValueError("train::step: the optimiser takes gradients of single samples, which cannot be averaged over " +
                     std::to_string(options.shards.count) + " shards; take smaller batches");
  }
}

std::string settings_of(const StepOptions& options, const optim::Optimiser& optimiser) {
  return core::count_of(options.shards.count, "shard", "shards") + " and " + optimiser.text() +
         (options.shards.state_in_slices ? ", its state in slices" : "") + (options.keep_finite ? ", kept finite" : "");
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
                                 const MaybeKey& key) const {
    const auto loss = [&](const Arrays& at) {
      const nn::Training training{key ? *key : random::Key()};
      Outcome outcome = objective_(joined(at, states), batch, key ? &training : nullptr);
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

MaybeKey part_of(const MaybeKey& key, const Var& number) { return key ? MaybeKey(key->fold_in(number)) : std::nullopt; }

/// Gradients of single samples, each a batch of one.
Found over_samples(const Differentiable& f, const Arrays& leaves, const Arrays& states, std::span<const Var> batch,
                   const MaybeKey& key) {
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

Differentiated assembled(const Differentiable& f, const Arrays& leaves, Found found) {
  Differentiated result{found.loss,
                        found.terms.empty() ? Var() : stack(found.terms),
                        std::move(found.gradient),
                        f.joined(leaves, found.states),
                        {}};
  result.extras.value = found.loss;
  return result;
}

}  // namespace

Differentiated differentiated(ListObjective objective, const Lists& model, std::span<const Var> batch,
                              const MaybeKey& key, optim::Transformation::Gradients kind) {
  const Differentiable f(objective, model.is_leaf);
  const Arrays leaves = f.chosen(model.arrays, true);
  const Arrays states = f.chosen(model.arrays, false);
  const bool of_samples = kind == optim::Transformation::Gradients::per_sample;
  if (of_samples && !states.empty()) {
    throw ValueError(
        "train::step: the optimiser takes gradients of single samples, and the model has a state, which one sample "
        "cannot hand on to the next; use layers without a state, such as group norms");
  }
  const Arrays rows(batch.begin(), batch.end());
  Found found = of_samples ? over_samples(f, leaves, states, batch, key) : f(leaves, states, rows, key);
  Differentiated result = assembled(f, leaves, std::move(found));
  // Who asks for it does so while this is recorded.
  result.extras.gradient = [objective, is_leaf = model.is_leaf, states, rows, key](std::span<const Var> elsewhere) {
    const Differentiable again(objective, is_leaf);
    return again(Arrays(elsewhere.begin(), elsewhere.end()), states, rows, key).gradient;
  };
  return result;
}

OfShards of_shard(ListObjective objective, const Lists& model, std::span<const Var> rows, const MaybeKey& key,
                  const Var& number) {
  const Differentiable f(objective, model.is_leaf);
  const Arrays states = f.chosen(model.arrays, false);
  Found found = f(f.chosen(model.arrays, true), states, Arrays(rows.begin(), rows.end()), part_of(key, number));
  OfShards result;
  result.sums.push_back(std::move(found.loss));
  std::ranges::move(found.terms, std::back_inserter(result.sums));
  std::ranges::move(found.gradient, std::back_inserter(result.sums));
  for (std::size_t i = 0; i < states.size(); ++i) {
    // What stays as it is does so to the last bit, which an average need not.
    const bool stays =
        VarAccess::kind(found.states[i]) == VarAccess::kind(states[i]) && VarAccess::same(found.states[i], states[i]);
    const bool is_sum = is_floating(found.states[i].dtype()) && !stays;
    result.is_sum.push_back(is_sum ? 1 : 0);
    (is_sum ? result.sums : result.same).push_back(std::move(found.states[i]));
  }
  return result;
}

std::string path_of_other_state(const std::vector<std::string>& paths, const Lists& model, std::span<const char> is_sum,
                                std::size_t place) {
  std::size_t state = 0;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    if (model.is_leaf[i] != 0) continue;
    if (is_sum[state++] == 0 && place-- == 0) return paths[i];
  }
  return {};
}

namespace {

/// The gradient elsewhere, of all shards.
Arrays gradient_at(ListObjective objective, const Lists& model, const List& batch, const MaybeKey& key,
                   const ShardWork& work) {
  auto one = [&](const List& rows, std::size_t number) {
    return of_shard(objective, model, rows, key, Var(static_cast<std::int64_t>(number)));
  };
  auto path = [](const OfShards&, std::size_t) { return std::string(); };
  const auto leaves = static_cast<std::size_t>(std::ranges::count_if(model.is_leaf, [](char is) { return is != 0; }));
  const OfShards total = work.total(batch, 0, leaves, ShardWork::OfShard(one), ShardWork::Path(path));
  const auto sums = static_cast<std::size_t>(std::ranges::count_if(total.is_sum, [](char is) { return is != 0; }));
  Arrays result;
  for (std::size_t i = total.sums.size() - sums - leaves; i < total.sums.size() - sums; ++i) {
    result.push_back(total.sums[i] / static_cast<double>(work.shards().count));
  }
  return result;
}

}  // namespace

Differentiated averaged(ListObjective objective, const Lists& model, std::span<const Var> batch, const MaybeKey& key,
                        const ShardWork& work, const OfShards& total, std::size_t terms) {
  const Differentiable f(objective, model.is_leaf);
  const Arrays leaves = f.chosen(model.arrays, true);
  auto next = total.sums.begin();
  const auto mean = [&] { return *next++ / static_cast<double>(work.shards().count); };
  Found found;
  found.loss = mean();
  for (std::size_t i = 0; i < terms; ++i) found.terms.push_back(mean());
  for (std::size_t i = 0; i < leaves.size(); ++i) found.gradient.push_back(mean());
  auto same = total.same.begin();
  for (const char is_sum : total.is_sum) found.states.push_back(is_sum != 0 ? mean() : *same++);
  Differentiated result = assembled(f, leaves, std::move(found));
  if (work.is_shared()) {
    result.extras.gradient = [](std::span<const Var>) -> Arrays {
      throw ValueError(
          "train::step: the optimiser asks for the gradient at other parameters, for which the processes would have to "
          "compute once more in the middle of an update; train in one process, or take another optimiser");
    };
    return result;
  }
  result.extras.gradient = [objective, model, key, &work,
                            rows = List(batch.begin(), batch.end())](std::span<const Var> elsewhere) {
    const Differentiable again(objective, model.is_leaf);
    const Lists there{again.joined(elsewhere, again.chosen(model.arrays, false)), model.is_leaf};
    return gradient_at(objective, there, rows, key, work);
  };
  return result;
}

void keep_finite(Differentiated& of, std::span<const Var> before, std::vector<Var>& after,
                 const std::optional<Var>& known) {
  Var fine = known ? *known : isfinite(of.loss);
  for (std::size_t i = 0; !known && i < of.gradient.size(); ++i) fine = fine && all(isfinite(of.gradient[i]));
  for (std::size_t i = 0; i < after.size(); ++i) after[i] = where(fine, after[i], before[i]);
  of.loss = where(fine || !isfinite(of.loss), of.loss, std::numeric_limits<double>::quiet_NaN());
}

}  // namespace xgrad::train::detail
