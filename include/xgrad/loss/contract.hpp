// What a loss is, and how losses combine.
//
// A loss is a callable of arrays that returns its values before they are reduced: one for each element, or one for each
// sample. The catalogue's losses are structs whose members are their settings. A lambda of yours has the same rights.
#pragma once

#include <concepts>
#include <string_view>
#include <type_traits>
#include <utility>

#include <xgrad/ops/elementwise.hpp>
#include <xgrad/tree/fields.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::loss {

/// Can be called with this many arrays, and gives one.
template <class L, class... A>
concept LossOf = std::is_invocable_r_v<Var, const L&, const A&...>;

/// Gives an array for arrays: mostly (prediction, target), for some losses one, three or more.
template <class L>
concept Loss = std::is_class_v<L> && !std::is_convertible_v<L, Var> &&
               (LossOf<L, Var, Var> || LossOf<L, Var> || LossOf<L, Var, Var, Var> || LossOf<L, Var, Var, Var, Var> ||
                LossOf<L, Var, Var, Var, Var, Var>);

/// A loss that can be printed and found by its name: it has a `name`, and its settings are named by XGRAD_FIELDS.
template <class L>
concept Named = requires {
  { L::name } -> std::convertible_to<std::string_view>;
};

namespace detail {

/// \throws ShapeError  unless two losses that are added have values of one shape.
void require_same_values(const Var& first, const Var& second);

/// \throws ShapeError  if the values would have to be broadcast to the factor.
Var scaled(const Var& factor, const Var& values);

}  // namespace detail

/// \throws ShapeError  unless both shapes are equal: nothing is broadcast, because [N] against [N, 1] would give
///                     [N, N].
void require_same_shape(std::string_view loss, const Var& prediction, const Var& target,
                        std::string_view first = "prediction", std::string_view second = "target");

/// \throws ValueError  with the requirement ("it must be positive"), unless it holds for a setting.
void require_setting(std::string_view loss, std::string_view setting, double value, bool holds,
                     std::string_view requirement);

/// The values of two losses, added. What `a + b` gives.
template <class A, class B>
struct [[nodiscard]] Sum {
  A first;
  B second;

  template <class... X>
  requires LossOf<A, X...> && LossOf<B, X...> Var operator()(const X&... arguments) const {
    const Var a = first(arguments...);
    const Var b = second(arguments...);
    detail::require_same_values(a, b);
    return a + b;
  }
  XGRAD_MEMBER_FIELDS(Sum, first, second)
};

/// The values of a loss times a factor, which may be a trainable Var. What `0.7 * l` gives.
template <class L>
struct [[nodiscard]] Scaled {
  Var factor;
  L loss;

  template <class... X>
  requires LossOf<L, X...> Var operator()(const X&... arguments) const {
    return detail::scaled(factor, loss(arguments...));
  }
  XGRAD_MEMBER_FIELDS(Scaled, factor, loss)
};

/// Losses of your own are combined the same way: with `using xgrad::loss::operator+, xgrad::loss::operator*`, if no
/// operand is of the catalogue.
template <Loss A, Loss B>
Sum<A, B> operator+(A a, B b) {
  return {std::move(a), std::move(b)};
}
template <Loss L, class F>
requires std::same_as<F, Var> || std::is_arithmetic_v<F> Scaled<L>
operator*(const F& factor, L loss) { return {Var(factor), std::move(loss)}; }
template <Loss L, class F>
requires std::same_as<F, Var> || std::is_arithmetic_v<F> Scaled<L>
operator*(L loss, const F& factor) { return {Var(factor), std::move(loss)}; }

}  // namespace xgrad::loss

#pragma GCC visibility pop
