#include "record.hpp"

#include <string>

#include <xgrad/core/errors.hpp>

#include "at_once.hpp"
#include "backend/evaluate.hpp"
#include "call.hpp"
#include "one_tape.hpp"

namespace xgrad::detail {

Recording::Recording(std::string_view operation, std::span<const Var* const> operands, TapeState* tape_of_none) {
  for (const Var* operand : operands) {
    require_usable(*operand, operation);
    if (!VarAccess::is_weak(*operand)) weak_ = false;
    require_same_tape(operation, *operand, tape_);
  }
  if (tape_ == nullptr) tape_ = tape_of_none;
  if (tape_ == nullptr) {
    tape_ = TapeState::acquire();
    scratch_ = true;
  }
}

NodeId import(TapeState& tape, const Var& x, std::string_view operation) {
  if (x.recorded()) {
    if (&VarAccess::tape(x) == &tape) return VarAccess::node(x);
    throw TapeError(
        std::string(operation) +
        ": a function uses a recorded Var of another tape than its own. Pass a captured Var as an argument; "
        "make a pullback or pushforward that is used inside of a transform in the same function");
  }
  if (VarAccess::is_scalar(x)) {
    const DType dtype = VarAccess::dtype(x);
    const NodeId id = tape.append_constant(dtype, tape.intern({}), VarAccess::scalar_as(x, dtype));
    tape.set_weak(id, true);
    return id;
  }
  return tape.append_leaf(VarAccess::buffer(x));
}

NodeId append_input(TapeState& tape, const Var& x) {
  const bool weak = VarAccess::is_weak(x);
  NodeId id = no_node;
  if (x.recorded()) {
    const std::array inputs{VarAccess::node(x)};
    const Node node = tape.node(inputs[0]);
    id = tape.append(opcode<primitives::Identity>, node.dtype, node.shape, inputs);
  } else {  // a number as an array too, so that it is no constant
    id = tape.append_leaf(VarAccess::buffer(x));
  }
  tape.set_weak(id, weak);
  return id;
}

Var as_weak(const Var& x, bool weak) {
  if (VarAccess::is_weak(x) == weak) return x;
  if (!x.recorded()) {
    BufferPtr buffer = VarAccess::buffer(x);
    return weak ? VarAccess::scalar(*buffer.get()) : VarAccess::concrete(std::move(buffer));
  }
  TapeState& tape = VarAccess::tape(x);
  const NodeId id = append_input(tape, x);
  tape.set_weak(id, weak);
  return VarAccess::recorded(tape, id);
}

ShapeId Recording::broadcast(std::string_view operation, std::span<const Var* const> operands) {
  // Mostly the operands have one shape already, beside single numbers.
  const Var* array = nullptr;
  bool same = true;
  const auto id_of_shape = [this](const Var& x) { return tape_->node(VarAccess::node(x)).shape; };
  for (const Var* operand : operands) {
    if (VarAccess::is_scalar(*operand)) continue;
    if (array == nullptr) array = operand;
    same = same && operand->recorded() && id_of_shape(*operand) == id_of_shape(*array);
  }
  if (same && array != nullptr) return id_of_shape(*array);
  return tape_->intern(broadcast_shape(operation, operands));
}

NodeId Recording::node(const Var& operand) { return import(*tape_, operand); }

NodeId Recording::node(const Var& operand, DType dtype, ShapeId shape) {
  if (VarAccess::is_scalar(operand)) {
    return tape_->append_constant(dtype, shape, VarAccess::scalar_as(operand, dtype));
  }
  NodeId id = node(operand);
  if (tape_->node(id).dtype != dtype) {
    const std::array inputs{id};
    id = tape_->append(opcode<primitives::Cast>, dtype, tape_->node(id).shape, inputs);
  }
  if (tape_->node(id).shape == shape) return id;
  const Shape target = tape_->shape_of(shape);
  Shape source = tape_->shape(id);
  if (source == target) return id;
  if (source.size() < target.size()) {
    while (source.size() < target.size()) source.insert(0, 1);
    const std::array inputs{id};
    id = tape_->append(opcode<primitives::Reshape>, dtype, tape_->intern(source), inputs);
  }
  if (source == target) return id;
  const std::array inputs{id};
  return tape_->append(opcode<primitives::Broadcast>, dtype, shape, inputs);
}

Var Recording::finish(NodeId result) {
  if (!scratch_) {
    if (weak_ && tape_->shape(result).empty()) tape_->set_weak(result, true);
    return VarAccess::recorded(*tape_, result);
  }
  std::array<BufferPtr, 1> value;
  backend::evaluate(*tape_, std::array{result}, value, backend::Later::none);
  if (weak_ && value[0]->shape().empty()) return VarAccess::scalar(*value[0].get());
  return VarAccess::concrete(std::move(value[0]));
}

std::vector<Var> Recording::finish(std::span<const Var> results) {
  std::vector<Var> all(results.begin(), results.end());
  if (!scratch_) return all;
  std::vector<NodeId> nodes;
  for (const Var& x : all) nodes.push_back(VarAccess::node(x));
  std::vector<BufferPtr> values(nodes.size());
  backend::evaluate(*tape_, nodes, values, backend::Later::none);
  for (std::size_t k = 0; k < all.size(); ++k) all[k] = VarAccess::concrete(std::move(values[k]));
  return all;
}

Var record(Opcode op, DType dtype, const Shape& shape, std::span<const Var* const> inputs,
           std::span<const std::int64_t> attributes) {
  if (std::optional<Var> known = compute_at_once(op, dtype, shape, inputs, attributes)) return *std::move(known);
  Recording recording(name_of(op), inputs);
  Dimensions<NodeId> few;
  std::vector<NodeId> many;
  if (inputs.size() > max_dimension) {
    for (const Var* input : inputs) many.push_back(recording.node(*input));
  } else {
    for (const Var* input : inputs) few.push_back(recording.node(*input));
  }
  const std::span<const NodeId> ids = many.empty() ? std::span<const NodeId>(few) : std::span<const NodeId>(many);
  TapeState& tape = recording.tape();
  return recording.finish(tape.append(op, dtype, tape.intern(shape), ids, attributes));
}

namespace {

std::vector<Var> record_several(Recording& recording, NodeId node, std::span<const ArrayType> outputs) {
  std::vector<Var> results;
  for (const ArrayType& type : outputs) {
    results.push_back(record_projection(recording.tape(), node, results.size(), type));
  }
  return recording.finish(results);
}

std::vector<NodeId> nodes_of(Recording& recording, std::span<const Var* const> inputs) {
  std::vector<NodeId> nodes;
  for (const Var* input : inputs) nodes.push_back(recording.node(*input));
  return nodes;
}

}  // namespace

std::vector<Var> record_several(Opcode op, std::span<const ArrayType> outputs, std::span<const Var* const> inputs,
                                std::span<const std::int64_t> attributes) {
  Recording recording(name_of(op), inputs);
  TapeState& tape = recording.tape();
  const std::vector<NodeId> nodes = nodes_of(recording, inputs);
  return record_several(recording, tape.append(op, DType::Float64, tape.intern({}), nodes, attributes), outputs);
}

std::vector<Var> record_several(Opcode op, std::span<const ArrayType> outputs, std::span<const Var* const> inputs,
                                std::shared_ptr<const Payload> payload, TapeState* tape_of_none) {
  Recording recording(name_of(op), inputs, tape_of_none);
  TapeState& tape = recording.tape();
  const std::vector<NodeId> nodes = nodes_of(recording, inputs);
  const NodeId node = tape.append_with_payload(op, DType::Float64, tape.intern({}), nodes, std::move(payload));
  return record_several(recording, node, outputs);
}

Var record_constant(TapeState& tape, DType dtype, const Shape& shape, double value) {
  const Scalar scalar =
      is_floating(dtype) ? Scalar{.real = value} : Scalar{.integer = static_cast<std::int64_t>(value)};
  return VarAccess::recorded(tape, tape.append_constant(dtype, tape.intern(shape), scalar));
}

Var opaque(TapeState& tape, DType dtype, const Shape& shape) {
  return VarAccess::recorded(tape, tape.append(opcode<primitives::Parameter>, dtype, tape.intern(shape), {}));
}

DType common_dtype(std::span<const Var* const> operands) {
  DType strong = DType::Bool;
  DType weak = DType::Bool;
  bool any_strong = false;
  for (const Var* operand : operands) {
    const DType dtype = VarAccess::dtype(*operand);
    if (VarAccess::is_weak(*operand)) {
      weak = promote(weak, dtype);
    } else {
      strong = any_strong ? promote(strong, dtype) : dtype;
      any_strong = true;
    }
  }
  if (!any_strong) return weak;
  if (is_floating(weak) && !is_floating(strong)) return DType::Float64;
  if (weak == DType::Int64 && strong == DType::Bool) return DType::Int64;
  return strong;
}

Shape broadcast_shape(std::string_view operation, std::span<const Var* const> operands) {
  require_one_tape(operation, operands);
  Shape result = operands[0]->shape();
  for (const Var* operand : operands.subspan(1)) {
    const Shape& shape = operand->shape();
    if (shape == result) continue;
    while (result.size() < shape.size()) result.insert(0, 1);
    const std::size_t offset = result.size() - shape.size();
    for (std::size_t i = 0; i < shape.size(); ++i) {
      std::size_t& extent = result[offset + i];
      if (extent == shape[i] || shape[i] == 1) continue;
      if (extent == 1) {
        extent = shape[i];
        continue;
      }
      std::string shapes;
      for (const Var* each : operands) shapes += (shapes.empty() ? "" : " and ") + to_string(each->shape());
      throw ShapeError(std::string(operation) + ": the shapes " + shapes +
                       " do not broadcast; extents must be equal or 1, counted from the last axis");
    }
  }
  return result;
}

}  // namespace xgrad::detail
