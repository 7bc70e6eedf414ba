#include <xgrad/transform/vmap.hpp>

#include <utility>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/manipulate.hpp>

#include "core/text.hpp"
#include "derivatives/sweep.hpp"
#include "ops/axes.hpp"
#include "var/record.hpp"

namespace xgrad::detail {
namespace {

/// The axis at another position, the others in their order.
Var moved(const Var& x, std::size_t from, std::size_t to) {
  if (from == to) return x;
  Shape order;
  for (std::size_t i = 0; i < x.dimension(); ++i) {
    if (i != from) order.push_back(i);
  }
  order.insert(to, from);
  return transpose(x, Axes(order));
}

void require_count(const std::string& name, const BatchAxis& axes, std::size_t arrays) {
  if (!axes.count() || *axes.count() == arrays) return;
  throw ValueError("vmap: leaf_axes() gives " + core::count_of(*axes.count(), "axis", "axes") + ", and " + name +
                   " has " + core::count_of(arrays, "array", "arrays"));
}

}  // namespace

Batch::Batch(Trace& trace, std::span<const Var> leaves, std::span<const std::size_t> counts, const BatchAxes& axes,
             const Paths& paths)
    : trace_(trace), values_were_forbidden_(trace.tape().values_forbidden()) {
  const auto fail = [&](std::size_t leaf, const std::string& requirement) {
    throw ShapeError("vmap: " + paths()[leaf] + " is " + describe(leaves[leaf]) + " and " + requirement);
  };
  if (!axes.in.empty() && axes.in.size() != counts.size()) {
    throw ValueError("vmap: " + std::to_string(axes.in.size()) + " axes are given for " +
                     std::to_string(counts.size()) + " arguments; there must be one for each, or xgrad::whole");
  }
  std::size_t leaf = 0;
  std::size_t first = leaves.size();
  for (std::size_t argument = 0; argument < counts.size(); ++argument) {
    const BatchAxis axis_of_arrays = axes.in.empty() ? BatchAxis(0) : axes.in[argument];
    const std::string name = "argument " + std::to_string(argument);
    require_count(name, axis_of_arrays, counts[argument]);
    if (!axes.in.empty() && counts[argument] == 0 && !axis_of_arrays.count() && axis_of_arrays.of(0)) {
      throw ValueError("vmap: " + name + " has the axis " + std::to_string(*axis_of_arrays.of(0)) +
                       " and holds no array; give xgrad::whole");
    }
    const std::size_t begin = leaf;
    for (const std::size_t end = leaf + counts[argument]; leaf < end; ++leaf) {
      const std::optional<std::ptrdiff_t> wanted = axis_of_arrays.of(leaf - begin);
      require_usable(leaves[leaf], "vmap");
      const Var x = trace.input(leaves[leaf]);
      if (!wanted) {
        arguments_.push_back(x);
        continue;
      }
      const auto rank = static_cast<std::ptrdiff_t>(x.dimension());
      if (*wanted < -rank || *wanted >= rank) {
        fail(leaf, "has no axis " + std::to_string(*wanted) +
                       " along which there are examples; what is the same for all is given as xgrad::whole");
      }
      const auto axis = static_cast<std::size_t>(*wanted < 0 ? *wanted + rank : *wanted);
      const std::size_t extent = x.shape()[axis];
      if (first == leaves.size()) {
        first = leaf;
        extent_ = extent;
      } else if (extent != extent_) {
        fail(leaf, "holds " + std::to_string(extent) + " examples along axis " + std::to_string(axis) + ", but " +
                       paths()[first] + " holds " + std::to_string(extent_));
      }
      batches_.push_back(moved(x, axis, 0));
      examples_.push_back(opaque(trace.tape(), x.dtype(), without_axes(x.shape(), Shape{axis})));
      arguments_.push_back(examples_.back());
    }
  }
  if (examples_.empty()) throw ValueError("vmap: no argument holds examples: one at least must have an axis");
  trace.tape().forbid_values(true);
}

Batch::~Batch() { trace_.tape().forbid_values(values_were_forbidden_); }

std::vector<Var> Batch::results(std::span<const Var> outputs, const BatchAxis& axes) {
  trace_.tape().forbid_values(values_were_forbidden_);
  require_count("the result", axes, outputs.size());
  std::vector<Var> results = derivatives::batch_sweep(trace_.tape(), examples_, batches_, extent_, outputs);
  for (std::size_t k = 0; k < results.size(); ++k) {
    Var& result = results[k];
    if (!axes.of(k))
      throw ValueError("vmap: results are of all examples, one for each, and their axis is not xgrad::whole");
    const std::ptrdiff_t axis = *axes.of(k);
    const auto rank = static_cast<std::ptrdiff_t>(result.dimension());
    if (axis < -rank || axis >= rank) {
      throw ShapeError("vmap: the results have the shape " + to_string(result.shape()) +
                       ", examples first, and no axis " + std::to_string(axis) + " to put them along");
    }
    result = moved(result, 0, static_cast<std::size_t>(axis < 0 ? axis + rank : axis));
  }
  return results;
}

}  // namespace xgrad::detail

namespace xgrad {

BatchAxis leaf_axes(std::vector<std::optional<std::ptrdiff_t>> axes) {
  BatchAxis result;
  result.axes_ = std::move(axes);
  result.each_ = true;
  return result;
}

}  // namespace xgrad
