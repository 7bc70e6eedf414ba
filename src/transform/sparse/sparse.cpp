// Sparse derivatives: the pattern is read off a recorded sweep, lines of the matrix that meet nowhere are computed by
// one seed, and entries are taken from where they are alone.
#include <xgrad/transform/sparse.hpp>

#include <algorithm>
#include <array>
#include <limits>
#include <set>
#include <string>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/check.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/index.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/ops/reduce.hpp>

#include "colouring.hpp"
#include "dependence.hpp"
#include "matrix.hpp"
#include "transform/seeded_sweep.hpp"
#include "var/record.hpp"

namespace xgrad::detail {
namespace {

std::size_t elements_of(std::span<const Var> all) {
  std::size_t count = 0;
  for (const Var& x : all) count += x.size();
  return count;
}

// ---- the pattern

/// Which seeds each element of the results of a sweep can come of: a row for each element.
Structure followed(const Trace& trace, const SparseProblem& problem, const SeededSweep& sweep,
                   std::span<const Var> to) {
  if (elements_of(sweep.units()) > std::numeric_limits<IndexSets::Index>::max()) {
    throw ShapeError(std::string(problem.operation) + ": there are " + std::to_string(elements_of(sweep.units())) +
                     " elements to differentiate by; there may be 2^32 - 1");
  }
  IndexSets sets;
  std::vector<SetArray> given;
  std::vector<NodeId> units;
  IndexSets::Index next = 0;
  for (const Var& unit : sweep.units()) {
    units.push_back(VarAccess::node(unit));
    SetArray& singles = given.emplace_back();
    for (std::size_t i = 0; i < unit.size(); ++i) singles.push_back(sets.single(next++));
  }
  std::vector<NodeId> results;
  for (const Var& x : sweep.results()) {
    if (x.defined()) results.push_back(VarAccess::node(x));
  }
  const FollowedProgram program(trace.tape(), problem.arguments);
  const NodeId first = units.empty() ? 0 : *std::ranges::min_element(units);
  const std::vector<SetArray> of_results = Walk(program, first, units, results).run(sets, given);
  Structure structure;
  structure.columns = next;
  std::size_t used = 0;
  for (std::size_t k = 0; k < to.size(); ++k) {
    const SetArray array = sweep.results()[k].defined() ? of_results[used++] : SetArray();
    for (std::size_t i = 0; i < to[k].size(); ++i) {
      structure.add_row(array.empty() ? std::span<const IndexSets::Index>() : sets.elements(array[i]));
    }
  }
  return structure;
}

bool has_user_rule(const Function& function);

/// Whether a program calls a function whose derivative is a rule of the user's.
bool has_user_rule(const TapeState& tape, NodeId first) {
  for (NodeId id = first; id < tape.size(); ++id) {
    if (!primitives::traits[tape.node(id).op].has_payload) continue;
    const Payload& payload = *tape.payload(id);
    if (payload.rule != nullptr) return true;
    for (const auto& each : {payload.function, payload.condition}) {
      if (each != nullptr && has_user_rule(*each)) return true;
    }
    if (std::ranges::any_of(payload.branches, [](const auto& each) { return has_user_rule(*each); })) return true;
  }
  return false;
}

bool has_user_rule(const Function& function) { return has_user_rule(function.program(), 0); }

/// Whether a matrix is sure to be symmetric. Rules of the user's need not be gradients of anything.
bool is_symmetric(const Trace& trace, const SparseProblem& problem) {
  if (problem.kind != SparseKind::Hessian) return false;
  NodeId first = static_cast<NodeId>(trace.tape().size());
  for (const Var& x : problem.inputs) first = std::min(first, VarAccess::node(x));
  return !has_user_rule(trace.tape(), first);
}

SeededSweep sweep_of(Trace& trace, const SparseProblem& problem, bool forward) {
  return forward ? SeededSweep(trace, problem.inputs, problem.outputs, true)
                 : SeededSweep(trace, problem.outputs, problem.inputs, false);
}

// ---- colours

/// How a matrix is computed: columns together, or rows.
struct Compression {
  bool forward;
  Colouring colouring;
  std::vector<std::int64_t> places;  ///< of each entry in the compressed matrix
};

Colouring given_colouring(std::string_view operation, const std::vector<std::int64_t>& colours, std::size_t lines,
                          std::string_view line) {
  if (colours.size() != lines) {
    throw ShapeError(std::string(operation) + ": there are " + std::to_string(colours.size()) + " colours and " +
                     std::to_string(lines) + " " + std::string(line) + "s; each must have one");
  }
  Colouring result;
  for (std::size_t k = 0; k < lines; ++k) {
    if (colours[k] < 0 || static_cast<std::uint64_t>(colours[k]) >= lines) {
      throw ValueError(std::string(operation) + ": the colour of " + std::string(line) + " " + std::to_string(k) +
                       " is " + std::to_string(colours[k]) + "; colours count from 0, and there are no more than " +
                       std::string(line) + "s");
    }
    result.colours.push_back(static_cast<std::size_t>(colours[k]));
    result.count = std::max(result.count, result.colours.back() + 1);
  }
  return result;
}

Compression of_columns(std::string_view operation, const Structure& structure, Colouring colouring, bool symmetric) {
  std::vector<std::int64_t> places = places_in_compressed(operation, structure, colouring, symmetric, "column");
  return {true, std::move(colouring), std::move(places)};
}

Compression of_rows(std::string_view operation, const TransposedStructure& columns, Colouring colouring) {
  const std::vector<std::int64_t> found = places_in_compressed(operation, columns.structure, colouring, false, "row");
  std::vector<std::int64_t> places(found.size());
  for (std::size_t k = 0; k < found.size(); ++k) places[columns.places[k]] = found[k];
  return {false, std::move(colouring), std::move(places)};
}

/// The way with fewer colours. A bound from below saves colouring the other way where it cannot win, above all where a
/// row is full.
Compression better_way(std::string_view operation, const Structure& structure, const TransposedStructure& columns) {
  const std::size_t least_forward = structure.most_in_a_row();
  const std::size_t least_reverse = columns.structure.most_in_a_row();
  if (least_forward <= least_reverse) {
    Colouring forward = colour_columns(structure);
    if (forward.count > least_reverse) {
      Colouring reverse = colour_columns(columns.structure);
      if (reverse.count < forward.count) return of_rows(operation, columns, std::move(reverse));
    }
    return of_columns(operation, structure, std::move(forward), false);
  }
  Colouring reverse = colour_columns(columns.structure);
  if (reverse.count >= least_forward) {
    Colouring forward = colour_columns(structure);
    if (forward.count <= reverse.count) return of_columns(operation, structure, std::move(forward), false);
  }
  return of_rows(operation, columns, std::move(reverse));
}

Compression compression_of(std::string_view operation, const Structure& structure, bool symmetric,
                           const SparseJacobianOptions& options) {
  const bool given = !options.colours.empty();
  if (options.mode == Mode::reverse || (options.mode == Mode::automatic && !given)) {
    const TransposedStructure columns = transposed(structure);
    if (options.mode == Mode::automatic) return better_way(operation, structure, columns);
    return of_rows(operation, columns,
                   given ? given_colouring(operation, options.colours, structure.rows(), "row")
                         : colour_columns(columns.structure));
  }
  Colouring colouring = given       ? given_colouring(operation, options.colours, structure.columns, "column")
                        : symmetric ? colour_symmetric(structure)
                                    : colour_columns(structure);
  return of_columns(operation, structure, std::move(colouring), symmetric);
}

// ---- values

/// Numbers without a pattern between 1/2 and 3/2 (SplitMix64).
double weight_of(std::size_t i) {
  std::uint64_t z = (i + 1) * 0x9e3779b97f4a7c15U;
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
  return 0.5 + static_cast<double>((z ^ (z >> 31U)) >> 11U) * 0x1p-53;
}

/// Seeds from the first-th on of the lines from `begin` on: 1 where a line has the colour; behind the last colour the
/// weights.
template <class T>
Var seeds_of(const Colouring& colouring, std::size_t begin, std::size_t lines, std::size_t first, std::size_t count) {
  auto values = Array<T>::from_shape(Shape{count, lines});
  T* value = values.data();
  for (std::size_t seed = first; seed < first + count; ++seed) {
    for (std::size_t line = begin; line < begin + lines; ++line) {
      const bool weighed = seed == colouring.count;
      *value++ = weighed ? static_cast<T>(weight_of(line)) : static_cast<T>(colouring.colours[line] == seed ? 1 : 0);
    }
  }
  return {std::move(values)};
}

/// The element type of the results; numbers give way.
DType element_type_of(const SparseProblem& problem) {
  std::vector<const Var*> all;
  for (const Var& x : problem.outputs) all.push_back(&x);
  if (std::ranges::all_of(all, [](const Var* x) { return VarAccess::is_weak(*x); })) {
    for (const Var& x : problem.inputs) all.push_back(&x);
  }
  return all.empty() ? DType::Float64 : common_dtype(all);
}

bool any_narrow(const SparseProblem& problem) {
  const auto is_narrow = [](const Var& x) { return x.dtype() == DType::Float32; };
  return std::ranges::any_of(problem.inputs, is_narrow) || std::ranges::any_of(problem.outputs, is_narrow);
}

/// A row for each colour, and behind them one for the weights.
Var compressed(const SeededSweep& sweep, const Colouring& colouring, std::span<const Var> from, DType dtype,
               bool weighed) {
  const std::size_t count = colouring.count + (weighed ? 1 : 0);
  std::vector<Var> rows = sweep.rows(count, [&](std::size_t first, std::size_t some) {
    std::vector<Var> seeds;
    std::size_t begin = 0;
    for (const Var& x : from) {
      const auto make = x.dtype() == DType::Float32 ? seeds_of<float> : seeds_of<double>;
      seeds.push_back(make(colouring, begin, x.size(), first, some));
      begin += x.size();
    }
    return seeds;
  });
  for (Var& x : rows) x = cast(x, dtype);
  return rows.size() == 1 ? rows[0] : concatenate(rows, 1);
}

const Requirement& completeness(SparseKind kind, bool forward) {
  const auto text = [](SparseKind of, std::string_view line) {
    return Requirement(std::string(name_of(of)) + ": the pattern lacks an entry in " + std::string(line) +
                       " {}: the product with a vector is not that which the derivative gives");
  };
  static const std::array<Requirement, 4> all{text(SparseKind::Jacobian, "column"), text(SparseKind::Jacobian, "row"),
                                              text(SparseKind::Hessian, "column"), text(SparseKind::Hessian, "row")};
  return all[(kind == SparseKind::Hessian ? 2 : 0) + (forward ? 1 : 0)];
}

/// The values, if the product with the weights is that which the sweep gave. What is no finite number tells nothing.
/// \param along, across  for each entry the line of the product, and that of the weights.
/// \param narrow         part of it was computed in float.
Var checked_values(const Requirement& requirement, const Var& values, const Var& along, const Var& across,
                   std::size_t lines, const Var& expected, bool narrow) {
  auto weights = Array<double>::from_shape(Shape{lines});
  for (std::size_t i = 0; i < lines; ++i) weights.data()[i] = weight_of(i);
  const Var terms = values * take(cast(Var(std::move(weights)), values.dtype()), across, 0);
  const std::size_t extent = expected.size();
  const Var product = scatter_add(terms, along, extent, 0);
  const Var scale = scatter_add(abs(terms), along, extent, 0) + abs(expected);
  const double tolerance = narrow ? 1e-4 : 1e-10;  // some eps^(2/3): long sums are rounded
  std::vector<std::size_t> numbers(extent);
  for (std::size_t i = 0; i < extent; ++i) numbers[i] = i;
  const Var differs = greater(abs(product - expected), tolerance * scale);
  const Var last = amax(where(differs, integers(numbers), Var(std::int64_t{-1})));
  const Var checked_last = checked(last, less(last, 0), requirement);
  return checked(values, less(checked_last, 0), requirement);
}

}  // namespace

std::vector<Var> recorded_gradient(std::string_view operation, Trace& trace, const Var& loss,
                                   std::span<const Var> inputs) {
  trace.require_recorded(operation, {&loss, 1});
  require_scalar_loss(operation, loss);
  const Var output = trace.node(loss);
  const Var seed = one_of(output);
  std::vector<Var> result = trace.reverse({&output, 1}, {&seed, 1}, inputs);
  complete(result, inputs);
  for (Var& x : result) x = trace.node(x);
  return result;
}

SparsityPattern sparsity_pattern(Trace& trace, const SparseProblem& problem) {
  require_differentiable_outputs(problem.operation, problem.outputs);
  const bool symmetric = is_symmetric(trace, problem);
  const Structure structure = followed(trace, problem, sweep_of(trace, problem, true), problem.outputs);
  return pattern_of(symmetric ? symmetric_part(structure) : structure);
}

SparseMatrix sparse_derivative(Trace& trace, const SparseProblem& problem, const SparseJacobianOptions& options) {
  const std::string_view operation = problem.operation;
  require_differentiable_outputs(problem.operation, problem.outputs);
  const bool symmetric = is_symmetric(trace, problem);
  std::optional<SeededSweep> sweep;
  const auto found = [&] {
    const bool forward = options.mode != Mode::reverse;
    sweep.emplace(sweep_of(trace, problem, forward));
    const Structure structure = followed(trace, problem, *sweep, forward ? problem.outputs : problem.inputs);
    if (symmetric) return symmetric_part(structure);
    return forward ? structure : transposed(structure).structure;
  };
  const auto given = [&] {
    Structure structure =
        structure_of(operation, *options.pattern, elements_of(problem.outputs), elements_of(problem.inputs));
    if (symmetric && symmetric_part(structure) != structure) {
      throw ValueError("sparse_hessian: the given pattern is not symmetric; it must hold both halves of the matrix");
    }
    if (options.check && structure.entries.empty() && !found().entries.empty()) {
      throw ValueError(std::string(operation) +
                       ": the given pattern is empty, and the derivative does depend on the argument");
    }
    return structure;
  };
  const Structure structure = options.pattern ? given() : found();
  const Compression compression = compression_of(operation, structure, symmetric, options);
  const bool forward = compression.forward;
  const SparsityPattern pattern = pattern_of(structure);
  const DType dtype = element_type_of(problem);
  if (structure.entries.empty()) {
    return {pattern.shape, pattern.rows, pattern.columns, cast(Var(Array<double>::from_shape(Shape{0})), dtype)};
  }
  if (!sweep || forward != (options.mode != Mode::reverse)) sweep.emplace(sweep_of(trace, problem, forward));
  const std::vector<Var>& from = forward ? problem.inputs : problem.outputs;
  const Var all = compressed(*sweep, compression.colouring, from, dtype, options.check);
  Var values = take(all, integers(compression.places));
  if (options.check) {
    values = checked_values(completeness(problem.kind, forward), values, forward ? pattern.rows : pattern.columns,
                            forward ? pattern.columns : pattern.rows, elements_of(from),
                            view(all, compression.colouring.count), any_narrow(problem));
  }
  return {pattern.shape, pattern.rows, pattern.columns, values};
}

}  // namespace xgrad::detail
