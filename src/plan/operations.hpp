// The operations of a graph: the primitives, and a few that only plans have. What the planner knows of them it knows
// from their traits.
#pragma once

#include <algorithm>
#include <array>

#include "ir/state.hpp"
#include "primitives/traits.hpp"

namespace xgrad::plan {

using namespace memory;
using namespace ir;
using primitives::name_of;
using primitives::opcode;

/// A dense copy of a view. Graphs have no Identity: they read its input.
inline constexpr Opcode op_copy = opcode<primitives::Identity>;
/// A function in two steps.
constexpr Opcode op_of_part(primitives::Part part) {
  return static_cast<Opcode>(primitives::list_size + static_cast<std::size_t>(part));
}
/// Products of matrices, and c + alpha a b: inputs a, b, c and perhaps a number; attributes: the sign of alpha.
inline constexpr Opcode op_plain_product = opcode<primitives::Matmul>;
inline constexpr Opcode op_gemm = primitives::list_size + primitives::part_count;
inline constexpr std::size_t operation_count = std::size_t{op_gemm} + 1;
static_assert(primitives::list_size + primitives::part_count < 256, "an opcode is one byte");

constexpr bool is_part(Opcode op) { return op >= primitives::list_size && op < op_gemm; }

inline constexpr auto operation_traits = [] {
  constexpr primitives::Traits block_kernel{.name = {},
                                            .computation = primitives::Computation::Elementwise,
                                            .failure = primitives::Failure::None,
                                            .cost = primitives::Cost::Function,
                                            .reduction = std::nullopt,
                                            .attributes = std::nullopt,
                                            .needs_dense_inputs = false,
                                            .selects = false,
                                            .commutative = false,
                                            .logical = false,
                                            .predicate = false,
                                            .gives_indices = false,
                                            .has_payload = false};
  std::array<primitives::Traits, operation_count> table{};
  table.fill(block_kernel);  // the parts stay so
  std::ranges::copy(primitives::traits, table.begin());
  table[op_copy] = block_kernel;
  table[op_gemm] = primitives::traits[op_plain_product];
  return table;
}();

constexpr const primitives::Traits& traits_of(Opcode op) { return operation_traits[op]; }
/// The passes ask for little else, and for each value: it shall not drive what they work on out of the cache.
inline constexpr auto operation_computations = [] {
  std::array<primitives::Computation, operation_count> table{};
  std::ranges::transform(operation_traits, table.begin(), &primitives::Traits::computation);
  return table;
}();
constexpr primitives::Computation computation_of(Opcode op) { return operation_computations[op]; }

constexpr bool is_view(Opcode op) { return computation_of(op) == primitives::Computation::View; }
constexpr bool is_projection(Opcode op) { return computation_of(op) == primitives::Computation::Projection; }
/// Computed element by element, by a block kernel.
constexpr bool is_elementwise(Opcode op) { return computation_of(op) == primitives::Computation::Elementwise; }
constexpr bool is_conversion(Opcode op) { return computation_of(op) == primitives::Computation::Conversion; }
/// Axes become one element; a loop can do it.
constexpr bool is_reduction(Opcode op) { return computation_of(op) == primitives::Computation::Reduction; }
/// Of a reduction.
constexpr primitives::Reduction reduction_of(Opcode op) { return traits_of(op).reduction.value(); }
/// Elements chosen by indices, or the transpose of that; a loop can do it where there is one for each row.
constexpr bool is_gather_or_scatter(Opcode op) {
  return computation_of(op) == primitives::Computation::Gather ||
         computation_of(op) == primitives::Computation::Scatter;
}
/// With or without accumulation.
constexpr bool is_product(Opcode op) { return computation_of(op) == primitives::Computation::Product; }

}  // namespace xgrad::plan
