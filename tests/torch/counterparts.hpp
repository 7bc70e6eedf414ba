// For each row of the table of operations, by its key, the same in libtorch.
#pragma once

#include <ATen/ATen.h>
#include <ATen/TensorIndexing.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "counterparts_contractions.hpp"
#include "counterparts_functions.hpp"
#include "counterparts_linalg.hpp"
#include "counterparts_sequences.hpp"
#include "counterparts_shapes.hpp"
#include "counterparts_statistics.hpp"
#include "counterparts_windows.hpp"

namespace libtorch {

using Axes = std::vector<std::int64_t>;

// ---- element by element

inline void add_unary(Counterparts& table) {
  using Unary = Tensor (*)(const Tensor&);
  const auto add = [&](const std::string& key, Unary f) { table[key] = [f](const Tensors& x) { return f(x[0]); }; };
  add("negate", at::neg);
  add("positive", [](const Tensor& x) { return x.clone(); });
  add("square", at::square);
  add("sqrt", at::sqrt);
  add("exp", at::exp);
  add("expm1", at::expm1);
  add("log", at::log);
  add("log1p", at::log1p);
  add("sin", at::sin);
  add("cos", at::cos);
  add("tan", at::tan);
  add("atan", at::atan);
  add("sinh", at::sinh);
  add("cosh", at::cosh);
  add("tanh", at::tanh);
  add("log_cosh", [](const Tensor& x) { return x.abs() + at::softplus(-2 * x.abs(), 1, 50) - std::log(2.0); });
  add("erf", at::erf);
  add("sigmoid", at::sigmoid);
  // Beyond its threshold, 20 by default, libtorch takes softplus(x) = x, which is not exact to 1e-10 there.
  add("softplus", [](const Tensor& x) { return at::softplus(x, 1, 50); });
  for (const std::string variant : {"", ".signs"}) {
    add("abs" + variant, at::abs);
    add("sign" + variant, at::sign);
    add("relu" + variant, at::relu);
  }
  add("cast.float32", [](const Tensor& x) { return x.to(at::kFloat); });
  add("stop_gradient", [](const Tensor& x) { return x * x.sign().detach(); });
  add("full_like", [](const Tensor& x) { return x.square() * at::full_like(x, 3.0) + at::ones_like(x); });
  add("grad.nested",
      [](const Tensor& x) { return torch::autograd::grad({(x * x * x).sum()}, {x}, {}, true, true)[0]; });
  add("clip.scalars", [](const Tensor& x) { return at::clamp(x, -1, 1.5); });
}

inline void add_binary(Counterparts& table) {
  table["add"] = [](const Tensors& x) { return x[0] + x[1]; };
  table["subtract"] = [](const Tensors& x) { return x[0] - x[1]; };
  table["multiply"] = [](const Tensors& x) { return x[0] * x[1]; };
  table["divide"] = [](const Tensors& x) { return x[0] / x[1]; };
  table["hypot"] = [](const Tensors& x) { return at::hypot(x[0], x[1]); };
  table["pow"] = [](const Tensors& x) { return at::pow(x[0], x[1]); };
  table["pow.integers"] = table["pow"];
  table["logaddexp"] = [](const Tensors& x) { return at::logaddexp(x[0], x[1]); };
  table["maximum"] = [](const Tensors& x) { return at::maximum(x[0], x[1]); };
  table["minimum"] = [](const Tensors& x) { return at::minimum(x[0], x[1]); };
  table["add.scalar"] = [](const Tensors& x) { return 1.5 + (x[0] + 2); };
  table["subtract.scalar"] = [](const Tensors& x) { return 1.5 - (x[0] - 2); };
  table["multiply.scalar"] = [](const Tensors& x) { return 1.5 * (x[0] * 2); };
  table["divide.by_scalar"] = [](const Tensors& x) { return x[0] / 2.5; };
  table["divide.scalar"] = [](const Tensors& x) { return 2 / x[0]; };
  table["multiply.self"] = [](const Tensors& x) { return x[0] * x[0]; };
  table["divide.self"] = [](const Tensors& x) { return x[0] / x[0]; };
  table["maximum.self"] = [](const Tensors& x) { return at::maximum(x[0], x[0]) * at::minimum(x[0], x[0]); };
  table["pow.zero"] = [](const Tensors& x) { return at::pow(x[0], 0.0); };
  table["pow.one"] = [](const Tensors& x) { return at::pow(x[0], 1); };
  table["pow.two"] = [](const Tensors& x) { return at::pow(x[0], 2.0); };
  table["pow.three"] = [](const Tensors& x) { return at::pow(x[0], 3); };
  table["pow.half"] = [](const Tensors& x) { return at::pow(x[0], 0.5); };
  table["pow.inverse"] = [](const Tensors& x) { return at::pow(x[0], -1); };
  table["pow.of_two"] = [](const Tensors& x) { return at::pow(2.0, x[0]); };
  table["pow.self"] = [](const Tensors& x) { return at::pow(x[0], x[0]); };
  table["assign"] = [](const Tensors& x) { return ((x[0] + x[1]) * x[0] - x[1]) / x[1]; };
}

inline void add_choices(Counterparts& table) {
  table["where"] = [](const Tensors& x) { return at::where(x[0], x[1], x[2]); };
  // libtorch's `where` leaks NaN from the branch not taken, so there the argument needs a guard of its own.
  table["where.guards"] = [](const Tensors& x) {
    const Tensor positive = x[0] > 0.0;
    const Tensor guarded = at::where(positive, x[0], at::ones_like(x[0]));
    return at::where(positive, guarded.log() * guarded.sqrt(), x[0] * x[0]);
  };
  table["where.unguarded"] = [](const Tensors& x) { return at::where(x[0] > 0.0, x[0].sqrt(), -x[0]); };
  table["where.logic"] = [](const Tensors& x) {
    return at::where(at::logical_and(x[0] >= -1.0, x[0] <= 1.0), x[0].square(), 2.0 * x[0].abs() - 1.0);
  };
  table["clip"] = [](const Tensors& x) { return at::clamp(x[0], x[1], x[2]); };
}

// ---- reductions

inline Axes all_axes(const Tensor& x) {
  Axes axes;
  for (std::int64_t i = 0; i < x.dim(); ++i) axes.push_back(i);
  return axes.empty() ? Axes{0} : axes;
}

inline void add_reduction(Counterparts& table, const std::string& key, Tensor (*f)(const Tensor&, Axes, bool)) {
  const auto add = [&](const std::string& variant, const Axes& axes, bool keep) {
    table[key + variant] = [=](const Tensors& x) { return f(x[0], axes.empty() ? all_axes(x[0]) : axes, keep); };
  };
  add("", {}, false);
  add(".keep_dims", {}, true);
  add(".axis", {0}, false);
  add(".last_axis", {-1}, false);
  add(".axis_keep_dims", {1}, true);
  add(".axes", {0, -1}, false);
  add(".axes_keep_dims", {2, 0}, true);
}

/// libtorch multiplies along one axis only.
inline Tensor prod(const Tensor& x, Axes axes, bool keep) {
  Tensor result = x;
  for (const std::int64_t axis : axes) result = at::prod(result, axis, true);
  for (std::int64_t& axis : axes) axis = axis < 0 ? axis + x.dim() : axis;
  std::sort(axes.rbegin(), axes.rend());
  for (const std::int64_t axis : axes) {
    if (!keep && x.dim() > 0) result = result.squeeze(axis);
  }
  return result;
}

/// libtorch's softmax is along one axis only: the axes become the last one.
inline Tensor along_axes(Tensor (*f)(const Tensor&), const Tensor& x, const Axes& axes) {
  Axes order;
  for (std::int64_t i = 0; i < x.dim(); ++i) {
    if (std::find(axes.begin(), axes.end(), i) == axes.end()) order.push_back(i);
  }
  const auto outer = static_cast<std::int64_t>(order.size());
  order.insert(order.end(), axes.begin(), axes.end());
  Axes inverse(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) inverse[static_cast<std::size_t>(order[i])] = static_cast<long>(i);
  const Tensor last = x.permute(order);
  return f(last.flatten(outer)).reshape(last.sizes()).permute(inverse);
}

inline void add_along(Counterparts& table, const std::string& key, Tensor (*f)(const Tensor&)) {
  table[key] = [f](const Tensors& x) { return f(x[0]); };
  table[key + ".axis"] = [f](const Tensors& x) { return f(x[0].transpose(0, -1)).transpose(0, -1); };
  table[key + ".axes"] = [f](const Tensors& x) { return along_axes(f, x[0], {0, 2}); };
  table[key + ".all"] = [f](const Tensors& x) { return along_axes(f, x[0], all_axes(x[0])); };
}

inline void add_reductions(Counterparts& table) {
  add_reduction(table, "sum", [](const Tensor& x, Axes axes, bool keep) { return at::sum(x, axes, keep); });
  add_reduction(table, "mean", [](const Tensor& x, Axes axes, bool keep) { return at::mean(x, axes, keep); });
  add_reduction(table, "prod", prod);
  table["prod"] = [](const Tensors& x) { return at::prod(x[0]); };
  table["prod.zeros"] = [](const Tensors& x) { return at::prod(x[0], 1); };
  add_reduction(table, "amax", [](const Tensor& x, Axes axes, bool keep) { return at::amax(x, axes, keep); });
  add_reduction(table, "amin", [](const Tensor& x, Axes axes, bool keep) { return at::amin(x, axes, keep); });
  add_reduction(table, "variance",
                [](const Tensor& x, Axes axes, bool keep) { return at::var(x, axes, /*unbiased=*/false, keep); });
  add_reduction(table, "norm",
                [](const Tensor& x, Axes axes, bool keep) { return at::linalg_vector_norm(x, 2, axes, keep); });
  add_reduction(table, "logsumexp", [](const Tensor& x, Axes axes, bool keep) { return at::logsumexp(x, axes, keep); });
  table["sum.no_axes"] = [](const Tensors& x) { return x[0] * x[0]; };
  add_along(table, "softmax", [](const Tensor& x) { return at::softmax(x, -1); });
  add_along(table, "log_softmax", [](const Tensor& x) { return at::log_softmax(x, -1); });
}

// ---- rearrangement, choice of elements

/// The given places along an axis; libtorch has no slices with negative steps.
inline Tensor pick(const Tensor& x, std::int64_t axis, const Axes& places) {
  return at::index_select(x, axis, at::tensor(places, at::kLong));
}

inline void add_manipulations(Counterparts& table) {
  using Unary = Tensor (*)(const Tensor&);
  const auto add = [&](const std::string& key, Unary f) { table[key] = [f](const Tensors& x) { return f(x[0]); }; };
  add("reshape", [](const Tensor& x) { return x.reshape({3, -1}); });
  add("reshape.transposed", [](const Tensor& x) { return x.t().reshape({6}); });
  add("reshape.to_scalar", [](const Tensor& x) { return x.reshape(at::IntArrayRef()); });
  add("flatten", [](const Tensor& x) { return x.flatten(); });
  add("flatten.strided", [](const Tensor& x) { return x.t().slice(0, 0, x.size(1), 2).flatten(); });
  add("transpose", [](const Tensor& x) {
    Axes axes = all_axes(x);
    std::reverse(axes.begin(), axes.end());
    return x.permute(axes);
  });
  add("transpose.permutation", [](const Tensor& x) { return x.permute({1, -1, 0}); });
  add("expand_dims", [](const Tensor& x) { return x.unsqueeze(1); });
  add("expand_dims.last", [](const Tensor& x) { return x.unsqueeze(-1); });
  add("squeeze", [](const Tensor& x) { return x.squeeze(); });
  add("squeeze.axis", [](const Tensor& x) { return x.squeeze(-2); });
  add("squeeze.axes", [](const Tensor& x) { return x.squeeze(2).squeeze(0); });
  add("broadcast_to", [](const Tensor& x) { return x.expand({2, 3}); });
  table["concatenate"] = [](const Tensors& x) { return at::cat({x[0], x[1], x[2]}); };
  table["concatenate.axis"] = [](const Tensors& x) { return at::cat({x[0], x[1]}, -1); };
  add("concatenate.self", [](const Tensor& x) { return at::cat({x, x.t(), x}, 1); });
  add("concatenate.one", [](const Tensor& x) { return at::cat({x}); });
  table["stack"] = [](const Tensors& x) { return at::stack({x[0], x[1]}); };
  table["stack.last_axis"] = [](const Tensors& x) { return at::stack({x[0], x[1], x[0]}, -1); };

  using at::indexing::None;
  using at::indexing::Slice;
  add("view.index", [](const Tensor& x) { return x.index({1, -1}); });
  add("view.row", [](const Tensor& x) { return x.index({-2}); });
  add("view.column", [](const Tensor& x) { return x.index({Slice(), 2}); });
  add("view.range", [](const Tensor& x) { return x.index({Slice(1, 3), Slice(0, 4, 3)}); });
  add("view.reverse", [](const Tensor& x) { return pick(x.flip(0), 1, {3, 1}); });
  add("view.placeholders", [](const Tensor& x) { return x.index({Slice(None, 2), Slice(-3, None)}); });
  add("view.newaxis", [](const Tensor& x) { return x.index({None, 1, None, Slice()}); });
  add("view.ellipsis", [](const Tensor& x) { return x.select(-1, 1); });
  add("view.keep", [](const Tensor& x) { return pick(x, 0, {2, 0, 2}).slice(1, 1, 3); });
  add("view.drop", [](const Tensor& x) { return pick(pick(x, 0, {0, 2}), 1, {1, 3}); });
  add("view.strided", [](const Tensor& x) { return x.t().slice(0, 0, x.size(1), 2).select(0, 1).flip(0); });
  add("view.pieces", [](const Tensor& x) { return x.slice(0, 1, 3) * x.slice(0, 0, 1).square(); });
  add("view.pieces_with_gap", [](const Tensor& x) { return x.select(0, 0) * x.select(0, 2).exp(); });
  add("view.pieces_of_two_axes", [](const Tensor& x) {
    return (x.slice(0, 0, 1).square() * x.slice(0, 1, 2)).sum() + (x.slice(1, 0, 1).square() * x.slice(1, 1, 2)).sum();
  });
  add("view.overlapping", [](const Tensor& x) { return x.slice(0, 0, -1) * x.slice(0, 1); });
}

/// libtorch's index_select and take_along_dim refuse negative indices.
inline Tensor from_front(const Tensor& indices, std::int64_t extent) { return at::remainder(indices, extent); }

inline Counterpart take_axis(std::int64_t axis) {
  return [axis](const Tensors& x) {
    const std::int64_t along = axis < 0 ? axis + x[0].dim() : axis;
    Axes shape = x[0].sizes().vec();
    const Tensor indices = from_front(x[1], shape[static_cast<std::size_t>(along)]);
    const auto place = shape.erase(shape.begin() + along);
    shape.insert(place, x[1].sizes().begin(), x[1].sizes().end());
    return at::index_select(x[0], along, indices.flatten()).reshape(shape);
  };
}

inline Counterpart take_along(std::int64_t axis) {
  return [axis](const Tensors& x) { return at::take_along_dim(x[0], from_front(x[1], x[0].size(axis)), axis); };
}

inline void add_indexing(Counterparts& table) {
  table["take"] = [](const Tensors& x) { return at::take(x[0], x[1]); };
  table["take.axis"] = take_axis(0);
  table["take.last_axis"] = take_axis(-1);
  table["take_along_axis"] = take_along(1);
  table["take_along_axis.first"] = take_along(0);
  table["take_along_axis.broadcast"] = take_along(-1);
  table["take_along_axis.argmax"] = [](const Tensors& x) { return std::get<0>(at::max(x[0], 1, true)); };
  table["one_hot.cross_entropy"] = [](const Tensors& x) {
    return at::nll_loss(at::log_softmax(x[0], -1), x[1], {}, at::Reduction::None);
  };
}

inline void add_products(Counterparts& table) {
  table["matmul"] = [](const Tensors& x) { return at::matmul(x[0], x[1]); };
  table["matmul.transposed"] = [](const Tensors& x) { return at::matmul(x[0].t(), x[1].t()); };
  table["matmul.self"] = [](const Tensors& x) { return at::matmul(x[0], x[0]); };
  table["matmul.gram"] = [](const Tensors& x) { return at::matmul(x[0], x[0].t()); };
  table["dot"] = [](const Tensors& x) {
    if (x[0].dim() == 0 || x[1].dim() == 0) return x[0] * x[1];
    return at::tensordot(x[0], x[1], {-1}, {x[1].dim() == 1 ? 0 : -2});
  };
  table["outer"] = [](const Tensors& x) { return at::outer(x[0].flatten(), x[1].flatten()); };
}

// ---- without derivative

inline void add_values(Counterparts& table) {
  using Binary = Tensor (*)(const Tensor&, const Tensor&);
  const auto add = [&](const std::string& key, Binary f) {
    table[key] = table[key + ".name"] = [f](const Tensors& x) { return f(x[0], x[1]); };
  };
  add("less", at::lt);
  add("less_equal", at::le);
  add("greater", at::gt);
  add("greater_equal", at::ge);
  table["equal"] = [](const Tensors& x) { return at::eq(x[0], x[1]); };
  table["not_equal"] = [](const Tensors& x) { return at::ne(x[0], x[1]); };
  table["logical_and"] = [](const Tensors& x) { return at::logical_and(x[0], x[1]); };
  table["logical_or"] = [](const Tensors& x) { return at::logical_or(x[0], x[1]); };
  table["logical_not"] = [](const Tensors& x) { return at::logical_not(x[0]); };
  table["cast.bool"] = [](const Tensors& x) { return x[0].to(at::kBool); };
  table["cast.int64"] = [](const Tensors& x) { return x[0].to(at::kLong); };
  table["argmax"] = [](const Tensors& x) { return at::argmax(x[0]); };
  table["argmax.axis"] = [](const Tensors& x) { return at::argmax(x[0], 0); };
  table["argmax.axis_keep_dims"] = [](const Tensors& x) { return at::argmax(x[0], -1, true); };
  table["one_hot"] = [](const Tensors& x) { return at::one_hot(x[0], 4).to(at::kDouble); };
  table["zeros_like"] = [](const Tensors& x) { return at::zeros_like(x[0]); };
}

// ---- in order, and at places

inline void add_order(Counterparts& table) {
  const auto add = [&](const std::string& key, Tensor (*f)(const Tensor&)) {
    table[key] = [f](const Tensors& x) { return f(x[0]); };
  };
  for (const std::string variant : {"", ".negative"}) add("lgamma" + variant, at::lgamma);
  add("digamma", at::digamma);
  add("roll", [](const Tensor& x) { return x.dim() == 0 ? x : at::roll(x, {1}, {}); });
  add("roll.axis", [](const Tensor& x) { return at::roll(x, {-4}, {1}) * at::roll(x, {2}, {0}); });
  add("roll.strided", [](const Tensor& x) { return at::roll(x.t().slice(0, 0, x.size(1), 2), {1}, {-1}); });
  add("roll.transposed", [](const Tensor& x) { return at::roll(x.t(), {5}, {0}); });
  add("polygamma", [](const Tensor& x) { return at::polygamma(2, x); });
  add("argsort", [](const Tensor& x) { return at::argsort(x, std::int64_t{-1}, false); });
  add("argsort.descending", [](const Tensor& x) { return at::argsort(x, std::int64_t{0}, true); });
  add("sort", [](const Tensor& x) { return std::get<0>(at::sort(x, -1)); });
  add("sort.axis", [](const Tensor& x) { return std::get<0>(at::sort(x, 0, true)); });
  add("host_call", [](const Tensor& x) { return 2 * x.pow(4); });
  add("scan", [](const Tensor& x) {
    Tensor h = x.select(0, 0) * 0.5;
    std::vector<Tensor> all;
    for (std::int64_t i = 0; i < x.size(0); ++i) {
      h = at::sin(h + x.select(0, i) * x.select(0, i));
      all.push_back(h * x.select(0, i));
    }
    return at::stack(all) + h;
  });
  add("cumprod", [](const Tensor& x) { return at::cumprod(x, -1); });
  add("cumprod.axis", [](const Tensor& x) { return at::cumprod(x, 0); });
  add("cummax", [](const Tensor& x) { return std::get<0>(at::cummax(x, -1)); });
  add("cummax.axis", [](const Tensor& x) { return std::get<0>(at::cummax(x, 0)); });
  add("cummin", [](const Tensor& x) { return std::get<0>(at::cummin(x, -1)); });
  add("cummin.axis", [](const Tensor& x) { return std::get<0>(at::cummin(x, 0)); });
  add("cond", [](const Tensor& x) { return x.sum().item<double>() > 0.1 ? at::sin(x) * x.sum() : at::exp(0.5 * x); });
  add("while_loop", [](const Tensor& x) {
    Tensor c = (x * 3.0).to(at::kLong);
    while (c.sum().item<std::int64_t>() < 25) c = c + 1;
    return c;
  });
  add("top_k", [](const Tensor& x) { return std::get<0>(at::topk(x, 2)); });
  add("top_k.axis", [](const Tensor& x) { return std::get<0>(at::topk(x, 1, 0, false)); });
  add("top_k.few", [](const Tensor& x) { return std::get<0>(at::topk(x, 1)); });
  add("top_k.places", [](const Tensor& x) { return std::get<1>(at::topk(x, 2)); });
  add("cumsum", [](const Tensor& x) { return at::cumsum(x, -1); });
  add("cumsum.axis", [](const Tensor& x) { return at::cumsum(x, 0); });
  add("cumsum.backward", [](const Tensor& x) { return at::flip(at::cumsum(at::flip(x, {1}), 1), {1}); });
  add("logcumsumexp", [](const Tensor& x) { return at::logcumsumexp(x, -1); });
  add("logcumsumexp.backward", [](const Tensor& x) { return at::flip(at::logcumsumexp(at::flip(x, {0}), 0), {0}); });
  table["scatter_add"] = [](const Tensors& x) {
    Axes shape = x[0].sizes().vec();
    shape[0] = 4;
    return at::index_add(at::zeros(shape, x[0].options()), 0, at::remainder(x[1], 4), x[0]);
  };
  table["scatter_add.last_axis"] = [](const Tensors& x) {
    return at::index_add(at::zeros({x[0].size(0), 2}, x[0].options()), 1, x[1], x[0]);
  };
  table["scatter_add_along_axis"] = [](const Tensors& x) {
    return at::scatter_add(at::zeros({x[0].size(0), 3}, x[0].options()), 1, x[1], x[0]);
  };
}

inline Counterparts make_counterparts() {
  Counterparts table;
  add_unary(table);
  add_binary(table);
  add_choices(table);
  add_reductions(table);
  add_manipulations(table);
  add_indexing(table);
  add_products(table);
  add_contractions(table);
  add_windows(table);
  add_order(table);
  add_values(table);
  add_shapes(table);
  add_statistics(table);
  add_inverse_functions(table);
  add_rounding(table);
  add_special(table);
  add_activations(table);
  add_linalg(table);
  sequences::add_sequences(table);
  return table;
}

}  // namespace libtorch
