// Metrics of models: what a model says of a dataset, batch by batch.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <xgrad/data/batches.hpp>
#include <xgrad/metrics/state.hpp>
#include <xgrad/nn/layer.hpp>
#include <xgrad/train/objective.hpp>
#include <xgrad/transform/compile.hpp>
#include <xgrad/tree/fields.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::train {

/// What metrics look at.
struct Predicted {
  Var prediction;
  Var target;
  std::optional<Var> weights = {};
};
XGRAD_FIELDS(Predicted, prediction, target, weights)

namespace detail {
[[noreturn]] void throw_no_weights();
}  // namespace detail

/// A metric while it goes over batches.
class RunningMetric {
 public:
  RunningMetric() = default;
  RunningMetric(const RunningMetric&) = delete;
  RunningMetric& operator=(const RunningMetric&) = delete;
  virtual ~RunningMetric() = default;
  virtual void update(const Predicted& batch) = 0;
  /// Of all batches so far.
  [[nodiscard]] virtual Var value() const = 0;
};

/// A metric of xgrad::metrics of prediction and target, or one of that form of your own, under the name by which it is
/// logged. Its value is one number; weights are a ValueError for one that takes none.
///
///     .metrics = {{"accuracy", metrics::Accuracy{}}, {"F1", metrics::FBeta{}}}
class NamedMetric {
 public:
  template <metrics::Metric T>
  requires std::convertible_to<decltype(std::declval<const T&>().value(std::declval<const T&>().init())), Var>
  NamedMetric(std::string name, T metric)
      : name_(std::move(name)), begin_([metric] { return std::make_unique<Running<T>>(metric); }) {}

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  /// Before the first batch.
  [[nodiscard]] std::unique_ptr<RunningMetric> begin() const { return begin_(); }

 private:
  template <class T>
  class Running final : public RunningMetric {
   public:
    explicit Running(const T& metric) : metric_(metric), state_(metric.init()) {}
    void update(const Predicted& batch) override {
      if constexpr (requires { metric_.update(state_, batch.prediction, batch.target, *batch.weights); }) {
        if (batch.weights) {
          state_ = metric_.update(state_, batch.prediction, batch.target, *batch.weights);
          return;
        }
      } else if (batch.weights) {
        detail::throw_no_weights();
      }
      state_ = metric_.update(state_, batch.prediction, batch.target);
    }
    [[nodiscard]] Var value() const override { return metric_.value(state_); }

   private:
    T metric_;
    decltype(std::declval<const T&>().init()) state_;
  };

  std::string name_;
  std::function<std::unique_ptr<RunningMetric>()> begin_;
};

/// What metrics are of: a function of (model, batch), or, of a batch that is a tuple, of (model, parts...), that
/// returns a std::pair of prediction and target, or a std::tuple of these and weights. Of batches (x, y) they are, if
/// nothing is said, of what the model makes of x, and y.
///
///     .predict = [](const Net& net, const xg::Var& x, const xg::Var& y) { return std::pair(net(x), y); }
template <class M, class B>
class Predict {
 public:
  Predict() = default;
  // NOLINTBEGIN(bugprone-forwarding-reference-overload): constrained
  template <class F>
  requires(!std::same_as<std::remove_cvref_t<F>, Predict> && detail::takes<std::remove_cvref_t<F>, M, B>)
      Predict(F&& f)  // NOLINT(*-explicit-*)
      : f_([f = std::forward<F>(f)](const M& model, const B& batch) {
          return predicted(detail::call(f, model, batch));
        }) {}
  // NOLINTEND(bugprone-forwarding-reference-overload)

  [[nodiscard]] bool defined() const noexcept { return static_cast<bool>(f_); }
  Predicted operator()(const M& model, const B& batch) const { return f_(model, batch); }

 private:
  static Predicted predicted(Predicted all) { return all; }
  static Predicted predicted(std::pair<Var, Var> both) { return {std::move(both.first), std::move(both.second)}; }
  static Predicted predicted(const std::tuple<Var, Var, Var>& all) {
    const auto& [prediction, target, weights] = all;
    return {prediction, target, weights};
  }

  std::function<Predicted(const M&, const B&)> f_;
};

namespace detail {

struct UsualPrediction {
  template <nn::Layer M>
  std::pair<Var, Var> operator()(const M& model, const Var& x, const Var& y) const {
    return {model(x), y};
  }
};

/// What was asked for, or, if that is nothing, the usual prediction, where there is one.
template <class M, class B>
Predict<M, B> asked_or_usual(const Predict<M, B>& asked) {
  if constexpr (takes<UsualPrediction, M, B>) {
    if (!asked.defined()) return UsualPrediction{};
  }
  return asked;
}

/// \throws ValueError  if metrics have nothing that they look at.
void require_prediction(std::string_view operation, bool has_metrics, bool has_prediction);

/// What is computed of a batch in use.
struct InUse {
  std::optional<Var> loss;
  std::vector<Var> terms;
  std::optional<Predicted> predicted;
};
XGRAD_FIELDS(InUse, loss, terms, predicted)

/// Sums over batches become values by name.
class Evaluation {
 public:
  /// \param terms  the names of those of the loss.
  /// \throws ValueError  if two have one name, or one is empty.
  Evaluation(const std::vector<NamedMetric>& metrics, const std::vector<std::string>& terms);
  void add(const InUse& batch, std::size_t samples);
  /// "loss", if there is one, terms and metrics, each with a prefix.
  /// \throws ShapeError  for a metric that is not one number.
  [[nodiscard]] std::map<std::string, double> values(const std::string& prefix) const;

 private:
  std::vector<std::string> names_;
  std::vector<std::unique_ptr<RunningMetric>> running_;
  std::vector<std::string> terms_;
  std::vector<double> sums_;
  std::optional<double> loss_;
  std::size_t samples_ = 0;
};

/// The value of a Var of one element, of whatever type.
double number_of(const Var& x);

}  // namespace detail

/// The metrics of a model on a dataset, exactly as if it were one batch: states are merged, see metrics/state.hpp. The
/// model runs as in use, compiled.
///
///     auto found = train::evaluate(net, data, {{"accuracy", metrics::Accuracy{}}},
///                                  [](const Net& m, const xg::Var& x, const xg::Var& y) { return std::pair(m(x), y);
///                                  });  // which is what they are of anyway
///     found["accuracy"]
///
/// \param rows  of a batch.
/// \throws ShapeError  for a metric whose value is not one number.
/// \throws ValueError  for an empty dataset; without predict, unless batches are (x, y); what the metrics throw.
template <tree::Tree M, data::Dataset D>
[[nodiscard]] std::map<std::string, double> evaluate(
    const M& model, const D& data, const std::vector<NamedMetric>& metrics,
    const std::type_identity_t<Predict<M, data::RowsOf<D>>>& predict = {}, std::size_t rows = 256) {
  using B = data::RowsOf<D>;
  const auto batches = data::batches(data, {.size = std::min(rows, data::length(data))});
  const Predict<M, B> all = detail::asked_or_usual(predict);
  detail::require_prediction("train::evaluate", true, all.defined());
  const auto of_batch = compile([all](const M& m, const B& batch) { return all(m, batch); });
  detail::Evaluation evaluation(metrics, {});
  for (std::size_t i = 0; i < batches.per_epoch(); ++i) {
    evaluation.add({{}, {}, of_batch(model, batches.at(0, i))}, batches.count(0, i));
  }
  return evaluation.values("");
}

}  // namespace xgrad::train

#pragma GCC visibility pop
