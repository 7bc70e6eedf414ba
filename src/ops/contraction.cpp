#include "contraction.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <xgrad/core/errors.hpp>

#include "axes.hpp"
#include "einsum_order.hpp"
#include "internal.hpp"

namespace xgrad::detail {
namespace {

bool has(const IndexList& indices, std::uint8_t index) {
  return std::find(indices.begin(), indices.end(), index) != indices.end();
}

std::size_t position_of(const IndexList& indices, std::uint8_t index) {
  return static_cast<std::size_t>(std::find(indices.begin(), indices.end(), index) - indices.begin());
}

template <class Predicate>
IndexList those(const IndexList& indices, Predicate which) {
  IndexList result;
  std::copy_if(indices.begin(), indices.end(), std::back_inserter(result), which);
  return result;
}

IndexList concatenated(std::initializer_list<IndexList> parts) {
  IndexList result;
  for (const IndexList& part : parts) result.insert(result.end(), part.begin(), part.end());
  return result;
}

IndexSet set_of(const IndexList& indices) {
  IndexSet set = 0;
  for (const std::uint8_t index : indices) set |= IndexSet{1} << index;
  return set;
}

/// IndexList side by side, which are one axis.
using Runs = std::vector<IndexList>;

template <class Together>
Runs runs_of(const IndexList& indices, Together together) {
  Runs runs;
  for (std::size_t i = 0; i < indices.size(); ++i) {
    if (i == 0 || !together(indices[i - 1], indices[i])) runs.emplace_back();
    runs.back().push_back(indices[i]);
  }
  return runs;
}

/// Whether b is next to a.
bool follows(const IndexList& indices, std::uint8_t a, std::uint8_t b) {
  const std::size_t place = position_of(indices, a);
  return place + 1 < indices.size() && indices[place + 1] == b;
}

/// How two factors become a product of matrices: [batch, rows, inner] times [batch, inner, columns].
struct MatrixLayout {
  IndexList batch;
  IndexList rows;
  IndexList inner;
  IndexList columns;
  bool swapped = false;  ///< the second factor has the rows

  [[nodiscard]] IndexList result() const { return concatenated({batch, rows, columns}); }
};

class Contraction {
 public:
  explicit Contraction(std::span<const std::size_t> extents) : extents_(extents) {}

  /// \param wanted  the order of indices that the product should have, if there is one.
  [[nodiscard]] Factor product(const Factor& a, const Factor& b, IndexSet kept,
                               const std::optional<IndexList>& wanted) const {
    const IndexSet in_a = set_of(a.indices);
    const IndexSet in_b = set_of(b.indices);
    if ((in_a & in_b & ~kept) == 0) return elementwise_product(a, b, wanted);
    if (in_a == in_b) return sum_of_products(a, b, kept);
    return matrix_product(a, b, best_layout(a, b, kept, wanted));
  }

  /// IndexList moved to other places.
  [[nodiscard]] Factor arranged(const Factor& x, const IndexList& order) const {
    Runs runs = runs_of(x.indices, [&](std::uint8_t a, std::uint8_t b) { return follows(order, a, b); });
    if (runs.size() < 2) return x;
    const Runs now = runs;
    std::sort(runs.begin(), runs.end(), [&](const IndexList& a, const IndexList& b) {
      return position_of(order, a.front()) < position_of(order, b.front());
    });
    if (runs.size() > max_dimension) {
      // The last three first: with what is between them, they are at most seven axes, and then they are one.
      const IndexList last = concatenated({runs.end()[-3], runs.end()[-2], runs.end()[-1]});
      const IndexList others = those(x.indices, [&](std::uint8_t index) { return !has(last, index); });
      return arranged(arranged(x, concatenated({others, last})), order);
    }
    Shape axes;
    for (const IndexList& run : runs) {
      axes.push_back(static_cast<std::size_t>(std::find(now.begin(), now.end(), run) - now.begin()));
    }
    return {permuted(in_runs(x.elements, now), axes), order};
  }

  [[nodiscard]] Factor summed(const Factor& x, IndexSet kept) const {
    const auto stays = [&](std::uint8_t index) { return (kept >> index & 1U) != 0; };
    const IndexList left = those(x.indices, stays);
    if (left.size() == x.indices.size()) return x;
    const Runs runs = runs_of(x.indices, [&](std::uint8_t a, std::uint8_t b) { return stays(a) == stays(b); });
    return {sum_of_runs(in_runs(x.elements, runs), runs, kept), left};
  }

  [[nodiscard]] Shape shape_of(const IndexList& indices) const {
    Shape shape;
    for (const std::uint8_t index : indices) shape.push_back(extents_[index]);
    return shape;
  }

 private:
  [[nodiscard]] std::size_t size_of_all(const IndexList& indices) const {
    std::size_t size = 1;
    for (const std::uint8_t index : indices) size *= extents_[index];
    return size;
  }

  [[nodiscard]] Var in_runs(const Var& x, const Runs& runs) const {
    Strides shape;
    for (const IndexList& run : runs) shape.push_back(static_cast<std::ptrdiff_t>(size_of_all(run)));
    return reshape(x, shape);
  }

  /// The runs of an order, of which x has some; the others have extent 1.
  [[nodiscard]] Var spread(const Factor& x, const IndexList& order, const Runs& runs) const {
    const IndexList own = those(order, [&](std::uint8_t index) { return has(x.indices, index); });
    Strides shape;
    for (const IndexList& run : runs) {
      shape.push_back(has(own, run.front()) ? static_cast<std::ptrdiff_t>(size_of_all(run)) : 1);
    }
    return reshape(arranged(x, own).elements, shape);
  }

  static Var sum_of_runs(const Var& x, const Runs& runs, IndexSet kept) {
    Shape axes;
    for (std::size_t i = 0; i < runs.size(); ++i) {
      if ((kept >> runs[i].front() & 1U) == 0) axes.push_back(i);
    }
    return sum(x, Axes(axes));
  }

  /// Nothing is summed. The result has the order that is wanted, or that of the larger factor.
  [[nodiscard]] Factor elementwise_product(const Factor& a, const Factor& b,
                                           const std::optional<IndexList>& wanted) const {
    const auto only = [](const Factor& x, const Factor& other) {
      return those(x.indices, [&](std::uint8_t index) { return !has(other.indices, index); });
    };
    const bool a_first = a.elements.size() >= b.elements.size();
    IndexList order = wanted    ? *wanted
                      : a_first ? concatenated({a.indices, only(b, a)})
                                : concatenated({b.indices, only(a, b)});
    const auto belong = [&](std::uint8_t i, std::uint8_t j) {
      return has(a.indices, i) == has(a.indices, j) && has(b.indices, i) == has(b.indices, j);
    };
    // Axes of either stay what they are where there is room: joining those of a view would copy it.
    Runs runs = runs_of(order, [&](std::uint8_t i, std::uint8_t j) {
      return belong(i, j) && (!has(a.indices, i) || follows(a.indices, i, j)) &&
             (!has(b.indices, i) || follows(b.indices, i, j));
    });
    if (runs.size() > max_dimension) {
      const IndexList both = those(a.indices, [&](std::uint8_t index) { return has(b.indices, index); });
      order = concatenated({both, only(a, b), only(b, a)});
      runs = runs_of(order, belong);
    }
    return {spread(a, order, runs) * spread(b, order, runs), order};
  }

  /// All indices are those of both.
  [[nodiscard]] Factor sum_of_products(const Factor& a, const Factor& b, IndexSet kept) const {
    const IndexList left = those(a.indices, [&](std::uint8_t index) { return (kept >> index & 1U) != 0; });
    const Factor same = arranged(b, a.indices);
    if (left.empty()) return {matmul(flatten(a.elements), flatten(same.elements)), left};
    const Runs runs = runs_of(a.indices, [&](std::uint8_t i, std::uint8_t j) { return has(left, i) == has(left, j); });
    return {sum_of_runs(in_runs(a.elements, runs) * in_runs(same.elements, runs), runs, kept), left};
  }

  static bool is_one_run(const IndexList& indices, const IndexList& run) {
    return std::ranges::adjacent_find(run, [&](std::uint8_t i, std::uint8_t j) { return !follows(indices, i, j); }) ==
           run.end();
  }

  /// A factor in whose memory BLAS can read the matrices: their rows or their columns are lines without gaps, however
  /// far from each other.
  static bool holds_matrices(const Factor& x, const IndexList& rows, const IndexList& columns) {
    if (!is_one_run(x.indices, rows) || !is_one_run(x.indices, columns)) return false;
    return rows.empty() || columns.empty() || has(rows, x.indices.back()) || has(columns, x.indices.back());
  }

  /// Of all layouts that one with the fewest elements to move.
  [[nodiscard]] MatrixLayout best_layout(const Factor& a, const Factor& b, IndexSet kept,
                                         const std::optional<IndexList>& wanted) const {
    const auto stays = [&](std::uint8_t index) { return (kept >> index & 1U) != 0; };
    std::optional<MatrixLayout> best;
    std::size_t least = 0;
    for (const bool swapped : {false, true}) {
      const Factor& x = swapped ? b : a;
      const Factor& y = swapped ? a : b;
      const auto is_batch = [&](std::uint8_t i) { return stays(i) && has(x.indices, i) && has(y.indices, i); };
      const auto is_inner = [&](std::uint8_t i) { return !stays(i) && has(x.indices, i); };
      const auto is_row = [&](std::uint8_t i) { return has(x.indices, i) && !has(y.indices, i); };
      const auto is_column = [&](std::uint8_t i) { return has(y.indices, i) && !has(x.indices, i); };
      // Orders to choose from: those of the factors, and that of the result.
      const IndexList& third = wanted ? *wanted : x.indices;
      for (const IndexList& batch : {those(x.indices, is_batch), those(y.indices, is_batch), those(third, is_batch)}) {
        for (const IndexList& inner : {those(x.indices, is_inner), those(y.indices, is_inner)}) {
          for (const IndexList& rows : {those(x.indices, is_row), those(wanted ? *wanted : x.indices, is_row)}) {
            for (const IndexList& columns :
                 {those(y.indices, is_column), those(wanted ? *wanted : y.indices, is_column)}) {
              const MatrixLayout layout{batch, rows, inner, columns, swapped};
              const std::size_t moved = (holds_matrices(x, rows, inner) ? 0 : x.elements.size()) +
                                        (holds_matrices(y, inner, columns) ? 0 : y.elements.size()) +
                                        (wanted && layout.result() != *wanted ? size_of_all(*wanted) : 0);
              if (best && moved >= least) continue;
              best = layout;
              least = moved;
            }
          }
        }
      }
    }
    return *best;
  }

  /// The axes of a stack that are one: neighbours in both factors. Others stay apart, because joining them would copy;
  /// unless they are too many.
  static Runs runs_of_batch(const IndexList& batch, const Factor& a, const Factor& b) {
    Runs runs = runs_of(
        batch, [&](std::uint8_t i, std::uint8_t j) { return follows(a.indices, i, j) && follows(b.indices, i, j); });
    if (runs.size() + 2 > max_dimension) runs = {batch};
    return runs;
  }

  /// The matrices of a factor; without a batch one, without one of the others a vector.
  [[nodiscard]] Var matrices(const Factor& x, const Runs& batch, const IndexList& rows,
                             const IndexList& columns) const {
    if (batch.empty() && (rows.empty() || columns.empty())) {
      return flatten(arranged(x, rows.empty() ? columns : rows).elements);
    }
    IndexList order;
    Strides shape;
    const auto append = [&](const IndexList& run) {
      order.insert(order.end(), run.begin(), run.end());
      shape.push_back(static_cast<std::ptrdiff_t>(size_of_all(run)));
    };
    for (const IndexList& run : batch) append(run);
    append(rows);
    append(columns);
    return reshape(arranged(x, order).elements, shape);
  }

  [[nodiscard]] Factor matrix_product(const Factor& a, const Factor& b, const MatrixLayout& layout) const {
    const Factor& left = layout.swapped ? b : a;
    const Factor& right = layout.swapped ? a : b;
    const Runs batch = runs_of_batch(layout.batch, left, right);
    return {
        matmul(matrices(left, batch, layout.rows, layout.inner), matrices(right, batch, layout.inner, layout.columns)),
        layout.result()};
  }

  std::span<const std::size_t> extents_;
};

void promote(std::vector<Factor>& factors) {
  std::vector<const Var*> all;
  for (const Factor& each : factors) all.push_back(&each.elements);
  DType dtype = common_dtype(all);
  if (dtype == DType::Bool) dtype = DType::Int64;
  for (Factor& each : factors) each.elements = cast(each.elements, dtype);
}

}  // namespace

Var contract(std::string_view operation, std::vector<Factor> factors, const IndexList& result,
             std::span<const std::size_t> extents) {
  require_rank(operation, result.size());
  promote(factors);
  const Contraction contraction(extents);
  // Axes of extent 1 are nowhere in memory.
  const auto long_ones = [&](const IndexList& all) {
    return those(all, [&](std::uint8_t index) { return extents[index] != 1; });
  };
  const IndexList wanted = long_ones(result);
  std::array<std::size_t, most_indices> uses{};
  for (Factor& each : factors) {
    each.indices = long_ones(each.indices);
    for (const std::uint8_t index : each.indices) ++uses[index];
  }
  const auto needed = [&] {
    IndexSet kept = set_of(wanted);
    for (std::size_t i = 0; i < most_indices; ++i) kept |= uses[i] > 0 ? IndexSet{1} << i : 0;
    return kept;
  };
  std::vector<IndexSet> sets;
  for (Factor& each : factors) {  // what is in one alone is summed before it makes products larger
    for (const std::uint8_t index : each.indices) --uses[index];
    each = contraction.summed(each, needed());
    for (const std::uint8_t index : each.indices) ++uses[index];
    sets.push_back(set_of(each.indices));
  }
  std::size_t left = factors.size();
  for (const auto [first, second] : order_of_multiplications(sets, set_of(wanted), extents)) {
    const Factor a = std::exchange(factors[first], {});
    const Factor b = std::exchange(factors[second], {});
    for (const Factor* each : {&a, &b}) {
      for (const std::uint8_t index : each->indices) --uses[index];
    }
    const bool is_last = --left == 1;
    factors.push_back(contraction.product(a, b, needed(), is_last ? std::optional(wanted) : std::nullopt));
    for (const std::uint8_t index : factors.back().indices) ++uses[index];
  }
  return reshape(contraction.arranged(factors.back(), wanted).elements, Strides(contraction.shape_of(result)));
}

}  // namespace xgrad::detail
