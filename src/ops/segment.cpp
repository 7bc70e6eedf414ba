#include <xgrad/ops/segment.hpp>

#include <algorithm>
#include <limits>
#include <string>

#include <xgrad/core/errors.hpp>

#include "axes.hpp"
#include "internal.hpp"
#include "scattered.hpp"

namespace xgrad {
namespace {

using primitives::Chooser;

/// x as rows with a place for each.
struct Segments {
  Chooser chooser;
  Var rows, ids;
  Shape shape;  ///< of the result

  Segments(Chooser chooser_of_errors, const Var& x, const Var& given, std::size_t count) : chooser(chooser_of_errors) {
    const std::string_view operation = name_of(chooser);
    detail::require_usable(x, operation);
    detail::require_indices(operation, given, "ids");
    const Shape& leading = given.shape();
    if (leading.size() > x.dimension() || !std::equal(leading.begin(), leading.end(), x.shape().begin())) {
      throw ShapeError(std::string(operation) + ": the ids " + to_string(leading) + " for " + to_string(x.shape()) +
                       "; their shape must be that of its leading axes");
    }
    shape.push_back(count);
    std::size_t width = 1;
    for (std::size_t i = leading.size(); i < x.dimension(); ++i) {
      width *= x.shape()[i];
      shape.push_back(x.shape()[i]);
    }
    require_addressable(shape);
    const auto n = [](std::size_t extent) { return static_cast<std::ptrdiff_t>(extent); };
    rows = reshape(x.dtype() == DType::Bool ? cast(x, DType::Int64) : x, {n(given.size()), n(width)});
    ids = flatten(given);
  }

  [[nodiscard]] Shape rows_shape() const { return {shape[0], rows.shape()[1]}; }
  [[nodiscard]] Var result(const Var& of_rows) const { return reshape(of_rows, Strides(shape)); }
  [[nodiscard]] Var sum_of(const Var& values) const {
    return detail::scatter_add(values, ids, {shape[0], values.shape()[1]}, 0, chooser);
  }
};

/// What an extremum of nothing is: no number is beyond it.
template <class T>
Var beyond_all(bool smallest) {
  using Limits = std::numeric_limits<T>;
  if constexpr (Limits::has_infinity) return smallest ? Limits::infinity() : -Limits::infinity();
  else return smallest ? Limits::max() : Limits::lowest();
}

Var segment_extremum(Chooser chooser, const Var& x, const Var& ids, std::size_t count, bool smallest) {
  const Segments segments(chooser, x, ids, count);
  const DType dtype = segments.rows.dtype();
  const Var number = is_floating(dtype) ? beyond_all<double>(smallest) : beyond_all<std::int64_t>(smallest);
  const Var nothing = broadcast_to(cast(number, dtype), segments.rows_shape());
  return segments.result(detail::scatter_extremum(segments.rows, segments.ids, nothing, chooser, smallest, true));
}

}  // namespace

Var segment_sum(const Var& x, const Var& ids, std::size_t count) {
  const Segments segments(Chooser::SegmentSum, x, ids, count);
  return segments.result(segments.sum_of(segments.rows));
}

Var segment_mean(const Var& x, const Var& ids, std::size_t count) {
  const Segments segments(Chooser::SegmentMean, x, ids, count);
  const DType dtype = is_floating(x.dtype()) ? x.dtype() : DType::Float64;
  const Var one_each = broadcast_to(cast(1, dtype), {segments.ids.size(), 1});
  return segments.result(cast(segments.sum_of(segments.rows), dtype) / segments.sum_of(one_each));
}

Var segment_prod(const Var& x, const Var& ids, std::size_t count) {
  const Segments segments(Chooser::SegmentProd, x, ids, count);
  const Var places = detail::places(segments.ids, count, segments.chooser);
  return segments.result(detail::scattered_product(segments.rows, places, count));
}

Var segment_max(const Var& x, const Var& ids, std::size_t count) {
  return segment_extremum(Chooser::SegmentMax, x, ids, count, false);
}

Var segment_min(const Var& x, const Var& ids, std::size_t count) {
  return segment_extremum(Chooser::SegmentMin, x, ids, count, true);
}

}  // namespace xgrad
