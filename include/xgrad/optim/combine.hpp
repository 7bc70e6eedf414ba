// What transformations are combined with: chains, parts for some parameters, accumulation, averages of parameters.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <xgrad/optim/transformation.hpp>

#pragma GCC visibility push(default)

namespace xgrad::optim {

/// One after the other: each gets what the one before has made of the gradients.
///
///     auto clipped = xg::optim::chain({xg::optim::clip_by_global_norm(1.0), xg::optim::adam()});
[[nodiscard]] Transformation chain(std::vector<Transformation> links);

/// Hands gradients on as they are.
[[nodiscard]] Transformation identity();
/// Updates of 0: what it gets stays as it is.
[[nodiscard]] Transformation frozen();

/// Which parameters: a text or a function.
///
/// A text is the path of a leaf or of a part of the model: "hidden" is all in it. A * stands for any characters, dots
/// too: "*.bias" is every bias that is in something. A function gets path and parameter:
/// `[](std::string_view path, const xg::Var& p) { return p.dimension() >= 2; }`.
class Selector {
 public:
  using Function = std::function<bool(std::string_view, const Var&)>;

  Selector(const std::string& pattern);                              // NOLINT(*-explicit-*)
  Selector(const char* pattern) : Selector(std::string(pattern)) {}  // NOLINT(*-explicit-*)
  // NOLINTBEGIN(bugprone-forwarding-reference-overload): constrained
  template <class F>
  requires(!std::is_same_v<std::remove_cvref_t<F>, Selector> &&
           std::is_invocable_r_v<bool, const std::remove_cvref_t<F>&, std::string_view, const Var&>) Selector(F&& f)
      : function_(std::forward<F>(f)), text_("a function") {}  // NOLINT(*-explicit-*)
  // NOLINTEND(bugprone-forwarding-reference-overload)

  [[nodiscard]] bool operator()(std::string_view path, const Var& parameter) const {
    return function_(path, parameter);
  }
  [[nodiscard]] const std::string& text() const noexcept { return text_; }

 private:
  Function function_;
  std::string text_;
};

/// A transformation for each group of parameters: the first selector that fits decides.
///
///     auto by_layer = xg::optim::partition({{"embedding", xg::optim::frozen()},
///                                           {"*bias", xg::optim::sgd({.rate = 0.1})},
///                                           {"*", xg::optim::adam()}});
///
/// \throws ValueError  in init, if a parameter fits none: its path.
[[nodiscard]] Transformation partition(std::vector<std::pair<Selector, Transformation>> parts);

/// A transformation of some parameters; the gradients of all others are handed on as they are.
[[nodiscard]] Transformation masked(const Selector& which, const Transformation& inner);

/// Gradients of k batches are averaged, then the transformation is run once; updates in between are 0, and it is not
/// computed. Compiled, this is a cond().
/// \throws ValueError  unless k is at least 1.
[[nodiscard]] Transformation accumulate(std::size_t k, const Transformation& inner);

/// Where a gradient is not finite, the updates are 0 and the state stays as it was. After `most` such steps one after
/// another the updates go through, so that the loss shows it. The number "skipped" of the state counts them all,
/// "in_a_row" those since the last finite one.
[[nodiscard]] Transformation skip_not_finite(const Transformation& inner, std::size_t most = 1000);

struct Ema {
  Setting decay = 0.999;
  /// Divide by 1 - decay^t, so that the first average is the first value and not a small part of it.
  bool unbiased = true;
};
/// The moving average of the updates instead of these: m = decay m + (1 - decay) u.
/// \throws ValueError  unless decay is at least 0 and less than 1.
[[nodiscard]] Transformation ema(const Ema& settings = {});

/// Runs an optimiser and keeps the moving average of the parameters beside it: `average(state, model)`.
///
///     average = decay average + (1 - decay) parameters,  from the parameters of init; unbiased: weighted as if from
///     none
///
/// \source  B. T. Polyak and A. B. Juditsky, Acceleration of stochastic approximation by averaging, 1992.
/// \throws ValueError  unless decay is at least 0 and less than 1.
[[nodiscard]] Transformation ema_of_parameters(const Optimiser& inner, const Ema& settings = {});

struct Swa {
  std::size_t start = 0;  ///< the number of updates before the first that counts
  std::size_t every = 1;  ///< of which every so many counts
};
/// Runs an optimiser and keeps the mean of the parameters beside it: `average(state, model)`. Until the first counts it
/// is the parameters of init.
/// \source  P. Izmailov et al., Averaging weights leads to wider optima and better generalization, 2018.
/// \throws ValueError  unless every is at least 1.
[[nodiscard]] Transformation swa(const Optimiser& inner, const Swa& settings = {});

struct Lookahead {
  std::size_t every = 5;  ///< steps of the inner optimiser, k
  Setting alpha = 0.5;    ///< how far the slow parameters go
};
/// Every k steps slow parameters go a part of the way, slow += alpha (parameters - slow), and the parameters start
/// again from there. The slow ones are the average of the state.
/// \source  M. R. Zhang et al., Lookahead optimizer: k steps forward, 1 step back, 2019.
/// \throws ValueError  unless every is at least 1 and alpha is at least 0 and at most 1.
[[nodiscard]] Transformation lookahead(const Optimiser& inner, const Lookahead& settings = {});

/// Settings by their names.
using Hyperparameters = std::map<std::string, Var, std::less<>>;
/// Settings that are in the state, where they are read with `state.number("rate")` and set with
/// `state.with_number("rate", 0.01)`; a compiled step is not recorded again. They are leaves of the state: a gradient
/// with respect to it has them.
///
///     auto adam = xg::optim::inject({{"rate", 1e-3}}, [](const xg::optim::Hyperparameters& h) {
///       return xg::optim::adam({.rate = h.at("rate")});
///     });
///
/// \param make  gives transformations of one form, whatever the values are.
/// \throws ShapeError, TypeError  unless all are single numbers; what make throws.
[[nodiscard]] Transformation inject(const Hyperparameters& values,
                                    const std::function<Transformation(const Hyperparameters&)>& make);

}  // namespace xgrad::optim

#pragma GCC visibility pop
