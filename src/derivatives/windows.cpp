// Derivatives and batches of convolutions.
#include "primitives/windows.hpp"

#include <algorithm>
#include <vector>

#include "batching.hpp"
#include "node_context.hpp"
#include "ops/convolve.hpp"
#include "ops/internal.hpp"

namespace xgrad::primitives {

using derivatives::BatchContext;
using derivatives::NodeContext;

namespace {

/// The cotangent takes the place of the result, and what is asked for that of the cotangent.
Var with_roles_changed(const NodeContext& context, std::size_t input, const Var& cotangent) {
  const ConvolutionRole result = role_of_result(context.attributes());
  std::array<Var, 3> arrays;
  arrays[static_cast<std::size_t>(result)] = cotangent;
  arrays[static_cast<std::size_t>(role_of_input(result, 1 - input))] = context.input(1 - input);
  return detail::convolved(role_of_input(result, input), arrays, context.input(input).shape(),
                           detail::WindowMotion(context.attributes()));
}

// ---- batches

/// The axes of an array with its batch, of which the second or the first two are cut: x [batch, n, groups, c], the
/// kernel [batch, groups, o, c], y [batch, n, groups, o], and the places behind them. `order` says how they are laid
/// out for one convolution of all; the first `leading` of them become one axis, the others a second.
struct Layout {
  std::array<std::size_t, 4> order;
  std::size_t leading;
};

/// What is the same for all decides which axis takes the batch: nothing (a group for each), x (the channels o), the
/// kernel (the axis n), y (the channels c).
enum class Same : std::uint8_t { Input, Kernel, Output, Nothing };

constexpr std::array<std::array<Layout, 3>, 4> layouts{{
    {{{{0, 1, 2, 3}, 2}, {{1, 0, 2, 3}, 3}, {{1, 2, 0, 3}, 1}}},
    {{{{0, 1, 2, 3}, 2}, {{0, 1, 2, 3}, 3}, {{0, 1, 2, 3}, 2}}},
    {{{{1, 2, 0, 3}, 1}, {{1, 2, 0, 3}, 2}, {{0, 1, 2, 3}, 2}}},
    {{{{1, 0, 2, 3}, 1}, {{0, 1, 2, 3}, 3}, {{1, 0, 2, 3}, 1}}},
}};

Same same_for_all(const BatchContext& context, ConvolutionRole result) {
  for (std::size_t k = 0; k < 2; ++k) {
    if (!context.batched(k)) return static_cast<Same>(role_of_input(result, k));
  }
  return Same::Nothing;
}

/// The extents of a batch of arrays with groups as an axis.
Shape cut(ConvolutionRole role, const Shape& batch, std::size_t groups) {
  const std::size_t axis = role == ConvolutionRole::Kernel ? 1 : 2;
  Shape shape = batch;
  shape[axis] /= groups;
  shape.insert(axis, groups);
  return shape;
}

Shape whole_order(const Layout& layout, std::size_t rank) {
  Shape order(layout.order.begin(), layout.order.end());
  for (std::size_t i = 4; i < rank; ++i) order.push_back(i);
  return order;
}

Shape in_order(const Shape& shape, const Shape& order) {
  Shape result;
  for (const std::size_t axis : order) result.push_back(shape[axis]);
  return result;
}

/// The first axes as two.
Shape joined(const Shape& shape, std::size_t leading) {
  Shape result(2, 1);
  for (std::size_t i = 0; i < 4; ++i) result[i < leading ? 0 : 1] *= shape[i];
  for (std::size_t i = 4; i < shape.size(); ++i) result.push_back(shape[i]);
  return result;
}

Var laid_out(ConvolutionRole role, const Var& batch, const Layout& layout, std::size_t groups) {
  const Var apart = reshape(batch, Strides(cut(role, batch.shape(), groups)));
  const Var ordered = detail::permuted(apart, whole_order(layout, apart.dimension()));
  return reshape(ordered, Strides(joined(ordered.shape(), layout.leading)));
}

}  // namespace

Var Convolution::vjp(const NodeContext& context, std::size_t input, const Var& cotangent) {
  return with_roles_changed(context, input, cotangent);
}

Var Convolution::jvp(const NodeContext& context, std::span<const Var> tangents) {
  const ConvolutionRole role = role_of_result(context.attributes());
  Var result;
  for (std::size_t k = 0; k < 2; ++k) {
    if (!tangents[k].defined()) continue;
    std::array<Var, 3> arrays;
    arrays[static_cast<std::size_t>(role_of_input(role, k))] = tangents[k];
    arrays[static_cast<std::size_t>(role_of_input(role, 1 - k))] = context.input(1 - k);
    const Var term =
        detail::convolved(role, arrays, context.output().shape(), detail::WindowMotion(context.attributes()));
    result = result.defined() ? result + term : term;
  }
  return result;
}

/// One convolution of all.
Var Convolution::batch(const BatchContext& context) {
  if (context.extent == 0) {
    const Var& nothing = context.batched(0) ? context.batches[0] : context.batches[1];
    return reshape(nothing, Strides(context.shape()));
  }
  const ConvolutionRole role = role_of_result(context.attributes());
  const Same same = same_for_all(context, role);
  const std::array<Layout, 3>& of_roles = layouts[static_cast<std::size_t>(same)];
  detail::WindowMotion motion(context.attributes());
  const std::size_t groups = motion.groups;
  std::array<Var, 3> arrays;
  for (std::size_t k = 0; k < 2; ++k) {
    const ConvolutionRole of_input = role_of_input(role, k);
    const auto at = static_cast<std::size_t>(of_input);
    arrays[at] = context.batched(k) ? laid_out(of_input, context.batches[k], of_roles[at], groups) : context.input(k);
  }
  if (same == Same::Nothing) motion.groups *= context.extent;
  const Layout& layout = of_roles[static_cast<std::size_t>(role)];
  const Shape apart = cut(role, context.shape(), groups);
  const Shape order = whole_order(layout, apart.size());
  const Shape ordered = in_order(apart, order);
  const Var all = detail::convolved(role, arrays, joined(ordered, layout.leading), motion);
  Shape inverse(order.size(), 0);
  for (std::size_t i = 0; i < order.size(); ++i) inverse[order[i]] = i;
  return reshape(detail::permuted(reshape(all, Strides(ordered)), inverse), Strides(context.shape()));
}

}  // namespace xgrad::primitives
