#include <xgrad/transform/scan.hpp>

#include <algorithm>
#include <cmath>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/manipulate.hpp>

#include "carried.hpp"
#include "ops/axes.hpp"
#include "primitives/list.hpp"
#include "var/call.hpp"
#include "var/loop.hpp"
#include "var/record.hpp"

namespace xgrad::detail {
namespace {

std::string named(std::string_view what, const Paths& paths, std::size_t k) {
  const std::string path = paths()[k];
  return "scan: " + std::string(what) + (path.empty() ? "" : " " + path);
}

Shape without_first(const Shape& shape) { return Shape(shape.begin() + 1, shape.end()); }

}  // namespace

std::size_t runs_of_scan(std::span<const Var> arrays, const ScanOptions& options, const Paths& paths) {
  std::optional<std::size_t> length = options.length;
  for (std::size_t k = 0; k < arrays.size(); ++k) {
    require_usable(arrays[k], "scan");
    if (arrays[k].dimension() == 0) {
      throw ShapeError(named("the array", paths, k) + " is " + describe(arrays[k]) +
                       " and has no axis whose elements the runs get");
    }
    const std::size_t extent = arrays[k].shape()[0];
    if (length && extent != *length) {
      throw ShapeError(named("the array", paths, k) + " holds " + std::to_string(extent) +
                       " elements along its first axis, but there are " + std::to_string(*length) + " runs");
    }
    length = extent;
  }
  if (!length) throw ValueError("scan: no array says how many runs there are; give ScanOptions::length");
  return *length;
}

std::size_t length_of_segments(std::size_t runs, const ScanOptions& options) {
  if (options.checkpoint_levels < 2) {
    return std::clamp(options.checkpoint_every, std::size_t{1}, std::max(runs, std::size_t{1}));
  }
  if (options.checkpoint_every != 0) {
    throw ValueError("scan: checkpoint_every says how long segments are, and checkpoint_levels chooses that; give one");
  }
  // n^(1 / levels) segments of the rest. A single one would be a level that computes all runs again and saves nothing.
  const auto segments =
      std::round(std::pow(static_cast<double>(runs), 1.0 / static_cast<double>(options.checkpoint_levels)));
  return std::max(std::size_t{1}, runs / std::max(std::size_t{2}, static_cast<std::size_t>(segments)));
}

std::vector<Var> in_segments(std::span<const Var> arrays, std::size_t segments, std::size_t length) {
  std::vector<Var> result;
  for (const Var& x : arrays) {
    Shape shape{segments, length};
    for (const std::size_t extent : without_first(x.shape())) shape.push_back(extent);
    require_rank("scan", shape.size());
    result.push_back(reshape(view(x, xt::range(std::size_t{0}, segments * length)), Strides(shape)));
  }
  return result;
}

std::vector<Var> elements_from(std::span<const Var> arrays, std::size_t first, std::size_t count) {
  std::vector<Var> result;
  for (const Var& x : arrays) result.push_back(view(x, xt::range(first, first + count)));
  return result;
}

std::vector<Var> joined_segments(std::span<const Var> segments, std::span<const Var> rest) {
  std::vector<Var> result;
  for (std::size_t k = 0; k < segments.size(); ++k) {
    const Shape& parts = segments[k].shape();
    Shape shape = without_first(parts);
    shape[0] *= parts[0];
    Var whole = reshape(segments[k], Strides(shape));
    result.push_back(rest[k].shape()[0] == 0 ? whole : concatenate({whole, rest[k]}));
  }
  return result;
}

ScanBody::ScanBody(Trace& trace, std::span<const Var> first, std::span<const Var> arrays, const ScanOptions& options,
                   Paths paths_of_carried, const Paths& paths_of_arrays)
    : trace_(trace),
      values_were_forbidden_(trace.tape().values_forbidden()),
      reverse_(options.reverse),
      length_(runs_of_scan(arrays, options, paths_of_arrays)),
      paths_of_carried_(paths_of_carried) {
  for (const Var& x : first) {
    require_usable(x, "scan");
    first_.push_back(trace.node(x));
  }
  for (const Var& x : arrays) arrays_.push_back(trace.node(x));
  trace.tape().forbid_values(true);
  begin();
}

ScanBody::~ScanBody() { trace_.tape().forbid_values(values_were_forbidden_); }

void ScanBody::begin() {
  TapeState& tape = trace_.tape();
  begin_ = static_cast<NodeId>(tape.size());
  elements_.clear();
  carried_ = stand_ins_for_carried(tape, first_);
  for (const Var& x : arrays_) elements_.push_back(opaque(tape, x.dtype(), without_first(x.shape())));
}

bool ScanBody::accept(std::span<const Var> next) {
  next_.clear();
  for (const Var& x : next) {
    require_usable(x, "scan");
    next_.push_back(trace_.node(x));
  }
  const bool settled = settle_carried("scan", first_, next_, paths_of_carried_);
  if (!settled) begin();
  return settled;
}

std::vector<Var> ScanBody::finish(std::span<const Var> outputs) {
  TapeState& tape = trace_.tape();
  tape.forbid_values(values_were_forbidden_);
  std::vector<NodeId> parameters;
  std::vector<NodeId> inputs;
  std::vector<NodeId> results;
  for (const Var& x : carried_) parameters.push_back(VarAccess::node(x));
  for (const Var& x : elements_) parameters.push_back(VarAccess::node(x));
  for (const Var& x : first_) inputs.push_back(VarAccess::node(x));
  for (const Var& x : arrays_) inputs.push_back(VarAccess::node(x));
  for (const Var& x : next_) results.push_back(VarAccess::node(x));
  for (const Var& x : outputs) {
    require_usable(x, "scan");
    results.push_back(VarAccess::node(trace_.node(x)));
  }
  Varying varying(tape, begin_);
  const Cut part =
      cut(tape, begin_, parameters, results, [&](NodeId id) { return varying(id) || is_free_in_runs(tape, id); });
  parameters.insert(parameters.end(), part.captured.begin(), part.captured.end());
  inputs.insert(inputs.end(), part.captured.begin(), part.captured.end());

  auto payload = std::make_shared<Payload>();
  payload->function = make_function(tape, parameters, part.body, results);
  payload->scan = {length_, first_.size(), arrays_.size(), reverse_};
  const NodeId loop =
      tape.append_with_payload(opcode<primitives::Scan>, DType::Float64, tape.intern({}), inputs, payload);
  std::vector<Var> all;
  for (std::size_t k = 0; k < results.size(); ++k) {
    ArrayType type{tape.node(results[k]).dtype, tape.shape(results[k])};
    const bool carried = k < first_.size();
    if (!carried) {
      require_rank("scan", type.shape.size() + 1);
      type.shape.insert(0, length_);
    }
    const std::size_t which = carried ? k : first_.size() + payload->function->outputs()[k];
    all.push_back(record_projection(tape, loop, which, type));
    if (carried) tape.set_weak(VarAccess::node(all.back()), VarAccess::is_weak(first_[k]));
  }
  return all;
}

Var numbers_to(std::size_t n) {
  auto numbers = Array<std::int64_t>::from_shape({n});
  for (std::size_t k = 0; k < n; ++k) numbers.data()[k] = static_cast<std::int64_t>(k);
  return {std::move(numbers)};
}

void throw_other_tree(std::string_view operation, std::string_view what, const std::string& where) {
  throw ShapeError(std::string(operation) + ": " + std::string(what) + (where.empty() ? "" : " (" + where + ")") +
                   "; members that are no Vars, and numbers of members, must be equal. Make what differs a Var");
}

void throw_unsettled_types() {
  throw TypeError(
      "scan: the element type of a number that is carried depends on its element type; give it as an array");
}

}  // namespace xgrad::detail
