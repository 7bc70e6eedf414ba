// Algebraic clean-up: what an operation is equal to, to the last bit but for the order of sums.
#pragma once

#include <initializer_list>
#include <span>

#include "graph.hpp"

namespace xgrad::detail {

/// Whether an operation takes one element of each row by an index, or is the transpose of that; loops can do it.
bool chooses_in_rows(const Graph& graph, Opcode op, std::uint32_t shape, std::span<const ValueId> inputs,
                     std::span<const std::int64_t> attributes);

class Simplifier {
 public:
  explicit Simplifier(Graph& graph) : graph_(graph) {}

  /// An equal value, or no_value.
  ValueId simplify(Opcode op, DType dtype, std::uint32_t shape, std::span<const ValueId> inputs,
                   std::span<const std::int64_t> attributes);

 private:
  ValueId view(Opcode op, DType dtype, std::uint32_t shape, ValueId x, std::span<const std::int64_t> attributes);
  ValueId transpose(DType dtype, std::uint32_t shape, ValueId x, std::span<const std::int64_t> attributes);
  ValueId elementwise(Opcode op, DType dtype, std::uint32_t shape, std::span<const ValueId> x);
  ValueId in_parts(Opcode op, DType dtype, std::uint32_t shape, std::span<const ValueId> x);
  ValueId binary(Opcode op, DType dtype, std::uint32_t shape, ValueId a, ValueId b);
  ValueId without_signs(Opcode op, DType dtype, std::uint32_t shape, ValueId a, ValueId b);
  ValueId hoist(Opcode op, DType dtype, std::uint32_t shape, std::span<const ValueId> inputs);
  ValueId reduction(Opcode op, DType dtype, std::uint32_t shape, ValueId x, std::span<const std::int64_t> axes);
  ValueId matmul(DType dtype, std::uint32_t shape, ValueId a, ValueId b);
  ValueId with_dense_inputs(Opcode op, DType dtype, std::uint32_t shape, std::span<const ValueId> inputs,
                            std::span<const std::int64_t> attributes);
  ValueId boolean(std::uint32_t shape, bool value);
  ValueId fold_comparison(Opcode op, std::uint32_t shape, ValueId a, ValueId b);
  [[nodiscard]] bool fits_blas(ValueId x) const;
  ValueId scale(ValueId x, DType dtype, Scalar factor);

  ValueId add(Opcode op, DType dtype, std::uint32_t shape, std::initializer_list<ValueId> inputs) {
    return graph_.add(op, dtype, shape, std::span<const ValueId>(inputs.begin(), inputs.size()));
  }
  [[nodiscard]] bool is(ValueId x, Opcode op) const { return graph_[x].op == op; }
  [[nodiscard]] ValueId input(ValueId x, std::size_t k = 0) const { return graph_.inputs(x)[k]; }
  /// The value, if it has the asked shape, else a reshape of it.
  ValueId shaped(ValueId x, std::uint32_t shape);

  Graph& graph_;
};

}  // namespace xgrad::detail
