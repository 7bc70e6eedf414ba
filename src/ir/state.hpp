// What a tape holds: plain data, so that it can be hashed, compared, copied and planned.
//
// ir: what a program is. Nodes and the state of a tape, functions and their payloads, the texts of requirements. It
// includes core and memory. It holds opcodes, but does not know what any of them means.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <mutex>
#include <span>
#include <unordered_map>
#include <vector>

#include <xgrad/core/dtype.hpp>
#include <xgrad/core/shape.hpp>

#include "memory/buffer.hpp"
#include "memory/plain_list.hpp"

namespace xgrad::ir {

using namespace memory;

using NodeId = std::uint32_t;
using Opcode = std::uint8_t;
using ShapeId = std::uint32_t;

inline constexpr NodeId no_node = std::numeric_limits<NodeId>::max();

struct Payload;
class Guard;

/// Whether a tape keeps the value of a node that is no leaf: because it was asked for, as long as the tape lives; or as
/// spare, beside what was asked for, so that later questions begin there.
enum class KeptAs : std::uint8_t { nothing, asked, spare };

/// One recorded primitive. Its inputs, attributes and shape are in the tape's side tables.
struct Node {
  std::uint32_t first_input;
  std::uint32_t input_count;
  /// Index into the attributes; of a constant into the scalars; of a leaf into the leaf values; of a call into the
  /// payloads.
  std::uint32_t first_attribute;
  std::uint32_t attribute_count;
  ShapeId shape;
  Opcode op;
  DType dtype;
  KeptAs kept : 7 = KeptAs::nothing;
  /// A number, which takes the floating-point type of the arrays that it meets; its shape is [].
  bool weak : 1 = false;
  /// How often its value was computed for others and not kept, up to most_computed.
  std::uint8_t computed = 0;

  static constexpr std::uint8_t most_computed = 255;
};

/// A number in the representation of its element type: `integer` for bool and int64, `real` otherwise.
union Scalar {
  double real;
  std::int64_t integer;
};

}  // namespace xgrad::ir

namespace xgrad::memory {

extern template class PlainList<ir::Node>;
extern template class PlainList<ir::NodeId>;
extern template class PlainList<std::int64_t>;

}  // namespace xgrad::memory

namespace xgrad::ir {

class TapeState {
 public:
  /// A state from the pool, or a new one. States are never destroyed, so a stale Var can always ask for its generation.
  static TapeState* acquire();
  /// Forgets all that was recorded and returns the state to the pool.
  void release() noexcept;

  [[nodiscard]] std::uint32_t generation() const noexcept { return generation_.load(std::memory_order_relaxed); }

  /// Inputs and attributes are copied; they may be those of another node of this tape. Most callers know how many there
  /// are, which is worth half of the time that recording takes.
  [[gnu::always_inline]] NodeId append(Opcode op, DType dtype, ShapeId shape, std::span<const NodeId> inputs,
                                       std::span<const std::int64_t> attributes = {}) {
    const std::uint32_t first_input = inputs_.size();
    const std::uint32_t first_attribute = attributes_.size();
    inputs_.append(inputs);
    attributes_.append(attributes);
    // Written where it belongs: a copy of what was written in parts waits for them to leave the store buffer.
    Node& node = *nodes_.extend(1);
    node.first_input = first_input;
    node.input_count = static_cast<std::uint32_t>(inputs.size());
    node.first_attribute = first_attribute;
    node.attribute_count = static_cast<std::uint32_t>(attributes.size());
    node.shape = shape;
    node.op = op;
    node.dtype = dtype;
    node.kept = KeptAs::nothing;
    node.weak = false;
    node.computed = 0;
    return nodes_.size() - 1;
  }
  NodeId append_leaf(BufferPtr value);
  NodeId append_constant(DType dtype, ShapeId shape, Scalar value);
  /// A node with an object that is no number, instead of attributes.
  NodeId append_with_payload(Opcode op, DType dtype, ShapeId shape, std::span<const NodeId> inputs,
                             std::shared_ptr<const Payload> payload);

  ShapeId intern(const Shape& shape);

  void set_weak(NodeId id, bool weak) noexcept { nodes_[id].weak = weak; }

  [[nodiscard]] std::size_t size() const noexcept { return nodes_.size(); }
  [[nodiscard]] std::size_t shape_count() const noexcept { return shapes_.size(); }
  [[nodiscard]] const Node& node(NodeId id) const noexcept { return nodes_[id]; }
  [[nodiscard]] std::span<const NodeId> inputs(NodeId id) const noexcept {
    return {inputs_.data() + nodes_[id].first_input, nodes_[id].input_count};
  }
  [[nodiscard]] std::span<const std::int64_t> attributes(NodeId id) const noexcept {
    const Node& node = nodes_[id];
    if (node.attribute_count == 0) return {};  // its first may be of something else
    return {attributes_.data() + node.first_attribute, node.attribute_count};
  }
  [[nodiscard]] const Shape& shape(NodeId id) const noexcept { return shapes_[nodes_[id].shape]; }
  [[nodiscard]] const Shape& shape_of(ShapeId id) const noexcept { return shapes_[id]; }
  [[nodiscard]] Scalar scalar(NodeId id) const noexcept { return scalars_[nodes_[id].first_attribute]; }

  [[nodiscard]] const std::shared_ptr<const Payload>& payload(NodeId id) const noexcept {
    return payloads_[nodes_[id].first_attribute];
  }

  /// The value of a leaf, or of a node that was evaluated; null if there is none (yet).
  [[nodiscard]] Buffer* value(NodeId id) const {
    if (nodes_[id].op == leaf_opcode) return leaves_[nodes_[id].first_attribute].get();
    return nodes_[id].kept == KeptAs::nothing ? nullptr : kept_value(id);
  }
  /// The same for a caller who relies on it as long as the tape lives: it is no spare any more.
  [[nodiscard]] Buffer* asked_value(NodeId id) {
    if (nodes_[id].kept == KeptAs::spare) give_up_spare(id, KeptAs::asked);
    return value(id);
  }
  void keep_value(NodeId id, BufferPtr value, KeptAs why);
  void count_computation(NodeId id) noexcept {
    if (nodes_[id].computed < Node::most_computed) ++nodes_[id].computed;
  }
  void count_question() noexcept { ++questions_; }
  /// How often something was computed.
  [[nodiscard]] std::uint32_t questions() const noexcept { return questions_; }

  /// Memory of spare values.
  [[nodiscard]] std::size_t spare_bytes() const noexcept { return spare_bytes_; }
  /// Frees spare values, those kept first before others, until they take at most so many bytes; not those of some
  /// nodes, which are sorted.
  void free_spares(std::size_t most_bytes, std::span<const NodeId> but_for);

  [[nodiscard]] std::size_t bytes() const noexcept;

  /// Set while values are computed: what a function of the user's asks for then cannot be known.
  void note_evaluation(bool runs) noexcept { evaluated_now_ = runs; }
  [[nodiscard]] bool evaluated_now() const noexcept { return evaluated_now_; }

  /// Who is asked for values while a function is recorded to be compiled; null: they are computed.
  void set_guard(Guard* guard) noexcept { guard_ = guard; }
  [[nodiscard]] Guard* guard() const noexcept { return guard_; }

  /// Values are not known while a function is recorded to be batched, or as the body of a loop or a branch.
  void forbid_values(bool forbidden) noexcept { values_forbidden_ = forbidden; }
  [[nodiscard]] bool values_forbidden() const noexcept { return values_forbidden_; }

  /// What is done with a linear rule of stand-ins, which have no values.
  enum class Transposition : std::uint8_t { None, Recorded, Swept };
  void note_transposition(Transposition now) noexcept { transposition_ = now; }
  [[nodiscard]] Transposition transposition() const noexcept { return transposition_; }

  /// Counts values that were handed out of the tape: what is computed of them has no derivative.
  void note_read() noexcept { ++reads_; }
  [[nodiscard]] std::size_t reads() const noexcept { return reads_; }

  /// Held by whoever records on a tape that several threads know: pullbacks do.
  [[nodiscard]] std::recursive_mutex& mutex() noexcept { return mutex_; }

  /// How much is recorded, to come back to.
  struct Mark {
    std::uint32_t nodes, inputs, attributes;
    std::size_t shapes, scalars, leaves, payloads;
  };
  [[nodiscard]] Mark mark() const noexcept;
  /// Forgets what was recorded after a mark. Nobody may hold a Var of it.
  void rewind(const Mark& mark) noexcept;

  /// The primitives that every program begins with, the first of the list.
  static constexpr Opcode leaf_opcode = 0;
  static constexpr Opcode constant_opcode = 1;

 private:
  TapeState() = default;
  [[nodiscard]] Buffer* kept_value(NodeId id) const;
  void give_up_spare(NodeId id, KeptAs now) noexcept;

  std::atomic<std::uint32_t> generation_{0};
  std::recursive_mutex mutex_;
  Guard* guard_ = nullptr;
  bool values_forbidden_ = false;
  bool evaluated_now_ = false;
  Transposition transposition_ = Transposition::None;
  std::size_t reads_ = 0;
  std::uint32_t questions_ = 0;
  PlainList<Node> nodes_;
  PlainList<NodeId> inputs_;
  PlainList<std::int64_t> attributes_;
  std::deque<Shape> shapes_;  // Var::shape() hands out references, which appending must leave valid
  std::vector<Scalar> scalars_;
  std::vector<BufferPtr> leaves_;
  std::vector<std::shared_ptr<const Payload>> payloads_;
  std::unordered_map<NodeId, BufferPtr> values_;
  std::deque<NodeId> spares_;  // in the order in which they were kept; some are none any more
  std::size_t spare_bytes_ = 0;
};

}  // namespace xgrad::ir
