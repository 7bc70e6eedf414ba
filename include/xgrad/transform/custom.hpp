// Functions with derivatives of their own: custom_vjp, custom_jvp.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <xgrad/transform/trace.hpp>

#pragma GCC visibility push(default)

namespace xgrad {

namespace detail {

/// A user's rules, of lists of leaves; see CallRule.
struct CustomRules {
  std::function<std::vector<Var>(std::span<const Var> outputs, std::span<const Var> cotangents)> vjp;
  std::function<std::vector<Var>(std::span<const Var> inputs, std::span<const Var> tangents)> jvp;
  std::function<std::vector<std::string>()> paths;
};

/// The scope in which a function with rules of its own is recorded. Of values alone nothing is recorded.
class CustomCall {
 public:
  /// \param tape  that of the function if no argument is recorded; null: then nothing is.
  CustomCall(std::string_view operation, std::span<const Var> arguments, ir::TapeState* tape = nullptr);

  [[nodiscard]] bool recorded() const noexcept { return tape_ != nullptr; }
  /// What the function is called with.
  [[nodiscard]] std::span<const Var> inputs() const noexcept { return inputs_; }
  /// The results, as those of a call whose derivatives compute the function again, but for what is kept.
  /// \param kept  of the nodes that the results need, those that are kept.
  [[nodiscard]] std::vector<Var> finish_recomputed(
      std::span<const Var> results, const std::function<std::vector<Var>(std::span<const std::uint32_t>)>& kept) const;
  /// The results, as those of a call with a rule for batches.
  [[nodiscard]] std::vector<Var> finish_batched(std::span<const Var> results,
                                                std::function<std::vector<Var>(std::span<const Var>)> rule) const;
  /// The results, as those of a call.
  /// \param outputs  the results and then what the rule needs of the function.
  [[nodiscard]] std::vector<Var> finish(std::span<const Var> outputs, std::size_t results, CustomRules rules) const;

 protected:
  [[nodiscard]] ir::TapeState& tape() const noexcept { return *tape_; }

 private:
  std::string_view operation_;
  ir::TapeState* tape_ = nullptr;
  std::uint32_t first_ = 0;
  std::size_t reads_before_ = 0;
  std::vector<Var> inputs_;
};

/// Names of the leaves of the arguments at some positions, of which `like` is the one, or the tuple of all.
template <std::size_t... positions, class T>
std::vector<std::string> argument_names(std::index_sequence<positions...>, const T& like) {
  std::vector<std::string> result;
  tree::detail::PathList list(result);
  const auto add = [&](std::size_t position, const auto& argument) {
    tree::detail::visit(argument, list.appends(tree::detail::Visit::arrays, position, ", "));
  };
  if constexpr (sizeof...(positions) == 1) {
    add((positions, ...), like);
  } else {
    [&]<std::size_t... I>(std::index_sequence<I...>) { (add(positions, std::get<I>(like)), ...); }
    (std::make_index_sequence<sizeof...(positions)>());
  }
  return result;
}

/// What a rule returned, as what it should be.
template <class Expected, class T>
Expected from_rule(T&& given) {
  static_assert(std::is_convertible_v<T&&, Expected>,
                "a vjp rule returns the cotangents of the arguments, a jvp rule the tangent of the result: a tree like "
                "these, or a std::tuple of trees if there are several arguments that hold arrays");
  return std::forward<T>(given);
}

/// \param given, expected  the paths of the arrays of a tree that a rule returned, and of what it must be like.
/// \throws ShapeError  unless they are the same.
void require_same_arrays(std::string_view operation, std::string_view what, const std::vector<std::string>& given,
                         const std::vector<std::string>& expected);

/// The same of a tree and what it must be like, where the type does not say it all.
template <class T>
void require_like(std::string_view operation, std::string_view what, const T& given, const T& like) {
  if constexpr (!std::same_as<T, Var>) {
    require_same_arrays(operation, what, tree::array_paths(given), tree::array_paths(like));
  }
}

/// The derivatives of leaves among those of all arrays; the others are empty.
/// \throws ShapeError  unless there are as many as leaves.
std::vector<Var> at_leaves(std::span<const char> is_leaf, std::span<const Var> derivatives);
std::vector<Var> those_of_leaves(std::span<const char> is_leaf, std::span<const Var> all);

struct NoRule {};

template <class F, class Vjp, class Jvp>
class CustomFunction {
 public:
  CustomFunction(std::string_view name, F f, Vjp vjp, Jvp jvp)
      : name_(name),
        f_(std::move(f)),
        vjp_(std::make_shared<Vjp>(std::move(vjp))),
        jvp_(std::make_shared<Jvp>(std::move(jvp))) {}

  template <class... A>
  requires CallableWith<const F&, array_positions_t<A...>, A...>
  [[nodiscard]] auto operator()(A&&... a) const {
    using Positions = array_positions_t<A...>;
    static_assert(Positions::size() > 0, "a function with a derivative of its own has an argument that holds arrays");
    auto arguments = make_arguments(Positions(), std::forward<A>(a)...);
    const CustomCall call(name_, arguments.arrays());
    arguments.assign(call.inputs());
    if constexpr (std::same_as<Vjp, NoRule>) {
      const auto value = arguments.call(f_);
      require_trees<decltype(value), std::tuple<>>();
      return call.recorded() ? finish<Positions>(call, arguments, value, std::tuple<>()) : value;
    } else {
      const auto [value, residuals] = arguments.call(f_);
      require_trees<decltype(value), decltype(residuals)>();
      return call.recorded() ? finish<Positions>(call, arguments, value, residuals) : value;
    }
  }
  template <class... A>
  Misfit operator()(A&&... a) const {
    refuse_call<F>(array_positions_t<A...>(), a...);
    return {};
  }

 private:
  template <class Y, class Residuals>
  static constexpr void require_trees() {
    static_assert(tree::Tree<std::remove_cv_t<Y>> && tree::Tree<std::remove_cv_t<Residuals>>,
                  "a function with a derivative of its own returns a Var or another tree; that of custom_vjp a pair of "
                  "trees: its result, and what its rule needs");
  }

  template <class Positions, class Held, class Y, class Residuals>
  Y finish(const CustomCall& call, const Held& arguments, const Y& value, const Residuals& residuals) const {
    const auto like = arguments.held();
    using Like = std::remove_const_t<decltype(like)>;
    std::vector<Var> outputs = tree::arrays(value);
    const std::size_t results = outputs.size();
    tree::detail::visit(residuals, tree::detail::appends(outputs, tree::detail::Visit::arrays));
    const std::vector<char> is_leaf = tree::detail::leaf_flags(like);
    CustomRules rules;
    rules.paths = [like] { return argument_names(Positions(), like); };
    if constexpr (!std::same_as<Vjp, NoRule>) {
      rules.vjp = [rule = vjp_, name = name_, like, value, residuals, results, is_leaf](
                      std::span<const Var> all, std::span<const Var> cotangents) {
        const Like given = from_rule<Like>(
            (*rule)(tree::with_arrays(residuals, all.subspan(results)), tree::with_arrays(value, cotangents)));
        require_like(name, "cotangent", given, like);
        return at_leaves(is_leaf, tree::leaves(given));
      };
    }
    if constexpr (!std::same_as<Jvp, NoRule>) {
      rules.jvp = [rule = jvp_, name = name_, like, value, is_leaf](std::span<const Var> inputs,
                                                                    std::span<const Var> tangents) {
        const Y given = from_rule<Y>(
            (*rule)(tree::with_arrays(like, inputs), tree::with_leaves(like, those_of_leaves(is_leaf, tangents))));
        require_like(name, "tangent", given, value);
        return tree::arrays(given);
      };
    }
    return tree::with_arrays(value, call.finish(outputs, results, std::move(rules)));
  }

  std::string_view name_;
  F f_;
  std::shared_ptr<const Vjp> vjp_;
  std::shared_ptr<const Jvp> jvp_;
};

template <class F, class Rule>
class CustomBatch {
 public:
  CustomBatch(F f, Rule rule) : f_(std::move(f)), rule_(std::make_shared<Rule>(std::move(rule))) {}

  template <class... A>
  requires CallableWith<const F&, array_positions_t<A...>, A...>
  [[nodiscard]] auto operator()(A&&... a) const {
    auto arguments = make_arguments(array_positions_t<A...>(), std::forward<A>(a)...);
    const CustomCall call("custom_vmap", arguments.arrays());
    static_assert((holds_arrays<std::remove_cvref_t<A>> && ...),
                  "custom_vmap: its rule is called later, with batches of all arguments: capture what holds no arrays");
    const auto batch_of_arguments = arguments;
    arguments.assign(call.inputs());
    const auto value = arguments.call(f_);
    using Y = std::remove_cv_t<decltype(value)>;
    static_assert(tree::Tree<Y>, "a function given to custom_vmap returns a Var or another tree");
    if (!call.recorded()) return value;
    const auto rule = [rule = rule_, batch_of_arguments, value](std::span<const Var> batches) {
      auto given = batch_of_arguments;
      given.assign(batches);
      const Y results = from_rule<Y>(given.call(*rule));
      require_like("custom_vmap", "batch", results, value);
      return tree::arrays(results);
    };
    return tree::with_arrays(value, call.finish_batched(tree::arrays(value), rule));
  }
  template <class... A>
  Misfit operator()(A&&... a) const {
    refuse_call<F>(array_positions_t<A...>(), a...);
    return {};
  }

 private:
  F f_;
  std::shared_ptr<const Rule> rule_;
};

}  // namespace detail

/// A function with a reverse derivative of its own.
///
///     auto clipped = xg::custom_vjp(
///         [](const xg::Var& x) { return std::pair{x, std::tuple<>()}; },        // the value, and what the rule needs
///         [](const std::tuple<>&, const xg::Var& dy) { return minimum(maximum(dy, -1.0), 1.0); });
///
/// \param f     of trees, Vars and xtensor expressions, and others that are handed on; returns a pair of trees.
/// \param rule  (what f put second, cotangent of what f put first) -> cotangent of the argument; of several arguments that
///              hold arrays a std::tuple. It is made of operations on Vars, so that it is differentiated in its turn,
///              and is linear in the cotangent. An empty Var stands for zero. Cotangents of integers are not looked at.
/// Derivatives in forward mode come from the rule by transposition. f is one function more for all transforms; without
/// derivatives it costs what f does.
///
/// \throws ShapeError, TypeError  if a cotangent is unlike its argument.
/// \throws TapeError  if a recorded Var that f captured is differentiated: pass it as an argument.
template <class F, class Rule>
[[nodiscard]] auto custom_vjp(F f, Rule rule) {
  return detail::CustomFunction<F, Rule, detail::NoRule>("custom_vjp", std::move(f), std::move(rule), {});
}

/// The same with a rule for forward mode, too; see custom_jvp.
template <class F, class Rule, class ForwardRule>
[[nodiscard]] auto custom_vjp(F f, Rule rule, ForwardRule forward_rule) {
  return detail::CustomFunction<F, Rule, ForwardRule>("custom_vjp", std::move(f), std::move(rule),
                                                      std::move(forward_rule));
}

/// A function with a forward derivative of its own.
///
///     auto softplus = xg::custom_jvp([](const xg::Var& x) { return log1p(exp(x)); },
///                                    [](const xg::Var& x, const xg::Var& dx) { return dx * sigmoid(x); });
///
/// \param f     of trees, Vars and xtensor expressions, and others that are handed on; returns a tree.
/// \param rule  (arguments, their tangents) -> tangent of the result: two trees like the argument, or two std::tuples if
///              several arguments hold arrays. It is made of operations on Vars, and is linear in the tangents.
/// Derivatives in reverse mode come from the rule by transposition.
///
/// \throws ShapeError, TypeError, TapeError  as those of custom_vjp.
template <class F, class Rule>
[[nodiscard]] auto custom_jvp(F f, Rule rule) {
  return detail::CustomFunction<F, detail::NoRule, Rule>("custom_jvp", std::move(f), {}, std::move(rule));
}

/// A function with a batching rule of its own, for vmap.
///
///     auto solve = xg::custom_vmap(solve_one, [](const xg::Var& a, const xg::Var& b) { return solve_all(a, b); });
///
/// \param f     of trees, Vars and xtensor expressions; returns a tree. Anything else it captures.
/// \param rule  f of a batch: the same arguments with the examples along a new first axis of every array (what is the same
///              for all is repeated), to results that have them there, too. It is made of operations on Vars.
/// Derivatives are those of f, and of the rule where it stands for f.
///
/// \throws ShapeError, TypeError  if the rule gives others than the results of all examples.
/// \throws TapeError  if f captured a Var that differs from example to example: pass it as an argument.
template <class F, class Rule>
[[nodiscard]] auto custom_vmap(F f, Rule rule) {
  return detail::CustomBatch<F, Rule>(std::move(f), std::move(rule));
}

}  // namespace xgrad

#pragma GCC visibility pop
