#include <xgrad/compression/low_rank.hpp>

#include <algorithm>
#include <optional>
#include <string>

#include <xgrad/core/errors.hpp>
#include <xgrad/linalg/factor.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/ops/reduce.hpp>

#include "core/text.hpp"
#include "ops/internal.hpp"

namespace xgrad::compression {
namespace {

/// The fewest of the singular values whose squares have at least such a share of all.
std::size_t rank_with(const Var& singular, double energy) {
  const Var squares = square(cast(singular, DType::Float64));
  const auto& all = squares.array<double>();
  double total = 0.0;
  for (const double each : all) total += each;
  double sum = 0.0;
  std::size_t rank = 0;
  while (rank < all.size() && (rank == 0 || sum < energy * total)) sum += all(rank++);
  return rank;
}

}  // namespace

LowRank low_rank(const nn::Linear& layer, const LowRankOptions& options) {
  xgrad::detail::require_usable(layer.weight, "low_rank");
  const Shape& shape = layer.weight.shape();
  if (shape.size() != 2 || layer.weight.size() == 0) {
    throw ShapeError("low_rank: a weight of the shape " + to_string(shape) +
                     "; it must be a matrix [outputs, inputs] that is not empty");
  }
  const std::size_t most = std::min(shape[0], shape[1]);
  const bool by_rank = options.rank != 0;
  const bool by_energy = options.energy != 0.0;
  if (by_rank == by_energy || options.rank > most || (by_energy && !(options.energy > 0.0 && options.energy <= 1.0))) {
    throw ValueError("low_rank: rank " + std::to_string(options.rank) + " and energy " + core::text_of(options.energy) +
                     " for a weight of the shape " + to_string(shape) + "; set one of both, a rank from 1 to " +
                     std::to_string(most) + " or an energy above 0, at most 1");
  }
  // Singular values of large weights would overflow: those of the weight divided by its largest number do not.
  const Var largest = amax(abs(layer.weight));
  const Var size = where(isfinite(largest), maximum(largest, 1.0), 1.0);
  const auto [u, s, vt] = linalg::svd(layer.weight / size);
  const auto rank = static_cast<std::ptrdiff_t>(by_rank ? options.rank : rank_with(s, options.energy));
  const Var roots = sqrt(view(s, xt::range(0, rank))) * sqrt(size);
  LowRank result;
  result.down.weight = expand_dims(roots, 1) * view(vt, xt::range(0, rank), xt::all());
  result.up.weight = view(u, xt::all(), xt::range(0, rank)) * roots;
  result.up.bias = layer.bias;
  return result;
}

}  // namespace xgrad::compression
