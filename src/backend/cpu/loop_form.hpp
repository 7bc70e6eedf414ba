// How a loop goes over its elements: rows and columns, blocks, chunks; and how an operand lies in them.
#pragma once

#include <cstddef>
#include <optional>

#include "plan/group.hpp"
#include "program.hpp"

namespace xgrad::backend::cpu {

/// Strides of a view as rows x columns, if it has such.
struct TwoDimensional {
  std::ptrdiff_t row;
  std::ptrdiff_t column;
};
std::optional<TwoDimensional> two_dimensional(const Shape& shape, const Strides& strides, std::size_t columns);

/// A view whose rows are dense, and the same for `alike` of them at a time; then they are `row` elements further on.
struct RowsAlike {
  std::size_t alike;
  std::ptrdiff_t row;
};
std::optional<RowsAlike> rows_alike(const Shape& shape, const Strides& strides, std::size_t columns);

/// The same view without axes of one element, neighbouring ones merged where they are one; of one axis at least.
void merge_axes(const Shape& shape, const Strides& strides, Shape& merged, Strides& steps);

/// After how many elements a view of such axes begins again.
std::size_t period_of(const Shape& shape, const Strides& strides);

/// Whether all elements of a view are the same one.
bool is_single(const Shape& shape, const Strides& strides);

/// Rows, columns and blocks of at most about `block` elements.
void choose_form(Loop& loop, const Graph& graph, const Groups& groups, GroupId g, std::size_t block);

/// What one thread works on before it takes more. It follows from the shape alone, because partial sums depend on it.
void choose_chunks(Loop& loop, const Group& group);

}  // namespace xgrad::backend::cpu
