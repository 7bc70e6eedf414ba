// Functions of one example as functions of a batch of them: vmap.
#pragma once

#include <concepts>
#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <xgrad/transform/trace.hpp>

#pragma GCC visibility push(default)

namespace xgrad {

/// In place of an axis: the argument is the same for all examples.
inline constexpr std::nullopt_t whole = std::nullopt;

/// Along which axis the arrays of a tree hold examples: one for all of them, or leaf_axes(). Axes count from the end if
/// they are negative; in place of one, `whole`.
class BatchAxis {
 public:
  BatchAxis(std::optional<std::ptrdiff_t> axis) : axes_{axis} {}
  BatchAxis(std::nullopt_t) : axes_{std::nullopt} {}
  template <std::integral T>
  BatchAxis(T axis) : axes_{static_cast<std::ptrdiff_t>(axis)} {}

  /// Of the k-th array.
  [[nodiscard]] std::optional<std::ptrdiff_t> of(std::size_t k) const { return axes_[each_ ? k : 0]; }
  /// How many arrays a tree must have; nothing: any number.
  [[nodiscard]] std::optional<std::size_t> count() const {
    return each_ ? std::optional<std::size_t>(axes_.size()) : std::nullopt;
  }

 private:
  friend BatchAxis leaf_axes(std::vector<std::optional<std::ptrdiff_t>> axes);
  BatchAxis() = default;

  std::vector<std::optional<std::ptrdiff_t>> axes_;
  bool each_ = false;
};

/// An axis for each array of a tree, in the order of its fields: `{.in = {xg::leaf_axes({0, 1, xg::whole}), 0}}`.
[[nodiscard]] BatchAxis leaf_axes(std::vector<std::optional<std::ptrdiff_t>> axes);

/// Where vmap finds the examples and puts their results.
struct BatchAxes {
  /// For each argument the axis of its arrays along which they hold the examples. Empty: 0 for all that hold arrays.
  std::vector<BatchAxis> in = {};
  /// The axis of the arrays of the result along which the results stand; not `whole`.
  BatchAxis out = 0;
};

namespace detail {

/// The examples of a batch, while the function of one of them is recorded.
class Batch {
 public:
  /// \param leaves  all arrays among the arguments, argument by argument; counts: how many each has.
  /// \param paths   their names.
  /// \throws ValueError, ShapeError  if the axes do not fit the arguments, or these each other.
  Batch(Trace& trace, std::span<const Var> leaves, std::span<const std::size_t> counts, const BatchAxes& axes,
        const Paths& paths);
  ~Batch();
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;

  /// What the function is called with instead of the leaves. They have no values.
  [[nodiscard]] std::span<const Var> arguments() const noexcept { return arguments_; }
  /// The results for all examples, from that for one. The recording ends.
  [[nodiscard]] std::vector<Var> results(std::span<const Var> outputs, const BatchAxis& axis);

 private:
  Trace& trace_;
  bool values_were_forbidden_;
  std::size_t extent_ = 0;
  std::vector<Var> arguments_;
  std::vector<Var> examples_;
  std::vector<Var> batches_;
};

template <class R, class Held>
auto batched(FunctionOf<R, Held&> f, Held& arguments, const BatchAxes& axes) {
  static_assert(tree::Tree<R>,
                "a function to be batched must return a Var or a tree of Vars: what it computes for one example is not "
                "known while it runs, so that it cannot return numbers");
  const std::vector<Var> arrays = arguments.arrays();
  Trace trace(arrays);
  Batch batch(trace, arrays, arguments.array_counts(), axes, array_paths_of(arguments));
  arguments.assign(batch.arguments());
  const R result = f(arguments);
  const std::vector<Var> outputs = trace.nodes(tree::arrays(result));
  return finished(trace, tree::with_arrays(result, batch.results(outputs, axes.out)));
}

template <class F>
class VmapOf {
 public:
  VmapOf(F f, BatchAxes axes) : f_(std::move(f)), axes_(std::move(axes)) {}

  template <class... A>
  requires CallableWith<const F&, array_positions_t<A...>, A...>
  [[nodiscard]] auto operator()(A&&... a) const {
    auto arguments = make_arguments(array_positions_t<A...>(), std::forward<A>(a)...);
    using Held = decltype(arguments);
    using R = typename Held::template Result<const F>;
    const auto f = as_function_of<R, Held>(f_);
    return batched(FunctionOf<R, Held&>(f), arguments, axes_);
  }
  template <class... A>
  Misfit operator()(A&&... a) const {
    refuse_call<F>(array_positions_t<A...>(), a...);
    return {};
  }

 private:
  F f_;
  BatchAxes axes_;
};

}  // namespace detail

/// The function of a batch: f of each example, computed together.
///
///     auto of_all = xg::vmap([](const xg::Var& a, const xg::Var& b) { return dot(a, b); });
///     xg::Var products = of_all(rows, other_rows);                               // [n, k], [n, k] -> [n]
///     auto per_sample = xg::vmap(xg::grad(loss), {.in = {xg::whole, 0, 0}});     // one gradient for each sample
///     auto gradients = per_sample(model, inputs, targets);                       // a tree like the model
///
/// It gives what a loop over the examples would, stacked: the same values up to the order in which sums are taken. f is
/// called once, with an example of which no value is known: it must use where() instead of if. Arguments are trees,
/// Vars and xtensor expressions; others are handed on. The result of f is a tree; what does not depend on an example is
/// repeated. It nests in itself and in all other transforms.
///
/// \throws ShapeError  unless all arrays have the axis, and as many examples along it; if there would be too many axes.
/// \throws ValueError  if there is not one axis for each argument, or for each array of leaf_axes(); if no argument holds
///                     examples; for results that are `whole`.
/// \throws TapeError   if f asks for a value.
template <class F>
[[nodiscard]] auto vmap(F f, BatchAxes axes = {}) {
  return detail::VmapOf<F>(std::move(f), std::move(axes));
}

}  // namespace xgrad

#pragma GCC visibility pop
