// What is trained for: functions of a model and a batch, in the forms that users write, and sums of several.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <xgrad/nn/layer.hpp>
#include <xgrad/transform/trace.hpp>
#include <xgrad/tree/tree.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::train {

/// A part of a loss that is logged under its name.
template <class F>
struct Term {
  std::string name;
  F objective;
  double weight = 1.0;
};
template <class F>
Term(std::string, F) -> Term<F>;
template <class F>
Term(std::string, F, double) -> Term<F>;

/// The weighted sum of several objectives of one model and one batch. See mixed().
template <class... F>
struct Mixed {
  std::tuple<Term<F>...> terms;
};

namespace detail {

/// \throws ValueError  unless all names are there, and different, none is "loss", and all weights finite.
void require_terms(const std::vector<std::string>& names, const std::vector<double>& weights);

}  // namespace detail

/// Their weighted sum, which is what is minimised; each is an objective of its own, in any of the forms. A state that
/// one hands on (see Objective) is what the next one gets.
///
///     auto objective = train::mixed(train::Term{"data", fits_data}, train::Term{"physics", fits_equation, 0.1});
///
/// \throws ValueError  unless there is a name for each, all are different, none is "loss", and the weights finite.
template <class... F>
[[nodiscard]] Mixed<F...> mixed(Term<F>... terms) {
  detail::require_terms({terms.name...}, {terms.weight...});
  return {{std::move(terms)...}};
}

namespace detail {

template <class F>
inline constexpr bool is_mixed = false;
template <class... F>
inline constexpr bool is_mixed<Mixed<F...>> = true;

template <class B>
inline constexpr bool unpacks = tree::detail::is_product<B>;

/// Whether f(model, a..., more...) can be called for a batch (a...).
template <class F, class M, class B, class... More>
inline constexpr bool takes_parts = false;
template <class F, class M, class... A, class... More>
inline constexpr bool takes_parts<F, M, std::tuple<A...>, More...> =
    std::is_invocable_v<const F&, const M&, const A&..., const More&...>;
template <class F, class M, class A, class B, class... More>
inline constexpr bool takes_parts<F, M, std::pair<A, B>, More...> =
    std::is_invocable_v<const F&, const M&, const A&, const B&, const More&...>;
template <class F, class M, class B, class... More>
inline constexpr bool takes_whole = std::is_invocable_v<const F&, const M&, const B&, const More&...>;
template <class F, class M, class B, class... More>
inline constexpr bool takes = takes_parts<F, M, B, More...> || takes_whole<F, M, B, More...>;

/// f(model, batch, more...), a tuple unpacked if f takes its parts.
template <class F, class M, class B, class... More>
auto call(const F& f, const M& model, const B& batch, const More&... more) {
  if constexpr (takes_parts<F, M, B, More...>) {
    return std::apply([&](const auto&... parts) { return f(model, parts..., more...); }, batch);
  } else {
    return f(model, batch, more...);
  }
}

/// Whether an objective has a form without nn::Training, which is its value in use.
template <class F, class M, class B>
inline constexpr bool has_plain_form = takes<F, M, B>;
template <class... F, class M, class B>
inline constexpr bool has_plain_form<Mixed<F...>, M, B> = (has_plain_form<F, M, B> && ...);
template <class F, class M, class B>
inline constexpr bool has_training_form = takes<F, M, B, nn::Training>;
template <class... F, class M, class B>
inline constexpr bool has_training_form<Mixed<F...>, M, B> = (has_training_form<F, M, B> || ...);

template <class F, class M, class B>
inline constexpr bool is_objective = has_plain_form<F, M, B> || has_training_form<F, M, B>;
template <class... F, class M, class B>
inline constexpr bool is_objective<Mixed<F...>, M, B> = (is_objective<F, M, B> && ...);

/// What an objective gave.
template <class M>
struct Evaluated {
  Var loss = {};
  std::vector<Var> terms = {};
  std::optional<M> next = {};  ///< the model with the next state
};

/// \throws ShapeError, TypeError  unless a loss is one floating-point number.
void require_loss(std::string_view name, const Var& loss);

template <class M, class R>
Evaluated<M> evaluated(R result) {
  constexpr bool is_loss = std::is_convertible_v<R, Var>;
  constexpr bool is_pair = std::same_as<R, std::pair<Var, M>> || std::same_as<R, std::tuple<Var, M>>;
  static_assert(is_loss || is_pair,
                "an objective returns its loss, a Var, or a std::pair of the loss and the model with the next state");
  if constexpr (is_loss) return {.loss = Var(std::move(result))};
  else if constexpr (is_pair) return {.loss = std::get<0>(result), .next = std::get<1>(std::move(result))};
  else return {};
}

/// The value of an objective: in training, with random numbers if there is a key, or in use.
template <class F, class M, class B>
Evaluated<M> evaluate(const F& objective, const M& model, const B& batch, const nn::Training* training,
                      std::string_view name = "the objective") {
  if constexpr (is_mixed<F>) {
    Evaluated<M> sum;
    std::int64_t number = 0;
    const auto add = [&](const auto& term) {
      std::optional<nn::Training> part;
      if (training != nullptr) part = training->part(number);
      ++number;
      Evaluated<M> one =
          detail::evaluate(term.objective, sum.next ? *sum.next : model, batch, part ? &*part : nullptr, term.name);
      const Var weighted = term.weight * one.loss;
      sum.loss = sum.terms.empty() ? weighted : sum.loss + weighted;
      sum.terms.push_back(std::move(one.loss));
      if (one.next) sum.next = std::move(one.next);
    };
    std::apply([&](const auto&... terms) { (add(terms), ...); }, objective.terms);
    return sum;
  } else {
    static_assert(is_objective<F, M, B>,
                  "an objective is a function of (model, batch) or (model, batch, nn::Training); of a batch that is a "
                  "tuple also of (model, parts...)");
    Evaluated<M> result;
    if constexpr (has_training_form<F, M, B>) {
      if (training != nullptr) result = evaluated<M>(detail::call(objective, model, batch, *training));
    }
    if constexpr (has_plain_form<F, M, B>) {
      if (!result.loss.defined()) result = evaluated<M>(detail::call(objective, model, batch));
    }
    require_loss(name, result.loss);
    return result;
  }
}

template <class F>
std::vector<std::string> term_names(const F& objective) {
  if constexpr (is_mixed<F>) {
    return std::apply([](const auto&... terms) { return std::vector<std::string>{terms.name...}; }, objective.terms);
  } else {
    return {};
  }
}

}  // namespace detail

/// A function that is minimised by training:
///
///     loss = f(model, batch)               loss = f(model, batch, training)
///     loss, model = f(model, batch, training)                  std::pair, with the next state of layers
///
/// for a batch that is a tuple also with its parts in place of it, f(model, x, y). The loss is one number, as a rule
/// the mean over the samples. Of a model that is returned, the members marked state are kept (running means of batch
/// norms); the weights are the optimiser's. The form with nn::Training is for layers that are another function in
/// training. With a trailing pack, one lambda has both forms, and so a value in use, for the validation set:
///
///     [](Net net, const Batch& b, const auto&... training) {
///       const xg::Var loss = mean(xg::loss::CrossEntropy{}(net(b.x, training...), b.y));
///       return std::pair(loss, net);
///     }
template <class F, class M, class B>
concept Objective = detail::is_objective<F, M, B>;

}  // namespace xgrad::train

#pragma GCC visibility pop
