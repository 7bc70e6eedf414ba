// The primitives that look at more than one element, or at none. Their shape rules are with the functions that record
// them (src/ops), their kernels in src/backend/cpu/kernels; attributes are listed here because both rely on them. What
// `attributes` does not tell how to batch has a rule for it, `batch`. Traits that not all have: `needs_dense_inputs`,
// of those with a kernel over whole arrays, is false if it reads any strides; `gives_indices` is true if the elements
// are indices of an axis (attribute 0) of the input.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "kinds.hpp"
#include "rule_declarations.hpp"

namespace xgrad::primitives {

/// The functions whose indices choose elements. What chooses has one as attribute 1: the one that a user called, of
/// whose derivative or batch it may be a part. Errors name that.
enum class Chooser : std::int64_t {
  Take,
  ScatterAdd,
  TakeAlongAxis,
  ScatterAddAlongAxis,
  TopK,
  At,
  GatherNd,
  PutAlongAxis,
  IndexAdd,
  SegmentSum,
  SegmentMean,
  SegmentProd,
  SegmentMax,
  SegmentMin
};

inline constexpr std::array<std::string_view, 14> names_of_choosers{
    "take",        "scatter_add", "take_along_axis", "scatter_add_along_axis",
    "top_k",       "at",          "gather_nd",       "put_along_axis",
    "index_add",   "segment_sum", "segment_mean",    "segment_prod",
    "segment_max", "segment_min"};

constexpr std::string_view name_of(Chooser chooser) { return names_of_choosers[static_cast<std::size_t>(chooser)]; }

// ---- sources

/// An input. Its value is in the tape's table of leaves.
struct Leaf : Constantlike {
  static constexpr std::string_view name = "leaf";
  static constexpr auto computation = Computation::Source;
  static constexpr auto failure = Failure::None;
  static constexpr bool gives_indices = false;
};

/// One number in every element. The number is in the tape's table of scalars.
struct Constant : Constantlike {
  static constexpr std::string_view name = "constant";
  static constexpr auto computation = Computation::Source;
  static constexpr auto failure = Failure::None;
  static constexpr bool gives_indices = false;
};

/// An input of a function.
struct Parameter : Constantlike {
  static constexpr std::string_view name = "parameter";
  static constexpr auto computation = Computation::Source;
  static constexpr auto failure = Failure::None;
  static constexpr bool gives_indices = false;
};

// ---- functions

/// A call of a function, which is in the tape's table of payloads. The planner puts its body in its place.
struct Call : Several {
  static constexpr std::string_view name = "call";
  static constexpr auto computation = Computation::Function;
  static constexpr bool has_payload = true;
  static constexpr auto failure = Failure::None;
  static std::vector<derivatives::Sensitivity> vjp(const derivatives::NodeContext& context,
                                                   std::span<const derivatives::Sensitivity> cotangents,
                                                   std::span<const char> wanted);
  static std::vector<derivatives::Sensitivity> jvp(const derivatives::NodeContext& context,
                                                   std::span<const derivatives::Sensitivity> tangents);
  static std::optional<std::vector<derivatives::Series>> jet(const derivatives::NodeContext& context,
                                                             std::span<const derivatives::Series> inputs,
                                                             std::size_t order);
  static std::vector<Var> batch(const derivatives::BatchContext& context);
};

/// A function of the user's, in C++, which is in the tape's table of payloads. It runs when values are computed.
struct HostCall : Several {
  static constexpr std::string_view name = "host_call";
  static constexpr auto computation = Computation::Several;
  static constexpr auto failure = Failure::Host;
  static constexpr bool has_payload = true;
  static constexpr bool needs_dense_inputs = true;
  XGRAD_DETAIL_RULES_OF_SEVERAL
};

/// A loop of a given number of runs, whose body is a function; see ir::ScanSpec. Inputs: the first of what is
/// carried, arrays of which each run gets an element, and what is the same for all. Outputs: the last of what is
/// carried, and, behind these, for *each* node of the body the values that it has in the runs, along a new first axis.
/// So what the derivatives need of the runs are outputs, too, and what nobody needs is not made.
struct Scan : Several {
  static constexpr std::string_view name = "scan";
  static constexpr auto computation = Computation::Scan;
  static constexpr auto failure = Failure::Memory;
  static constexpr bool has_payload = true;
  XGRAD_DETAIL_RULES_OF_FUNCTIONS
};

/// One of several functions, chosen by a number. Inputs: the number, int64 of rank 0, and what each of the functions is
/// given. Outputs: those of the function.
struct Switch : Several {
  static constexpr std::string_view name = "switch";
  static constexpr auto computation = Computation::Switch;
  static constexpr auto failure = Failure::Memory;
  static constexpr bool has_payload = true;
  XGRAD_DETAIL_RULES_OF_FUNCTIONS
};

/// A loop that runs while a function of what it carries is true. Inputs: the first of what is carried, and what is the
/// same for all runs. Outputs: the last of what is carried.
struct While : Several {
  static constexpr std::string_view name = "while_loop";
  static constexpr auto computation = Computation::While;
  static constexpr auto failure = Failure::Memory;
  static constexpr bool has_payload = true;
  XGRAD_DETAIL_RULES_OF_FUNCTIONS
};

/// One of the outputs of the input. Attributes: which.
struct Projection : Constantlike {
  static constexpr std::string_view name = "projection";
  static constexpr auto computation = Computation::Projection;
  static constexpr auto failure = Failure::None;
  static constexpr bool gives_indices = false;
};

// ---- views: no element is computed

/// What an Identity marks, beside the places where nested derivatives start. The numbers are written to files.
enum class Mark : std::int64_t {
  Kept = 1,   ///< a value that is kept, not computed again
  Named = 2,  ///< one that a user gave a name
};

/// Whether these attributes of an Identity say so.
constexpr bool are_of(Mark mark, std::span<const std::int64_t> attributes) {
  return !attributes.empty() && attributes[0] == static_cast<std::int64_t>(mark);
}

/// The input itself. Attributes: none, where a nested derivative starts; else the Mark, and the number of a name.
struct Identity : Linear {
  static constexpr std::string_view name = "identity";
  static constexpr auto computation = Computation::Alias;
  static constexpr auto attributes = Attributes::NoAxes;
  static constexpr auto failure = Failure::None;
  static Var transpose(const derivatives::NodeContext& context, std::size_t input, const Var& cotangent);
};

/// The input itself, without derivative.
struct StopGradient : Constantlike {
  static constexpr std::string_view name = "stop_gradient";
  static constexpr auto computation = Computation::Alias;
  static constexpr auto attributes = Attributes::NoAxes;
  static constexpr auto failure = Failure::None;
  static constexpr bool gives_indices = false;
};

/// Axes of extent 1 repeated; ranks are equal.
struct Broadcast : Linear {
  static constexpr std::string_view name = "broadcast";
  static constexpr auto computation = Computation::View;
  static constexpr auto attributes = Attributes::NoAxes;
  static constexpr auto failure = Failure::None;
  static Var transpose(const derivatives::NodeContext& context, std::size_t input, const Var& cotangent);
};

struct Reshape : Linear {
  static constexpr std::string_view name = "reshape";
  static constexpr auto computation = Computation::View;
  static constexpr auto attributes = Attributes::NoAxes;
  static constexpr auto failure = Failure::None;
  static Var transpose(const derivatives::NodeContext& context, std::size_t input, const Var& cotangent);
};

/// Attributes: the permutation.
struct Transpose : Linear {
  static constexpr std::string_view name = "transpose";
  static constexpr auto computation = Computation::View;
  static constexpr auto attributes = Attributes::Permutation;
  static constexpr auto failure = Failure::None;
  static Var transpose(const derivatives::NodeContext& context, std::size_t input, const Var& cotangent);
};

/// Attributes: for each axis its start and step.
struct Slice : Linear {
  static constexpr std::string_view name = "slice";
  static constexpr auto computation = Computation::View;
  static constexpr auto attributes = Attributes::StartsAndSteps;
  static constexpr auto failure = Failure::None;
  static Var transpose(const derivatives::NodeContext& context, std::size_t input, const Var& cotangent);
};

// ---- linear

/// Another element type.
struct Cast : Linear {
  static constexpr std::string_view name = "cast";
  static constexpr auto computation = Computation::Conversion;
  static constexpr auto attributes = Attributes::NoAxes;
  static constexpr auto failure = Failure::Conversion;
  static constexpr bool needs_dense_inputs = false;
  static Var transpose(const derivatives::NodeContext& context, std::size_t input, const Var& cotangent);
};

/// The transpose of Slice: zeros, with the input where the slice was. Attributes as those of Slice.
struct Embed : Linear {
  static constexpr std::string_view name = "embed";
  static constexpr auto computation = Computation::Kernel;
  static constexpr auto attributes = Attributes::StartsAndSteps;
  static constexpr auto failure = Failure::None;
  static constexpr bool needs_dense_inputs = false;
  static Var transpose(const derivatives::NodeContext& context, std::size_t input, const Var& cotangent);
};

/// Attributes: the axis.
struct Concatenate : Linear {
  static constexpr std::string_view name = "concatenate";
  static constexpr auto computation = Computation::Kernel;
  static constexpr auto attributes = Attributes::Axis;
  static constexpr auto failure = Failure::None;
  static constexpr bool needs_dense_inputs = false;
  static Var transpose(const derivatives::NodeContext& context, std::size_t input, const Var& cotangent);
};

/// Elements moved along an axis; what leaves it at one end comes in at the other. Attributes: the axis; by how many,
/// in [0, extent).
struct Roll : Linear {
  static constexpr std::string_view name = "roll";
  static constexpr auto computation = Computation::Kernel;
  static constexpr auto attributes = Attributes::Axis;
  static constexpr auto failure = Failure::None;
  static constexpr bool needs_dense_inputs = true;
  static Var transpose(const derivatives::NodeContext& context, std::size_t input, const Var& cotangent);
};

/// Sum over axes, which stay with extent 1. Attributes: the axes, ascending.
struct Sum : Linear {
  static constexpr std::string_view name = "sum";
  static constexpr auto computation = Computation::Reduction;
  static constexpr auto attributes = Attributes::Axes;
  static constexpr auto reduction = Reduction::Sum;
  static constexpr auto failure = Failure::Memory;
  static constexpr bool needs_dense_inputs = false;
  static Var transpose(const derivatives::NodeContext& context, std::size_t input, const Var& cotangent);
};

/// Inputs: x and indices. Attributes: the axis, which the axes of the indices replace; the Chooser.
struct Take : Linear {
  static constexpr std::string_view name = "take";
  static constexpr auto computation = Computation::Kernel;
  static constexpr auto failure = Failure::IndexOfInput;
  static constexpr bool needs_dense_inputs = true;
  static Var transpose(const derivatives::NodeContext& context, std::size_t input, const Var& cotangent);
  static Var batch(const derivatives::BatchContext& context);
};

/// The transpose of Take: adds slices up where the indices point, in zeros.
struct ScatterAdd : Linear {
  static constexpr std::string_view name = "scatter_add";
  static constexpr auto computation = Computation::Kernel;
  static constexpr auto failure = Failure::IndexOfResult;
  static constexpr bool needs_dense_inputs = true;
  static Var transpose(const derivatives::NodeContext& context, std::size_t input, const Var& cotangent);
  static Var batch(const derivatives::BatchContext& context);
};

/// Inputs: x and indices of the same rank, equal extents but for the axis. Attributes as of Take.
struct TakeAlongAxis : Linear {
  static constexpr std::string_view name = "take_along_axis";
  static constexpr auto computation = Computation::Gather;
  static constexpr auto attributes = Attributes::Axis;
  static constexpr auto failure = Failure::IndexOfInput;
  static constexpr bool needs_dense_inputs = true;
  static Var transpose(const derivatives::NodeContext& context, std::size_t input, const Var& cotangent);
};

/// The transpose of TakeAlongAxis.
struct ScatterAddAlongAxis : Linear {
  static constexpr std::string_view name = "scatter_add_along_axis";
  static constexpr auto computation = Computation::Scatter;
  static constexpr auto attributes = Attributes::Axis;
  static constexpr auto failure = Failure::IndexOfResult;
  static constexpr bool needs_dense_inputs = true;
  static Var transpose(const derivatives::NodeContext& context, std::size_t input, const Var& cotangent);
};

/// Running sums. Attributes: the axis; 1 if from the end.
struct CumulativeSum : Linear {
  static constexpr std::string_view name = "cumsum";
  static constexpr auto computation = Computation::Kernel;
  static constexpr auto attributes = Attributes::Axis;
  static constexpr auto failure = Failure::None;
  static constexpr bool needs_dense_inputs = true;
  static Var transpose(const derivatives::NodeContext& context, std::size_t input, const Var& cotangent);
};

// ---- general

/// The first input; the second says for each element whether it meets a requirement. Attributes: the requirement, its
/// limit.
struct Checked : General {
  static constexpr std::string_view name = "checked";
  static constexpr bool has_constant_derivative = true;
  static constexpr auto computation = Computation::Check;
  static constexpr auto attributes = Attributes::NoAxes;
  static constexpr auto failure = Failure::Condition;
  static constexpr bool masks = false;
  XGRAD_DETAIL_RULES
};

/// Maximum over axes, which stay with extent 1. Attributes: the axes, ascending.
struct MaxReduce : General {
  static constexpr std::string_view name = "amax";
  static constexpr auto computation = Computation::Reduction;
  static constexpr auto attributes = Attributes::Axes;
  static constexpr auto reduction = Reduction::Max;
  static constexpr auto failure = Failure::Memory;
  static constexpr bool needs_dense_inputs = false;
  static constexpr bool masks = false;
  XGRAD_DETAIL_RULES
};

struct MinReduce : General {
  static constexpr std::string_view name = "amin";
  static constexpr auto computation = Computation::Reduction;
  static constexpr auto attributes = Attributes::Axes;
  static constexpr auto reduction = Reduction::Min;
  static constexpr auto failure = Failure::Memory;
  static constexpr bool needs_dense_inputs = false;
  static constexpr bool masks = false;
  XGRAD_DETAIL_RULES
};

/// Euclidean norm over axes, which stay with extent 1. Attributes: the axes, ascending.
struct Norm : General {
  static constexpr std::string_view name = "norm";
  static constexpr auto computation = Computation::Reduction;
  static constexpr auto attributes = Attributes::Axes;
  static constexpr auto reduction = Reduction::Norm;
  static constexpr auto failure = Failure::Memory;
  static constexpr bool needs_dense_inputs = false;
  static constexpr bool masks = false;
  XGRAD_DETAIL_RULES
};

/// Sum of numbers >= 0, less one: beside a 1 the others keep their digits (see kernels/but_one.hpp). Otherwise as Sum.
struct SumButOne : General {
  static constexpr std::string_view name = "sum_but_one";
  static constexpr bool has_constant_derivative = true;
  static constexpr auto computation = Computation::Reduction;
  static constexpr auto attributes = Attributes::Axes;
  static constexpr auto reduction = Reduction::SumButOne;
  static constexpr auto failure = Failure::Memory;
  static constexpr bool needs_dense_inputs = false;
  static constexpr bool masks = false;
  XGRAD_DETAIL_RULES
};

/// The first input times powers of two that the rows of the second determine: the product of the powers in a row is 1,
/// and with them the products of halves, of halves of halves and so on, that `prod` takes, are in range if the whole
/// is. The powers are 1 where that holds already. They are constants, which makes this linear in the first input.
struct Balance : General {
  static constexpr std::string_view name = "balance";
  static constexpr bool has_constant_derivative = true;
  static constexpr auto computation = Computation::Kernel;
  static constexpr auto failure = Failure::Memory;
  static constexpr bool needs_dense_inputs = true;
  static constexpr bool masks = false;
  XGRAD_DETAIL_RULES
  static Var batch(const derivatives::BatchContext& context);
};

/// The largest, or smallest, of an element of x and of those that indices send to its row. Inputs: values [count,
/// width], an index for each row of them, x [rows, width]. Attributes: the axis, which is 0; the Chooser; 1 if the
/// smallest; 1 if an element of x counts only where no index points.
struct ScatterExtremum : General {
  static constexpr std::string_view name = "scatter_extremum";
  static constexpr auto computation = Computation::Kernel;
  static constexpr auto failure = Failure::IndexOfResult;
  static constexpr bool needs_dense_inputs = true;
  static constexpr bool masks = false;
  XGRAD_DETAIL_RULES
  static Var batch(const derivatives::BatchContext& context);
};

/// Stacks of matrices with equal leading extents.
struct Matmul : General {
  static constexpr std::string_view name = "matmul";
  static constexpr bool is_bilinear = true;
  static constexpr auto computation = Computation::Product;
  static constexpr auto failure = Failure::ProductSize;
  static constexpr bool masks = false;
  XGRAD_DETAIL_RULES
  static Var batch(const derivatives::BatchContext& context);
};

/// The first elements along an axis in sorted order, and their indices, int64. Attributes: the axis; 1 if descending;
/// how many.
struct TopK : Several {
  static constexpr std::string_view name = "top_k";
  static constexpr auto computation = Computation::Several;
  static constexpr auto failure = Failure::Memory;
  static constexpr bool needs_dense_inputs = true;
  static constexpr bool has_payload = false;
  XGRAD_DETAIL_RULES_OF_SEVERAL
};

// ---- without derivative

/// Attributes: the axis, which stays with extent 1.
struct ArgMax : Constantlike {
  static constexpr std::string_view name = "argmax";
  static constexpr auto computation = Computation::Kernel;
  static constexpr auto attributes = Attributes::Axis;
  static constexpr auto failure = Failure::None;
  static constexpr bool needs_dense_inputs = true;
  static constexpr bool gives_indices = true;
};

/// Attributes: the axis; 1 if descending.
struct ArgSort : Constantlike {
  static constexpr std::string_view name = "argsort";
  static constexpr auto computation = Computation::Kernel;
  static constexpr auto attributes = Attributes::Axis;
  static constexpr auto failure = Failure::Memory;
  static constexpr bool needs_dense_inputs = true;
  static constexpr bool gives_indices = true;
};

/// How many elements of a sorted line are less than a value: where it would have to be inserted. Inputs: lines, [...,
/// n]; values, [..., any]: a line for the values at the same leading indices. Attributes: 1 if elements that are equal
/// count, too. NaN comes after all numbers.
struct SearchSorted : Constantlike {
  static constexpr std::string_view name = "searchsorted";
  static constexpr auto computation = Computation::Kernel;
  static constexpr auto failure = Failure::None;
  static constexpr bool needs_dense_inputs = true;
  static constexpr bool gives_indices = false;
  static Var batch(const derivatives::BatchContext& context);
};

/// A new last axis.
struct OneHot : Constantlike {
  static constexpr std::string_view name = "one_hot";
  static constexpr auto computation = Computation::Kernel;
  static constexpr auto attributes = Attributes::NoAxes;
  static constexpr auto failure = Failure::Label;
  static constexpr bool needs_dense_inputs = true;
  static constexpr bool gives_indices = false;
};

}  // namespace xgrad::primitives
