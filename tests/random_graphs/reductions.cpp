// Random programs: reductions, and what is done with rows.
#include <cmath>

#include "builder.hpp"

namespace random_graphs {
namespace {

using InstructionId = Builder::InstructionId;
using A = Arguments;
using xgrad::Axes;
using xgrad::KeepDims;
using xgrad::Strides;

/// All, trailing, leading, middle, or any axes of an array that has some.
Strides some_axes(Builder& b, std::size_t rank) {
  const auto last = static_cast<std::ptrdiff_t>(rank);
  Strides axes;
  std::ptrdiff_t from = 0;
  std::ptrdiff_t to = last;
  switch (b.random.below(5)) {
    case 0:
      break;
    case 1:
      from = b.random.between(0, last - 1);
      break;
    case 2:
      to = b.random.between(1, last);
      break;
    case 3:
      from = b.random.between(0, last - 1);
      to = from + 1;
      break;
    default:
      for (std::ptrdiff_t axis = 0; axis < last; ++axis) {
        if (b.random.chance(0.5)) axes.push_back(b.random.chance(0.3) ? axis - last : axis);
      }
      return axes;
  }
  for (std::ptrdiff_t axis = from; axis < to; ++axis) axes.push_back(axis);
  return axes;
}

double reduced_count(Builder& b, InstructionId x, const Strides& axes) {
  double count = 1.0;
  for (std::ptrdiff_t axis : axes) {
    if (axis < 0) axis += static_cast<std::ptrdiff_t>(b.rank(x));
    count *= static_cast<double>(b.shape(x)[static_cast<std::size_t>(axis)]);
  }
  return count;
}

using Reduction = Var (*)(const Var&, const Axes&, KeepDims);

InstructionId reduce(Builder& b, const char* name, InstructionId x, const Strides& axes, KeepDims keep,
                     double magnitude, Reduction f) {
  return b.add(std::string(name) + " " + listed(axes) + (keep == KeepDims::yes ? " keep_dims" : ""), {x}, magnitude,
               [=](const A& a) { return f(a[0], Axes(axes), keep); });
}

}  // namespace

void add_reduction(Builder& b) {
  if (b.random.chance(0.1)) {
    const InstructionId i = b.random.chance(0.5) ? b.any_integer() : b.any_boolean();
    b.add("sum", {i}, 1e3, [](const A& a) { return sum(a[0]); });
    return;
  }
  const InstructionId x = b.random.chance(0.9) ? b.any_array() : b.any_with_axes();
  const Strides axes = some_axes(b, b.rank(x));
  const KeepDims keep = b.random.chance(0.6) ? KeepDims::yes : KeepDims::no;
  const double m = b.magnitude(x);
  const double n = reduced_count(b, x, axes);
  const auto add = [&](const char* name, double magnitude, Reduction f) {
    reduce(b, name, x, axes, keep, magnitude, f);
  };
  const bool something = size_of(b.shape(x)) > 0;
  switch (b.random.below(11)) {
    case 0:
    case 1:
    case 2:
      return add("sum", m * n, xgrad::sum);
    case 3:
    case 4:
      return add("mean", m, xgrad::mean);
    case 5:
      if (something) return add("amax", m, xgrad::amax);
      return;
    case 6:
      if (something) return add("amin", m, xgrad::amin);
      return;
    case 7:
      return add("variance", m * m, xgrad::variance);
    case 8:
      return add("norm", m * std::sqrt(n), xgrad::norm);
    case 9:
      return add("logsumexp", m + std::log(n + 1.0), xgrad::logsumexp);
    default:
      if (n <= 16.0) return add("prod", std::pow(m, n), xgrad::prod);
      if (!something) return;
      const std::ptrdiff_t axis = b.random.between(0, static_cast<std::ptrdiff_t>(b.rank(x)) - 1);
      b.add("argmax " + std::to_string(axis), {x}, 1e3, [=](const A& a) { return argmax(a[0], axis, keep); });
  }
}

namespace {

/// (x - mean) / sqrt(variance + c), perhaps times gain plus bias.
void add_layer_norm(Builder& b, InstructionId x, const Strides& axes) {
  const InstructionId mean = reduce(b, "mean", x, axes, xgrad::keep_dims, b.magnitude(x), xgrad::mean);
  const InstructionId centred =
      b.add("subtract", {x, mean}, 2.0 * b.magnitude(x), [](const A& a) { return a[0] - a[1]; });
  if (b.random.chance(0.3)) return;
  const InstructionId spread =
      reduce(b, "variance", x, axes, xgrad::keep_dims, b.magnitude(x) * b.magnitude(x), xgrad::variance);
  const InstructionId deviation = b.add_with_number("sqrt(x + number)", {spread}, 0.01, b.magnitude(spread) + 1.0,
                                                    [](const A& a) { return sqrt(a[0] + a.number); });
  const InstructionId normal = b.add("divide", {centred, deviation}, 10.0, [](const A& a) { return a[0] / a[1]; });
  if (b.random.chance(0.5)) return;
  const Shape& shape = b.shape(x);
  const InstructionId gain = b.float_input(Shape{shape.back()});
  const InstructionId scaled = b.add("multiply", {normal, gain}, 20.0, [](const A& a) { return a[0] * a[1]; });
  b.add("add", {scaled, gain}, 22.0, [](const A& a) { return a[0] + a[1]; });
}

/// Softmax as people write it.
void add_softmax_by_hand(Builder& b, InstructionId x, const Strides& axes) {
  const InstructionId largest = reduce(b, "amax", x, axes, xgrad::keep_dims, b.magnitude(x), xgrad::amax);
  const InstructionId powers = b.add("exp(x - y)", {x, largest}, 1.0, [](const A& a) { return exp(a[0] - a[1]); });
  const InstructionId total = reduce(b, "sum", powers, axes, xgrad::keep_dims, 50.0, xgrad::sum);
  b.add("divide", {powers, total}, 1.0, [](const A& a) { return a[0] / a[1]; });
}

void add_cross_entropy(Builder& b, InstructionId x) {
  const auto classes = static_cast<std::int64_t>(b.shape(x).back());
  Shape rows = b.shape(x);
  rows.back() = 1;
  const InstructionId labels = b.input(rows, DType::Int64, Fill::Labels);
  const InstructionId safe =
      b.add("into range", {labels}, 1e3, [=](const A& a) { return maximum(minimum(a[0], classes - 1), -classes); });
  const InstructionId logs =
      b.add("log_softmax", {x}, b.magnitude(x) + 5.0, [](const A& a) { return log_softmax(a[0]); });
  const InstructionId chosen = b.add("take_along_axis -1", {logs, safe}, b.magnitude(logs),
                                     [](const A& a) { return take_along_axis(a[0], a[1], -1); });
  b.add("-mean", {chosen}, b.magnitude(logs), [](const A& a) { return -mean(a[0]); });
}

}  // namespace

void add_rows(Builder& b) {
  const InstructionId x = b.any_array();
  const double m = b.magnitude(x);
  Strides axes{-1};
  if (b.random.chance(0.35)) {
    axes = some_axes(b, b.rank(x));
    if (axes.empty()) axes.push_back(0);
  }
  switch (b.random.below(7)) {
    case 0:
      b.add("softmax " + listed(axes), {x}, 1.0, [=](const A& a) { return softmax(a[0], Axes(axes)); });
      return;
    case 1:
      b.add("log_softmax " + listed(axes), {x}, 2.0 * m + 12.0,
            [=](const A& a) { return log_softmax(a[0], Axes(axes)); });
      return;
    case 2:
      return add_layer_norm(b, x, axes);
    case 3: {
      const InstructionId length = reduce(b, "norm", x, axes, xgrad::keep_dims, 1e3 * m, xgrad::norm);
      b.add_with_number("x / (y + number)", {x, length}, 0.001, m + 10.0,
                        [](const A& a) { return a[0] / (a[1] + a.number); });
      return;
    }
    case 4:
      return add_softmax_by_hand(b, x, axes);
    case 5:
      return add_cross_entropy(b, x);
    default: {
      const InstructionId s = reduce(b, "logsumexp", x, axes, xgrad::keep_dims, m + 12.0, xgrad::logsumexp);
      b.add("subtract", {x, s}, 2.0 * m + 12.0, [](const A& a) { return a[0] - a[1]; });
    }
  }
}

}  // namespace random_graphs
