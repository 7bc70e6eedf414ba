// Nets of layers whose types are known when the program is compiled.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include <xgrad/nn/differing.hpp>
#include <xgrad/nn/layer.hpp>
#include <xgrad/nn/outline.hpp>
#include <xgrad/tree/fields.hpp>
#include <xgrad/tree/statics.hpp>
#include <xgrad/tree/tree.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::nn {

namespace detail {

/// A layer that is a tree, or a function that holds nothing that a tree could not carry along.
template <class L>
concept Part = Layer<L> &&(tree::Tree<L> || tree::is_static<L>);

/// \throws ShapeError  unless what is added has the shape of what it is added to.
Var added(const Var& x, const Var& branch);

}  // namespace detail

/// One layer after the other, and functions between them: see sequential(). Its arrays have torch's names, "0.weight",
/// by the numbers of the layers. In training each layer gets its part of the key, `training.part(i)`.
template <class... L>
struct Sequential {
  static_assert((detail::Part<L> && ...),
                "Sequential: a layer is a tree with a call operator from a Var to a Var, or a lambda that captures "
                "nothing: compile() compares what is static in trees, and cannot look into a capture");

  std::tuple<L...> layers;

  Var operator()(const Var& x) const {
    Var y = x;
    std::apply([&](const L&... layer) { ((y = layer(y)), ...); }, layers);
    return y;
  }
  Var operator()(const Var& x, const Training& training) {
    Var y = x;
    std::int64_t number = 0;
    std::apply([&](L&... layer) { ((y = train(layer, y, training.part(number++))), ...); }, layers);
    return y;
  }

  void visit(const tree::detail::Visitor<Var>& visitor) { tree::detail::visit(layers, visitor); }
  void visit(const tree::detail::Visitor<const Var>& visitor) const { tree::detail::visit(layers, visitor); }
  [[nodiscard]] bool same_statics(const Sequential& other, std::string* where) const {
    return tree::detail::same_statics(layers, other.layers, where);
  }
  void differing(detail::Differing& walk) const { walk.look(layers); }
  void outline(detail::Outline& outline) const {
    std::size_t number = 0;
    std::apply([&](const L&... layer) { (outline.part(number++, layer), ...); }, layers);
  }
};

template <class... L>
std::ostream& operator<<(std::ostream& out, const Sequential<L...>& net) {
  return tree::detail::print(out, net);
}

/// A net of layers:
///
///     auto net = nn::sequential(nn::linear(key.fold_in(0), 784, 128), nn::Activate{nn::Activation::Gelu},
///                               nn::Dropout{0.1}, [](const xg::Var& x) { return x / 2.0; },
///                               nn::linear(key.fold_in(1), 128, 10));
template <class... L>
[[nodiscard]] Sequential<L...> sequential(L... layers) {
  return {std::tuple<L...>(std::move(layers)...)};
}

/// x itself: the projection of a Residual that has none.
struct Identity {
  Var operator()(const Var& x) const { return x; }
};
XGRAD_FIELDS(Identity)

/// x + f(x), or p(x) + f(x) with a projection p where f changes the shape. In training the layer gets
/// `training.part(0)`, the projection `training.part(1)`.
/// \source K. He et al., Deep Residual Learning for Image Recognition, 2016.
template <class F, class P = Identity>
struct Residual {
  static_assert(detail::Part<F> && detail::Part<P>,
                "Residual: a layer is a tree with a call operator from a Var to a Var, or a lambda that captures "
                "nothing");

  F inner;
  P projection;

  /// \throws ShapeError  if the shapes of the two differ: nothing broadcasts.
  Var operator()(const Var& x) const { return detail::added(projection(x), inner(x)); }
  Var operator()(const Var& x, const Training& training) {
    const Var branch = train(inner, x, training.part(0));
    return detail::added(train(projection, x, training.part(1)), branch);
  }

  XGRAD_MEMBER_FIELDS(Residual, inner, projection)

  void outline(detail::Outline& outline) const {
    const Var x = outline.x();
    outline.part("inner", inner);
    const Var branch = outline.x();
    outline.x(x);
    if constexpr (!std::is_same_v<P, Identity>) outline.part("projection", projection);
    outline.x(detail::added(outline.x(), branch));
  }
};

template <class F, class P = Identity>
[[nodiscard]] Residual<F, P> residual(F inner, P projection = {}) {
  return {std::move(inner), std::move(projection)};
}

}  // namespace xgrad::nn

#pragma GCC visibility pop
