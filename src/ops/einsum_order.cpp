#include "einsum_order.hpp"

#include <bit>
#include <limits>

namespace xgrad::detail {
namespace {

struct Operand {
  IndexSet indices;
  std::size_t number;
};

/// Sizes are floating-point numbers, which do not wrap around: too large they are infinite, and any order will do.
class SizeOfIndices {
 public:
  explicit SizeOfIndices(std::span<const std::size_t> extents) : extents_(extents) {}
  double operator()(IndexSet indices) const {
    double size = 1.0;
    for (; indices != 0; indices &= indices - 1) {
      size *= static_cast<double>(extents_[static_cast<std::size_t>(std::countr_zero(indices))]);
    }
    return size;
  }

 private:
  std::span<const std::size_t> extents_;
};

/// The best of all orders of few factors, from those of fewer: dynamic programming over sets of factors.
class BestOrder {
 public:
  BestOrder(std::span<const Operand> factors, IndexSet result, const SizeOfIndices& size)
      : factors_(factors), all_((std::size_t{1} << factors.size()) - 1), part_(all_ + 1), cost_(all_ + 1, 0.0) {
    std::vector<IndexSet> open(all_ + 1);
    for (std::size_t set = 1; set <= all_; ++set) open[set] = united(set) & (united(all_ & ~set) | result);
    for (std::size_t set = 1; set <= all_; ++set) {
      if (std::has_single_bit(set)) continue;
      cost_[set] = std::numeric_limits<double>::infinity();
      const std::size_t lowest = set & (~set + 1);
      part_[set] = lowest;
      // Each way to cut it in two once: the part with the first factor names both.
      for (std::size_t part = (set - 1) & set; part > 0; part = (part - 1) & set) {
        const double before = cost_[part] + cost_[set ^ part];
        if ((part & lowest) == 0 || before >= cost_[set]) continue;
        const double cost = before + size(open[part] | open[set ^ part]) + size(open[set]);
        if (cost >= cost_[set]) continue;
        cost_[set] = cost;
        part_[set] = part;
      }
    }
  }

  void append_to(std::vector<Multiplication>& order, std::size_t next) const { append(order, all_, next); }

 private:
  [[nodiscard]] IndexSet united(std::size_t set) const {
    IndexSet indices = 0;
    for (; set != 0; set &= set - 1) indices |= factors_[static_cast<std::size_t>(std::countr_zero(set))].indices;
    return indices;
  }

  std::size_t append(std::vector<Multiplication>& order, std::size_t set, std::size_t& next) const {
    if (std::has_single_bit(set)) return factors_[static_cast<std::size_t>(std::countr_zero(set))].number;
    const std::size_t first = append(order, part_[set], next);
    const std::size_t second = append(order, set ^ part_[set], next);
    order.push_back({first, second});
    return next++;
  }

  std::span<const Operand> factors_;
  std::size_t all_;
  std::vector<std::size_t> part_;
  std::vector<double> cost_;
};

/// What is left of the indices of two factors when they have been multiplied.
class LeftOver {
 public:
  LeftOver(std::span<const Operand> factors, IndexSet result) : result_(result) {
    for (const Operand& each : factors) {
      in_three_ |= in_two_ & each.indices;
      in_two_ |= in_one_ & each.indices;
      in_one_ |= each.indices;
    }
  }
  [[nodiscard]] IndexSet of(IndexSet a, IndexSet b) const {
    return ((a | b) & result_) | (a & b & in_three_) | ((a ^ b) & in_two_);
  }

 private:
  IndexSet result_;
  IndexSet in_one_ = 0;  // in at least one factor, two, three
  IndexSet in_two_ = 0;
  IndexSet in_three_ = 0;
};

/// Multiplies the two factors whose product saves most; between equals those with fewer multiplications.
void multiply_greedily(std::vector<Operand>& factors, IndexSet result, const SizeOfIndices& size, std::size_t next,
                       std::vector<Multiplication>& order) {
  const LeftOver left_over(factors, result);
  std::size_t first = 0;
  std::size_t second = 1;
  double least = std::numeric_limits<double>::infinity();
  double fewest = least;
  for (std::size_t i = 0; i < factors.size(); ++i) {
    for (std::size_t j = i + 1; j < factors.size(); ++j) {
      const IndexSet a = factors[i].indices;
      const IndexSet b = factors[j].indices;
      const double growth = size(left_over.of(a, b)) - size(a) - size(b);
      const double multiplications = size(a | b);
      if (!(growth < least || (growth == least && multiplications < fewest))) continue;
      least = growth;
      fewest = multiplications;
      first = i;
      second = j;
    }
  }
  order.push_back({factors[first].number, factors[second].number});
  factors[first] = {left_over.of(factors[first].indices, factors[second].indices), next};
  factors.erase(factors.begin() + static_cast<std::ptrdiff_t>(second));
}

}  // namespace

std::vector<Multiplication> order_of_multiplications(std::span<const IndexSet> factors, IndexSet result,
                                                     std::span<const std::size_t> extents) {
  constexpr std::size_t few = 8;
  const SizeOfIndices size(extents);
  std::vector<Operand> left;
  for (const IndexSet indices : factors) left.push_back({indices, left.size()});
  std::vector<Multiplication> order;
  std::size_t next = factors.size();
  for (; left.size() > few; ++next) multiply_greedily(left, result, size, next, order);
  if (left.size() > 1) BestOrder(left, result, size).append_to(order, next);
  return order;
}

}  // namespace xgrad::detail
