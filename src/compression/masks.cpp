#include <xgrad/compression/masks.hpp>

#include <cmath>
#include <cstdint>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/create.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/index.hpp>
#include <xgrad/ops/join.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/ops/mask.hpp>
#include <xgrad/ops/order.hpp>
#include <xgrad/ops/reduce.hpp>
#include <xgrad/ops/rounding.hpp>

#include "core/text.hpp"
#include "ops/internal.hpp"

namespace xgrad::compression {
namespace {

/// The axes of an array of two and more but rows or columns.
Axes but(Structure structure, const Var& x) {
  Strides others;
  for (std::size_t axis = 0; axis < x.dimension(); ++axis) {
    if (axis != (structure == Structure::Rows ? 0U : 1U)) others.push_back(static_cast<std::ptrdiff_t>(axis));
  }
  return Axes(others);
}

/// The scores of what is kept or left out as one, as a line.
Var of_units(const Var& score, Structure structure) {
  if (structure == Structure::Elements) return reshape(score, {static_cast<std::ptrdiff_t>(score.size())});
  if (score.dimension() < 2) {
    throw ShapeError("masks: rows or columns of the shape " + to_string(score.shape()) +
                     "; there must be two axes or more, [outputs, inputs...]");
  }
  return mean(score, but(structure, score));
}

/// 0 for the round(sparsity count) least, 1 for the others.
Var largest_of(const Var& line, const Var& sparsity) {
  const Var rank = argsort(argsort(line));
  const auto count = static_cast<double>(line.size());
  return cast(cast(rank, DType::Float64) >= round(sparsity * count), line.dtype());
}

/// A line of units as an array.
Var spread(const Var& units, const Var& like, Structure structure) {
  if (structure == Structure::Elements) return reshape(units, Strides(like.shape().begin(), like.shape().end()));
  Strides shape(like.dimension(), 1);
  shape[structure == Structure::Rows ? 0 : 1] = static_cast<std::ptrdiff_t>(units.size());
  return broadcast_to(reshape(units, shape), like.shape());
}

}  // namespace

Var detail::masked(const Var& w, const Var& mask) {
  if (mask.shape() != w.shape()) {
    throw ShapeError("apply: a mask of the shape " + to_string(mask.shape()) + " for a weight of " +
                     to_string(w.shape()) + "; it must have the same");
  }
  return where(not_equal(mask, 0.0), w, 0.0);
}

std::vector<Var> detail::masks_of(std::span<const Var> scores, const Var& sparsity, Structure structure, Scope scope) {
  std::vector<Var> units;
  for (const Var& score : scores) units.push_back(of_units(score, structure));
  if (scope == Scope::Layer) {
    for (Var& each : units) each = largest_of(each, sparsity);
  } else if (!units.empty()) {
    const Var all = largest_of(concatenate(units, 0), sparsity);
    std::ptrdiff_t first = 0;
    for (std::size_t i = 0; i < units.size(); ++i) {
      const auto last = first + static_cast<std::ptrdiff_t>(units[i].size());
      units[i] = cast(view(all, xt::range(first, last)), scores[i].dtype());
      first = last;
    }
  }
  for (std::size_t i = 0; i < units.size(); ++i) units[i] = spread(units[i], scores[i], structure);
  return units;
}

std::vector<Var> detail::masks_of(std::span<const Var> scores, const std::vector<std::string>& paths, double sparsity,
                                  const MaskOptions& options) {
  if (!(sparsity >= 0.0 && sparsity <= 1.0)) {
    throw ValueError("masks: the sparsity is " + core::text_of(sparsity) + "; it is a share, from 0 to 1");
  }
  std::vector<Var> result;
  std::vector<Var> chosen;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    result.push_back(ones_like(scores[i]));
    if (!options.which(paths[i], scores[i])) continue;
    chosen.push_back(scores[i]);
    places.push_back(i);
  }
  const std::vector<Var> made = masks_of(chosen, sparsity, options.structure, options.scope);
  for (std::size_t k = 0; k < made.size(); ++k) result[places[k]] = made[k];
  return result;
}

double detail::share_of_zeros(std::span<const Var> leaves) {
  double zeros = 0.0;
  double all = 0.0;
  for (const Var& leaf : leaves) {
    zeros += static_cast<double>(leaf.size()) - static_cast<double>(count_nonzero(leaf).item<std::int64_t>());
    all += static_cast<double>(leaf.size());
  }
  return all == 0.0 ? 0.0 : zeros / all;
}

Var kept_rows(const Var& mask) {
  xgrad::detail::require_usable(mask, "kept_rows");
  if (mask.dimension() == 0) throw ShapeError("kept_rows: a number has no rows; there must be an axis of outputs");
  const Var lines =
      reshape(mask, {static_cast<std::ptrdiff_t>(mask.shape()[0]),
                     static_cast<std::ptrdiff_t>(mask.size() / std::max<std::size_t>(1, mask.shape()[0]))});
  return flatnonzero(any(not_equal(lines, 0.0), 1));
}

std::pair<nn::Linear, nn::Linear> narrowed(const nn::Linear& first, const nn::Linear& second, const Var& kept) {
  if (first.weight.dimension() != 2 || second.weight.dimension() != 2 ||
      first.weight.shape()[0] != second.weight.shape()[1]) {
    throw ShapeError("narrowed: a weight of the shape " + to_string(first.weight.shape()) + ", then one of " +
                     to_string(second.weight.shape()) + "; the second must have as many inputs as the first outputs");
  }
  nn::Linear a{take(first.weight, kept, 0), std::nullopt};
  if (first.bias) a.bias = take(*first.bias, kept, 0);
  return {std::move(a), nn::Linear{take(second.weight, kept, 1), second.bias}};
}

}  // namespace xgrad::compression
