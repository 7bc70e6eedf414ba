// What a tape holds: plain data, so that it can be hashed, compared, copied and planned.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <limits>
#include <span>
#include <unordered_map>
#include <vector>

#include <xgrad/core/dtype.hpp>
#include <xgrad/core/shape.hpp>
#include <xgrad/var.hpp>

#include "buffer.hpp"

namespace xgrad::detail {

using NodeId = std::uint32_t;
using Opcode = std::uint8_t;
using ShapeId = std::uint32_t;

inline constexpr NodeId no_node = std::numeric_limits<NodeId>::max();

/// One recorded primitive. Its inputs, attributes and shape are in the tape's side tables.
struct Node {
  std::uint32_t first_input;
  std::uint32_t input_count;
  /// Index into the attributes; of a constant into the scalars; of a leaf into the leaf values.
  std::uint32_t first_attribute;
  std::uint32_t attribute_count;
  ShapeId shape;
  Opcode op;
  DType dtype;
};

/// A number in the representation of its element type: `integer` for bool and int64, `real` otherwise.
union Scalar {
  double real;
  std::int64_t integer;
};

class TapeState {
 public:
  /// A state from the pool, or a new one. States are never destroyed, so a stale Var can always ask for its generation.
  static TapeState* acquire();
  /// Forgets all that was recorded and returns the state to the pool.
  void release() noexcept;

  [[nodiscard]] std::uint32_t generation() const noexcept { return generation_.load(std::memory_order_relaxed); }

  NodeId append(Opcode op, DType dtype, ShapeId shape, std::span<const NodeId> inputs,
                std::span<const std::int64_t> attributes = {}) {
    if (nodes_.size() >= no_node || inputs_.size() + inputs.size() >= no_node ||
        attributes_.size() + attributes.size() >= no_node) {
      throw_full();
    }
    nodes_.push_back({.first_input = static_cast<std::uint32_t>(inputs_.size()),
                      .input_count = static_cast<std::uint32_t>(inputs.size()),
                      .first_attribute = static_cast<std::uint32_t>(attributes_.size()),
                      .attribute_count = static_cast<std::uint32_t>(attributes.size()),
                      .shape = shape,
                      .op = op,
                      .dtype = dtype});
    for (const NodeId input : inputs) inputs_.push_back(input);
    for (const std::int64_t attribute : attributes) attributes_.push_back(attribute);
    return static_cast<NodeId>(nodes_.size() - 1);
  }
  NodeId append_leaf(BufferPtr value);
  NodeId append_constant(DType dtype, ShapeId shape, Scalar value);

  ShapeId intern(const Shape& shape);

  [[nodiscard]] std::size_t size() const noexcept { return nodes_.size(); }
  [[nodiscard]] const Node& node(NodeId id) const noexcept { return nodes_[id]; }
  [[nodiscard]] std::span<const NodeId> inputs(NodeId id) const noexcept {
    return {inputs_.data() + nodes_[id].first_input, nodes_[id].input_count};
  }
  [[nodiscard]] std::span<const std::int64_t> attributes(NodeId id) const noexcept {
    return {attributes_.data() + nodes_[id].first_attribute, nodes_[id].attribute_count};
  }
  [[nodiscard]] const Shape& shape(NodeId id) const noexcept { return shapes_[nodes_[id].shape]; }
  [[nodiscard]] const Shape& shape_of(ShapeId id) const noexcept { return shapes_[id]; }
  [[nodiscard]] Scalar scalar(NodeId id) const noexcept { return scalars_[nodes_[id].first_attribute]; }

  /// The value of a leaf, or of a node that was evaluated; null if there is none (yet).
  [[nodiscard]] Buffer* value(NodeId id) const {
    if (nodes_[id].op == leaf_opcode) return leaves_[nodes_[id].first_attribute].get();
    return values_.empty() ? nullptr : kept_value(id);
  }
  void keep_value(NodeId id, BufferPtr value) { values_.insert_or_assign(id, std::move(value)); }

  [[nodiscard]] std::size_t bytes() const noexcept;

  /// Values are not known while a function is recorded to be compiled.
  void forbid_values() noexcept { values_forbidden_ = true; }
  [[nodiscard]] bool values_forbidden() const noexcept { return values_forbidden_; }

  /// How much is recorded, to come back to.
  struct Mark {
    std::size_t nodes, inputs, attributes, shapes, scalars, leaves;
  };
  [[nodiscard]] Mark mark() const noexcept;
  /// Forgets what was recorded after a mark. Nobody may hold a Var of it.
  void rewind(const Mark& mark) noexcept;

  /// The primitive Leaf: the first of the list.
  static constexpr Opcode leaf_opcode = 0;

 private:
  TapeState() = default;
  [[noreturn]] static void throw_full();
  [[nodiscard]] Buffer* kept_value(NodeId id) const;

  std::atomic<std::uint32_t> generation_{0};
  bool values_forbidden_ = false;
  std::vector<Node> nodes_;
  std::vector<NodeId> inputs_;
  std::vector<std::int64_t> attributes_;
  std::deque<Shape> shapes_;  // Var::shape() hands out references, which appending must leave valid
  std::vector<Scalar> scalars_;
  std::vector<BufferPtr> leaves_;
  std::unordered_map<NodeId, BufferPtr> values_;
};

}  // namespace xgrad::detail
