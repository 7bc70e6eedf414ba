#include "loop_form.hpp"

#include <algorithm>
#include <vector>

#include "backend/cpu/kernels/operand.hpp"

namespace xgrad::backend::cpu {

std::optional<TwoDimensional> two_dimensional(const Shape& shape, const Strides& strides, std::size_t columns) {
  TwoDimensional result{0, 0};
  std::size_t i = shape.size();
  std::size_t count = 1;
  const auto collapse = [&](std::size_t wanted, std::ptrdiff_t& step) {
    bool any = false;
    std::ptrdiff_t expected = 0;
    for (; i > 0 && count < wanted; --i) {
      const std::size_t extent = shape[i - 1];
      if (extent == 1) continue;
      if (!any) step = strides[i - 1];
      else if (strides[i - 1] != expected) return false;
      any = true;
      expected = strides[i - 1] * static_cast<std::ptrdiff_t>(extent);
      count *= extent;
    }
    return count == wanted;
  };
  if (!collapse(columns, result.column)) return std::nullopt;
  const std::size_t rows = size_of(shape) / columns;
  count = 1;
  if (!collapse(rows, result.row)) return std::nullopt;
  return result;
}

std::optional<RowsAlike> rows_alike(const Shape& shape, const Strides& strides, std::size_t columns) {
  RowsAlike result{1, 0};
  std::size_t i = shape.size();
  std::size_t count = 1;
  for (; i > 0 && count < columns; --i) {
    if (shape[i - 1] == 1) continue;
    if (strides[i - 1] != static_cast<std::ptrdiff_t>(count)) return std::nullopt;
    count *= shape[i - 1];
  }
  if (count != columns) return std::nullopt;
  for (; i > 0 && (shape[i - 1] == 1 || strides[i - 1] == 0); --i) result.alike *= shape[i - 1];
  for (std::ptrdiff_t expected = 0; i > 0; --i) {
    if (shape[i - 1] == 1) continue;
    if (result.row == 0) result.row = strides[i - 1];
    else if (strides[i - 1] != expected) return std::nullopt;
    expected = strides[i - 1] * static_cast<std::ptrdiff_t>(shape[i - 1]);
  }
  return result.alike > 1 && result.row != 0 ? std::optional(result) : std::nullopt;
}

void merge_axes(const Shape& shape, const Strides& strides, Shape& merged, Strides& steps) {
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == 1) continue;
    if (!merged.empty() && steps.back() == strides[i] * static_cast<std::ptrdiff_t>(shape[i])) {
      merged.back() *= shape[i];
      steps.back() = strides[i];
    } else {
      merged.push_back(shape[i]);
      steps.push_back(strides[i]);
    }
  }
  if (!merged.empty()) return;
  merged.push_back(1);
  steps.push_back(0);
}

std::size_t period_of(const Shape& shape, const Strides& strides) {
  std::size_t period = size_of(shape);
  if (period == 0) return 0;
  for (std::size_t i = 0; i < shape.size() && (strides[i] == 0 || shape[i] == 1); ++i) period /= shape[i];
  return period;
}

bool is_single(const Shape& shape, const Strides& strides) {
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] != 1 && strides[i] != 0) return false;
  }
  return true;
}

namespace {

/// Elements of a chunk, and most chunks that have partial sums of whole rows.
constexpr std::size_t chunk_elements = 32768;
constexpr std::size_t most_column_chunks = 32;

/// Length of the rows in which the first operand that is not dense lies in memory, or those of a product of many rows
/// (see panels.hpp); 0 if any will do.
std::size_t natural_columns(const Graph& graph, const Groups& groups, GroupId g) {
  const Group& group = groups.list[static_cast<std::size_t>(g)];
  std::size_t rows_of_product = 0;
  for (const ValueId id : group.members) {
    if (groups.role[id] != Role::Full) continue;
    for (const ValueId input : graph.inputs(id)) {
      if (groups.of[graph.base(input)] == g || graph.count(input) != group.size) continue;
      const Shape& shape = graph.shape(input);
      const Opcode op = graph[input].op;
      if (is_product(op)) {
        if (op != op_gemm && shape.size() == 2 && shape[0] >= 2 * blas::rows_of_call) rows_of_product = shape[1];
        continue;
      }
      if (graph.is_whole(input)) continue;
      const Strides strides = graph.access(input).strides;
      if (is_single(shape, strides) || core::is_dense(shape, strides)) continue;
      std::size_t columns = 1;
      std::ptrdiff_t expected = 0;
      for (std::size_t i = shape.size(); i-- > 0;) {
        if (shape[i] == 1) continue;
        if (columns != 1 && strides[i] != expected) break;
        columns *= shape[i];
        expected = strides[i] * static_cast<std::ptrdiff_t>(shape[i]);
      }
      return columns;
    }
  }
  return rows_of_product;
}

/// Whether an operand is a view that is no more regular than a row of it: of parts of rows it would be gathered.
bool has_inner_views(const Graph& graph, const Groups& groups, GroupId g, std::size_t columns) {
  const Group& group = groups.list[static_cast<std::size_t>(g)];
  const auto is_inner_view = [&](ValueId input) {
    const ValueId base = graph.base(input);
    if (base == input || groups.of[base] == g || graph.count(input) != group.size) return false;
    const Shape& shape = graph.shape(input);
    const Strides& strides = graph.access(input).strides;
    return !core::is_dense(shape, strides) && !two_dimensional(shape, strides, columns) &&
           !rows_alike(shape, strides, columns);
  };
  return std::ranges::any_of(group.members, [&](ValueId id) {
    return groups.role[id] == Role::Full && std::ranges::any_of(graph.inputs(id), is_inner_view);
  });
}

/// Rows of a block, of at most so many: as many as divide what operands repeat, or else as are a multiple of it, unless
/// they would be less than half.
std::size_t rows_between_repeats(const Loop& loop, const Graph& graph, const Groups& groups, GroupId g,
                                 std::size_t most) {
  if (most == 1) return 1;
  std::vector<std::size_t> repeats;
  for (const ValueId id : groups.list[static_cast<std::size_t>(g)].members) {
    if (groups.role[id] != Role::Full) continue;
    for (const ValueId input : graph.inputs(id)) {
      const ValueId base = graph.base(input);
      if (base == input || groups.of[base] == g || graph.count(input) != loop.rows * loop.columns) continue;
      const Strides& strides = graph.access(input).strides;
      const std::size_t period = period_of(graph.shape(input), strides);
      if (const auto found = rows_alike(graph.shape(input), strides, loop.columns)) repeats.push_back(found->alike);
      else if (period % loop.columns == 0 && period <= most * loop.columns) repeats.push_back(period / loop.columns);
    }
  }
  const auto whole = [](std::size_t a, std::size_t b) { return a % b == 0; };
  const auto most_that = [&](auto suits) {
    for (std::size_t rows = most; 2 * rows >= most; --rows) {
      if (std::ranges::all_of(repeats, [&](std::size_t each) { return suits(rows, each); })) return rows;
    }
    return std::size_t{0};
  };
  std::size_t best = most_that([&](std::size_t rows, std::size_t each) { return whole(each, rows); });
  if (best == 0) {
    best = most_that([&](std::size_t rows, std::size_t each) { return whole(each, rows) || whole(rows, each); });
  }
  return best != 0 ? best : most;
}

}  // namespace

void choose_form(Loop& loop, const Graph& graph, const Groups& groups, GroupId g, std::size_t block) {
  const Group& group = groups.list[static_cast<std::size_t>(g)];
  const std::size_t size = group.size;
  std::size_t columns = group.columns != 0 ? group.columns : natural_columns(graph, groups, g);
  if (columns == 0) columns = std::max<std::size_t>(size, 1);
  loop.columns = columns;
  loop.rows = size / columns;
  if (2 * columns <= block) {
    const std::size_t most = std::clamp<std::size_t>(loop.rows, 1, block / columns);
    loop.block_rows = rows_between_repeats(loop, graph, groups, g, most);
    loop.block_columns = columns;
  } else {
    const bool whole = columns <= 2 * block && has_inner_views(graph, groups, g, columns);
    loop.block_columns = whole ? columns : std::min(columns, block);
  }
}

void choose_chunks(Loop& loop, const Group& group) {
  const bool columns_in_epilogue =
      std::any_of(loop.epilogues.begin(), loop.epilogues.end(), [](const Epilogue& each) { return each.count > 1; });
  if (loop.rows == 1 && !group.whole_rows) {
    loop.chunk_rows = 1;
    loop.chunk_columns = chunk_elements;
    loop.chunks = (loop.columns + chunk_elements - 1) / chunk_elements;
  } else {
    const auto whole = [&](std::size_t rows) {
      return std::max(loop.block_rows, (rows + loop.block_rows - 1) / loop.block_rows * loop.block_rows);
    };
    loop.chunk_columns = loop.columns;
    loop.chunk_rows = whole(chunk_elements / loop.columns);
    if (columns_in_epilogue) loop.chunk_rows = std::max(loop.chunk_rows, whole(loop.rows / most_column_chunks));
    loop.chunks = (loop.rows + loop.chunk_rows - 1) / loop.chunk_rows;
  }
  loop.chunks = std::max<std::size_t>(loop.chunks, 1);
}

}  // namespace xgrad::backend::cpu
