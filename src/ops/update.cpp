#include <xgrad/ops/update.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include <xgrad/core/errors.hpp>

#include "axes.hpp"
#include "core/text.hpp"
#include "internal.hpp"
#include "scattered.hpp"

namespace xgrad {

using primitives::Chooser;

/// x as rows, of which some are chosen.
struct AtAccess {
  static At chosen(Chooser chooser, const Var& x, std::span<const Var> indices, const Shape& axes);
  /// An array of the shape of x as rows.
  static Var rows_of(const At& at, const Var& x);
  /// x again from its rows.
  static Var whole(const At& at, const Var& rows);
  /// What is chosen, from rows.
  static Var chosen_of(const At& at, const Var& rows);
  /// Values of the shape of what is chosen, as rows.
  static Var values_of(const At& at, const Var& values);
  /// Both in the element type that they have together.
  struct Rows {
    Var x, values;
  };
  static Rows rows_of(const At& at, const Var& values, bool countable);
  static Var extremum(const At& at, const Var& values, bool smallest);
  static Chooser chooser_of(const At& at) { return static_cast<Chooser>(at.chooser_); }
};

namespace {

/// The axes that indices choose from, in the order of the indices.
Shape chosen_axes(std::string_view operation, const Var& x, std::size_t count, const Axes& axes) {
  Shape result;
  if (axes.all()) {
    if (count > x.dimension()) {
      throw ShapeError(std::string(operation) + ": " + core::count_of(count, "array", "arrays") +
                       " of indices for the shape " + to_string(x.shape()) + "; there may be one for each axis");
    }
    for (std::size_t i = 0; i < count; ++i) result.push_back(i);
    return result;
  }
  for (const std::ptrdiff_t axis : axes.values()) result.push_back(detail::normalize_axis(operation, axis, x));
  (void)detail::normalize_axes(operation, axes, x);  // none is named twice
  if (result.size() != count) {
    throw ShapeError(std::string(operation) + ": " + core::count_of(count, "array", "arrays") + " of indices for " +
                     core::count_of(result.size(), "axis", "axes") + " of the shape " + to_string(x.shape()) +
                     "; there must be one for each");
  }
  return result;
}

Shape inverse_of(const Shape& order) {
  Shape inverse(order.size(), 0);
  for (std::size_t i = 0; i < order.size(); ++i) inverse[order[i]] = i;
  return inverse;
}

/// `count` axes moved from one position to another.
Shape order_with_axes_moved(std::size_t rank, std::size_t count, std::size_t from, std::size_t to) {
  Shape order;
  for (std::size_t i = 0; i < rank; ++i) {
    if (i < from || i >= from + count) order.push_back(i);
  }
  for (std::size_t i = 0; i < count; ++i) order.insert(to + i, from + i);
  return order;
}

std::ptrdiff_t n(std::size_t extent) { return static_cast<std::ptrdiff_t>(extent); }

}  // namespace

At AtAccess::chosen(Chooser chooser, const Var& x, std::span<const Var> indices, const Shape& axes) {
  const std::string_view operation = name_of(chooser);
  std::vector<const Var*> pointers;
  for (const Var& each : indices) {
    detail::require_indices(operation, each);
    pointers.push_back(&each);
  }
  At at;
  at.chooser_ = static_cast<int>(chooser);
  at.x_ = x;
  at.order_ = axes;
  at.chosen_ = axes.size();
  at.indices_ = detail::broadcast_shape(operation, pointers);
  detail::require_rank(operation, at.indices_.size() + x.dimension() - axes.size());
  for (std::size_t i = 0; i < x.dimension(); ++i) {
    if (std::ranges::find(axes, i) == axes.end()) at.order_.push_back(i);
  }
  Var place;
  bool neighbours = true;
  for (std::size_t k = 0; k < axes.size(); ++k) {
    const std::size_t extent = x.shape()[axes[k]];
    const Var along = detail::places(indices[k], extent, chooser);
    place = k == 0 ? along : place * n(extent) + along;
    neighbours = neighbours && (k == 0 || axes[k] == axes[k - 1] + 1);
  }
  at.places_ = flatten(detail::broadcast_to(operation, place, at.indices_));
  at.position_ = neighbours ? axes[0] : 0;
  return at;
}

Var AtAccess::rows_of(const At& at, const Var& x) {
  const Var turned = detail::permuted(x, at.order_);
  std::size_t rows = 1;
  for (std::size_t i = 0; i < at.chosen_; ++i) rows *= turned.shape()[i];
  std::size_t width = 1;
  for (std::size_t i = at.chosen_; i < turned.dimension(); ++i) width *= turned.shape()[i];
  return reshape(turned, {n(rows), n(width)});
}

Var AtAccess::whole(const At& at, const Var& rows) {
  Strides shape;
  for (const std::size_t axis : at.order_) shape.push_back(n(at.x_.shape()[axis]));
  return detail::permuted(reshape(rows, shape), inverse_of(at.order_));
}

Var AtAccess::chosen_of(const At& at, const Var& rows) {
  Strides shape(at.indices_);
  for (std::size_t i = at.chosen_; i < at.order_.size(); ++i) shape.push_back(n(at.x_.shape()[at.order_[i]]));
  const std::size_t count = at.indices_.size();
  return detail::permuted(reshape(rows, shape), order_with_axes_moved(shape.size(), count, 0, at.position_));
}

Var AtAccess::values_of(const At& at, const Var& values) {
  Shape shape;
  std::size_t width = 1;
  for (std::size_t i = at.chosen_; i < at.order_.size(); ++i) {
    shape.push_back(at.x_.shape()[at.order_[i]]);
    width *= shape.back();
  }
  const std::size_t count = at.indices_.size();
  for (std::size_t i = 0; i < count; ++i) shape.insert(at.position_ + i, at.indices_[i]);
  const Var wide = detail::broadcast_to(name_of(chooser_of(at)), values, shape);
  const Var turned = detail::permuted(wide, order_with_axes_moved(shape.size(), count, at.position_, 0));
  return reshape(turned, {n(size_of(at.indices_)), n(width)});
}

AtAccess::Rows AtAccess::rows_of(const At& at, const Var& values, bool countable) {
  detail::require_usable(values, name_of(chooser_of(at)));
  detail::require_one_tape(name_of(chooser_of(at)), std::array{&at.x_, &values, &at.places_});
  DType dtype = detail::common_dtype(std::array{&at.x_, &values});
  if (countable && dtype == DType::Bool) dtype = DType::Int64;
  return {rows_of(at, cast(at.x_, dtype)), values_of(at, cast(values, dtype))};
}

Var AtAccess::extremum(const At& at, const Var& values, bool smallest) {
  const Rows rows = rows_of(at, values, true);
  return whole(at, detail::scatter_extremum(rows.values, at.places_, rows.x, chooser_of(at), smallest, false));
}

Var At::get() const {
  return AtAccess::chosen_of(*this,
                             detail::take(AtAccess::rows_of(*this, x_), places_, 0, AtAccess::chooser_of(*this)));
}

Var At::set(const Var& values) const {
  const auto [x, given] = AtAccess::rows_of(*this, values, false);
  if (places_.size() == 0) return AtAccess::whole(*this, x);
  const Var last = detail::last_sent(places_, x.shape()[0]);
  const Var written = detail::take(given, maximum(last, 0), 0, AtAccess::chooser_of(*this));
  return AtAccess::whole(*this, where(expand_dims(last, 1) >= 0, written, x));
}

Var At::add(const Var& values) const {
  const auto [x, given] = AtAccess::rows_of(*this, values, true);
  return AtAccess::whole(*this, x + detail::scatter_add(given, places_, x.shape(), 0, Chooser::At));
}

Var At::multiply(const Var& values) const {
  const auto [x, given] = AtAccess::rows_of(*this, values, true);
  return AtAccess::whole(*this, x * detail::scattered_product(given, places_, x.shape()[0]));
}

Var At::max(const Var& values) const { return AtAccess::extremum(*this, values, false); }
Var At::min(const Var& values) const { return AtAccess::extremum(*this, values, true); }

At at(const Var& x, std::span<const Var> indices, const Axes& axes) {
  detail::require_usable(x, "at");
  if (indices.empty()) throw ValueError("at: no indices for the shape " + to_string(x.shape()));
  return AtAccess::chosen(Chooser::At, x, indices, chosen_axes("at", x, indices.size(), axes));
}

At at(const Var& x, std::initializer_list<Var> indices, const Axes& axes) {
  return at(x, std::span<const Var>(indices.begin(), indices.size()), axes);
}

At at(const Var& x, const Var& indices, const Axes& axis) { return at(x, std::span<const Var>(&indices, 1), axis); }

Var gather_nd(const Var& x, const Var& indices) {
  detail::require_usable(x, "gather_nd");
  detail::require_indices("gather_nd", indices);
  const std::size_t count = indices.dimension() == 0 ? 0 : indices.shape().back();
  if (count == 0 || count > x.dimension()) {
    throw ShapeError("gather_nd: the indices " + to_string(indices.shape()) + " for the shape " + to_string(x.shape()) +
                     "; their last axis must have as many elements as axes are chosen from");
  }
  const std::size_t last = indices.dimension() - 1;
  std::vector<Var> along;
  Shape axes;
  for (std::size_t k = 0; k < count; ++k) {
    along.push_back(squeeze(detail::slice_along(indices, last, k, 1), -1));
    axes.push_back(k);
  }
  return AtAccess::chosen(Chooser::GatherNd, x, along, axes).get();
}

Var put_along_axis(const Var& x, const Var& indices, const Var& values, std::ptrdiff_t axis) {
  const std::size_t along = detail::normalize_axis("put_along_axis", axis, x);
  detail::require_indices("put_along_axis", indices);
  const Shape& shape = x.shape();
  bool fits = indices.dimension() == shape.size();
  for (std::size_t i = 0; fits && i < shape.size(); ++i)
    fits = i == along || indices.shape()[i] == shape[i] || indices.shape()[i] == 1;
  if (!fits) {
    throw ShapeError("put_along_axis: the indices " + to_string(indices.shape()) + " do not fit " + to_string(shape) +
                     " beside axis " + std::to_string(along) + "; extents must be equal, or 1 in the indices");
  }
  std::vector<Var> all;
  Shape axes;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    Strides only(shape.size(), 1);
    only[i] = n(shape[i]);
    all.push_back(i == along ? indices : reshape(detail::iota(shape[i]), only));
    axes.push_back(i);
  }
  return AtAccess::chosen(Chooser::PutAlongAxis, x, all, axes).set(values);
}

Var index_add(const Var& x, const Var& indices, const Var& values, std::ptrdiff_t axis) {
  const Shape along{detail::normalize_axis("index_add", axis, x)};
  return AtAccess::chosen(Chooser::IndexAdd, x, std::span<const Var>(&indices, 1), along).add(values);
}

}  // namespace xgrad
