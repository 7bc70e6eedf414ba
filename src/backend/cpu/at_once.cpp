#include <algorithm>
#include <array>
#include <cstring>

#include "backend/cpu/blas/product.hpp"
#include "backend/executable.hpp"
#include "kernels/block/block.hpp"
#include "kernels/kernels.hpp"
#include "lower_loop.hpp"
#include "plan/group.hpp"
#include "plan/views.hpp"
#include "program.hpp"

namespace xgrad::backend {
namespace {

using namespace cpu;
using namespace cpu::kernels;
using primitives::Computation;

constexpr std::size_t index_of(DType dtype) { return static_cast<std::size_t>(dtype); }

/// Rows of some elements; not part of a loop, so that no index can be out of its range.
Frame frame_of(std::size_t count, std::size_t columns) {
  return {.count = count,
          .columns = columns,
          .first_row = 0,
          .first_column = 0,
          .extent = columns,
          .host = nullptr,
          .bad_index = nullptr,
          .has_bad_index = nullptr};
}

Operand dense_operand(const DenseArray& array) {
  return {array.data, array.shape, core::dense_strides(*array.shape), array.dtype};
}

bool view_at_once(Opcode op, const DenseArray& input, std::span<const std::int64_t> attributes,
                  const DenseArray& result) {
  const std::size_t bytes = size_of(*result.shape) * size_of(result.dtype);
  if (op == primitives::opcode<primitives::Reshape>) {
    std::memcpy(result.data, input.data, bytes);
    return true;
  }
  Operand source = dense_operand(input);
  const std::optional<View> view = view_of(op, *result.shape, *input.shape, source.strides, attributes);
  if (!view) return false;
  source.data += view->offset * static_cast<std::ptrdiff_t>(size_of(input.dtype));
  source.shape = result.shape;
  source.strides = view->strides;
  if (core::is_dense(*result.shape, source.strides)) {
    std::memcpy(result.data, source.data, bytes);
  } else {
    copy(dense_operand(result), source);
  }
  return true;
}

bool kernel_at_once(Opcode op, std::span<const DenseArray> inputs, std::span<const std::int64_t> attributes,
                    const DenseArray& result) {
  std::array<Operand, 4> operands;
  if (inputs.size() > operands.size()) return false;
  std::ranges::transform(inputs, operands.begin(), dense_operand);
  const std::array outputs{dense_operand(result)};
  kernel_of(op)({outputs, std::span(operands).first(inputs.size()), attributes});
  return true;
}

bool cast_at_once(Opcode op, const DenseArray& input, const DenseArray& result) {
  const bool may_fail = result.dtype == DType::Int64 && is_floating(input.dtype);
  if (may_fail) return kernel_at_once(op, std::array{input}, {}, result);
  const BlockKernel kernel = block_table().cast[index_of(result.dtype)][index_of(input.dtype)];
  const std::array slots{result.data, input.data};
  const std::size_t count = size_of(*result.shape);
  kernel(frame_of(count, count), slots.data(), {.kernel = kernel, .out = 0, .a = 1, .b = 0, .c = 0});
  return true;
}

/// One block of rows, of which all elements or all columns are reduced.
void reduce_block(Reduction reduction, DType dtype, bool along_rows, std::size_t count, std::size_t columns,
                  std::byte* elements, std::byte* result) {
  std::array<double, usual_block> wide;  // NOLINT(*-member-init): started below
  const BlockTable& table = block_table();
  const auto r = static_cast<std::size_t>(reduction);
  const BlockKernel complete = table.complete[r][index_of(dtype)];
  std::byte* totals = complete == nullptr ? result : reinterpret_cast<std::byte*>(wide.data());
  const std::array slots{totals, elements, result};
  const auto run = [&](BlockKernel kernel, const Frame& frame, std::uint32_t out, std::uint32_t in) {
    kernel(frame, slots.data(), {.kernel = kernel, .out = out, .a = in, .b = 0, .c = 0});
  };
  const Frame results = frame_of(along_rows ? count / columns : columns, 1);
  run(table.start[r][index_of(dtype)], results, 0, 0);
  const auto& reduce = along_rows ? table.reduce_rows : table.reduce_columns;
  run(reduce[r][index_of(dtype)], frame_of(count, columns), 0, 1);
  if (complete != nullptr) run(complete, results, 2, 0);
}

bool reduce_at_once(Opcode op, const DenseArray& input, std::span<const std::int64_t> attributes,
                    const DenseArray& result) {
  const std::size_t count = size_of(*input.shape);
  if (count == size_of(*result.shape) || count > usual_block) return false;
  const Reduced axes = reduced_axes(*input.shape, attributes);
  if (axes.span == Reduced::Span::Middle || axes.span == Reduced::Span::Other || input.dtype == DType::Bool) {
    return kernel_at_once(op, std::array{input}, attributes, result);
  }
  const bool along_rows = axes.span != Reduced::Span::Leading;
  reduce_block(reduction_of(op), input.dtype, along_rows, count, axes.columns, input.data, result.data);
  return true;
}

/// A row times a column: a sum of products.
bool dot_at_once(const DenseArray& a, const DenseArray& b, const DenseArray& result) {
  std::array<double, usual_block> products;  // NOLINT(*-member-init): written below
  const std::size_t count = size_of(*a.shape);
  if (count > products.size()) return false;
  auto* data = reinterpret_cast<std::byte*>(products.data());
  const std::array<Elements, 2> factors{{{a.data, false}, {b.data, false}}};
  if (!compute_at_once(primitives::opcode<primitives::Multiply>, a.dtype, factors, count, data)) return false;
  reduce_block(Reduction::Sum, a.dtype, true, count, count, data, result.data);
  return true;
}

bool product_at_once(const DenseArray& a, const DenseArray& b, const DenseArray& result) {
  const Shape& shape = *result.shape;
  if (shape.size() != 2 || a.shape->back() == 1) return false;
  if (size_of(shape) == 1) return dot_at_once(a, b, result);
  const Strides strides_of_a = core::dense_strides(*a.shape);
  const Strides strides_of_b = core::dense_strides(*b.shape);
  const blas::Product product =
      blas::product_of(result.dtype, shape, {*a.shape, strides_of_a}, {*b.shape, strides_of_b});
  blas::multiply(product, a.data, b.data, result.data, 1.0, false);
  return true;
}

}  // namespace

bool compute_at_once(Opcode op, DType dtype, std::span<const Elements> operands, std::size_t count,
                     std::byte* results) {
  const std::size_t first = operands.size() == 3 ? 1 : 0;  // of `where`, the first choice
  if (first == 1 && operands[0].one) return false;
  std::array<std::byte*, 4> slots{results};
  std::size_t mode = 0;
  for (std::size_t k = 0; k < operands.size(); ++k) {
    slots[k + 1] = const_cast<std::byte*>(operands[k].data);  // which kernels do not write to
    if (operands[k].one) mode |= std::size_t{1} << (k - first);
  }
  const BlockKernel kernel = mode < mode_count ? block_table().elementwise[op][index_of(dtype)][mode] : nullptr;
  if (kernel == nullptr) return false;
  kernel(frame_of(count, count), slots.data(), {.kernel = kernel, .out = 0, .a = 1, .b = 2, .c = 3});
  return true;
}

bool compute_at_once(Opcode op, std::span<const DenseArray> inputs, std::span<const std::int64_t> attributes,
                     const DenseArray& result) {
  switch (computation_of(op)) {
    case Computation::View:
      return view_at_once(op, inputs[0], attributes, result);
    case Computation::Conversion:
      return cast_at_once(op, inputs[0], result);
    case Computation::Reduction:
      return reduce_at_once(op, inputs[0], attributes, result);
    case Computation::Product:
      return product_at_once(inputs[0], inputs[1], result);
    case Computation::Gather:
    case Computation::Kernel:
      return kernel_at_once(op, inputs, attributes, result);
    default:
      return false;
  }
}

}  // namespace xgrad::backend
