// A plan as the processor runs it: loops of block kernels, products of matrices, and other kernels, over places in
// memory that are known but for their addresses.
//
// backend/cpu: how plans are run here. Loops are lowered to instructions, scheduled, partly written as machine code;
// steps get their memory; and what runs them. In folders of their own: kernels, products of matrices (blas), threads
// (parallel). It includes backend/executable.hpp and what is below.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "backend/cpu/blas/product.hpp"
#include "backend/cpu/kernels/block/block.hpp"
#include "backend/cpu/kernels/generated/pack_program.hpp"
#include "backend/cpu/kernels/kernels.hpp"
#include "backend/executable.hpp"
#include "plan/plan.hpp"

namespace xgrad::backend::cpu {

class StraightCodeLater;

using PlaceId = std::uint32_t;
inline constexpr PlaceId no_place = ~PlaceId{0};

/// Where an array of the plan is.
struct Place {
  enum class Kind : std::uint8_t { Leaf, Number, Output, Arena };
  Kind kind;
  DType dtype;
  std::uint32_t index;  ///< of a leaf, a number, an output
  std::size_t offset;   ///< in the arena
  std::size_t bytes;
};

/// A place whose memory the caller has.
struct GivenPlace {
  PlaceId place;
  std::uint32_t index;  ///< of the leaf or output
};

/// A pointer of a loop: where it starts, and how far it moves from row to row and from column to column, in bytes.
struct Slot {
  enum class Base : std::uint8_t { Memory, Scratch, Partials };
  Base base;
  PlaceId place;
  std::ptrdiff_t offset;
  std::ptrdiff_t row_step;
  std::ptrdiff_t column_step;
  std::size_t rows_alike = 1;  ///< rows of the loop that read the same: after so many it moves
  [[nodiscard]] std::ptrdiff_t at_row(std::size_t row) const {
    return static_cast<std::ptrdiff_t>(rows_alike == 1 ? row : row / rows_alike) * row_step;
  }
};

/// Instructions that run together: once for each block of rows (on row values), or for each block of elements.
struct Segment {
  std::uint32_t first;
  std::uint32_t last;
  bool rows;
  bool once;                           ///< for the first block of a chunk only: what it makes is the same for all
  std::vector<std::uint32_t> fetched;  ///< slots of large arrays that are read here for the first time
};

/// An operand that is neither dense nor a row nor a column of the loop: gathered block by block.
struct Gathered {
  std::uint32_t slot;  ///< of the first element of its memory
  std::size_t element;
  std::size_t columns;  ///< elements of it in each row of the loop: those of the loop, or 1
  Shape shape;          ///< of one axis or more; neighbouring ones are merged where they can be
  Strides strides;      ///< in elements
  /// Slots with which machine code reads it where it is (see views_in_place.hpp), if it can.
  std::uint32_t start = ~0U;
  std::uint32_t offsets = ~0U;
  [[nodiscard]] bool is_read_in_place() const noexcept { return start != ~0U; }
};

/// A requirement of values.
struct Check {
  std::int64_t requirement;
  std::int64_t limit;  ///< of the requirement's text
  DType dtype;         ///< of the values
};

/// Rows of several lines that are reduced to one.
struct ReducedLines {
  kernels::Reduction reduction;
  DType dtype;
  DType wide;          ///< element type of the partial results
  std::size_t length;  ///< elements of a line
};

/// Machine code for some of the loop's operations, with the slots that it reads and writes.
struct GeneratedBlock {
  std::shared_ptr<const kernels::Generated> code;
  std::vector<std::uint32_t> slots;  ///< of the loop, by the numbers that the code has for them
  std::vector<std::uint32_t> reads;
  std::vector<std::uint32_t> writes;
};

/// Whether the partial results of a norm are sums of squares.
constexpr bool sums_squares(kernels::Reduction reduction, DType dtype) {
  return reduction == kernels::Reduction::Norm && dtype == DType::Float32;
}

/// A sum (or extremum) that is complete when the loop ends. Each chunk has partial results of its own.
struct Epilogue {
  kernels::Reduction reduction;
  DType wide;           ///< element type of the partial results
  std::size_t partial;  ///< offset among the partial results of a chunk
  std::size_t count;    ///< elements
  PlaceId target;
  DType dtype;
};

/// An operation of a loop, for those who want to see what was fused.
struct Member {
  Opcode op;
  Role role;
};

/// What an instruction does, as far as machine code may do it.
struct InstructionInfo {
  enum class Kind : std::uint8_t { Other, Elementwise, Splat, Expand, Tile, View, SumRows, SumAll, Check, Stream };
  Kind kind = Kind::Other;
  Opcode op = 0;                 ///< of an elementwise operation; of a sum Square, if it is one of squares
  DType dtype = DType::Float64;  ///< of the operands: of the last one
  DType result = DType::Float64;
  kernels::OperandModes modes = 0;
  Known known = Known::Nothing;  ///< of the second operand, if it is a number
  double number = 0;             ///< that operand, if it is known exactly
};

inline constexpr std::uint32_t no_product = ~0U;

struct Loop {
  std::size_t rows = 1;
  std::size_t columns = 1;
  std::size_t block_rows = 1;     ///< rows in a block; more than one only if a block holds whole rows
  std::size_t block_columns = 1;  ///< elements of a row that are worked on together
  std::size_t chunk_rows = 1;
  std::size_t chunk_columns = 1;
  std::size_t chunks = 1;
  std::size_t scratch_bytes = 0;
  std::size_t partial_bytes = 0;  ///< of one chunk
  std::vector<kernels::Instruction> code;
  std::vector<InstructionInfo> infos;  ///< of the code, if the loop may become part of a straight run
  std::vector<Segment> segments;
  std::vector<Slot> slots;
  std::vector<std::uint32_t> moving_rows;     ///< slots
  std::vector<std::uint32_t> moving_columns;  ///< slots
  std::vector<Gathered> gathered;
  std::vector<Check> checks;
  std::vector<ReducedLines> lines;
  std::vector<GeneratedBlock> generated;
  std::vector<Epilogue> epilogues;
  bool streams = false;  ///< writes past the caches
  /// The product whose rows this loop works on while they are in the cache, and of how many chunks at a time.
  std::uint32_t product = no_product;
  std::size_t panel_chunks = 1;
  std::string_view chooses;  ///< operation whose index may be out of range
  std::vector<Member> members;
};

/// An array as a kernel sees it.
struct ArrayAt {
  PlaceId place;
  std::ptrdiff_t offset;  ///< bytes
  DType dtype;
  Shape shape;
  Strides strides;
};

inline constexpr std::uint32_t no_payload = ~0U;

struct KernelStep {
  kernels::Kernel kernel;
  std::vector<ArrayAt> outputs;  ///< in no place if nothing needs it
  std::vector<ArrayAt> inputs;
  std::vector<std::int64_t> attributes;
  std::uint32_t payload = no_payload;  ///< among those of the request
  Opcode op;
};

/// out = c + sign * scale * a b
struct ProductStep {
  blas::Product product;
  PlaceId a, b, out;
  std::ptrdiff_t offset_a, offset_b;  ///< bytes
  PlaceId c = no_place;
  PlaceId scale = no_place;  ///< one number; only with c
  double sign = 1;
};

/// Steps that run together as straight machine code, once they have run often enough (straight.hpp).
struct StraightRun {
  std::uint32_t first;
  std::uint32_t last;
  std::vector<PlaceId> own;  ///< of the arena, which no other step uses
  std::shared_ptr<StraightCodeLater> code;
};

struct StepProgram;

/// A program that is run by a step of another one.
struct ProgramApart {
  std::uint32_t number;  ///< among those that the other one runs
  std::shared_ptr<const StepProgram> program;
  std::vector<std::uint32_t> captured;  ///< leaves of the request that are its leaves behind the step's inputs
};

/// A loop with a run for each element of some arrays along their first axis.
struct ScanStep {
  ProgramApart body;
  ScanSpec scan;
  std::vector<ArrayAt> inputs;             ///< first of what is carried, arrays of slices, others
  std::vector<ArrayAt> last;               ///< of what is carried; in no place if nothing needs it
  std::vector<ArrayAt> stacked;            ///< of the body's further outputs
  std::vector<std::size_t> slice_bytes;    ///< of what a run gets of each sliced array
  std::vector<std::size_t> stacked_bytes;  ///< of what it writes of each stacked one
};

/// A loop that runs while its condition gives true.
struct WhileStep {
  ProgramApart condition;
  ProgramApart body;
  std::vector<ArrayAt> inputs;  ///< first of what is carried, others
  std::vector<ArrayAt> last;    ///< of what is carried; in no place if nothing needs it
};

/// One of several programs.
struct SwitchStep {
  std::vector<ProgramApart> branches;
  ArrayAt number;
  std::vector<ArrayAt> inputs;
  std::vector<ArrayAt> outputs;
};

/// An output with elements that is a leaf or another output.
struct HandedOn {
  std::uint32_t output;
  bool is_leaf;
  std::uint32_t from;  ///< among the leaves or the outputs
  std::size_t bytes;
};

struct Step {
  enum class Kind : std::uint8_t { Loop, Kernel, Product, Scan, While, Switch };
  Kind kind;
  std::uint32_t index;
};

struct StepProgram {
  std::vector<Step> steps;
  std::vector<StraightRun> straight_runs;  ///< in the order of the steps
  std::vector<Loop> loops;
  std::vector<KernelStep> kernels;
  std::vector<ProductStep> products;
  std::vector<ScanStep> scans;
  std::vector<WhileStep> whiles;
  std::vector<SwitchStep> switches;
  std::vector<Place> places;
  std::vector<GivenPlace> leaves_at;        ///< places that are leaves, in the order of these
  std::vector<GivenPlace> outputs_at;       ///< and outputs
  std::vector<std::uint32_t> place_shapes;  ///< of each place among the shapes; like these not used to run
  std::vector<Shape> shapes;
  std::vector<Number> numbers;
  std::vector<DType> number_types;
  std::vector<PlanOutput> outputs;
  std::vector<HandedOn> handed_on;
  std::size_t leaves = 0;
  std::size_t arena_bytes = 0;
  std::size_t scratch_bytes = 0;
  std::size_t partial_bytes = 0;
  std::size_t most_slots = 0;   ///< of a loop
  std::size_t most_chunks = 0;  ///< of a loop
  std::size_t most_arrays = 0;  ///< of a kernel
  std::uint32_t apart = 0;      ///< programs that it runs
  std::size_t nodes = 0;        ///< recorded nodes that it stands for
  /// The first step that may write over a donated array. From here on nothing can fail.
  std::size_t first_overwriting = ~std::size_t{0};

  /// Memory of the plan itself, roughly.
  [[nodiscard]] std::size_t bytes() const noexcept;
};

/// \param repeated  it is run many times by a step of another one.
std::shared_ptr<const StepProgram> make_program(const Plan& plan, bool repeated = false);

}  // namespace xgrad::backend::cpu
