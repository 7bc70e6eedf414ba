#include "graph.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <optional>

#include "core/strides.hpp"
#include "simplify.hpp"
#include "views.hpp"

namespace xgrad::plan {

using namespace primitives;

Known Graph::known(ValueId id) const noexcept { return is_constant(id) ? constant(id).known : Known::Nothing; }

std::uint32_t Graph::intern(const Shape& shape) {
  // Programs use few shapes, and mostly those that they used just before. A shape that is not found is entered twice,
  // which only hides that two values are equal.
  constexpr std::size_t window = 32;
  const std::size_t count = shapes_.size();
  for (std::size_t i = count; i > 0 && i + window > count; --i) {
    if (shapes_[i - 1] == shape) return static_cast<std::uint32_t>(i - 1);
  }
  shapes_.push_back(shape);
  sizes_.push_back(size_of(shape));
  return static_cast<std::uint32_t>(count);
}

Access Graph::access(ValueId id) const {
  if (is_view(values_[id].op)) return views_[values_[id].source];
  if (is_constant(id)) return {id, 0, Strides(shape(id).size(), 0)};
  return {id, 0, core::dense_strides(shape(id))};
}

ValueId Graph::append(Opcode op, DType dtype, std::uint32_t shape, std::span<const ValueId> inputs,
                      std::span<const std::int64_t> attributes) {
  const auto id = static_cast<ValueId>(values_.size());
  values_.push_back({.first_input = static_cast<std::uint32_t>(inputs_.size()),
                     .input_count = static_cast<std::uint32_t>(inputs.size()),
                     .first_attribute = static_cast<std::uint32_t>(attributes_.size()),
                     .attribute_count = static_cast<std::uint32_t>(attributes.size()),
                     .shape = shape,
                     .source = 0,
                     .op = op,
                     .dtype = dtype});
  bases_.push_back(id);
  inputs_.insert(inputs_.end(), inputs.begin(), inputs.end());
  attributes_.insert(attributes_.end(), attributes.begin(), attributes.end());
  return id;
}

ValueId Graph::leaf(DType dtype, std::uint32_t shape, std::uint32_t index) {
  const ValueId id = append(opcode<Leaf>, dtype, shape, {}, {});
  values_[id].source = index;
  return id;
}

ValueId Graph::number(DType dtype, std::uint32_t shape, const Number& constant) {
  // Numbers of which everything is known are the same wherever they come from.
  if (constant.known < Known::Nonzero) {
    const std::array<std::int64_t, 1> what{static_cast<std::int64_t>(constant.known)};
    const std::size_t before = values_.size();
    const ValueId id = add(opcode<Constant>, dtype, shape, {}, what);
    if (id == before) {
      values_[id].source = static_cast<std::uint32_t>(constants_.size());
      constants_.push_back(constant);
    }
    return id;
  }
  const ValueId id = append(opcode<Constant>, dtype, shape, {}, {});
  values_[id].source = static_cast<std::uint32_t>(constants_.size());
  constants_.push_back(constant);
  return id;
}

ValueId Graph::literal(DType dtype, std::uint32_t shape, double value) {
  const Scalar scalar =
      is_floating(dtype) ? Scalar{.real = value} : Scalar{.integer = static_cast<std::int64_t>(value)};
  return number(dtype, shape, {.literal = true, .index = 0, .value = scalar, .known = known_of(dtype, scalar)});
}

ValueId Graph::dense(ValueId id) {
  const std::array inputs{id};
  return add(op_copy, values_[id].dtype, values_[id].shape, inputs);
}

ValueId Graph::fresh_copy(ValueId id) {
  const std::array inputs{id};
  return append(op_copy, values_[id].dtype, values_[id].shape, inputs, {});
}

void Graph::replace(ValueId id, Opcode op, std::span<const ValueId> inputs, std::int64_t attribute) {
  Value& value = values_[id];
  value.op = op;
  value.first_input = static_cast<std::uint32_t>(inputs_.size());
  value.input_count = static_cast<std::uint32_t>(inputs.size());
  value.first_attribute = static_cast<std::uint32_t>(attributes_.size());
  value.attribute_count = 1;
  inputs_.insert(inputs_.end(), inputs.begin(), inputs.end());
  attributes_.push_back(attribute);
}

void Graph::read_instead(ValueId id, ValueId old_input, ValueId new_input) {
  const Value& value = values_[id];
  std::replace(inputs_.begin() + value.first_input, inputs_.begin() + value.first_input + value.input_count, old_input,
               new_input);
}

std::uint64_t Graph::hash_of(Opcode op, DType dtype, std::uint32_t shape, std::span<const ValueId> inputs,
                             std::span<const std::int64_t> attributes) const noexcept {
  // An output of an operation is one value, even where its shape was entered twice: it has one place.
  if (is_projection(op)) shape = 0;
  std::uint64_t hash = op | (static_cast<std::uint64_t>(dtype) << 8U) | (std::uint64_t{shape} << 16U);
  const auto mix = [&hash](std::uint64_t word) {
    hash = (hash ^ word) * 0x9E3779B97F4A7C15U;
    hash ^= hash >> 31U;
  };
  if (traits_of(op).commutative) {
    mix(std::min(inputs[0], inputs[1]));
    mix(std::max(inputs[0], inputs[1]));
  } else {
    for (const ValueId input : inputs) mix(input);
  }
  for (const std::int64_t attribute : attributes) mix(static_cast<std::uint64_t>(attribute));
  mix(0x55);
  return hash;
}

void Graph::reserve(std::size_t count) {
  values_.reserve(count);
  bases_.reserve(count);
  inputs_.reserve(2 * count);
  grow_table(count);
}

void Graph::grow_table(std::size_t entries) {
  if (2 * entries < table_.size()) return;
  std::vector<ValueId> old(std::max<std::size_t>(64, std::bit_ceil(2 * entries + 1)), no_value);
  old.swap(table_);
  for (const ValueId id : old) {
    if (id == no_value) continue;
    const Value& value = values_[id];
    table_[entry_of(value.op, value.dtype, value.shape, inputs(id), attributes(id))] = id;
  }
}

namespace {

/// Whether an operation gives the same of these inputs as of those.
bool same_operands(Opcode op, std::span<const ValueId> a, std::span<const ValueId> b) {
  if (std::ranges::equal(a, b)) return true;
  return traits_of(op).commutative && a[0] == b[1] && a[1] == b[0];
}

}  // namespace

std::size_t Graph::entry_of(Opcode op, DType dtype, std::uint32_t shape, std::span<const ValueId> inputs,
                            std::span<const std::int64_t> attributes) const {
  const auto ends_search = [&](std::size_t at) {
    const ValueId id = table_[at];
    if (id == no_value) return true;
    const Value& value = values_[id];
    const bool same_shape = value.shape == shape || is_projection(op);
    if (value.op != op || value.dtype != dtype || !same_shape) return false;
    return same_operands(op, this->inputs(id), inputs) && std::ranges::equal(this->attributes(id), attributes);
  };
  const std::uint64_t hash = hash_of(op, dtype, shape, inputs, attributes);
  const std::size_t mask = table_.size() - 1;
  // What reads values that stand together is together, as long as there is room: programs go on where they were, and
  // those lines of the table are in the cache.
  constexpr std::size_t line = 16;
  constexpr std::size_t inputs_of_line = 8;
  const ValueId last = inputs.empty() ? 0 : *std::ranges::max_element(inputs);
  const std::size_t first = last / inputs_of_line * line & mask;
  for (std::size_t k = 0; k < line; ++k) {
    const std::size_t at = first + (hash + k) % line;
    if (ends_search(at)) return at;
  }
  std::size_t at = hash & mask;
  while (!ends_search(at)) at = (at + 1) & mask;
  return at;
}

ValueId Graph::find(Opcode op, DType dtype, std::uint32_t shape, std::span<const ValueId> inputs,
                    std::span<const std::int64_t> attributes) const {
  return table_.empty() ? no_value : table_[entry_of(op, dtype, shape, inputs, attributes)];
}

ValueId Graph::add(Opcode op, DType dtype, std::uint32_t shape, std::span<const ValueId> inputs,
                   std::span<const std::int64_t> attributes) {
  const ValueId simpler = simplified({*this, op, dtype, shape, inputs, attributes});
  if (simpler != no_value) return simpler;
  std::optional<Access> where;
  if (is_view(op)) {
    const ValueId from = inputs[0];
    where = access(from);
    const std::optional<View> view = view_of(op, shapes_[shape], this->shape(from), where->strides, attributes);
    if (!view) {  // a reshape of an array with gaps: the elements move
      const std::array moved{dense(from)};
      return add(op, dtype, shape, moved, attributes);
    }
    where->offset += view->offset;
    where->strides = view->strides;
  }
  if (2 * (entries_ + 1) >= table_.size()) grow_table(2 * (entries_ + 1));
  const std::size_t at = entry_of(op, dtype, shape, inputs, attributes);
  if (table_[at] != no_value) return table_[at];
  const ValueId id = append(op, dtype, shape, inputs, attributes);
  table_[at] = id;
  ++entries_;
  if (where) {
    bases_[id] = where->base;
    values_[id].source = static_cast<std::uint32_t>(views_.size());
    views_.push_back(*where);
  }
  return id;
}

}  // namespace xgrad::plan
