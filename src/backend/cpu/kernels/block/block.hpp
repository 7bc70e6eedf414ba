// Kernels over one block of a fused loop: what the instructions of a block program run.
//
// block: the same kernels once for each element type and instruction set, and the tables of them. It includes simd and
// primitives. This header is compiled for several instruction sets; it holds plain data only.
#pragma once

#include <cstddef>
#include <cstdint>

#include "convolve.hpp"
#include "draw.hpp"
#include "int8.hpp"
#include "matrix.hpp"
#include "primitives/kinds.hpp"
#include "view.hpp"

namespace xgrad::backend::cpu::kernels {

/// The part of an iteration that an instruction works on: `count` elements, in rows of `columns`.
struct Frame {
  std::size_t count;
  std::size_t columns;
  std::size_t first_row;
  std::size_t first_column;  ///< of these rows in the whole rows
  std::size_t extent;        ///< columns of the whole rows, the range of an index
  const void* host;          ///< for kernels of the executor
  std::int64_t* bad_index;   ///< where an index out of range is put
  bool* has_bad_index;
};

struct Instruction;
using BlockKernel = void (*)(const Frame& frame, std::byte* const* slots, const Instruction& instruction);

/// One kernel with the numbers of the slots that it reads and writes.
struct Instruction {
  /// What the numbers mean. Plain: slots. Of the others, which the executor runs: Gather and Offsets have in `a` a
  /// view, Check in `c` its requirement, Lines in `c` what is added up and in `b` the slot of partial results, if they
  /// are apart, Generated in `a` its machine code, which knows its slots itself.
  enum class Kind : std::uint8_t { Plain, Gather, Offsets, Check, Lines, Generated };

  BlockKernel kernel;
  std::uint32_t out;
  std::uint32_t a;
  std::uint32_t b;
  std::uint32_t c;
  Kind kind = Kind::Plain;
};

/// Which operands of an element-by-element kernel are one number for the whole block: a bit each, the first operand
/// lowest. Of `where` they are those of the two choices.
using OperandModes = std::uint8_t;
inline constexpr std::size_t mode_count = 4;
inline constexpr std::size_t dtype_slots = 4;
inline constexpr std::size_t opcode_slots = 256;

/// A norm's partial results are norms, which hypot combines: no square outlives the run of elements that it is from.
/// Those of floats are squares, of which doubles hold all: they are sums until a root is taken in the end. Those of a
/// sum less one: see but_one.hpp.
using primitives::Reduction;
inline constexpr std::size_t reduction_count = 5;

/// Whether partial results of floats are doubles.
constexpr bool is_wide(Reduction reduction) { return reduction != Reduction::Max && reduction != Reduction::Min; }

using primitives::Part;
using primitives::part_count;

/// Kernels by opcode, element type (in the order of DType) and so on; null where there is none.
struct BlockTable {
  BlockKernel elementwise[opcode_slots][dtype_slots][mode_count];
  BlockKernel cast[dtype_slots][dtype_slots];                ///< [to][from]
  BlockKernel splat[dtype_slots];                            ///< out[i] = a[0]
  BlockKernel expand[dtype_slots];                           ///< out[row, column] = a[row]
  BlockKernel stream[dtype_slots];                           ///< out[i] = a[i], past the caches; see finish_streams
  BlockKernel tile[dtype_slots];                             ///< out[row, column] = a[column]
  BlockKernel start[reduction_count][dtype_slots];           ///< out[i] = the neutral element, in the wide type
  BlockKernel reduce_rows[reduction_count][dtype_slots];     ///< out[row] += a[row, :]
  BlockKernel reduce_all[reduction_count][dtype_slots];      ///< out[0] += a
  BlockKernel reduce_columns[reduction_count][dtype_slots];  ///< out[column] += a[:, column]
  BlockKernel complete[reduction_count][dtype_slots];        ///< out[i] = result of what was reduced; null: that itself
  BlockKernel row_gather[dtype_slots];                       ///< out[row] = a[row, b[row]]
  BlockKernel row_scatter[dtype_slots];                      ///< out[row, column] = column == b[row] ? a[row] : 0
  BlockKernel parts[part_count][dtype_slots];                ///< see Part
  DrawKernel draw[distribution_count][dtype_slots];          ///< random numbers
  ConvolveKernels convolve[dtype_slots];                     ///< of floating-point numbers
  const char* name;
  MatrixKernel multiply[dtype_slots];      ///< products of small matrices
  TransposeKernel transpose[dtype_slots];  ///< copies of theirs, turned
  Int8Kernels int8;                        ///< products of small integers
  ViewKernels view;                        ///< copies of elements of views
};

/// Sums of floats are kept as doubles until they are complete.
template <class T>
struct WideType {
  using type = T;
};
template <>
struct WideType<float> {
  using type = double;
};

/// Makes what was streamed visible to other threads.
void finish_streams() noexcept;

enum class Isa : std::uint8_t { Baseline, Avx2, Avx512 };

/// The best that this processor runs; it runs all before it, too.
Isa best_isa();
BlockTable make_table(Isa isa);

/// The table for this processor, or for the lesser instruction set that the environment variable XGRAD_ISA names
/// ("baseline", "avx2", "avx512").
const BlockTable& block_table();

}  // namespace xgrad::backend::cpu::kernels
