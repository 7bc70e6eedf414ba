#include <xgrad/compression/share.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/create.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/index.hpp>
#include <xgrad/ops/join.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/ops/rounding.hpp>

#include "core/text.hpp"
#include "ops/internal.hpp"

namespace xgrad::compression {
namespace {

/// Of rising numbers the mean of those nearest to each centroid becomes this centroid, until nothing changes. One that
/// nothing is nearest to stays.
void move_centroids(const std::vector<double>& sorted, std::vector<double>& centroids, std::size_t most_rounds) {
  std::vector<double> sums(sorted.size() + 1, 0.0);
  std::partial_sum(sorted.begin(), sorted.end(), sums.begin() + 1);
  for (std::size_t round = 0; round < most_rounds; ++round) {
    bool moved = false;
    std::size_t first = 0;
    for (std::size_t k = 0; k < centroids.size(); ++k) {
      std::size_t last = sorted.size();
      if (k + 1 < centroids.size()) {
        const double middle = centroids[k] / 2 + centroids[k + 1] / 2;
        last = static_cast<std::size_t>(std::upper_bound(sorted.begin(), sorted.end(), middle) - sorted.begin());
      }
      last = std::max(last, first);
      if (last > first) {
        const double mean = (sums[last] - sums[first]) / static_cast<double>(last - first);
        moved = moved || mean != centroids[k];
        centroids[k] = mean;
      }
      first = last;
    }
    std::ranges::sort(centroids);
    if (!moved) return;
  }
}

/// The numbers, rising; zeros left out if they stay zeros.
std::vector<double> rising_values(const Array<double>& x, bool keep_zeros) {
  std::vector<double> sorted;
  for (const double each : x) {
    if (!std::isfinite(each)) {
      throw ValueError("shared: " + core::text_of(each) + " has no nearest value; all must be finite");
    }
    if (!keep_zeros || each != 0.0) sorted.push_back(each);
  }
  std::ranges::sort(sorted);
  return sorted;
}

std::size_t nearest(const std::vector<double>& centroids, double x) {
  const auto above = static_cast<std::size_t>(std::ranges::lower_bound(centroids, x) - centroids.begin());
  if (above == 0) return 0;
  if (above == centroids.size()) return above - 1;
  return centroids[above] - x < x - centroids[above - 1] ? above : above - 1;
}

}  // namespace

SharedArray shared(const Var& x, const ShareOptions& options) {
  xgrad::detail::require_usable(x, "shared");
  if (options.bits != 1 && options.bits != 2 && options.bits != 4 && options.bits != 8) {
    throw ValueError("shared: " + std::to_string(options.bits) + " bits; there must be 1, 2, 4 or 8");
  }
  if (!is_floating(x.dtype())) {
    throw TypeError("shared: an array of " + std::string(name(x.dtype())) + "; it must be floating-point");
  }
  const Var wide = cast(x, DType::Float64);
  const auto& elements = wide.array<double>();
  const std::vector<double> sorted = rising_values(elements, options.keep_zeros);
  const std::size_t offset = options.keep_zeros ? 1 : 0;
  std::vector<double> centroids((std::size_t{1} << static_cast<unsigned>(options.bits)) - offset, 0.0);
  if (!sorted.empty()) {
    const auto steps = static_cast<double>(std::max<std::size_t>(1, centroids.size() - 1));
    for (std::size_t k = 0; k < centroids.size(); ++k) {
      centroids[k] = std::lerp(sorted.front(), sorted.back(), static_cast<double>(k) / steps);
    }
    move_centroids(sorted, centroids, options.most_rounds);
  }
  const std::size_t each = 64 / static_cast<std::size_t>(options.bits);
  auto words = Array<std::int64_t>::from_shape({(x.size() + each - 1) / each});
  std::fill(words.begin(), words.end(), 0);
  std::size_t i = 0;
  for (const double element : elements) {
    const bool is_kept = options.keep_zeros && element == 0.0;
    const std::uint64_t which = is_kept ? 0 : nearest(centroids, element) + offset;
    std::int64_t& word = words.data()[i / each];
    word = static_cast<std::int64_t>(static_cast<std::uint64_t>(word) |
                                     which << (i % each * static_cast<std::size_t>(options.bits)));
    ++i;
  }
  return {cast(Var(centroids), x.dtype()), Var(std::move(words)), x.shape(), options.bits, options.keep_zeros};
}

Var SharedArray::array() const {
  const std::int64_t each = 64 / bits;
  const Var shifted = expand_dims(words, 1) >> (arange(each) * bits);
  const Var all =
      reshape(shifted & ((std::int64_t{1} << bits) - 1), {static_cast<std::ptrdiff_t>(words.size()) * each});
  const Var which = view(all, xt::range(0, static_cast<std::ptrdiff_t>(size_of(shape))));
  const Var table = keep_zeros ? concatenate({cast(zeros({1}), values.dtype()), values}, 0) : values;
  return reshape(take(table, which), Strides(shape.begin(), shape.end()));
}

SharedLinear shared(const nn::Linear& layer, const ShareOptions& options) {
  return {shared(layer.weight, options), layer.bias};
}

}  // namespace xgrad::compression
