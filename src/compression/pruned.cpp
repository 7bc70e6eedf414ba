// Optimisers under which weights are and stay 0.
#include <limits>
#include <memory>

#include <xgrad/compression/masks.hpp>
#include <xgrad/core/errors.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/rounding.hpp>
#include <xgrad/transform/control.hpp>

#include "optim/numbers.hpp"

namespace xgrad::compression {
namespace {

/// What an update has to be so that the parameter is 0 where the mask is.
Var held_at_zero(const Var& update, const Var& parameter, const Var& mask) {
  return where(not_equal(mask, 0.0), update, -parameter);
}

/// Which of the parameters are pruned.
template <class Parameters>
std::vector<std::size_t> pruned_in(const Parameters& all, const optim::Selector& which) {
  std::vector<std::size_t> chosen;
  for (std::size_t i = 0; i < all.parameters().size(); ++i) {
    if (which(all.path(i), all.parameters()[i])) chosen.push_back(i);
  }
  return chosen;
}

/// One pruning: masks by scores, in which what is left out already comes first.
std::vector<Var> pruned_further(std::span<const Var> scores, std::span<const Var> masks, const Var& sparsity,
                                const Pruning& settings) {
  constexpr double least = -std::numeric_limits<double>::infinity();
  std::vector<Var> open;
  for (std::size_t k = 0; k < scores.size(); ++k) {
    open.push_back(where(not_equal(masks[k], 0.0), scores[k], least));
  }
  std::vector<Var> result = detail::masks_of(open, sparsity, settings.masks.structure, settings.masks.scope);
  for (std::size_t k = 0; k < result.size(); ++k) result[k] = result[k] * masks[k];
  return result;
}

}  // namespace

optim::Optimiser with_masks(const optim::Optimiser& inner, const optim::Leaves& masks) {
  optim::detail::require_of_batch("with_masks", inner);
  const auto mask_of = [masks](std::size_t place, const Var& parameter) {
    if (place < masks.size() && masks[place].shape() == parameter.shape()) return masks[place];
    throw ShapeError("with_masks: leaf " + std::to_string(place) + " of the model has the shape " +
                     to_string(parameter.shape()) + ", and there are " + std::to_string(masks.size()) + " masks" +
                     (place < masks.size() ? ", this one " + to_string(masks[place].shape()) : "") +
                     "; there must be one like each leaf");
  };
  return {"with_masks(" + inner.text() + ")", [inner](optim::Slots& slots) { slots.part("", inner); },
          [inner, mask_of](optim::Step& step) {
            step.part(inner);
            for (std::size_t i = 0; i < step.size(); ++i) {
              const Var& p = step.parameters()[i];
              step.updates[i] = held_at_zero(step.updates[i], p, mask_of(step.place(i), p));
            }
          }};
}

optim::Optimiser pruned(const optim::Optimiser& inner, const Pruning& settings) {
  constexpr std::string_view source = "Zhu and Gupta 2017";
  optim::require_setting("pruned", "sparsity", settings.sparsity, optim::Range::unit, source);
  optim::require_at_least("pruned", "every", static_cast<long long>(settings.every), 1, "updates between prunings");
  optim::detail::require_of_batch("pruned", inner);
  const bool moves = settings.score == Score::Movement;
  const auto init = [settings, inner, moves](optim::Slots& slots) {
    slots.count();
    slots.like("mask", 1.0);
    if (moves) slots.like("movement");
    slots.part("", inner);
    if (settings.masks.structure == Structure::Elements) return;
    for (const std::size_t i : pruned_in(slots, settings.masks.which)) {
      if (slots.parameters()[i].dimension() >= 2) continue;
      throw ShapeError("pruned: rows or columns of \"" + slots.path(i) + "\", which has the shape " +
                       to_string(slots.parameters()[i].shape()) + "; there must be two axes or more");
    }
  };
  const auto update = [settings, inner, moves](optim::Step& step) {
    const Var since = step.count() - static_cast<double>(settings.begin);
    const std::span<Var> masks = step.slot();
    const std::span<Var> movement = moves ? step.slot() : std::span<Var>();
    for (std::size_t i = 0; i < movement.size(); ++i) {
      movement[i] = movement[i] - step.updates[i] * step.parameters()[i];
    }
    step.part(inner);
    const std::vector<std::size_t> chosen = pruned_in(step, settings.masks.which);
    std::vector<Var> scores;
    std::vector<Var> before;
    for (const std::size_t i : chosen) {
      scores.push_back(moves ? movement[i] : abs(step.parameters()[i] + step.updates[i]));
      before.push_back(masks[i]);
    }
    const Var due = since >= 0.0 && equal(since % static_cast<double>(settings.every), 0.0);
    const Var sparsity = settings.sparsity.at(maximum(since, 0.0));
    const std::vector<Var> after = cond(
        due,
        [&](const std::vector<Var>& s, const std::vector<Var>& m, const Var& share) {
          return pruned_further(s, m, share, settings);
        },
        [](const std::vector<Var>&, const std::vector<Var>& m, const Var&) { return m; }, scores, before, sparsity);
    for (std::size_t k = 0; k < chosen.size(); ++k) {
      const std::size_t i = chosen[k];
      masks[i] = after[k];
      step.updates[i] = held_at_zero(step.updates[i], step.parameters()[i], after[k]);
    }
  };
  return {"pruned(sparsity " + settings.sparsity.text() + ", every " + std::to_string(settings.every) + ", " +
              inner.text() + ")",
          init, update};
}

}  // namespace xgrad::compression
