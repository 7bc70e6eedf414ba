// A walk through a net, layer by layer, for its summary.
#pragma once

#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <typeinfo>
#include <vector>

#include <xgrad/core/dtype.hpp>
#include <xgrad/core/function_of.hpp>
#include <xgrad/core/shape.hpp>
#include <xgrad/tape.hpp>
#include <xgrad/tree/tree.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::nn::detail {

/// The name of a type without namespaces and arguments; "function" for a lambda.
std::string kind_of(const std::type_info& type);

/// What a net is made of. Layers that consist of layers say so by a member `void outline(detail::Outline&) const`,
/// which calls `part` for each and hands the array on from one to the next; `std::string kind() const` is what a layer
/// is called, if that is not its type.
class Outline {
 public:
  struct Row {
    std::string path;
    std::string kind;  ///< of a layer; empty: of an array
    Shape shape;       ///< of the array, or of what the layer makes
    DType dtype = DType::Float32;
    bool trained = false;
  };

  /// \param input  what the net is called with: only its shape counts, nothing is computed.
  Outline(const Shape& input, DType dtype);

  /// What the next layer is called with.
  [[nodiscard]] const Var& x() const noexcept { return x_; }
  void x(const Var& next) { x_ = next; }

  template <class L>
  void part(std::string_view name, const L& layer) {
    auto enters = [&] { content(layer); };
    if constexpr (requires {
                    { layer.kind() } -> std::convertible_to<std::string>;
                  }) {
      enter(name, layer.kind(), xgrad::detail::FunctionOf<void>(enters));
    } else {
      enter(name, kind_of(typeid(L)), xgrad::detail::FunctionOf<void>(enters));
    }
  }
  template <class L>
  void part(std::size_t number, const L& layer) {
    part(std::to_string(number), layer);
  }
  /// A layer without a row of its own.
  template <class L>
  void content(const L& layer) {
    if constexpr (requires { layer.outline(*this); }) {
      layer.outline(*this);
    } else {
      if constexpr (tree::Tree<L>) {
        arrays(tree::array_paths(layer), tree::arrays(layer), tree::detail::leaf_flags(layer));
      }
      x_ = layer(x_);
    }
  }

  [[nodiscard]] const std::vector<Row>& rows() const noexcept { return rows_; }

 private:
  void enter(std::string_view name, std::string kind, xgrad::detail::FunctionOf<void> content);
  void arrays(std::span<const std::string> paths, std::span<const Var> all, std::span<const char> trained);

  Tape tape_;
  Var x_;
  std::string path_;
  std::vector<Row> rows_;
};

}  // namespace xgrad::nn::detail

#pragma GCC visibility pop
