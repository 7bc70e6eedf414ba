// Several metrics of the same predictions and targets, updated together.
#pragma once

#include <concepts>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <xgrad/metrics/state.hpp>
#include <xgrad/tree/statics.hpp>
#include <xgrad/tree/tree.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::metrics {

namespace detail {
/// \throws ValueError  for names that are empty or equal.
void require_names(const std::vector<std::string>& names);
/// \throws ValueError  unless both are the same.
void require_same_names(const std::vector<std::string>& a, const std::vector<std::string>& b);
}  // namespace detail

/// The states of several metrics, a tree whose paths begin with their names: "f1.values".
template <class... S>
struct Collected {
  std::vector<std::string> names = std::vector<std::string>(sizeof...(S));  ///< of no collection: empty ones
  std::tuple<S...> states = {};

  void visit(const tree::detail::Visitor<Var>& visitor) { visit_all(*this, visitor); }
  void visit(const tree::detail::Visitor<const Var>& visitor) const { visit_all(*this, visitor); }
  [[nodiscard]] bool same_statics(const Collected& other, std::string* where) const {
    return names == other.names && tree::detail::same_statics(states, other.states, where);
  }

 private:
  static void visit_all(auto& self, const auto& visitor) {
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      (tree::detail::visit_part(std::string_view(self.names[I]), std::get<I>(self.states), visitor), ...);
    }
    (std::index_sequence_for<S...>());
  }
};

/// \throws ValueError  for states of collections with other names.
template <class... S>
[[nodiscard]] Collected<S...> merge(const Collected<S...>& a, const Collected<S...>& b) {
  detail::require_same_names(a.names, b.names);
  return [&]<std::size_t... I>(std::index_sequence<I...>)->Collected<S...> {
    return {a.names, {merge(std::get<I>(a.states), std::get<I>(b.states))...}};
  }
  (std::index_sequence_for<S...>());
}

/// A metric with the name that it has in a collection.
template <class M>
struct Named {
  std::string name;
  M metric;
  XGRAD_MEMBER_FIELDS(Named, name, metric)
};
template <class M>
Named(std::string, M) -> Named<M>;
template <class M>
Named(const char*, M) -> Named<M>;

/// Several metrics as one, made by `collection`.
template <Metric... M>
struct Collection {
  static constexpr std::string_view name = "Collection";
  std::tuple<Named<M>...> metrics;

  using State = Collected<decltype(std::declval<const M&>().init())...>;

  [[nodiscard]] State init() const {
    return each([](const auto&... named) -> State { return {{named.name...}, {named.metric.init()...}}; });
  }
  /// What each metric takes; one that takes no weights gets none.
  template <class... Arguments>
  [[nodiscard]] State update(const State& state, const Arguments&... arguments) const {
    return [&]<std::size_t... I>(std::index_sequence<I...>)->State {
      return {state.names, {one(std::get<I>(metrics).metric, std::get<I>(state.states), arguments...)...}};
    }
    (std::index_sequence_for<M...>());
  }
  /// Each value under its name.
  [[nodiscard]] std::map<std::string, Var> value(const State& state) const {
    std::map<std::string, Var> result;
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      (result.emplace(state.names[I], std::get<I>(metrics).metric.value(std::get<I>(state.states))), ...);
    }
    (std::index_sequence_for<M...>());
    return result;
  }

  XGRAD_MEMBER_FIELDS(Collection, metrics)

 private:
  auto each(auto f) const {
    return std::apply([&](const auto&... named) { return f(named...); }, metrics);
  }
  template <class One, class S, class... Arguments>
  static S one(const One& metric, const S& state, const Arguments&... arguments) {
    if constexpr (requires { metric.update(state, arguments...); }) {
      return metric.update(state, arguments...);
    } else {
      static_assert(sizeof...(Arguments) > 1, "a metric of the collection does not take these arguments");
      const auto all = std::tie(arguments...);
      return [&]<std::size_t... I>(std::index_sequence<I...>) { return metric.update(state, std::get<I>(all)...); }
      (std::make_index_sequence<sizeof...(Arguments) - 1>());
    }
  }
};

/// Metrics that are updated together. Their values are single Vars (no curves).
///
///     const auto all = metrics::collection(metrics::Named{"accuracy", metrics::Accuracy{}},
///                                          metrics::Named{"f1", metrics::FBeta{}});
///     auto state = all.update(all.init(), prediction, target);
///     all.value(state).at("f1");
///
/// \throws ValueError  for names that are empty or equal.
template <Metric... M>
[[nodiscard]] Collection<M...> collection(Named<M>... metrics) {
  detail::require_names({metrics.name...});
  return {{std::move(metrics)...}};
}

}  // namespace xgrad::metrics

#pragma GCC visibility pop
