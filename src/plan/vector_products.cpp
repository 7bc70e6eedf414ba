#include "vector_products.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "group.hpp"

namespace xgrad::plan {
namespace {

using namespace primitives;

/// Smaller matrices stay in the cache, where BLAS is faster than a loop; of those that are computed for products alone
/// there is less to do.
constexpr std::size_t fewest_elements = std::size_t{1} << 21U;
constexpr std::size_t fewest_computed = std::size_t{1} << 12U;
/// Rows long enough for machine code, and short enough for partial sums of columns.
constexpr std::size_t shortest_row = 16;
constexpr std::size_t longest_line = 4096;
/// Values between a product and a product that follows it.
constexpr std::size_t most_between = 64;
/// Products that might be the one that another follows, the last first: so planning stays linear.
constexpr std::size_t most_tried = 4;

/// A matrix times a vector, or the transposed matrix: y = M v, y = M' v.
struct VectorProduct {
  ValueId id;
  ValueId matrix;  ///< whose memory has the rows of M one after another
  ValueId vector;
  std::size_t rows, columns;  ///< of M
  bool transposed;
};

class VectorProducts {
 public:
  explicit VectorProducts(const Graph& graph) : graph_(graph) {
    for (ValueId id = 0; id < graph_.size(); ++id) {
      if (const std::optional<VectorProduct> each = vector_product(id)) products_.push_back(*each);
    }
    if (products_.empty()) return;
    find_needed();
    std::erase_if(products_, [&](const VectorProduct& each) { return !needed_[each.id]; });
    find_read_otherwise();
  }

  /// Those that become sums.
  [[nodiscard]] std::vector<VectorProduct> chosen() const {
    std::vector<bool> taken(products_.size(), false);
    for (std::size_t k = 0; k < products_.size(); ++k) {
      if (is_only_multiplied(products_[k])) taken[k] = true;
      if (!products_[k].transposed || !is_large(products_[k])) continue;
      std::size_t tries = most_tried;
      for (std::size_t first = k; first-- > 0 && tries > 0;) {
        if (products_[first].transposed || products_[first].matrix != products_[k].matrix) continue;
        --tries;
        if (is_pair(products_[first], products_[k])) taken[first] = taken[k] = true;
      }
    }
    std::vector<VectorProduct> result;
    for (std::size_t k = 0; k < products_.size(); ++k) {
      if (taken[k]) result.push_back(products_[k]);
    }
    return result;
  }

 private:
  void find_needed() {
    needed_.assign(graph_.size(), false);
    for (const ValueId output : graph_.outputs) needed_[output] = true;
    for (auto id = static_cast<ValueId>(graph_.size()); id-- > 0;) {
      if (!needed_[id]) continue;
      for (const ValueId input : graph_.inputs(id)) needed_[input] = true;
    }
  }

  [[nodiscard]] std::optional<VectorProduct> vector_product(ValueId id) const {
    if (graph_[id].op != op_plain_product || !is_floating(graph_[id].dtype)) return std::nullopt;
    const Shape& shape = graph_.shape(id);
    const std::size_t rank = shape.size();
    if (graph_.count(id) != shape[rank - 2] * shape[rank - 1]) return std::nullopt;
    const bool column = shape[rank - 1] == 1;
    if (column == (shape[rank - 2] == 1)) return std::nullopt;
    const ValueId factor = graph_.inputs(id)[column ? 0 : 1];
    const ValueId vector = graph_.inputs(id)[column ? 1 : 0];
    const ValueId matrix = graph_.base(factor);
    const std::size_t results = graph_.count(id);
    const std::size_t terms = graph_.count(vector);
    if (results * terms < fewest_computed || graph_.count(matrix) != results * terms) return std::nullopt;
    const Access access = graph_.access(factor);
    const std::size_t axis = rank - (column ? 2 : 1);  // along which results are
    const std::ptrdiff_t result_step = access.strides[axis];
    const std::ptrdiff_t term_step = access.strides[2 * rank - 3 - axis];
    const bool in_rows = term_step == 1 && result_step == static_cast<std::ptrdiff_t>(terms);
    const bool in_columns = result_step == 1 && term_step == static_cast<std::ptrdiff_t>(results);
    if (!in_rows && !in_columns) return std::nullopt;
    const VectorProduct product{.id = id,
                                .matrix = matrix,
                                .vector = vector,
                                .rows = in_rows ? results : terms,
                                .columns = in_rows ? terms : results,
                                .transposed = !in_rows};
    if (product.columns < shortest_row || product.columns > longest_line) return std::nullopt;
    return product;
  }

  // ---- one product and another that follows it

  [[nodiscard]] static bool is_large(const VectorProduct& product) {
    return product.rows * product.columns >= fewest_elements;
  }

  /// Whether a loop over the rows can compute M v and, of what follows from it row by row, M' w.
  [[nodiscard]] bool is_pair(const VectorProduct& first, const VectorProduct& second) const {
    if (first.rows != second.rows || first.columns != second.columns) return false;
    std::size_t left = most_between;
    bool reaches = false;
    return is_by_rows(second.vector, first, left, reaches) && reaches;
  }

  /// Whether what a value needs of a product, which is at most as far back as that, is its own element.
  bool is_by_rows(ValueId id, const VectorProduct& product, std::size_t& left, bool& reaches) const {
    if (id < product.id) return true;
    if (id == product.id) return reaches = true;
    if (graph_.is_leaf(id) || graph_.is_constant(id)) return true;
    const Opcode op = graph_[id].op;
    if (left-- == 0 || (graph_.count(id) != product.rows && graph_.count(id) != 1)) return false;
    if (is_view(op) ? graph_.count(graph_.base(id)) != 1 && !is_in_order(graph_.shape(id), graph_.access(id))
                    : !is_elementwise(op))
      return false;
    return std::ranges::all_of(graph_.inputs(id),
                               [&](ValueId input) { return is_by_rows(input, product, left, reaches); });
  }

  // ---- a matrix that is computed for them alone

  [[nodiscard]] bool is_only_multiplied(const VectorProduct& product) const {
    return graph_.is_computed(product.matrix) && is_elementwise(graph_[product.matrix].op) &&
           !read_otherwise_[product.matrix];
  }

  /// By something else than these products.
  void find_read_otherwise() {
    read_otherwise_.assign(graph_.size(), false);
    for (const ValueId output : graph_.outputs) read_otherwise_[graph_.base(output)] = true;
    auto next = products_.begin();
    for (ValueId id = 0; id < graph_.size(); ++id) {
      const bool multiplies = next != products_.end() && next->id == id;
      if (multiplies) ++next;
      if (multiplies || !needed_[id] || is_view(graph_[id].op)) continue;
      for (const ValueId input : graph_.inputs(id)) read_otherwise_[graph_.base(input)] = true;
    }
  }

  const Graph& graph_;
  std::vector<bool> needed_;
  std::vector<bool> read_otherwise_;
  std::vector<VectorProduct> products_;  // in the order of the graph
};

/// The graph once more, with sums in the place of products.
class Rewriting {
 public:
  Rewriting(Graph graph, std::vector<VectorProduct> products)
      : old_(std::move(graph)), products_(std::move(products)) {}

  Graph run() {
    result_.reserve(old_.size());
    result_.bodies = std::move(old_.bodies);
    auto next = products_.begin();
    for (ValueId id = 0; id < old_.size(); ++id) {
      const bool chosen = next != products_.end() && next->id == id;
      values_.push_back(chosen ? sum_of(*next++) : copied(id));
    }
    for (const ValueId output : old_.outputs) result_.outputs.push_back(values_[output]);
    return std::move(result_);
  }

 private:
  ValueId copied(ValueId id) {
    const Value& value = old_[id];
    const std::uint32_t shape = result_.intern(old_.shape(id));
    if (old_.is_leaf(id)) return result_.leaf(value.dtype, shape, value.source);
    if (old_.is_constant(id)) return result_.number(value.dtype, shape, old_.constant(id));
    inputs_.clear();
    for (const ValueId input : old_.inputs(id)) inputs_.push_back(values_[input]);
    return result_.add(value.op, value.dtype, shape, inputs_, old_.attributes(id));
  }

  /// The sums of M[i, j] v[j] over j, or of M[i, j] v[i] over i.
  ValueId sum_of(const VectorProduct& product) {
    const DType dtype = old_[product.id].dtype;
    const auto viewed = [&](Opcode op, ValueId x, const Shape& shape) {
      return result_.add(op, dtype, result_.intern(shape), std::array{x});
    };
    const Shape matrix{product.rows, product.columns};
    const Shape line = product.transposed ? Shape{product.rows, 1} : Shape{1, product.columns};
    const Shape sums = product.transposed ? Shape{1, product.columns} : Shape{product.rows, 1};
    const ValueId elements = viewed(opcode<Reshape>, values_[product.matrix], matrix);
    const ValueId vector = viewed(opcode<Reshape>, values_[product.vector], line);
    const std::array factors{elements, viewed(opcode<Broadcast>, vector, matrix)};
    const std::uint32_t shape = result_.intern(matrix);
    const std::array terms{result_.add(opcode<Multiply>, dtype, shape, factors)};
    const std::array axis{std::int64_t{product.transposed ? 0 : 1}};
    const ValueId sum = result_.add(opcode<Sum>, dtype, result_.intern(sums), terms, axis);
    return viewed(opcode<Reshape>, sum, old_.shape(product.id));
  }

  Graph old_;
  std::vector<VectorProduct> products_;
  Graph result_;
  std::vector<ValueId> values_;  // by those of the old graph
  std::vector<ValueId> inputs_;
};

}  // namespace

Graph multiply_vectors_in_loops(Graph graph) {
  std::vector<VectorProduct> products = VectorProducts(graph).chosen();
  return products.empty() ? std::move(graph) : Rewriting(std::move(graph), std::move(products)).run();
}

}  // namespace xgrad::plan
