// What a model consists of, as text.
#pragma once

#include <optional>
#include <string>
#include <type_traits>

#include <xgrad/core/dtype.hpp>
#include <xgrad/core/shape.hpp>
#include <xgrad/nn/layer.hpp>
#include <xgrad/nn/outline.hpp>
#include <xgrad/tree/tree.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::nn {
namespace detail {

std::string summary_of_arrays(const std::vector<std::string>& paths, const std::vector<Var>& arrays,
                              const std::vector<char>& trained);
std::string summary_of(const Outline& outline);
/// The element type of what a net is called with, if nobody says: that of its first floating-point array, or float32.
DType usual_input(const std::vector<Var>& arrays);

}  // namespace detail

/// The arrays of a model, in lines of 80 characters: paths, shapes, element types, how many numbers and how much
/// memory; and how many of these are trained, and how many are state.
template <tree::Tree T>
[[nodiscard]] std::string summary(const T& model) {
  return detail::summary_of_arrays(tree::array_paths(model), tree::arrays(model), tree::detail::leaf_flags(model));
}

/// The same of a layer or a net, with the shape that it makes of an input; of nets that consist of layers (Sequential,
/// Net, Mlp, Residual, LeNet5, blocks of residual nets, Transformers and others with a member `outline`) with that of
/// each layer:
///
///     std::cout << nn::summary(net, {128, 784});
///
/// Nothing is computed.
/// \param dtype  of the input; none: that of the first array of the net, or float32.
/// \throws ShapeError, TypeError, ValueError  naming the layer, if one does not take what the one before it makes, or
///                                            has settings that are none.
template <class T>
requires Layer<T>
[[nodiscard]] std::string summary(const T& model, const Shape& input, std::optional<DType> dtype = {}) {
  std::vector<Var> arrays;
  if constexpr (tree::Tree<T>) arrays = tree::arrays(model);
  detail::Outline outline(input, dtype ? *dtype : detail::usual_input(arrays));
  outline.content(model);
  return detail::summary_of(outline);
}

}  // namespace xgrad::nn

#pragma GCC visibility pop
