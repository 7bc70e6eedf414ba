// What works along axes, or on matrices.
#include "node_at.hpp"
#include "primitives/arrays.hpp"

namespace xgrad::primitives::node_rules {

namespace {

constexpr Broken element_types = "it has the element type of its elements, and int64 indices";

constexpr Broken an_index_each = "there is an index for each element that is chosen";

constexpr Broken axes_of_indices = "the axes of the indices replace the axis";

bool reduces_to(Reduces what, DType from, DType to) {
  if (what == Reduces::Sum && from == DType::Bool) return to == DType::Int64;
  return from == to && (what != Reduces::Floats || is_floating(to));
}

/// Equal shapes, but for the axis.
bool differ_along(std::size_t axis, Shape a, const Shape& b) {
  if (a.size() != b.size() || axis >= a.size()) return false;
  a[axis] = b[axis];
  return a == b;
}

/// Whether an attribute is one of a number of choices, which are counted from 0.
bool is_one_of(const NodeAt& n, std::size_t attribute, std::size_t choices) {
  return attribute < n.attributes().size() && n.attributes()[attribute] >= 0 &&
         static_cast<std::uint64_t>(n.attributes()[attribute]) < choices;
}

Broken has_chooser(const NodeAt& n) {
  return unless(is_one_of(n, 1, names_of_choosers.size()), "it names the function whose indices choose");
}

Broken chooses(const NodeAt& n, const Shape& whole) {
  if (n.inputs() != 2) return as_many_inputs;
  return first_of({unless(n.type(0) == n.type() && n.type(1) == DType::Int64, element_types),
                   unless(n.attributes().size() == 2, as_many_attributes), unless(n.has_axis_of(whole), an_axis),
                   has_chooser(n)});
}

/// Whether the axes of indices stand in a part in place of the axis of the whole.
bool replaces_axis(std::size_t axis, const Shape& whole, const Shape& indices, const Shape& part) {
  if (whole.size() - 1 + indices.size() != part.size()) return false;
  Shape expected;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    if (i != axis) expected.push_back(whole[i]);
    else
      for (const std::size_t extent : indices) expected.push_back(extent);
  }
  return expected == part;
}

/// What has an axis and one attribute more.
Broken along_axis(const NodeAt& n, std::int64_t most) {
  if (n.inputs() != 1) return as_many_inputs;
  if (n.attributes().size() != 2) return as_many_attributes;
  return first_of({unless(n.shape(0) == n.shape(), "it has the shape of its input"),
                   unless(n.has_axis_of(n.shape()), an_axis),
                   unless(n.attributes()[1] >= 0 && n.attributes()[1] <= most, "its second attribute is in range")});
}

}  // namespace

template <Reduces what>
Broken reduction(const NodeAt& n) {
  if (n.inputs() != 1) return as_many_inputs;
  Shape reduced = n.shape(0);
  std::size_t count = 1;
  std::int64_t before = -1;
  for (const std::int64_t axis : n.attributes()) {
    if (axis <= before || static_cast<std::uint64_t>(axis) >= reduced.size())
      return "axes of a reduction ascend, and are the array's";
    std::size_t& extent = reduced[static_cast<std::size_t>(axis)];
    count = std::min(count, extent);
    extent = 1;
    before = axis;
  }
  return first_of({unless(reduced == n.shape(), "reduced axes stay with extent 1, the others as they are"),
                   unless(what != Reduces::Extremum || count != 0, "there is no extremum of nothing"),
                   unless(reduces_to(what, n.type(0), n.type()), "it has the element type that the reduction gives")});
}
template Broken reduction<Reduces::Sum>(const NodeAt& n);
template Broken reduction<Reduces::Extremum>(const NodeAt& n);
template Broken reduction<Reduces::Floats>(const NodeAt& n);

Broken take_along_axis(const NodeAt& n) {
  if (n.inputs() != 2) return as_many_inputs;
  return first_of({chooses(n, n.shape()), unless(n.shape() == n.shape(1), an_index_each),
                   unless(!n.attributes().empty() && differ_along(n.axis(), n.shape(0), n.shape()), an_index_each)});
}

Broken scatter_add_along_axis(const NodeAt& n) {
  if (n.inputs() != 2) return as_many_inputs;
  return first_of({chooses(n, n.shape()), unless(n.shape(0) == n.shape(1), an_index_each),
                   unless(!n.attributes().empty() && differ_along(n.axis(), n.shape(0), n.shape()), an_index_each)});
}

Broken take(const NodeAt& n) {
  if (n.inputs() != 2) return as_many_inputs;
  if (const Broken broken = chooses(n, n.shape(0)); !broken.empty()) return broken;
  return unless(replaces_axis(n.axis(), n.shape(0), n.shape(1), n.shape()), axes_of_indices);
}

Broken scatter_add(const NodeAt& n) {
  if (const Broken broken = chooses(n, n.shape()); !broken.empty()) return broken;
  return unless(replaces_axis(n.axis(), n.shape(), n.shape(1), n.shape(0)), axes_of_indices);
}

Broken scatter_extremum(const NodeAt& n) {
  if (n.inputs() != 3) return as_many_inputs;
  const bool types = n.type(0) == n.type() && n.type(1) == DType::Int64 && n.type(2) == n.type();
  const bool rows = n.shape().size() == 2 && n.shape(2) == n.shape() && n.shape(0).size() == 2 &&
                    n.shape(0)[1] == n.shape()[1] && n.shape(1) == Shape{n.shape(0)[0]};
  const bool choices = n.attributes().size() == 4 && n.attributes()[0] == 0 && is_one_of(n, 2, 2) && is_one_of(n, 3, 2);
  return first_of({unless(types, element_types), unless(rows, "there is an index for each row of values"),
                   unless(choices, as_many_attributes), has_chooser(n)});
}

Broken concatenate(const NodeAt& n) {
  if (n.inputs() == 0) return as_many_inputs;
  if (n.attributes().size() != 1) return as_many_attributes;
  if (!n.has_axis_of(n.shape())) return an_axis;
  std::size_t left = n.shape()[n.axis()];
  for (std::size_t k = 0; k < n.inputs(); ++k) {
    if (!differ_along(n.axis(), n.shape(k), n.shape()) || n.type(k) != n.type())
      return "pieces differ along the axis only";
    const std::size_t extent = n.shape(k)[n.axis()];
    if (extent > left) return "pieces make up the whole";
    left -= extent;
  }
  return unless(left == 0, "pieces make up the whole");
}

Broken roll(const NodeAt& n) {
  const std::size_t extent = n.has_axis_of(n.shape()) ? n.shape()[n.axis()] : 0;
  const Broken broken = along_axis(n, extent == 0 ? 0 : static_cast<std::int64_t>(extent) - 1);
  return broken.empty() ? unless(n.type(0) == n.type(), like_its_input) : broken;
}

Broken cumulative_sum(const NodeAt& n) {
  const Broken broken = along_axis(n, 1);
  return broken.empty() ? unless(n.type(0) == n.type() && n.type() != DType::Bool, operand_types) : broken;
}

Broken argsort(const NodeAt& n) {
  const Broken broken = along_axis(n, 1);
  return broken.empty() ? unless(n.type() == DType::Int64, "indices are int64") : broken;
}

Broken argmax(const NodeAt& n) {
  if (n.inputs() != 1) return as_many_inputs;
  if (n.attributes().size() != 1) return as_many_attributes;
  if (!n.has_axis_of(n.shape())) return an_axis;
  return first_of(
      {unless(differ_along(n.axis(), n.shape(0), n.shape()) && n.shape()[n.axis()] == 1,
              "there is one index for each run along the axis"),
       unless(n.type() == DType::Int64, "indices are int64"),
       unless(n.axis() < n.shape(0).size() && n.shape(0)[n.axis()] != 0, "there is no extremum of nothing")});
}

Broken searchsorted(const NodeAt& n) {
  if (n.inputs() != 2) return as_many_inputs;
  const Shape& lines = n.shape(0);
  const Shape& values = n.shape(1);
  bool fit = !lines.empty() && lines.size() - 1 <= values.size();
  for (std::size_t i = 0; fit && i + 1 < lines.size(); ++i) fit = lines[i] == values[i];
  return first_of({unless(fit, "there is a line for the values at the same leading indices"),
                   unless(values == n.shape() && n.type() == DType::Int64, "there is an int64 index for each value"),
                   unless(n.type(0) == n.type(1), operand_types),
                   unless(n.attributes().size() == 1, as_many_attributes),
                   unless(n.attributes().size() == 1 && (n.attributes()[0] == 0 || n.attributes()[0] == 1),
                          "its attribute is 0 or 1")});
}

Broken one_hot(const NodeAt& n) {
  if (n.inputs() != 1) return as_many_inputs;
  Shape rows = n.shape();
  if (rows.empty()) return "classes are an axis";
  rows.resize(rows.size() - 1);
  return first_of({unless(rows == n.shape(0) && n.type(0) == DType::Int64, "there is a row for each label"),
                   unless(n.attributes().empty(), as_many_attributes)});
}

Broken balance(const NodeAt& n) {
  if (n.inputs() != 2) return as_many_inputs;
  return first_of({unless(n.like_input(0) && n.like_input(1), like_its_input),
                   unless(n.shape().size() == 2, "factors stand in rows"), unless(is_floating(n.type()), operand_types),
                   unless(n.attributes().empty(), as_many_attributes)});
}

Broken matmul(const NodeAt& n) {
  if (n.inputs() != 2) return as_many_inputs;
  const std::size_t rank = n.shape().size();
  constexpr Broken rule = "factors of a product are stacks of matrices that match";
  if (rank < 2 || n.shape(0).size() != rank || n.shape(1).size() != rank) return rule;
  Shape left = n.shape(0);
  Shape right = n.shape(1);
  if (left[rank - 1] != right[rank - 2]) return rule;
  left[rank - 1] = right[rank - 1];
  right[rank - 2] = n.shape(0)[rank - 2];
  return first_of({unless(left == n.shape() && right == n.shape(), rule),
                   unless(n.type(0) == n.type() && n.type(1) == n.type() && n.type() != DType::Bool, operand_types),
                   unless(n.attributes().empty(), as_many_attributes)});
}

}  // namespace xgrad::primitives::node_rules
