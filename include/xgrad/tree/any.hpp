// A tree of a type that is known at run time only.
#pragma once

#include <concepts>
#include <memory>
#include <string>
#include <type_traits>
#include <typeinfo>
#include <utility>

#include <xgrad/tree/statics.hpp>
#include <xgrad/tree/tree.hpp>

#pragma GCC visibility push(default)

namespace xgrad::tree {

/// Holds any tree and is one, with the same leaves, paths and state: lists of different layers, models put together at
/// run time. It is copied with what it holds, as all trees are; an empty one has no leaves.
///
///     std::vector<xg::tree::AnyTree> layers{xg::tree::AnyTree(first), xg::tree::AnyTree(second)};
///     const Dense& dense = layers[0].as<Dense>();
class AnyTree {
 public:
  AnyTree() = default;
  template <Tree T>
  requires(!std::same_as<T, AnyTree>)  //
      explicit AnyTree(T tree)
      : held_(std::make_unique<Held<T>>(std::move(tree))) {}
  AnyTree(const AnyTree& other) : held_(other.held_ ? other.held_->copy() : nullptr) {}
  AnyTree(AnyTree&&) noexcept = default;
  AnyTree& operator=(const AnyTree& other) {
    if (this != &other) held_ = other.held_ ? other.held_->copy() : nullptr;
    return *this;
  }
  AnyTree& operator=(AnyTree&&) noexcept = default;
  ~AnyTree() = default;

  [[nodiscard]] bool empty() const noexcept { return held_ == nullptr; }
  /// The type of the tree that is held; `typeid(void)` if there is none.
  [[nodiscard]] const std::type_info& type() const noexcept { return held_ ? held_->type() : typeid(void); }
  /// The tree that is held.
  /// \throws TypeError  if it is of another type, or there is none.
  template <Tree T>
  [[nodiscard]] const T& as() const {
    if (type() != typeid(T)) detail::throw_other_tree(type(), typeid(T));
    return static_cast<const Held<T>&>(*held_).tree;
  }
  template <Tree T>
  [[nodiscard]] T& as() {
    return const_cast<T&>(std::as_const(*this).template as<T>());
  }

  void visit(const detail::Visitor<Var>& visitor) {
    if (held_) held_->visit(visitor);
  }
  void visit(const detail::Visitor<const Var>& visitor) const {
    if (held_) std::as_const(*held_).visit(visitor);
  }
  [[nodiscard]] bool same_statics(const AnyTree& other, std::string* where) const {
    if (type() != other.type()) return false;
    return held_ == nullptr || held_->same_statics(*other.held_, where);
  }

 private:
  struct Any {
    Any() = default;
    Any(const Any&) = delete;
    Any& operator=(const Any&) = delete;
    virtual ~Any() = default;
    [[nodiscard]] virtual std::unique_ptr<Any> copy() const = 0;
    [[nodiscard]] virtual const std::type_info& type() const noexcept = 0;
    virtual void visit(const detail::Visitor<Var>& visitor) = 0;
    virtual void visit(const detail::Visitor<const Var>& visitor) const = 0;
    [[nodiscard]] virtual bool same_statics(const Any& other, std::string* where) const = 0;
  };

  template <class T>
  struct Held final : Any {
    T tree;
    explicit Held(T held) : tree(std::move(held)) {}
    [[nodiscard]] std::unique_ptr<Any> copy() const override { return std::make_unique<Held>(tree); }
    [[nodiscard]] const std::type_info& type() const noexcept override { return typeid(T); }
    void visit(const detail::Visitor<Var>& visitor) override { detail::visit(tree, visitor); }
    void visit(const detail::Visitor<const Var>& visitor) const override { detail::visit(tree, visitor); }
    [[nodiscard]] bool same_statics(const Any& other, std::string* where) const override {
      return detail::same_statics(tree, static_cast<const Held&>(other).tree, where);
    }
  };

  std::unique_ptr<Any> held_;
};

}  // namespace xgrad::tree

#pragma GCC visibility pop
