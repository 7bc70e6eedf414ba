// What the elements of each primitive depend on. A line for each that its traits do not tell; one that has none does
// not compile.
#include <algorithm>
#include <numeric>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/elementwise.hpp>

#include "dependence.hpp"
#include "dependence_functions.hpp"
#include "dependence_windows.hpp"
#include "primitives/node_rules.hpp"
#include "primitives/traits.hpp"
#include "var/record.hpp"

namespace xgrad::detail {
namespace dependence {
namespace {

using namespace primitives;

using Results = std::vector<SetArray>;

// ---- parts of rules

/// Element by element on some of the inputs, which have the shape of the result.
SetArray on_same_element(const FollowedNode& node, std::initializer_list<std::size_t> which) {
  SetArray result;
  for (const std::size_t k : which) {
    if (node.depends(k) && node.input(k).size() != size_of(node.shape())) return on_everything(node, node.shape());
    result = united(node.sets, result, node.input(k));
  }
  return result;
}

/// For each element of an array the place of that with which it is, or was, one along axes of extent 1.
std::vector<std::size_t> places_in(const Shape& large, const Shape& small) {
  std::vector<std::size_t> places{0};
  std::size_t stride = size_of(small);
  for (std::size_t axis = 0; axis < large.size(); ++axis) {
    if (small[axis] != 0) stride /= small[axis];
    std::vector<std::size_t> next;
    next.reserve(places.size() * large[axis]);
    for (const std::size_t place : places) {
      for (std::size_t i = 0; i < large[axis]; ++i) next.push_back(place + (small[axis] == 1 ? 0 : i * stride));
    }
    places = std::move(next);
  }
  return places;
}

/// Each place of the result gets what is sent to it.
SetArray collected(IndexSets& sets, const SetArray& array, std::span<const std::size_t> places, std::size_t size) {
  if (array.empty()) return {};
  std::vector<std::vector<IndexSets::Set>> parts(size);
  for (std::size_t i = 0; i < array.size(); ++i) {
    if (array[i] != IndexSets::empty) parts[places[i]].push_back(array[i]);
  }
  SetArray result(size);
  for (std::size_t i = 0; i < size; ++i) result[i] = sets.united(parts[i]);
  return result;
}

SetArray reduced(IndexSets& sets, const SetArray& array, const Shape& from, const Shape& to) {
  return collected(sets, array, places_in(from, to), size_of(to));
}

SetArray broadcast(const SetArray& array, const Shape& from, const Shape& to) {
  SetArray result;
  if (array.empty()) return result;
  for (const std::size_t place : places_in(to, from)) result.push_back(array[place]);
  return result;
}

/// All elements along an axis mixed; how many there are of the result may differ.
SetArray mixed_along(IndexSets& sets, const SetArray& array, const Shape& from, std::size_t axis, const Shape& to) {
  Shape one = from;
  one[axis] = 1;
  return broadcast(reduced(sets, array, from, one), one, to);
}

std::size_t axis_of(const FollowedNode& node) { return static_cast<std::size_t>(node.attributes()[0]); }

/// Places of an array, counted from 1: numbers that primitives move.
Var numbers(const Shape& shape, std::size_t first) {
  auto array = Array<double>::from_shape(shape);
  std::iota(array.data(), array.data() + array.size(), static_cast<double>(first));
  return {std::move(array)};
}

Var no_numbers(const Shape& shape) {
  auto array = Array<double>::from_shape(shape);
  std::fill_n(array.data(), array.size(), 0.0);
  return {std::move(array)};
}

/// What a primitive moves without computing is seen by giving it the places of its inputs to move. What it fills up
/// with is 0.
SetArray moved(const FollowedNode& node) {
  std::vector<Var> inputs;
  std::vector<const Var*> pointers;
  SetArray sets{IndexSets::empty};
  for (std::size_t k = 0; k < node.inputs.size(); ++k) {
    inputs.push_back(node.depends(k) ? numbers(node.input_shape(k), sets.size()) : no_numbers(node.input_shape(k)));
    sets.insert(sets.end(), node.input(k).begin(), node.input(k).end());
  }
  for (const Var& x : inputs) pointers.push_back(&x);
  const Var places = record(node.tape().node(node.node).op, DType::Float64, node.shape(), pointers, node.attributes());
  const Array<double>& array = places.array<double>();
  SetArray result(array.size());
  for (std::size_t i = 0; i < result.size(); ++i) result[i] = sets[static_cast<std::size_t>(array.data()[i])];
  return result;
}

/// For each element of what `Choosing` gives the place that its indices choose in an array; empty unless they are known
/// and in range.
template <class Choosing>
std::vector<std::size_t> chosen_places(const FollowedNode& node, const Shape& from, const Shape& to) {
  const Var indices = node.value(1);
  if (!indices.defined()) return {};
  const Var all = numbers(from, 0);
  try {
    const Var places = record<Choosing>(DType::Float64, to, {&all, &indices}, node.attributes().first(2));
    const Array<double>& array = places.array<double>();
    return {array.data(), array.data() + array.size()};
  } catch (const Error&) {
    return {};  // it fails when, and if, the program needs it
  }
}

/// Elements that are chosen.
/// \param otherwise  of what the first input depends on, if the indices are not known.
template <class Choosing>
SetArray chosen(const FollowedNode& node, const auto& otherwise) {
  if (node.depends(1)) return on_everything(node, node.shape());
  const std::vector<std::size_t> places = chosen_places<Choosing>(node, node.input_shape(0), node.shape());
  if (places.empty()) return otherwise();
  SetArray result;
  for (const std::size_t place : places) result.push_back(node.input(0)[place]);
  return result;
}

/// Elements that are added up where indices point.
template <class Choosing>
SetArray scattered(const FollowedNode& node, const auto& otherwise) {
  if (node.depends(1)) return on_everything(node, node.shape());
  const std::vector<std::size_t> places = chosen_places<Choosing>(node, node.shape(), node.input_shape(0));
  if (places.empty()) return otherwise();
  return collected(node.sets, node.input(0), places, size_of(node.shape()));
}

/// A shape in which some axes, from one on, have become a single one of extent 1.
Shape with_one_axis(const Shape& shape, std::size_t axis, std::size_t count) {
  Shape result;
  for (std::size_t i = 0; i < axis; ++i) result.push_back(shape[i]);
  result.push_back(1);
  for (std::size_t i = axis + count; i < shape.size(); ++i) result.push_back(shape[i]);
  return result;
}

/// The same shape with these axes of extent 1.
Shape with_extents_1(Shape shape, std::size_t axis, std::size_t count) {
  for (std::size_t i = axis; i < axis + count; ++i) shape[i] = 1;
  return shape;
}

// ---- rules

Results rule(Type<Leaf>, const FollowedNode&) { return {{}}; }
Results rule(Type<Constant>, const FollowedNode&) { return {{}}; }
Results rule(Type<Parameter>, const FollowedNode&) { return {{}}; }
Results rule(Type<Projection>, const FollowedNode&) { return {{}}; }  // see Walk

Results rule(Type<Identity>, const FollowedNode& node) { return {node.input(0)}; }
// What is followed are values, and these pass: that no derivative does shows in the recorded sweep.
Results rule(Type<StopGradient>, const FollowedNode& node) { return {node.input(0)}; }
Results rule(Type<Cast>, const FollowedNode& node) { return {node.input(0)}; }
Results rule(Type<Checked>, const FollowedNode& node) { return {node.input(0)}; }
Results rule(Type<Reshape>, const FollowedNode& node) { return {node.input(0)}; }
Results rule(Type<Broadcast>, const FollowedNode& node) {
  return {broadcast(node.input(0), node.input_shape(0), node.shape())};
}

Results rule(Type<Transpose>, const FollowedNode& node) { return {moved(node)}; }
Results rule(Type<primitives::Slice>, const FollowedNode& node) { return {moved(node)}; }
Results rule(Type<Embed>, const FollowedNode& node) { return {moved(node)}; }
Results rule(Type<Concatenate>, const FollowedNode& node) { return {moved(node)}; }
Results rule(Type<Roll>, const FollowedNode& node) { return {moved(node)}; }

/// Whatever is computed element by element.
template <IsElementwise P>
Results rule(Type<P>, const FollowedNode& node) {
  SetArray result;
  for (std::size_t k = 0; k < node.inputs.size(); ++k) {
    result = united(node.sets, result, on_same_element(node, {k}));
  }
  return {std::move(result)};
}

Results rule(Type<Where>, const FollowedNode& node) {
  if (const Var condition = node.value(0); condition.defined() && condition.size() == size_of(node.shape())) {
    const Array<bool>& array = condition.array<bool>();
    SetArray result(array.size(), IndexSets::empty);
    for (std::size_t i = 0; i < result.size(); ++i) {
      const std::size_t k = array.data()[i] ? 1 : 2;
      if (node.depends(k)) result[i] = node.input(k)[i];
    }
    return {std::move(result)};
  }
  return {on_same_element(node, {0, 1, 2})};
}

/// Sums, maxima, norms.
template <class P>
requires(P::computation == Computation::Reduction) Results rule(Type<P>, const FollowedNode& node) {
  return {reduced(node.sets, node.input(0), node.input_shape(0), node.shape())};
}

Results rule(Type<CumulativeSum>, const FollowedNode& node) {
  const Shape& shape = node.shape();
  const std::size_t axis = axis_of(node);
  SetArray result = node.input(0);
  const auto inner = size_of(Shape(shape.begin() + static_cast<std::ptrdiff_t>(axis) + 1, shape.end()));
  const std::size_t line = inner * shape[axis];
  const bool from_the_end = node.attributes()[1] != 0;
  for (std::size_t i = 0; i < result.size(); ++i) {
    const std::size_t at = from_the_end ? result.size() - 1 - i : i;
    const bool is_first = i % line < inner;
    const std::size_t before = from_the_end ? at + inner : at - inner;
    if (!is_first) result[at] = node.sets.united(result[at], result[before]);
  }
  return {std::move(result)};
}

Results rule(Type<Take>, const FollowedNode& node) {
  const std::size_t axis = axis_of(node);
  const std::size_t count = node.input_shape(1).size();
  return {chosen<Take>(node, [&] {
    const Shape one = with_extents_1(node.input_shape(0), axis, 1);
    return broadcast(reduced(node.sets, node.input(0), node.input_shape(0), one),
                     with_extents_1(node.shape(), axis, count), node.shape());
  })};
}
Results rule(Type<TakeAlongAxis>, const FollowedNode& node) {
  return {chosen<TakeAlongAxis>(
      node, [&] { return mixed_along(node.sets, node.input(0), node.input_shape(0), axis_of(node), node.shape()); })};
}
Results rule(Type<ScatterAdd>, const FollowedNode& node) {
  const std::size_t axis = axis_of(node);
  const std::size_t count = node.input_shape(1).size();
  return {scattered<Take>(node, [&] {
    const Shape ones = with_extents_1(node.input_shape(0), axis, count);
    return broadcast(reduced(node.sets, node.input(0), node.input_shape(0), ones),
                     with_one_axis(node.input_shape(0), axis, count), node.shape());
  })};
}
Results rule(Type<ScatterAddAlongAxis>, const FollowedNode& node) {
  return {scattered<TakeAlongAxis>(
      node, [&] { return mixed_along(node.sets, node.input(0), node.input_shape(0), axis_of(node), node.shape()); })};
}

Results rule(Type<ScatterExtremum>, const FollowedNode& node) {
  SetArray of_values = scattered<Take>(node, [&] {
    const Shape row{1, node.shape()[1]};
    return broadcast(reduced(node.sets, node.input(0), node.input_shape(0), row), row, node.shape());
  });
  return {node.depends(1) ? std::move(of_values) : united(node.sets, of_values, node.input(2))};
}

Results rule(Type<Balance>, const FollowedNode& node) {
  return {node.depends(1) ? on_everything(node, node.shape()) : node.input(0)};
}

// ---- random numbers

Results rule(Type<DeriveKey>, const FollowedNode& node) { return {on_same_element(node, {0, 1})}; }
Results rule(Type<RandomDraw>, const FollowedNode& node) { return {on_everything(node, node.shape())}; }
Results rule(Type<RandomSample>, const FollowedNode& node) {
  if (node.depends(0)) return {on_everything(node, node.shape())};
  return {node.inputs.size() == 2 ? on_same_element(node, {1}) : on_same_element(node, {1, 2})};
}
Results rule(Type<GammaSlope>, const FollowedNode& node) { return {on_same_element(node, {0, 1})}; }
Results rule(Type<TruncatedNormal>, const FollowedNode& node) { return {on_same_element(node, {0, 1, 2})}; }

// ---- products

/// For each line of one factor and each of the other: on elements of the latter where those of the former, whose values
/// are known, are not 0.
void add_products(const FollowedNode& node, SetArray& result, std::size_t known, const Var& value) {
  const Var wide = cast(value, DType::Float64);
  const double* number = wide.array<double>().data();
  const SetArray& other = node.input(1 - known);
  const Shape& a = node.input_shape(0);
  const Shape& b = node.input_shape(1);
  const std::size_t rows = a[a.size() - 2];
  const std::size_t length = a[a.size() - 1];
  const std::size_t columns = b[b.size() - 1];
  std::vector<IndexSets::Set> parts;
  for (std::size_t at = 0; at < result.size(); ++at) {
    const std::size_t j = at % columns;
    const std::size_t i = at / columns % rows;
    const std::size_t of_stack = at / columns / rows * length;
    parts.clear();
    for (std::size_t k = 0; k < length; ++k) {
      const std::size_t in_a = of_stack * rows + i * length + k;
      const std::size_t in_b = (of_stack + k) * columns + j;
      const IndexSets::Set set = other[known == 0 ? in_b : in_a];
      if (set != IndexSets::empty && number[known == 0 ? in_a : in_b] != 0.0) parts.push_back(set);
    }
    result[at] = node.sets.united(result[at], node.sets.united(parts));
  }
}

/// Only of a factor that has zeros is it worth while to look at each.
bool has_zeros(const Var& x) {
  if (!x.defined()) return false;
  const Var wide = cast(x, DType::Float64);
  const Array<double>& array = wide.array<double>();
  return std::any_of(array.data(), array.data() + array.size(), [](double each) { return each == 0.0; });
}

Results rule(Type<Matmul>, const FollowedNode& node) {
  SetArray result(size_of(node.shape()), IndexSets::empty);
  for (const std::size_t k : {std::size_t{0}, std::size_t{1}}) {
    if (!node.depends(k)) continue;
    if (const Var other = node.value(1 - k); has_zeros(other)) {
      add_products(node, result, 1 - k, other);
      continue;
    }
    Shape lines = node.input_shape(k);
    lines[lines.size() - (k == 0 ? 1 : 2)] = 1;
    const SetArray of_lines = reduced(node.sets, node.input(k), node.input_shape(k), lines);
    result = united(node.sets, result, broadcast(of_lines, lines, node.shape()));
  }
  return {std::move(result)};
}

Results rule(Type<Convolution>, const FollowedNode& node) { return {on_windows(node)}; }

// ---- order and indices

Results rule(Type<ArgMax>, const FollowedNode& node) {
  return {mixed_along(node.sets, node.input(0), node.input_shape(0), axis_of(node), node.shape())};
}
/// On all elements among which there are windows.
Results rule(Type<WindowArgMax>, const FollowedNode& node) {
  const std::size_t axes = node.attributes().size() / numbers_of_window;
  const Shape one = with_extents_1(node.shape(), node.shape().size() - axes, axes);
  return {broadcast(reduced(node.sets, node.input(0), node.input_shape(0), one), one, node.shape())};
}
Results rule(Type<ArgSort>, const FollowedNode& node) {
  return {mixed_along(node.sets, node.input(0), node.input_shape(0), axis_of(node), node.shape())};
}
Results rule(Type<TopK>, const FollowedNode& node) {
  Shape shape = node.input_shape(0);
  shape[axis_of(node)] = static_cast<std::size_t>(node.attributes()[2]);
  const SetArray each = mixed_along(node.sets, node.input(0), node.input_shape(0), axis_of(node), shape);
  return {each, each};
}
Results rule(Type<SearchSorted>, const FollowedNode& node) {
  return {node.depends(0) ? on_everything(node, node.shape()) : node.input(1)};
}
/// Each row on its row of x; too much is no mistake.
Results rule(Type<QuantisedMatmul>, const FollowedNode& node) { return {on_everything(node, node.shape())}; }
Results rule(Type<OneHot>, const FollowedNode& node) {
  Shape labels = node.input_shape(0);
  labels.push_back(1);
  return {broadcast(node.input(0), labels, node.shape())};
}

// ---- factorisations

/// What comes of a stack of matrices: each result on all of its matrix, and of what else there is for this matrix.
SetArray on_matrices(const FollowedNode& node, const Shape& shape) {
  const Shape& matrices = node.input_shape(0);
  const std::size_t stack = matrices.size() - 2;
  const auto one_for_each = [&](const Shape& of) { return with_extents_1(of, stack, of.size() - stack); };
  SetArray each;
  for (std::size_t k = 0; k < node.inputs.size(); ++k) {
    const Shape& of = node.input_shape(k);
    if (node.depends(k)) each = united(node.sets, each, reduced(node.sets, node.input(k), of, one_for_each(of)));
  }
  return broadcast(each, one_for_each(shape), shape);
}

template <class P>
requires(P::failure == Failure::Matrix && P::computation == Computation::Kernel) Results
    rule(Type<P>, const FollowedNode& node) {
  return {on_matrices(node, node.shape())};
}

template <class P>
requires(P::failure == Failure::Matrix && P::computation == Computation::Several) Results
    rule(Type<P>, const FollowedNode& node) {
  Results results;
  while (const auto type = output_of(node.tape(), node.node, results.size())) {
    results.push_back(on_matrices(node, type->shape));
  }
  return results;
}

// ---- functions

Results rule(Type<Call>, const FollowedNode& node) { return on_call(node); }
Results rule(Type<HostCall>, const FollowedNode& node) { return on_host_call(node); }
Results rule(Type<Switch>, const FollowedNode& node) { return on_switch(node); }
Results rule(Type<While>, const FollowedNode& node) { return on_while(node); }
Results rule(Type<Scan>, const FollowedNode& node) { return on_scan(node); }

constexpr auto rules = table_of_primitives<DependenceRule>(
    []<class P>(Type<P>) -> DependenceRule { return [](const FollowedNode& node) { return rule(Type<P>(), node); }; });

}  // namespace
}  // namespace dependence

DependenceRule dependence_rule_of(Opcode op) noexcept { return dependence::rules[op]; }

}  // namespace xgrad::detail
