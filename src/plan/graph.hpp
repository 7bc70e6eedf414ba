// The program of a plan: the needed nodes after clean-up. Nothing here depends on the values of arrays, and of the
// numbers only on what `Known` tells.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ir/function.hpp"
#include "operations.hpp"
#include "request.hpp"

namespace xgrad::plan {

using ValueId = std::uint32_t;
inline constexpr ValueId no_value = ~ValueId{0};

/// Where a number comes from: the request, or the planner.
struct Number {
  bool literal;
  std::uint32_t index;  ///< among the request's numbers
  Scalar value;         ///< of a literal
  Known known;
};

struct Value {
  std::uint32_t first_input;
  std::uint32_t input_count;
  std::uint32_t first_attribute;
  std::uint32_t attribute_count;
  std::uint32_t shape;
  std::uint32_t source;  ///< of a leaf among the leaves, of a constant among the constants, of a view among the views
  Opcode op;
  DType dtype;
};

/// Elements of another value's memory.
struct Access {
  ValueId base;
  std::ptrdiff_t offset;  ///< elements
  Strides strides;
};

struct Body;

class Graph {
 public:
  [[nodiscard]] std::size_t size() const noexcept { return values_.size(); }
  [[nodiscard]] const Value& operator[](ValueId id) const noexcept { return values_[id]; }
  [[nodiscard]] std::span<const ValueId> inputs(ValueId id) const noexcept {
    return {inputs_.data() + values_[id].first_input, values_[id].input_count};
  }
  [[nodiscard]] std::span<const std::int64_t> attributes(ValueId id) const noexcept {
    return {attributes_.data() + values_[id].first_attribute, values_[id].attribute_count};
  }
  [[nodiscard]] const Shape& shape(ValueId id) const noexcept { return shapes_[values_[id].shape]; }
  [[nodiscard]] const Shape& shape_at(std::uint32_t shape) const noexcept { return shapes_[shape]; }
  [[nodiscard]] std::size_t shape_count() const noexcept { return shapes_.size(); }
  [[nodiscard]] std::size_t count(ValueId id) const noexcept { return sizes_[values_[id].shape]; }
  [[nodiscard]] const Number& constant(ValueId id) const noexcept { return constants_[values_[id].source]; }
  [[nodiscard]] bool is_leaf(ValueId id) const noexcept { return values_[id].op == opcode<primitives::Leaf>; }
  [[nodiscard]] bool is_constant(ValueId id) const noexcept { return values_[id].op == opcode<primitives::Constant>; }
  /// Neither, so that a step computes it.
  [[nodiscard]] bool is_computed(ValueId id) const noexcept { return !is_leaf(id) && !is_constant(id); }
  [[nodiscard]] std::size_t view_count() const noexcept { return views_.size(); }
  /// What is known of a constant; Nothing for any other value.
  [[nodiscard]] Known known(ValueId id) const noexcept;

  /// How a value is found in memory: in its own, or, being a view, in that of another.
  [[nodiscard]] Access access(ValueId id) const;
  /// The value in whose memory (or registers) a value is found.
  [[nodiscard]] ValueId base(ValueId id) const noexcept { return bases_[id]; }
  /// Whether a value lies in memory of its own, in order: most do, and need no look at their access.
  [[nodiscard]] bool is_whole(ValueId id) const noexcept { return base(id) == id && !is_constant(id); }

  // ---- building

  /// Makes room for so many values.
  void reserve(std::size_t count);
  std::uint32_t intern(const Shape& shape);
  ValueId leaf(DType dtype, std::uint32_t shape, std::uint32_t index);
  ValueId number(DType dtype, std::uint32_t shape, const Number& value);
  ValueId literal(DType dtype, std::uint32_t shape, double value);
  /// A value equal to this operation; perhaps another one than asked for.
  ValueId add(Opcode op, DType dtype, std::uint32_t shape, std::span<const ValueId> inputs,
              std::span<const std::int64_t> attributes = {});
  /// An operation that was added as it is, or, if it is commutative, with its inputs exchanged; no_value if there is
  /// none.
  [[nodiscard]] ValueId find(Opcode op, DType dtype, std::uint32_t shape, std::span<const ValueId> inputs,
                             std::span<const std::int64_t> attributes = {}) const;
  /// The same elements, dense in memory of their own.
  ValueId dense(ValueId id);
  /// A copy that is not merged with any other.
  ValueId fresh_copy(ValueId id);
  /// The same, without looking for something simpler or equal.
  ValueId append(Opcode op, DType dtype, std::uint32_t shape, std::span<const ValueId> inputs,
                 std::span<const std::int64_t> attributes);

  /// Another operation for the same value.
  void replace(ValueId id, Opcode op, std::span<const ValueId> inputs, std::int64_t attribute);
  /// An operation reads an equal value in place of one of its inputs. Only when nothing is looked up any more.
  void read_instead(ValueId id, ValueId old_input, ValueId new_input);

  std::vector<ValueId> outputs;
  /// Functions that are run by plans of their own.
  std::vector<Body> bodies;
  [[nodiscard]] const std::vector<Number>& constants() const noexcept { return constants_; }

 private:
  [[nodiscard]] std::uint64_t hash_of(Opcode op, DType dtype, std::uint32_t shape, std::span<const ValueId> inputs,
                                      std::span<const std::int64_t> attributes) const noexcept;
  /// Until so many entries have room.
  void grow_table(std::size_t entries);
  /// Where in the table it is, or where it would be.
  [[nodiscard]] std::size_t entry_of(Opcode op, DType dtype, std::uint32_t shape, std::span<const ValueId> inputs,
                                     std::span<const std::int64_t> attributes) const;

  std::vector<Value> values_;
  std::vector<ValueId> bases_;
  std::vector<ValueId> inputs_;
  std::vector<std::int64_t> attributes_;
  std::vector<Shape> shapes_;
  std::vector<std::size_t> sizes_;
  std::vector<Number> constants_;
  std::vector<Access> views_;
  std::vector<ValueId> table_;  // open addressing; of values that may be found again
  std::size_t entries_ = 0;
};

/// A function that is run by a plan of its own, as a graph whose first leaves are its parameters. Attributes of a Scan:
/// its body; of a While its condition and its body; of a Switch its first branch and how many there are.
struct Body {
  Graph graph;
  ScanSpec scan;
  std::vector<std::uint32_t> captured;  ///< leaves of the request that are its further leaves
  /// For each output of the graph, behind what a loop carries, the output of the operation that it is (in each run).
  std::vector<std::uint32_t> projected;
};

/// The graph of a request: cleaned up, equal values merged. Values that nothing needs may remain.
Graph make_graph(const Request& request, const TapeState& tape, std::span<const NodeId> outputs);

}  // namespace xgrad::plan
