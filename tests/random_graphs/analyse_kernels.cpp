// The analysis of primitives that are kernels of their own: running sums, orders, extrema at indices, matrices, random
// numbers.
#include <algorithm>

#include "primitives/traits.hpp"
#include "step.hpp"

namespace random_graphs {

using namespace xgrad::primitives;
using xgrad::primitives::opcode;

namespace {

bool in_order(double a, double b) { return !std::isnan(a) && (std::isnan(b) || a < b); }

}  // namespace

void Analysis::Step::cumsum() {
  const Split line(shape_, static_cast<std::size_t>(attribute(0)));
  const bool backward = attribute(1) != 0;
  const bool integers = dtype_ == DType::Int64;
  for (std::size_t start = 0; start < line.before * line.after; ++start) {
    const std::size_t first = start / line.after * line.along * line.after + start % line.after;
    BoundedSum total;
    bool open = false;
    for (std::size_t k = 0; k < line.along; ++k) {
      const std::size_t i = first + (backward ? line.along - 1 - k : k) * line.after;
      const auto [value, bound] = item(0, i);
      open = open || bound != 0.0;
      total.add(value, bound);
      if (integers) {
        if (std::abs(total.total()) < 0x1p53) expect(i, total.total(), 0.0);
        if (open) set_bound(i, undecided);
      } else {
        expect(i, rounded(total.total(), dtype_), total.tolerance(dtype_));
        set_bound(i, total.bound(dtype_, known_.values[i]));
      }
    }
  }
}

/// Where two elements are nearer than their bounds, their order is open, and so is that of the line.
void Analysis::Step::argsort() {
  const Split line(shape_, static_cast<std::size_t>(attribute(0)));
  const bool descending = attribute(1) != 0;
  std::vector<std::size_t> order(line.along);
  for (std::size_t start = 0; start < line.before * line.after; ++start) {
    const std::size_t first = start / line.after * line.along * line.after + start % line.after;
    const auto at = [&](std::size_t k) { return item(0, first + k * line.after); };
    for (std::size_t k = 0; k < line.along; ++k) order[k] = k;
    std::stable_sort(order.begin(), order.end(), [&](std::size_t i, std::size_t j) {
      const double a = at(i).value;
      const double b = at(j).value;
      if (std::isnan(a) || std::isnan(b)) return in_order(a, b);
      return descending ? b < a : a < b;
    });
    bool open = false;
    for (std::size_t k = 0; k < line.along; ++k) {
      expect(first + k * line.after, static_cast<double>(order[k]), 0.0);
      if (k + 1 == line.along) break;
      const Item a = at(order[k]);
      const Item b = at(order[k + 1]);
      const double doubt = (a.bound <= any_zero ? 0.0 : a.bound) + (b.bound <= any_zero ? 0.0 : b.bound);
      open = open || (doubt > 0.0 && !(std::abs(a.value - b.value) > doubt));
    }
    for (std::size_t k = 0; open && k < line.along; ++k) set_bound(first + k * line.after, undecided);
  }
}

void Analysis::Step::searchsorted() {
  const std::size_t length = input_shape(0).back();
  const std::size_t lines = length == 0 ? 0 : size_of(input_shape(0)) / length;
  const std::size_t values = lines == 0 ? size_ : size_ / lines;
  const bool equals_count = attribute(0) != 0;
  for (std::size_t i = 0; i < size_; ++i) {
    const Item x = item(1, i);
    std::size_t count = 0;
    bool open = false;
    for (std::size_t k = 0; k < length; ++k) {
      const Item edge = item(0, i / values * length + k);
      const bool counts = equals_count ? !in_order(x.value, edge.value) : in_order(edge.value, x.value);
      if (counts) ++count;
      const double doubt = (x.bound <= any_zero ? 0.0 : x.bound) + (edge.bound <= any_zero ? 0.0 : edge.bound);
      open = open || (doubt > 0.0 && !(std::abs(x.value - edge.value) > doubt));
    }
    expect(i, static_cast<double>(count), 0.0);
    if (open) set_bound(i, undecided);
  }
}

void Analysis::Step::scatter_extremum() {
  if (!input(1).bounds.empty()) return all_undecided();
  const std::size_t width = shape_.size() > 1 ? shape_[1] : 1;
  const std::size_t rows = shape_[0];
  const double sign = attribute(2) != 0 ? -1.0 : 1.0;
  const bool only_values = attribute(3) != 0;
  std::vector<std::vector<Item>> candidates(size_);
  for (std::size_t k = 0; k < size_of(input_shape(1)); ++k) {
    const double index = item(1, k).value;
    const auto row = static_cast<std::size_t>(index < 0.0 ? index + static_cast<double>(rows) : index);
    for (std::size_t j = 0; j < width; ++j) candidates[row * width + j].push_back(item(0, k * width + j));
  }
  for (std::size_t i = 0; i < size_; ++i) {
    if (!only_values || candidates[i].empty()) candidates[i].push_back(item(2, i));
    Item best{-undecided, 0.0};
    bool nan = false;
    bool open = false;
    for (const Item& each : candidates[i]) {
      nan = nan || std::isnan(each.value);
      open = open || each.bound == undecided || (std::isnan(each.value) && each.bound != 0.0);
      if (sign * each.value > best.value) best = {sign * each.value, each.bound};
    }
    expect(i, nan ? std::numeric_limits<double>::quiet_NaN() : sign * best.value, any_zero);
    double bound = 0.0;
    for (const Item& each : candidates[i]) {
      const double gap = best.value - sign * each.value;
      if (each.bound > 0.0 && gap <= best.bound + each.bound) bound = std::max(bound, gap + each.bound);
    }
    if (open || (dtype_ == DType::Int64 && bound != 0.0)) set_bound(i, undecided);
    else if (!nan) set_bound(i, best.value == 0.0 && dtype_ != DType::Int64 ? std::max(bound, any_zero) : bound);
  }
}

/// Of a matrix that is well conditioned, as the generator makes them: what the elements of the inputs are off, beside
/// the largest one, the result is off, times a number. The kernel is the same in all executions, but the matrix may
/// come to it transposed.
void Analysis::Step::of_matrices(const std::vector<xgrad::ir::NodeId>& inputs) {
  constexpr double condition = 1e3;
  double relative = 0.0;
  bool exact = true;
  for (const xgrad::ir::NodeId id : inputs) {
    const Known& each = analysis_.nodes_[id];
    double magnitude = 0.0;
    double bound = 0.0;
    for (std::size_t i = 0; i < each.values.size(); ++i) {
      if (!std::isfinite(each.values[i]) || each.bound(i) == undecided) return all_undecided();
      magnitude = std::max(magnitude, std::abs(each.values[i]));
      bound = std::max(bound, each.bound(i));
    }
    exact = exact && bound == 0.0;
    if (bound > any_zero) relative = std::max(relative, magnitude == 0.0 ? undecided : bound / magnitude);
  }
  if (!is_floating(dtype_)) {
    if (!exact) all_undecided();
    return;
  }
  double magnitude = 0.0;
  for (const double value : known_.values) magnitude = std::max(magnitude, std::abs(value));
  const double bound = condition * (16.0 * unit(dtype_) + relative) * magnitude;
  for (std::size_t i = 0; i < size_; ++i) set_bound(i, std::isfinite(bound) ? std::max(bound, any_zero) : undecided);
}

/// What is drawn is the same bits for the same key and parameters.
void Analysis::Step::drawn() {
  for (std::size_t k = 0; k < input_count(); ++k) {
    for (const double bound : input(k).bounds) {
      if (bound != 0.0) return all_undecided();
    }
  }
}

bool Analysis::Step::run_kernel() {
  const auto op = tape_.node(id_).op;
  if (op == opcode<CumulativeSum>) cumsum();
  else if (op == opcode<ArgSort>) argsort();
  else if (op == opcode<SearchSorted>) searchsorted();
  else if (op == opcode<ScatterExtremum>) scatter_extremum();
  else if (op == opcode<Convolution>) convolution();
  else if (op == opcode<WindowArgMax>) window_argmax();
  else if (op == opcode<DeriveKey> || op == opcode<RandomDraw> || op == opcode<RandomSample>) drawn();
  else if (traits[op].failure == Failure::Matrix) {
    const auto inputs = tape_.inputs(id_);
    of_matrices({inputs.begin(), inputs.end()});
  } else {
    return false;
  }
  return true;
}

}  // namespace random_graphs
