// Layers of types that are known at run time only, and nets of them.
#pragma once

#include <concepts>
#include <iosfwd>
#include <string>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

#include <xgrad/nn/differing.hpp>
#include <xgrad/nn/layer.hpp>
#include <xgrad/nn/normalised.hpp>
#include <xgrad/nn/outline.hpp>
#include <xgrad/nn/sequential.hpp>
#include <xgrad/tree/any.hpp>
#include <xgrad/tree/tree.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::nn {

/// Holds any layer, and is one, with both call operators: `std::vector<nn::AnyLayer>` is a list of different layers.
/// It is copied with what it holds, and its arrays have the names that they have there.
class AnyLayer {
 public:
  template <class L>
  requires(!std::same_as<std::remove_cvref_t<L>, AnyLayer> && Layer<std::remove_cvref_t<L>>)  //
      AnyLayer(L&& layer)  // NOLINT(*-explicit-*,bugprone-forwarding-reference-overload): not for AnyLayer
      : tree_(Held<std::remove_cvref_t<L>>{std::forward<L>(layer)}), calls_(&calls_of<std::remove_cvref_t<L>>) {
    static_assert(detail::Part<std::remove_cvref_t<L>>,
                  "AnyLayer: a layer is a tree with a call operator from a Var to a Var, or a lambda that captures "
                  "nothing: compile() compares what is static in trees, and cannot look into a capture");
  }

  Var operator()(const Var& x) const { return calls_->run(held(), x); }
  Var operator()(const Var& x, const Training& training) { return calls_->train(held(), x, training); }

  /// The layer that is held, if it is of this type.
  /// \throws TypeError  if it is of another one.
  template <class L>
  [[nodiscard]] const L& as() const {
    require<L>();
    return held().as<Held<L>>().layer;
  }
  template <class L>
  [[nodiscard]] L& as() {
    require<L>();
    return held().as<Held<L>>().layer;
  }
  template <class L>
  [[nodiscard]] bool holds() const noexcept {
    return tree_.type() == typeid(Held<L>);
  }
  /// Its `weight`, which is normalised by WeightNorm and SpectralNorm.
  /// \throws TypeError  if it has none.
  [[nodiscard]] Var& weight() { return calls_->weight(held()); }
  /// What it is: "Linear".
  [[nodiscard]] std::string kind() const { return calls_->kind(held()); }

  void visit(const tree::detail::Visitor<Var>& visitor) { tree_.visit(visitor); }
  void visit(const tree::detail::Visitor<const Var>& visitor) const { tree_.visit(visitor); }
  [[nodiscard]] bool same_statics(const AnyLayer& other, std::string* where) const {
    return tree_.same_statics(other.tree_, where);
  }
  void outline(detail::Outline& outline) const { calls_->outline(held(), outline); }
  void differing(detail::Differing& walk) const { calls_->differing(held(), walk); }

 private:
  using AnyTree = tree::AnyTree;

  /// A layer as a tree, which a lambda is not by itself.
  template <class L>
  struct Held {
    L layer;
    void visit(const tree::detail::Visitor<Var>& visitor) { tree::detail::visit(layer, visitor); }
    void visit(const tree::detail::Visitor<const Var>& visitor) const { tree::detail::visit(layer, visitor); }
    [[nodiscard]] bool same_statics(const Held& other, std::string* where) const {
      return tree::detail::same_statics(layer, other.layer, where);
    }
  };

  /// What is done with a layer, by functions that know its type.
  struct Calls {
    Var (*run)(const AnyTree& tree, const Var& x);
    Var (*train)(AnyTree& tree, const Var& x, const Training& training);
    Var& (*weight)(AnyTree& tree);
    std::string (*kind)(const AnyTree& tree);
    void (*outline)(const AnyTree& tree, detail::Outline& outline);
    void (*differing)(const AnyTree& tree, detail::Differing& walk);
  };
  template <class L>
  static constexpr Calls calls_of{
      [](const AnyTree& tree, const Var& x) -> Var { return tree.as<Held<L>>().layer(x); },
      [](AnyTree& tree, const Var& x, const Training& training) -> Var {
        return nn::train(tree.as<Held<L>>().layer, x, training);
      },
      [](AnyTree& tree) -> Var& {
        if constexpr (detail::HasWeight<L>) return detail::weight_of(tree.as<Held<L>>().layer);
        else detail::throw_without_weight(detail::kind_of(typeid(L)));
      },
      [](const AnyTree& tree) {
        if constexpr (requires(const L& layer) { layer.kind(); }) return tree.as<Held<L>>().layer.kind();
        else return detail::kind_of(typeid(L));
      },
      [](const AnyTree& tree, detail::Outline& outline) { outline.content(tree.as<Held<L>>().layer); },
      [](const AnyTree& tree, detail::Differing& walk) { walk.look(tree.as<Held<L>>().layer); }};

  [[nodiscard]] const AnyTree& held() const {
    if (tree_.empty()) throw_moved();
    return tree_;
  }
  [[nodiscard]] AnyTree& held() {
    if (tree_.empty()) throw_moved();
    return tree_;
  }
  template <class L>
  void require() const {
    if (!holds<L>()) throw_other(kind(), detail::kind_of(typeid(L)));
  }
  [[noreturn]] static void throw_moved();
  [[noreturn]] static void throw_other(const std::string& held, const std::string& wanted);

  AnyTree tree_;
  const Calls* calls_;
};

/// One layer after the other, as Sequential, of types that are known at run time only: `nn::Net{{first, second}}`. Its
/// arrays have the names "0.weight", and in training each layer gets `training.part(i)`.
struct Net {
  std::vector<AnyLayer> layers;

  Var operator()(const Var& x) const;
  Var operator()(const Var& x, const Training& training);

  void visit(const tree::detail::Visitor<Var>& visitor) { tree::detail::visit(layers, visitor); }
  void visit(const tree::detail::Visitor<const Var>& visitor) const { tree::detail::visit(layers, visitor); }
  [[nodiscard]] bool same_statics(const Net& other, std::string* where) const {
    return tree::detail::same_statics(layers, other.layers, where);
  }
  void outline(detail::Outline& outline) const;
  void differing(detail::Differing& walk) const { walk.look(layers); }
};

std::ostream& operator<<(std::ostream& out, const AnyLayer& layer);
std::ostream& operator<<(std::ostream& out, const Net& net);

}  // namespace xgrad::nn

#pragma GCC visibility pop
