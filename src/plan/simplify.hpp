// Algebraic clean-up: what an operation is equal to, to the last bit but for the order of sums.
#pragma once

#include <initializer_list>
#include <span>

#include "graph.hpp"

namespace xgrad::plan {

/// An operation that is about to be added to a graph.
struct Operation {
  Graph& graph;
  Opcode op;
  DType dtype;
  std::uint32_t shape;
  std::span<const ValueId> inputs;
  std::span<const std::int64_t> attributes;

  ValueId operator[](std::size_t k) const { return inputs[k]; }
  [[nodiscard]] Known known(std::size_t k) const { return graph.known(inputs[k]); }

  /// Whether a value is computed by the primitive P, and an input of such a value.
  template <class P>
  [[nodiscard]] bool is(ValueId x) const {
    return graph[x].op == opcode<P>;
  }
  [[nodiscard]] ValueId input_of(ValueId x, std::size_t k = 0) const { return graph.inputs(x)[k]; }

  /// Another operation, whose result has the element type and the shape of this one's.
  [[nodiscard]] ValueId make(Opcode another, std::initializer_list<ValueId> x) const {
    return graph.add(another, dtype, shape, std::span<const ValueId>(x.begin(), x.size()));
  }
  template <class P>
  [[nodiscard]] ValueId make(std::initializer_list<ValueId> x) const {
    return make(opcode<P>, x);
  }
};

/// An equal value that is in the graph, or that was added to it; no_value: there is nothing simpler.
ValueId simplified(const Operation& operation);

/// Whether an operation takes one element of each row by an index, or is the transpose of that; loops can do it.
bool is_row_gather_or_scatter(const Graph& graph, Opcode op, std::uint32_t shape, std::span<const ValueId> inputs,
                              std::span<const std::int64_t> attributes);

}  // namespace xgrad::plan
