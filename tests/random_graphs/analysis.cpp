// The analysis: walking over a tape, and primitives that move elements.
#include "analysis.hpp"

#include <algorithm>
#include <sstream>

#include "backend/evaluate.hpp"
#include "primitives/traits.hpp"
#include "step.hpp"
#include "var/record.hpp"

namespace random_graphs {

using namespace xgrad::primitives;
using xgrad::ir::NodeId;
using xgrad::primitives::opcode;

namespace {

std::vector<double> as_doubles(const xgrad::memory::Buffer& buffer) {
  const std::size_t size = size_of(buffer.shape());
  const auto copy = [&]<class T>(const T*) {
    const T* data = reinterpret_cast<const T*>(buffer.data());
    std::vector<double> values(size);
    std::transform(data, data + size, values.begin(), [](T x) { return static_cast<double>(x); });
    return values;
  };
  switch (buffer.dtype()) {
    case DType::Bool:
      return copy(static_cast<const bool*>(nullptr));
    case DType::Int64:
      return copy(static_cast<const std::int64_t*>(nullptr));
    case DType::Float32:
      return copy(static_cast<const float*>(nullptr));
    case DType::Float64:
      break;
  }
  return copy(static_cast<const double*>(nullptr));
}

std::size_t in_range(double index, std::size_t extent) {
  return static_cast<std::size_t>(index < 0.0 ? index + static_cast<double>(extent) : index);
}

}  // namespace

void Analysis::Step::expect(std::size_t i, double expected, double tolerance) {
  const double value = known_.values[i];
  if (same_number(value, expected)) {
    if (value != 0.0 || !is_floating(dtype_) || tolerance != 0.0 || std::signbit(value) == std::signbit(expected))
      return;
  } else if (tolerance == undecided || std::abs(value - expected) <= tolerance) {
    return;
  }
  if (!analysis_.complaint_.empty()) return;
  std::ostringstream text;
  text.precision(17);
  text << "node " << id_ << " by itself, " << xgrad::primitives::name_of(tape_.node(id_).op) << " " << name(dtype_)
       << " " << to_string(shape_) << ": element " << i << " is " << value << ", a plain loop gives " << expected
       << ", tolerance " << tolerance << "; inputs";
  for (const NodeId input : tape_.inputs(id_)) {
    text << " " << xgrad::primitives::name_of(tape_.node(input).op) << " " << to_string(tape_.shape(input));
  }
  analysis_.complaint_ = text.str();
}

void Analysis::Step::constant() {
  const auto scalar = tape_.scalar(id_);
  const double value = is_floating(dtype_) ? rounded(scalar.real, dtype_) : static_cast<double>(scalar.integer);
  for (std::size_t i = 0; i < size_; ++i) expect(i, value, 0.0);
}

void Analysis::Step::view() {
  const auto op = tape_.node(id_).op;
  const Shape& from = op == opcode<Reshape> ? shape_ : input_shape(0);
  const std::vector<std::size_t> strides = dense(from);
  std::vector<std::ptrdiff_t> steps(strides.begin(), strides.end());
  std::ptrdiff_t start = 0;
  for (std::size_t i = 0; i < shape_.size(); ++i) {
    if (op == opcode<Broadcast> && from[i] == 1) steps[i] = 0;
    if (op == opcode<Transpose>)
      steps[i] = static_cast<std::ptrdiff_t>(strides[static_cast<std::size_t>(attribute(i))]);
    if (op == opcode<Slice>) {
      start += attribute(2 * i) * steps[i];
      steps[i] *= attribute(2 * i + 1);
    }
  }
  for_each_element(shape_, steps, start, [&](std::size_t i, std::size_t place) { take_over(i, item(0, place)); });
}

void Analysis::Step::embed() {
  const std::vector<std::size_t> strides = dense(shape_);
  std::vector<std::ptrdiff_t> steps(strides.begin(), strides.end());
  std::ptrdiff_t start = 0;
  for (std::size_t i = 0; i < shape_.size(); ++i) {
    start += attribute(2 * i) * steps[i];
    steps[i] *= attribute(2 * i + 1);
  }
  std::vector<bool> written(size_, false);
  for_each_element(input_shape(0), steps, start, [&](std::size_t i, std::size_t place) {
    take_over(place, item(0, i));
    written[place] = true;
  });
  for (std::size_t i = 0; i < size_; ++i) {
    if (!written[i]) expect(i, 0.0, 0.0);
  }
}

void Analysis::Step::concatenate() {
  const auto axis = static_cast<std::size_t>(attribute(0));
  const Split out(shape_, axis);
  std::size_t start = 0;
  for (std::size_t k = 0; k < input_count(); ++k) {
    const std::size_t along = input_shape(k)[axis];
    const std::size_t run = along * out.after;
    for (std::size_t i = 0; i < out.before * run; ++i) {
      take_over((i / run * out.along + start) * out.after + i % run, item(k, i));
    }
    start += along;
  }
}

void Analysis::Step::roll() {
  const Split line(shape_, static_cast<std::size_t>(attribute(0)));
  for (std::size_t i = 0; i < size_; ++i) {
    const std::size_t k = i / line.after % line.along;
    const std::size_t from = (k + line.along - static_cast<std::size_t>(attribute(1))) % line.along;
    take_over(i, item(0, i - k * line.after + from * line.after));
  }
}

/// One output of a top_k, or of a factorisation.
void Analysis::Step::projection() {
  const NodeId whole = input_id(0);
  if (tape_.node(whole).op != opcode<TopK>) {
    const auto inputs = tape_.inputs(whole);
    return of_matrices({inputs.begin(), inputs.end()});
  }
  const NodeId from = tape_.inputs(whole)[0];
  const Known& x = analysis_.nodes_[from];
  if (!x.bounds.empty()) return all_undecided();
  const std::span<const std::int64_t> attributes = tape_.attributes(whole);
  const Split in(tape_.shape(from), static_cast<std::size_t>(attributes[0]));
  const auto count = static_cast<std::size_t>(attributes[2]);
  const double sign = attributes[1] != 0 ? -1.0 : 1.0;
  for (std::size_t line = 0; line < in.before * in.after; ++line) {
    const std::size_t start = line / in.after * in.along * in.after + line % in.after;
    std::vector<std::size_t> places(in.along);
    for (std::size_t k = 0; k < in.along; ++k) places[k] = k;
    const auto value = [&](std::size_t k) { return x.values[start + k * in.after]; };
    std::stable_sort(places.begin(), places.end(), [&](std::size_t i, std::size_t j) {
      if (std::isnan(value(i)) || std::isnan(value(j))) return !std::isnan(value(i)) && std::isnan(value(j));
      return sign * value(i) < sign * value(j);
    });
    for (std::size_t k = 0; k < count; ++k) {
      const std::size_t to = (line / in.after * count + k) * in.after + line % in.after;
      expect(to, attribute(0) == 0 ? value(places[k]) : static_cast<double>(places[k]), 0.0);
    }
  }
}

void Analysis::Step::take() {
  const auto axis = static_cast<std::size_t>(attribute(0));
  const Split in(input_shape(0), axis);
  const std::size_t count = size_of(input_shape(1));
  for (std::size_t i = 0; i < size_; ++i) {
    const std::size_t row = i / in.after;
    const Item index = item(1, row % count);
    const std::size_t at = in_range(index.value, in.along);
    take_over(i, item(0, (row / count * in.along + at) * in.after + i % in.after));
    if (index.bound != 0.0) set_bound(i, undecided);
  }
}

void Analysis::Step::scatter_add() {
  if (!input(1).bounds.empty()) return all_undecided();
  const Split out(shape_, static_cast<std::size_t>(attribute(0)));
  const std::size_t count = size_of(input_shape(1));
  std::vector<BoundedSum> totals(size_);
  for (std::size_t i = 0; i < size_of(input_shape(0)); ++i) {
    const std::size_t row = i / out.after;
    const std::size_t at = in_range(item(1, row % count).value, out.along);
    const auto [value, bound] = item(0, i);
    totals[(row / count * out.along + at) * out.after + i % out.after].add(value, bound);
  }
  for (std::size_t i = 0; i < size_; ++i) {
    expect(i, rounded(totals[i].total(), dtype_), totals[i].tolerance(dtype_));
    set_bound(i, totals[i].bound(dtype_, known_.values[i]));
  }
}

void Analysis::Step::take_along_axis() {
  const auto axis = static_cast<std::size_t>(attribute(0));
  const Split in(input_shape(0), axis);
  const Split out(shape_, axis);
  for (std::size_t i = 0; i < size_; ++i) {
    const Item index = item(1, i);
    const std::size_t at = in_range(index.value, in.along);
    take_over(i, item(0, (i / (out.along * out.after) * in.along + at) * in.after + i % out.after));
    if (index.bound != 0.0) set_bound(i, undecided);
  }
}

void Analysis::Step::scatter_add_along_axis() {
  if (!input(1).bounds.empty()) return all_undecided();
  const auto axis = static_cast<std::size_t>(attribute(0));
  const Split in(input_shape(0), axis);
  const Split out(shape_, axis);
  std::vector<BoundedSum> totals(size_);
  for (std::size_t i = 0; i < size_of(input_shape(0)); ++i) {
    const std::size_t at = in_range(item(1, i).value, out.along);
    const auto [value, bound] = item(0, i);
    totals[(i / (in.along * in.after) * out.along + at) * out.after + i % in.after].add(value, bound);
  }
  for (std::size_t i = 0; i < size_; ++i) {
    expect(i, rounded(totals[i].total(), dtype_), totals[i].tolerance(dtype_));
    set_bound(i, totals[i].bound(dtype_, known_.values[i]));
  }
}

void Analysis::Step::one_hot() {
  const std::size_t classes = shape_.back();
  for (std::size_t i = 0; i < size_; ++i) {
    const Item label = item(0, i / classes);
    expect(i, static_cast<std::size_t>(label.value) == i % classes ? 1.0 : 0.0, 0.0);
    if (label.bound != 0.0) set_bound(i, undecided);
  }
}

void Analysis::Step::run() {
  const auto op = tape_.node(id_).op;
  if (op == opcode<Leaf> || run_elementwise()) return;
  if (op == opcode<Constant>) return constant();
  const Computation computation = traits[op].computation;
  const bool moves = computation == Computation::View || computation == Computation::Alias;
  if (moves || computation == Computation::Check) return view();
  if (op == opcode<Embed>) return embed();
  if (op == opcode<Concatenate>) return concatenate();
  if (op == opcode<Roll>) return roll();
  if (op == opcode<xgrad::primitives::Sum>) return sum();
  if (op == opcode<MaxReduce>) return extremum(1.0);
  if (op == opcode<MinReduce>) return extremum(-1.0);
  if (op == opcode<Norm>) return norm();
  if (op == opcode<SumButOne>) return sum_but_one();
  if (op == opcode<Balance>) return balance();
  if (op == opcode<ArgMax>) return argmax();
  if (op == opcode<Projection>) return projection();
  if (op == opcode<Take>) return take();
  if (op == opcode<ScatterAdd>) return scatter_add();
  if (op == opcode<TakeAlongAxis>) return take_along_axis();
  if (op == opcode<ScatterAddAlongAxis>) return scatter_add_along_axis();
  if (op == opcode<OneHot>) return one_hot();
  if (op == opcode<Matmul>) return dtype_ == DType::Int64 ? integer_matmul() : matmul();
  if (run_kernel()) return;
  analysis_.complaint_ = "no analysis of the primitive " + std::string(xgrad::primitives::name_of(op));
}

Analysis::Analysis(xgrad::ir::TapeState& tape, const std::vector<NodeId>& wanted) : tape_(tape), nodes_(tape.size()) {
  std::vector<NodeId> last_use(tape.size(), 0);
  for (NodeId id = 0; id < tape.size(); ++id) {
    for (const NodeId input : tape.inputs(id)) {
      last_use[input] = id;
      if (tape.node(id).op != opcode<Projection>) continue;
      for (const NodeId of_whole : tape.inputs(input)) last_use[of_whole] = id;
    }
  }
  for (const NodeId id : wanted) last_use[id] = xgrad::ir::no_node;
  for (NodeId id = 0; id < tape.size(); ++id) {
    // The tape keeps the values of the inputs, so that this one node is all there is to compute.
    ++counts_[tape.node(id).op];
    if (traits[tape.node(id).op].computation == Computation::Several) continue;
    nodes_[id].values = as_doubles(*xgrad::backend::evaluated(tape, id));
    Step(*this, id).run();
    if (is_floating(tape.node(id).dtype)) {
      for (const double value : nodes_[id].values) {
        largest_ = std::max(largest_, std::isfinite(value) ? std::abs(value) : undecided);
      }
    }
    for (const NodeId input : tape.inputs(id)) {
      if (last_use[input] == id) nodes_[input] = {};
      for (const NodeId of_whole : tape.inputs(input)) {
        if (last_use[of_whole] == id) nodes_[of_whole] = {};
      }
    }
    if (last_use[id] == 0) nodes_[id] = {};
  }
}

}  // namespace random_graphs
