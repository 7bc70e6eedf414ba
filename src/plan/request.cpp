#include "request.hpp"

#include <algorithm>
#include <cmath>

#include "primitives/list.hpp"

namespace xgrad::detail {
namespace {

using namespace primitives;

constexpr std::uint32_t unneeded = no_node;
constexpr std::uint64_t no_opcode = 0xFF;
static_assert(list_size <= no_opcode);

/// Tapes that are walked over as a whole.
constexpr std::size_t short_tape = 8192;

/// Tables over the nodes and shapes of a tape, kept between requests so that a small one at the end of a long tape
/// costs little.
struct Places {
  std::vector<std::uint32_t> node;   // place among the needed nodes
  std::vector<std::uint32_t> shape;  // place among the needed shapes
};

Places& places(std::size_t nodes) {
  thread_local Places result;
  if (result.node.size() < nodes) result.node.resize(nodes, unneeded);
  return result;
}

/// Of a short tape, simply by walking back from the last output.
void find_nodes_backwards(std::vector<NodeId>& nodes, std::vector<std::uint32_t>& place, const TapeState& tape,
                          std::span<const NodeId> outputs) {
  NodeId last = 0;
  for (const NodeId output : outputs) {
    place[output] = 0;
    last = std::max(last, output);
  }
  std::size_t count = 0;
  NodeId first = last;
  for (NodeId id = last + 1; id-- > 0;) {
    if (place[id] == unneeded) continue;
    ++count;
    first = id;
    if (tape.value(id) != nullptr) continue;
    for (const NodeId input : tape.inputs(id)) place[input] = 0;
  }
  nodes.resize(count);
  NodeId* next = nodes.data();
  for (NodeId id = first; id <= last; ++id) {
    if (place[id] != unneeded) *next++ = id;
  }
}

/// Which nodes are needed: a loop, however deep the graph is. It looks at needed nodes only, so that evaluating now and
/// then while a long tape grows does not walk over the tape each time.
void find_nodes(std::vector<NodeId>& nodes, std::vector<std::uint32_t>& place, const TapeState& tape,
                std::span<const NodeId> outputs) {
  if (tape.size() <= short_tape) return find_nodes_backwards(nodes, place, tape, outputs);
  const auto ask_for = [&](NodeId id) {
    if (place[id] != unneeded) return;
    place[id] = 0;
    nodes.push_back(id);
  };
  for (const NodeId output : outputs) ask_for(output);
  NodeId first = outputs[0];
  NodeId last = outputs[0];
  for (std::size_t next = 0; next < nodes.size(); ++next) {  // NOLINT(modernize-loop-convert): it grows
    const NodeId id = nodes[next];
    first = std::min(first, id);
    last = std::max(last, id);
    if (tape.value(id) != nullptr) continue;
    for (const NodeId input : tape.inputs(id)) ask_for(input);
  }
  if ((last - first) / 8 < nodes.size()) {  // most are needed: looking at all is faster than sorting
    nodes.clear();
    for (NodeId id = first; id <= last; ++id) {
      if (place[id] != unneeded) nodes.push_back(id);
    }
  } else {
    std::sort(nodes.begin(), nodes.end());
  }
}

/// Writes the signature: whatever a plan depends on, and nothing else.
class Signature {
 public:
  Signature(Request& request, Places& places, const TapeState& tape)
      : request_(request), places_(places), tape_(tape) {}

  void write(std::span<const NodeId> outputs) {
    request_.signature.resize(3 * request_.nodes.size() + 64);
    for (std::uint32_t k = 0; k < request_.nodes.size(); ++k) {
      const NodeId id = request_.nodes[k];
      places_.node[id] = k;
      if (Buffer* known = tape_.value(id)) {
        request_.leaves.push_back(known);
        write_head(id, opcode<Leaf>, 0, 0);
      } else if (tape_.node(id).op == opcode<Constant>) {
        const Scalar scalar = tape_.scalar(id);
        request_.scalars.push_back(scalar);
        write_head(id, opcode<Constant>, 0, static_cast<std::uint64_t>(known_of(tape_.node(id).dtype, scalar)));
      } else {
        write_operation(id);
      }
    }
    put(~std::uint64_t{0});
    for (const NodeId output : outputs) put(places_.node[output]);
    request_.signature.resize(end_);
    request_.hash = hash_ ^ hash_ >> 32U;
  }

 private:
  void put(std::uint64_t word) {
    if (end_ == request_.signature.size()) request_.signature.resize(2 * end_ + 64);
    request_.signature[end_++] = word;
    hash_ = ((hash_ << 5U | hash_ >> 59U) ^ word) * 0x9E3779B97F4A7C15U;
  }

  void write_head(NodeId id, Opcode op, std::size_t inputs, std::uint64_t extra) {
    const Node& node = tape_.node(id);
    const std::uint64_t kind = op | (static_cast<std::uint64_t>(node.dtype) << 8U) | (extra << 10U);
    put(kind | (static_cast<std::uint64_t>(inputs) << 16U) | (std::uint64_t{shape_place(node.shape)} << 40U));
  }

  void write_operation(NodeId id) {
    const std::span<const NodeId> inputs = tape_.inputs(id);
    const std::span<const std::int64_t> attributes = tape_.attributes(id);
    write_head(id, tape_.node(id).op, inputs.size(), attributes.size());
    std::size_t k = 0;
    for (; k + 1 < inputs.size(); k += 2) {
      put(places_.node[inputs[k]] | (std::uint64_t{places_.node[inputs[k + 1]]} << 32U));
    }
    if (k < inputs.size()) put(places_.node[inputs[k]]);
    for (const std::int64_t attribute : attributes) put(static_cast<std::uint64_t>(attribute));
  }

  /// A shape is written out where it first appears. No word of a node begins so, or shapes could pass for nodes.
  std::uint32_t shape_place(ShapeId id) {
    if (places_.shape.size() <= id) places_.shape.resize(std::size_t{id} + 1, unneeded);
    std::uint32_t& place = places_.shape[id];
    if (place != unneeded) return place;
    place = shapes_++;
    used_.push_back(id);
    const Shape& shape = tape_.shape_of(id);
    put(no_opcode | (std::uint64_t{shape.size()} << 8U));
    for (const std::size_t extent : shape) put(extent);
    return place;
  }

  Request& request_;
  Places& places_;
  const TapeState& tape_;
  std::uint64_t hash_ = 0;
  std::size_t end_ = 0;
  std::uint32_t shapes_ = 0;

 public:
  std::vector<ShapeId>& used_ = used();

 private:
  static std::vector<ShapeId>& used() {
    thread_local std::vector<ShapeId> result;
    result.clear();
    return result;
  }
};

void fill(Request& request, Places& table, const TapeState& tape, std::span<const NodeId> outputs) {
  find_nodes(request.nodes, table.node, tape, outputs);
  Signature signature(request, table, tape);
  signature.write(outputs);
  for (const NodeId id : request.nodes) table.node[id] = unneeded;
  for (const ShapeId id : signature.used_) table.shape[id] = unneeded;
  // A large table goes when it costs no more than the request did, or when the tapes have become small again.
  constexpr std::size_t kept = 1U << 16U;
  const bool rarely = request.nodes.size() > table.node.size() / 16 || request.nodes.back() < table.node.size() / 16;
  if (table.node.size() > kept && rarely) std::vector<std::uint32_t>().swap(table.node);
}

}  // namespace

Known known_of(DType dtype, Scalar scalar) noexcept {
  if (!is_floating(dtype)) {
    if (scalar.integer == 0) return Known::Zero;
    if (scalar.integer == 1) return Known::One;
    if (scalar.integer == -1) return Known::MinusOne;
    return scalar.integer == 2 ? Known::Two : Known::Nonzero;
  }
  // As an element of the array: a double may be 0 or infinite as a float.
  const double value = dtype == DType::Float32 ? static_cast<double>(static_cast<float>(scalar.real)) : scalar.real;
  if (value == 0) return std::signbit(value) ? Known::MinusZero : Known::Zero;
  if (value == 1) return Known::One;
  if (value == -1) return Known::MinusOne;
  if (value == 2) return Known::Two;
  if (value == 0.5) return Known::Half;
  return std::isfinite(value) ? Known::Nonzero : Known::Nothing;
}

void collect(Request& request, const TapeState& tape, std::span<const NodeId> outputs) {
  request.clear();
  if (outputs.empty()) return;
  Places& table = places(std::size_t{*std::max_element(outputs.begin(), outputs.end())} + 1);
  try {
    fill(request, table, tape, outputs);
  } catch (...) {  // out of memory: half-written tables would mislead the next request
    std::vector<std::uint32_t>().swap(table.node);
    std::vector<std::uint32_t>().swap(table.shape);
    throw;
  }
}

}  // namespace xgrad::detail
