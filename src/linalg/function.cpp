#include <xgrad/linalg/function.hpp>

#include <array>
#include <limits>
#include <string>
#include <vector>

#include <xgrad/core/errors.hpp>
#include <xgrad/linalg/solve.hpp>
#include <xgrad/ops/create.hpp>

#include "operands.hpp"

namespace xgrad::linalg {

Var matrix_power(const Var& a, std::int64_t power, const Options& options) {
  Var square = square_matrices("matrix_power", a);
  if (power == 0) return broadcast_to(eye(rows_of(square), {}, 0, square.dtype()), square.shape());
  if (power < 0) square = inv(square, options);
  std::uint64_t left = power < 0 ? ~static_cast<std::uint64_t>(power) + 1 : static_cast<std::uint64_t>(power);
  Var result;
  for (;; left /= 2, square = matmul(square, square)) {
    if (left % 2 == 1) result = result.defined() ? matmul(result, square) : square;
    if (left <= 1) return result;
  }
}

Var expm(const Var& a, const Options& options) {
  return detail::matrix_exp(square_matrices("expm", a), {}, without_result(options));
}

namespace {

Var of_symmetric(std::string_view operation, detail::OfEigenvalues which, const Var& a, const Options& options) {
  const Var x = square_matrices(operation, a);
  const Without without = without_result(options);
  return detail::symmetric_function(which, x, detail::eigh(stop_gradient(x), without), {}, without);
}

}  // namespace

Var logm(const Var& a, const Options& options) { return of_symmetric("logm", detail::OfEigenvalues::Log, a, options); }

Var sqrtm(const Var& a, const Options& options) {
  return of_symmetric("sqrtm", detail::OfEigenvalues::Sqrt, a, options);
}

// ---- chains of products

namespace {

/// Where to cut the products of neighbours i ... j for the least work (S. S. Godbole 1973).
class Chain {
 public:
  explicit Chain(std::span<const Var> matrices) : matrices_(matrices), count_(matrices.size()) {
    for (const Var& x : matrices) extents_.push_back(static_cast<double>(x.shape()[0]));
    extents_.push_back(static_cast<double>(matrices.back().shape()[1]));
    cut_.assign(count_ * count_, 0);
    std::vector<double> cost(count_ * count_, 0.0);
    for (std::size_t length = 1; length < count_; ++length) {
      for (std::size_t i = 0; i + length < count_; ++i) choose_cut(i, i + length, cost);
    }
  }

  [[nodiscard]] Var product(std::size_t i, std::size_t j) const {
    if (i == j) return matrices_[i];
    const std::size_t cut = cut_[i * count_ + j];
    return matmul(product(i, cut), product(cut + 1, j));
  }

 private:
  void choose_cut(std::size_t i, std::size_t j, std::vector<double>& cost) {
    double& least = cost[i * count_ + j];
    least = std::numeric_limits<double>::infinity();
    for (std::size_t k = i; k < j; ++k) {
      const double both = cost[i * count_ + k] + cost[(k + 1) * count_ + j];
      const double each = both + extents_[i] * extents_[k + 1] * extents_[j + 1];
      if (each >= least) continue;
      least = each;
      cut_[i * count_ + j] = k;
    }
  }

  std::span<const Var> matrices_;
  std::size_t count_;
  std::vector<double> extents_;
  std::vector<std::size_t> cut_;
};

void check_chain(std::span<const Var> matrices) {
  if (matrices.size() < 2) {
    throw ValueError("multi_dot: " + std::to_string(matrices.size()) + " factors; at least two are needed");
  }
  for (std::size_t i = 0; i < matrices.size(); ++i) {
    detail::require_usable(matrices[i], "multi_dot");
    detail::require_one_tape("multi_dot", matrices.first(i + 1));
    const bool at_end = i == 0 || i + 1 == matrices.size();
    const std::size_t rank = matrices[i].dimension();
    if (rank != 2 && !(at_end && rank == 1)) {
      throw ShapeError("multi_dot: factor " + std::to_string(i) + " has the shape " + to_string(matrices[i].shape()) +
                       "; it must be a matrix" + (at_end ? " or a vector" : ""));
    }
    if (i == 0) continue;
    if (matrices[i - 1].shape().back() != matrices[i].shape()[0]) {
      throw ShapeError("multi_dot: factors " + std::to_string(i - 1) + " and " + std::to_string(i) +
                       " have the shapes " + to_string(matrices[i - 1].shape()) + " and " +
                       to_string(matrices[i].shape()) + "; the last extent of the one must be the first of the other");
    }
  }
}

}  // namespace

Var multi_dot(std::span<const Var> matrices) {
  check_chain(matrices);
  std::vector<Var> factors(matrices.begin(), matrices.end());
  const bool row = factors.front().dimension() == 1;
  const bool column = factors.back().dimension() == 1;
  if (row) factors.front() = expand_dims(factors.front(), 0);
  if (column) factors.back() = expand_dims(factors.back(), 1);
  Var result = Chain(factors).product(0, factors.size() - 1);
  if (column) result = squeeze(result, -1);
  return row ? squeeze(result, 0) : result;
}

Var multi_dot(std::initializer_list<Var> matrices) {
  return multi_dot(std::span<const Var>(matrices.begin(), matrices.size()));
}

// ---- blocks

Var block_diag(std::span<const Var> matrices) {
  if (matrices.empty()) throw ValueError("block_diag: there are no matrices to put together");
  std::vector<const Var*> pointers;
  for (const Var& x : matrices) {
    detail::require_usable(x, "block_diag");
    if (x.dimension() < 2) {
      throw ShapeError("block_diag: the shape " + to_string(x.shape()) +
                       " is not that of a matrix; at least two axes are needed");
    }
    pointers.push_back(&x);
  }
  detail::require_one_tape("block_diag", pointers);
  const DType dtype = detail::common_dtype(pointers);
  Var like = matrices[0];
  for (const Var& x : matrices) like = with_leading_extents(like, common_leading("block_diag", like, x));
  const Shape extents(like.shape().begin(), like.shape().end() - 2);
  std::size_t columns = 0;
  for (const Var& x : matrices) columns += columns_of(x);
  std::vector<Var> rows;
  std::size_t before = 0;
  for (const Var& x : matrices) {
    const Var block = with_leading_extents(cast(x, dtype), extents);
    Shape shape = block.shape();
    shape.back() = columns;
    std::vector<std::int64_t> starts_and_steps;
    for (std::size_t i = 0; i < shape.size(); ++i) {
      starts_and_steps.push_back(0);
      starts_and_steps.push_back(1);
    }
    starts_and_steps[starts_and_steps.size() - 2] = static_cast<std::int64_t>(before);
    rows.push_back(detail::embed(block, shape, starts_and_steps));
    before += columns_of(x);
  }
  return concatenate(rows, -2);
}

Var block_diag(std::initializer_list<Var> matrices) {
  return block_diag(std::span<const Var>(matrices.begin(), matrices.size()));
}

}  // namespace xgrad::linalg
