#include "request.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

#include <xgrad/core/errors.hpp>

#include "core/per_thread.hpp"
#include "ir/function.hpp"
#include "keep.hpp"
#include "primitives/traits.hpp"

namespace xgrad::plan {
namespace {

using namespace primitives;

constexpr std::uint32_t unneeded = no_node;

/// Tables over the nodes and shapes of a tape, kept between requests so that a small one at the end of a long tape
/// costs little.
struct Positions {
  std::vector<std::uint32_t> node;   // position among the needed nodes
  std::vector<std::uint32_t> shape;  // position among the needed shapes
  std::vector<ShapeId> shapes;       // the needed shapes, in the order of their positions
  std::size_t unused = 0;            // nodes of the requests since one has used more than a small part of the table
};

thread_local constinit core::PerThread<Positions> positions_of_thread;

Positions& positions(std::size_t nodes, std::size_t shapes) {
  Positions& result = positions_of_thread.get();
  if (result.node.size() < nodes) result.node.resize(nodes, unneeded);
  if (result.shape.size() < shapes) result.shape.resize(shapes, unneeded);
  return result;
}

/// Needed nodes before `at`, beside those from there on that were found: a list of its own that grows, so that a small
/// request costs little however far apart its nodes are. The last come first.
void find_scattered(std::vector<NodeId>& nodes, std::vector<std::uint32_t>& position, const TapeState& tape,
                    std::span<const NodeId> outputs, NodeId at) {
  constexpr std::uint32_t listed = 1;
  const auto found = static_cast<std::ptrdiff_t>(nodes.size());
  const auto ask_for = [&](NodeId id) {
    if (id >= at || position[id] == listed) return;
    position[id] = listed;
    nodes.push_back(id);
  };
  for (const NodeId output : outputs) ask_for(output);
  for (std::size_t next = 0; next < nodes.size(); ++next) {  // NOLINT(modernize-loop-convert): it grows
    const NodeId id = nodes[next];
    if (tape.value(id) != nullptr) continue;
    for (const NodeId input : tape.inputs(id)) ask_for(input);
  }
  const auto [first, last] = std::minmax_element(nodes.begin() + found, nodes.end());
  if ((*last - *first) / 8 >= nodes.size()) return std::sort(nodes.begin() + found, nodes.end(), std::greater());
  const NodeId lowest = *first;  // most are needed: looking at all is faster than sorting
  NodeId id = *last + 1;
  nodes.resize(static_cast<std::size_t>(found));
  while (id-- > lowest) {
    if (position[id] != unneeded) nodes.push_back(id);
  }
}

/// Which nodes are needed: a loop, however deep the graph is. It looks at one node after another from the last output
/// backwards, as long as a good part of them are needed.
void find_nodes(std::vector<NodeId>& nodes, std::vector<std::uint32_t>& position, const TapeState& tape,
                std::span<const NodeId> outputs) {
  constexpr std::size_t share = 8;
  constexpr std::size_t few = 64;
  NodeId end = 0;
  std::size_t missing = 0;  // needed nodes that were not met yet
  const auto ask_for = [&](NodeId id) {
    missing += position[id] == unneeded ? 1 : 0;
    position[id] = 0;
  };
  for (const NodeId output : outputs) {
    ask_for(output);
    end = std::max(end, output + 1);
  }
  nodes.clear();
  NodeId at = end;
  while (missing > 0 && end - at <= share * nodes.size() + few) {
    if (position[--at] == unneeded) continue;
    nodes.push_back(at);
    --missing;
    if (tape.value(at) != nullptr) continue;
    for (const NodeId input : tape.inputs(at)) ask_for(input);
  }
  if (missing > 0) find_scattered(nodes, position, tape, outputs, at);
  std::reverse(nodes.begin(), nodes.end());
}

/// Words, written over those of an earlier signature, and their hash.
class Words {
 public:
  explicit Words(std::vector<std::uint64_t>& words) : words_(words) { point_at(0); }

  /// Makes room for so many more.
  void reserve(std::size_t count) {
    if (static_cast<std::size_t>(end_ - next_) >= count) return;
    const auto used = static_cast<std::size_t>(next_ - words_.data());
    words_.resize(2 * used + count);
    point_at(used);
  }
  void put(std::uint64_t word) {
    *next_++ = word;
    hash_ = ((hash_ << 5U | hash_ >> 59U) ^ word) * 0x9E3779B97F4A7C15U;
  }
  std::uint64_t finish() {
    words_.resize(static_cast<std::size_t>(next_ - words_.data()));
    return hash_ ^ hash_ >> 32U;
  }

 private:
  void point_at(std::size_t position) {
    next_ = words_.data() + position;
    end_ = words_.data() + words_.size();
  }

  std::vector<std::uint64_t>& words_;
  std::uint64_t* next_ = nullptr;
  std::uint64_t* end_ = nullptr;
  std::uint64_t hash_ = 0;
};

static_assert(list_size <= 0xFF && dtype_count <= 0xFF, "opcodes and element types are bytes of a signature");

/// A count in a byte of a word; the largest says that the count has a word of its own.
constexpr std::size_t counted_apart = 0xFF;
/// How many words a node begins with at most.
constexpr std::size_t most_head_words = 3;

/// The words with which a node begins: opcode, element type, numbers of inputs and attributes (or, of a constant, what
/// is known of it) in a byte each, and the shape.
void put_head(Words& words, Opcode op, DType dtype, std::uint32_t shape, std::size_t inputs, std::size_t extra) {
  const auto byte = [](std::size_t count) { return std::uint64_t{std::min(count, counted_apart)}; };
  words.put(std::uint64_t{op} | static_cast<std::uint64_t>(dtype) << 8U | byte(inputs) << 16U | byte(extra) << 24U |
            std::uint64_t{shape} << 32U);
  if (inputs >= counted_apart) words.put(inputs);
  if (extra >= counted_apart) words.put(extra);
}

void put_inputs(Words& words, std::span<const NodeId> inputs, const std::uint32_t* position) {
  const auto at = [position](NodeId id) { return std::uint64_t{position == nullptr ? id : position[id]}; };
  std::size_t k = 0;
  for (; k + 1 < inputs.size(); k += 2) words.put(at(inputs[k]) | at(inputs[k + 1]) << 32U);
  if (k < inputs.size()) words.put(at(inputs[k]));
}

[[noreturn]] void refuse_stand_in() {
  throw TapeError(
      "evaluate: a value depends on the example of a function that was batched by vmap(), on what a loop carries, on "
      "the "
      "argument of a function given to linear_transpose() that is not linear, or on an argument of a rule "
      "of "
      "custom_vjp() or custom_jvp(): there is none outside of that function. Return the Var as a result of it");
}

void sign_function(Words& words, Request& request, const Function& function);

/// Writes what a plan depends on of a node's payload.
void sign_payload(Words& words, Request& request, Opcode op, const std::shared_ptr<const Payload>& payload) {
  if (runs_plans(traits[op].computation)) {
    const ScanSpec& scan = payload->scan;
    words.reserve(4);
    words.put(scan.length);
    words.put(scan.carried);
    words.put(scan.sliced);
    words.put(scan.reverse ? 1 : 0);
  }
  if (payload->condition != nullptr) sign_function(words, request, *payload->condition);
  if (payload->function != nullptr) sign_function(words, request, *payload->function);
  if (!payload->branches.empty()) {
    words.reserve(1);
    words.put(payload->branches.size());
    for (const auto& branch : payload->branches) sign_function(words, request, *branch);
  }
  if (payload->host != nullptr)
    request.payloads.push_back(payload);  // the types of its results are those of projections
}

/// Writes a node whose value is there, or is a number: what a plan depends on of it. There must be room.
/// \param leaf  what it is called among the leaves.
/// \return whether it is such a node.
[[gnu::always_inline]] inline bool sign_if_known(Words& words, Request& request, const TapeState& program, NodeId id,
                                                 std::uint32_t shape, NodeId leaf) {
  const Node& node = program.node(id);
  if (Buffer* known = program.value(id)) {
    request.leaves.push_back(known);
    request.leaf_nodes.push_back(leaf);
    put_head(words, opcode<Leaf>, node.dtype, shape, 0, 0);
    return true;
  }
  if (node.op != opcode<Constant>) return false;
  const Scalar scalar = program.scalar(id);
  request.scalars.push_back(scalar);
  put_head(words, node.op, node.dtype, shape, 0, static_cast<std::uint64_t>(known_of(node.dtype, scalar)));
  return true;
}

/// Writes what a plan depends on of a function that is called. Positions of its nodes are their numbers.
void sign_function(Words& words, Request& request, const Function& function) {
  const TapeState& program = function.program();
  words.reserve(2 + function.outputs().size());
  words.put(program.size());
  for (NodeId id = 0; id < program.size(); ++id) {
    const Node& node = program.node(id);
    const Shape& shape = program.shape(id);
    words.reserve(most_head_words + 1 + shape.size() + node.input_count + node.attribute_count);
    if (!sign_if_known(words, request, program, id, 0, no_node)) {
      if (node.op == opcode<Parameter> && id >= function.parameters()) refuse_stand_in();
      put_head(words, node.op, node.dtype, 0, node.input_count, node.attribute_count);
      put_inputs(words, program.inputs(id), nullptr);
      for (const std::int64_t attribute : program.attributes(id)) words.put(static_cast<std::uint64_t>(attribute));
    }
    words.put(shape.size());
    for (const std::size_t extent : shape) words.put(extent);
    if (traits[node.op].has_payload) sign_payload(words, request, node.op, program.payload(id));
  }
  words.reserve(1 + function.outputs().size());
  words.put(function.outputs().size());
  for (const NodeId output : function.outputs()) words.put(output);
}

/// Writes the signature: whatever a plan depends on, and nothing else. Each part begins with how long it is, so that no
/// other request has the same words.
void sign(Request& request, Positions& table, const TapeState& tape, std::span<const NodeId> outputs) {
  std::uint32_t* const position = table.node.data();
  const auto position_of_shape = [&, shape_positions = table.shape.data()](ShapeId id) {
    if (shape_positions[id] == unneeded) {
      shape_positions[id] = static_cast<std::uint32_t>(table.shapes.size());
      table.shapes.push_back(id);
    }
    return shape_positions[id];
  };
  Words words(request.signature);
  words.reserve(1);
  words.put(request.nodes.size());
  std::uint32_t next_position = 0;
  for (const NodeId id : request.nodes) {
    const Node& node = tape.node(id);
    const std::uint32_t shape = position_of_shape(node.shape);
    position[id] = next_position++;
    words.reserve(most_head_words + node.input_count + node.attribute_count);
    if (!sign_if_known(words, request, tape, id, shape, id)) {
      if (node.op == opcode<Parameter>) refuse_stand_in();
      put_head(words, node.op, node.dtype, shape, node.input_count, node.attribute_count);
      put_inputs(words, tape.inputs(id), position);
      for (const std::int64_t attribute : tape.attributes(id)) words.put(static_cast<std::uint64_t>(attribute));
      if (traits[node.op].has_payload) sign_payload(words, request, node.op, tape.payload(id));
    }
  }
  words.reserve(1 + outputs.size());
  words.put(outputs.size());
  for (const NodeId output : outputs) words.put(position[output]);
  for (const ShapeId id : table.shapes) {
    const Shape& shape = tape.shape_of(id);
    words.reserve(1 + shape.size());
    words.put(shape.size());
    for (const std::size_t extent : shape) words.put(extent);
  }
  request.hash = words.finish();
}

/// A large table goes when it costs no more than the requests did: this one, or those since the tapes have become small
/// again.
void shrink(Positions& table, const Request& request) {
  constexpr std::size_t small = 1U << 16U;
  const std::size_t small_part = table.node.size() / 16;
  table.unused = request.nodes.back() < small_part ? table.unused + request.nodes.size() : 0;
  if (table.node.size() <= small || std::max(request.nodes.size(), table.unused) <= small_part) return;
  std::vector<std::uint32_t>().swap(table.node);
  table.unused = 0;
}

/// \param longer  the same outputs, to which those are added that are worth keeping; null: none.
void fill(Request& request, Positions& table, const TapeState& tape, std::span<const NodeId> outputs,
          std::vector<NodeId>* longer) {
  find_nodes(request.nodes, table.node, tape, outputs);
  if (longer != nullptr && tape.questions() >= questions_without_keeping) {
    add_worth_keeping(tape, request.nodes, table.node, *longer);
    outputs = *longer;
  }
  sign(request, table, tape, outputs);
  for (const NodeId id : request.nodes) table.node[id] = unneeded;
  for (const ShapeId id : table.shapes) table.shape[id] = unneeded;
  table.shapes.clear();
  shrink(table, request);
}

void fill(Request& request, const TapeState& tape, std::span<const NodeId> outputs, std::vector<NodeId>* kept) {
  if (outputs.empty()) {
    request = {};
    return;
  }
  request.leaves.clear();
  request.leaf_nodes.clear();
  request.scalars.clear();
  request.payloads.clear();
  Positions& table = positions(std::size_t{*std::max_element(outputs.begin(), outputs.end())} + 1, tape.shape_count());
  try {
    fill(request, table, tape, outputs, kept);
  } catch (...) {  // out of memory: half-written tables would mislead the next request
    table = {};
    throw;
  }
}

}  // namespace

/// Of a number that is finite and not 0.
static Known known_of_floating(double value) noexcept {
  using enum Known;
  constexpr int first = -8;
  constexpr std::array by_quarters{MinusTwo,   Nonzero,      MinusThreeHalves,
                                   Nonzero,    MinusOne,     MinusThreeQuarters,
                                   MinusHalf,  MinusQuarter, Zero,
                                   Quarter,    Half,         ThreeQuarters,
                                   One,        FiveQuarters, ThreeHalves,
                                   Nonzero,    Two,          Nonzero,
                                   FiveHalves, Nonzero,      Three,
                                   Nonzero,    Nonzero,      Nonzero,
                                   Four};
  const double quarters = 4 * value;
  if (!(quarters >= first && quarters <= 16)) return Nonzero;
  const int whole = static_cast<int>(quarters);
  return whole == quarters ? by_quarters[static_cast<std::size_t>(whole - first)] : Nonzero;
}

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
  return std::isfinite(value) ? known_of_floating(value) : Known::Nothing;
}

void collect(Request& request, const TapeState& tape, std::span<const NodeId> outputs) {
  fill(request, tape, outputs, nullptr);
}

void collect_and_keep(Request& request, const TapeState& tape, std::vector<NodeId>& outputs) {
  fill(request, tape, outputs, &outputs);
}

}  // namespace xgrad::plan
