#include "program_reader.hpp"

#include <algorithm>
#include <numeric>

#include <xgrad/core/errors.hpp>

#include "derivatives/functions/recorded_rule.hpp"
#include "ir/names.hpp"
#include "ir/requirement.hpp"
#include "primitives/node_rules.hpp"
#include "primitives/traits.hpp"
#include "transform/host_function.hpp"

namespace xgrad::io {

using namespace ir;
using derivatives::CallRule, derivatives::RecordedRule;
using memory::BufferPtr;
using primitives::opcode, primitives::traits;

ProgramReader::ProgramReader(ByteReader bytes, const LoadOptions& options)
    : options_(options), bytes_(std::move(bytes)) {
  bytes_.reads("texts");
  for (std::size_t left = bytes_.count(4); left > 0; --left) texts_.push_back(bytes_.text());
  read_primitives();
  read_shapes();
  read_arrays();
}

void ProgramReader::read_primitives() {
  bytes_.reads("primitives");
  for (std::size_t left = bytes_.count(8); left > 0; --left) {
    const std::string& name = texts_[bytes_.index(texts_.size())];
    const std::uint32_t version = bytes_.u32();
    const auto* found = std::ranges::find(traits, std::string_view(name), &primitives::Traits::name);
    if (found == traits.end()) bytes_.fail("this version of xgrad has no operation '" + name + "'");
    const auto op = static_cast<Opcode>(found - traits.begin());
    if (version != format::version_of(op)) {
      bytes_.fail("'" + name + "' is of version " + std::to_string(version) + ", this version of xgrad has " +
                  std::to_string(format::version_of(op)));
    }
    primitives_.push_back(op);
  }
}

void ProgramReader::read_shapes() {
  bytes_.reads("shapes");
  for (std::size_t left = bytes_.count(1); left > 0; --left) {
    const std::size_t rank = bytes_.u8();
    if (rank > max_dimension) bytes_.fail("an array has at most " + std::to_string(max_dimension) + " axes");
    Shape shape(rank, 0);
    for (std::size_t& extent : shape) extent = bytes_.u64();
    try {
      require_addressable(shape);
    } catch (const ShapeError& error) {
      bytes_.fail(error.what());
    }
    shapes_.push_back(shape);
  }
}

void ProgramReader::read_arrays() {
  bytes_.reads("arrays");
  for (std::size_t left = bytes_.count(5); left > 0; --left) {
    const DType type = dtype();
    const Shape& of = shape();
    arrays_.push_back({type, of, size_of(of) * size_of(type)});
  }
}

DType ProgramReader::dtype() {
  const std::uint8_t found = bytes_.u8();
  if (found >= dtype_count) bytes_.fail("there is no such element type");
  return static_cast<DType>(found);
}

const Shape& ProgramReader::shape() { return shapes_[bytes_.index(shapes_.size())]; }

std::shared_ptr<const Exported::State> ProgramReader::finish(std::vector<BufferPtr> values) {
  values_ = std::move(values);
  const ByteReader start = bytes_;
  read_functions(bytes_);
  if (!missing_.empty()) {
    std::string names;
    for (const std::string& name : missing_) names += (names.empty() ? "'" : ", '") + name + "'";
    throw ValueError(
        "load_program: the program calls functions of C++ that LoadOptions::host_functions does not give: " + names);
  }
  bytes_ = start;
  gives_numbers_ = true;
  read_functions(bytes_);
  bytes_.reads("the program");
  if (functions_.empty() || bytes_.u32() != functions_.size() - 1) bytes_.fail("the last function is the program");
  auto state = std::make_shared<Exported::State>();
  state->function = functions_.back().function;
  std::vector<NodeId> parameters(state->function->parameters());
  std::iota(parameters.begin(), parameters.end(), NodeId{0});
  state->inputs = read_signature(bytes_, *state->function, parameters);
  state->outputs = read_signature(bytes_, *state->function, state->function->outputs());
  state->calls_host = calls_host(*state->function);
  if (bytes_.left() >= 8) bytes_.fail("it should end here");
  return state;
}

std::vector<ProgramArray> ProgramReader::read_signature(ByteReader& bytes, const Function& function,
                                                        std::span<const NodeId> nodes) {
  if (bytes.count(4) != nodes.size()) bytes.fail("each input and output has a name");
  std::vector<ProgramArray> result;
  for (const NodeId id : nodes) {
    const Node& node = function.program().node(id);
    result.push_back({texts_[bytes.index(texts_.size())], node.dtype, function.program().shape(id), node.weak});
  }
  return result;
}

// ---- functions

void ProgramReader::read_functions(ByteReader& bytes) {
  functions_.clear();
  bytes.reads("functions");
  const std::size_t count = bytes.count(12);
  if (count > format::most_functions)
    bytes.fail("a program has at most " + std::to_string(format::most_functions) + " functions");
  for (std::size_t k = 0; k < count; ++k) read_function(bytes);
}

void ProgramReader::read_function(ByteReader& bytes) {
  const std::string name = "function " + std::to_string(functions_.size());
  bytes.reads(name);
  const std::size_t parameters = bytes.u32();
  const std::size_t count = bytes.count(11);
  if (parameters > count) bytes.fail("its first operations are its parameters");
  auto function = std::make_shared<Function>(parameters);
  Part part{function, 0, 0};
  const TapeState& program = function->program();
  while (program.size() < count) {
    bytes.reads(name + ", operation " + std::to_string(program.size()));
    read_node(bytes, *function, part);
    if (part.nodes + program.size() > options_.most_nodes) {
      bytes.fail("there are more operations than LoadOptions::most_nodes allows, which are " +
                 std::to_string(options_.most_nodes));
    }
  }
  bytes.reads(name + ", outputs");
  for (std::size_t left = bytes.count(4); left > 0; --left) {
    const auto output = static_cast<NodeId>(bytes.index(count));
    if (!primitives::has_value(program, output)) bytes.fail("an output has a value");
    function->add_output(output);
  }
  part.nodes += count;
  if (++part.depth > format::most_depth)
    bytes.fail("functions are nested at most " + std::to_string(format::most_depth) + " deep");
  functions_.push_back(std::move(part));
}

void ProgramReader::read_node(ByteReader& bytes, Function& function, Part& part) {
  TapeState& program = function.program_being_made();
  const std::uint8_t primitive = bytes.u8();
  if (primitive >= primitives_.size()) bytes.fail("there is no such operation");
  const Opcode op = primitives_[primitive];
  const DType type = dtype();
  const bool weak = bytes.flag();
  const Shape& of = shape();
  std::vector<NodeId> inputs;
  for (std::size_t left = bytes.count(4); left > 0; --left) {
    inputs.push_back(static_cast<NodeId>(bytes.index(program.size())));
  }
  const auto id = static_cast<NodeId>(program.size());
  if ((op == opcode<primitives::Parameter>) != (id < function.parameters())) {
    bytes.fail("its first operations are its parameters, and no others");
  }
  const bool source = op == TapeState::leaf_opcode || op == TapeState::constant_opcode;
  if (source && !inputs.empty()) bytes.fail("a source has no inputs");
  if (op == TapeState::leaf_opcode) {
    const std::size_t which = bytes.index(values_.size());
    if (arrays_[which].dtype != type || arrays_[which].shape != of) bytes.fail("it has the type of its array");
    program.append_leaf(values_[which]);
  } else if (op == TapeState::constant_opcode) {
    program.append_constant(type, program.intern(of), Scalar{.integer = bytes.i64()});
  } else if (traits[op].has_payload) {
    program.append_with_payload(op, type, program.intern(of), inputs, read_payload(bytes, op, function, inputs, part));
  } else {
    program.append(op, type, program.intern(of), inputs, read_attributes(bytes, op));
  }
  program.set_weak(id, weak);
  const std::string_view broken = primitives::broken_rule(program, id);
  if (!broken.empty()) bytes.fail("(" + std::string(primitives::name_of(op)) + ") " + std::string(broken));
}

std::vector<std::int64_t> ProgramReader::read_attributes(ByteReader& bytes, Opcode op) {
  std::vector<std::int64_t> result;
  const std::size_t count = bytes.count(4);
  for (std::size_t k = 0; k < count; ++k) {
    const format::Numbered what = format::numbered(op, k);
    if (what == format::Numbered::Nothing) {
      result.push_back(bytes.i64());
      continue;
    }
    const std::string& text = texts_[bytes.index(texts_.size())];
    if (what == format::Numbered::Chooser) {
      std::size_t chooser = 0;
      while (chooser < format::choosers && name_of(static_cast<primitives::Chooser>(chooser)) != text) ++chooser;
      if (chooser == format::choosers) bytes.fail("no function '" + text + "' chooses by indices");
      result.push_back(static_cast<std::int64_t>(chooser));
    } else if (!gives_numbers_) {
      result.push_back(0);
    } else if (what == format::Numbered::Requirement) {
      result.push_back(number_of_requirement(text));
    } else {
      result.push_back(number_of_name(text));
    }
  }
  return result;
}

// ---- what runs functions

std::shared_ptr<const Function> ProgramReader::read_use(ByteReader& bytes, Part& part) {
  const Part& used = functions_[bytes.index(functions_.size())];
  part.depth = std::max(part.depth, used.depth);
  part.nodes = std::min(part.nodes, options_.most_nodes) + std::min(used.nodes, options_.most_nodes);
  return used.function;
}

namespace {

ArrayType type_of(const Function& function, NodeId node) {
  return {function.program().node(node).dtype, function.program().shape(node)};
}

bool same(const ArrayType& a, const ArrayType& b) { return a.dtype == b.dtype && a.shape == b.shape; }

}  // namespace

std::shared_ptr<const Payload> ProgramReader::read_payload(ByteReader& bytes, Opcode op, const Function& function,
                                                           std::span<const NodeId> inputs, Part& part) {
  auto payload = std::make_shared<Payload>();
  if (op == opcode<primitives::HostCall>) {
    std::vector<ArrayType> arguments;
    for (const NodeId input : inputs) arguments.push_back(type_of(function, input));
    payload->host = read_host(bytes, std::move(arguments));
    return payload;
  }
  if (op == opcode<primitives::Switch>) {
    for (std::size_t left = bytes.count(4); left > 0; --left) payload->branches.push_back(read_use(bytes, part));
    return payload;
  }
  payload->function = read_use(bytes, part);
  if (op == opcode<primitives::While>) {
    payload->condition = read_use(bytes, part);
    payload->scan.carried = bytes.u32();
  } else if (op == opcode<primitives::Scan>) {
    payload->scan.length = bytes.u64();
    payload->scan.carried = bytes.u32();
    payload->scan.sliced = bytes.u32();
    payload->scan.reverse = bytes.flag();
  } else {
    payload->recomputes = bytes.flag();
    payload->kept = bytes.u32();
    if (bytes.flag()) payload->rule = read_rule(bytes, *payload->function, part);
    if (payload->recomputes && payload->rule != nullptr) bytes.fail("what is computed again has no rule");
  }
  return payload;
}

std::shared_ptr<const CallRule> ProgramReader::read_rule(ByteReader& bytes, const Function& of, Part& part) {
  CallRule rule;
  rule.operation = texts_[bytes.index(texts_.size())];
  rule.inputs = bytes.u32();
  rule.outputs = bytes.u32();
  if (rule.inputs > of.parameters() || rule.outputs > of.outputs().size())
    bytes.fail("a rule is one of inputs and outputs of its function");
  if (bytes.count(4) != rule.inputs) bytes.fail("each input of a rule has a name");
  std::vector<std::string> paths;
  for (std::size_t k = 0; k < rule.inputs; ++k) paths.push_back(texts_[bytes.index(texts_.size())]);
  rule.paths = [paths = std::move(paths)] { return paths; };

  const auto read_part = [&](const std::vector<ArrayType>& arguments, std::span<const ArrayType> primals) {
    RecordedRule::Part result;
    if (!bytes.flag()) return result;
    result.function = read_use(bytes, part);
    bool fits = result.function->parameters() == arguments.size();
    for (std::size_t k = 0; fits && k < arguments.size(); ++k)
      fits = same(type_of(*result.function, static_cast<NodeId>(k)), arguments[k]);
    std::size_t used = 0;
    for (const ArrayType& primal : primals) {
      result.defined.push_back(bytes.flag() ? 1 : 0);
      if (result.defined.back() == 0) continue;
      fits = fits && is_floating(primal.dtype) && used < result.function->outputs().size() &&
             same(type_of(*result.function, result.function->outputs()[used]), primal);
      ++used;
    }
    if (!fits || used != result.function->outputs().size()) bytes.fail("a rule has the types of what it is a rule of");
    return result;
  };
  const std::vector<ArrayType> of_vjp = derivatives::arguments_of_vjp(rule, of);
  const std::vector<ArrayType> of_jvp = derivatives::arguments_of_jvp(rule, of);
  auto recorded = std::make_shared<RecordedRule>();
  recorded->vjp = read_part(of_vjp, std::span(of_vjp).first(rule.inputs));
  recorded->jvp = read_part(of_jvp, std::span(of_vjp).last(rule.outputs));
  return derivatives::rule_of(rule, std::move(recorded));
}

std::shared_ptr<const ir::HostFunction> ProgramReader::read_host(ByteReader& bytes, std::vector<ArrayType> arguments) {
  const std::string& name = texts_[bytes.index(texts_.size())];
  const bool takes_batches = bytes.flag();
  std::vector<ArrayType> results;
  for (std::size_t left = bytes.count(5); left > 0; --left) {
    const DType type = dtype();
    results.push_back({type, shape()});
  }
  struct Batch {
    std::size_t extent;
    std::vector<char> batched;
  };
  std::vector<Batch> batches;
  for (std::size_t left = bytes.count(8); left > 0; --left) {
    batches.push_back({bytes.u64(), {}});
    for (std::size_t k = 0; k < arguments.size(); ++k) batches.back().batched.push_back(bytes.flag() ? 1 : 0);
  }
  for (std::size_t b = batches.size(); b-- > 0;) {  // off comes the outermost first
    for (std::size_t k = 0; k < arguments.size(); ++k) {
      Shape& given = arguments[k].shape;
      if (batches[b].batched[k] == 0) continue;
      if (given.empty() || given[0] != batches[b].extent) bytes.fail("a batch has an element for each example");
      given = Shape(given.begin() + 1, given.end());
    }
  }
  for (const ArrayType& each : results) {
    if (each.shape.size() + batches.size() > max_dimension) bytes.fail("results have too many axes");
  }
  auto function = bound(name, std::move(results), takes_batches, arguments);
  for (const Batch& batch : batches) function = batch_of(function, batch.extent, batch.batched);
  return function;
}

std::shared_ptr<const ir::HostFunction> ProgramReader::bound(const std::string& name, std::vector<ArrayType> results,
                                                             bool takes_batches, std::span<const ArrayType> arguments) {
  constexpr std::string_view prefix = "host_call ";
  const std::string key = name.starts_with(prefix) ? name.substr(prefix.size()) : name;
  const auto given = options_.host_functions.find(key);
  if (given == options_.host_functions.end()) {
    missing_.insert(key);
    auto stand_in = std::make_shared<ir::HostFunction>();
    stand_in->results = std::move(results);
    return stand_in;
  }
  auto body = std::make_shared<detail::HostBody>(given->second.body());
  body->name = name;
  body->takes_batches = takes_batches;
  const auto refuse = [&](const std::string& what) {
    throw TypeError("load_program: the function given for '" + key + "' has other " + what +
                    " than the one that the program was recorded with");
  };
  std::vector<Shape> shapes;
  if (body->parameters.size() != arguments.size()) refuse("parameters");
  for (std::size_t k = 0; k < arguments.size(); ++k) {
    if (body->parameters[k].value_or(arguments[k].dtype) != arguments[k].dtype) refuse("parameters");
  }
  if (body->results.size() != results.size()) refuse("results");
  for (std::size_t k = 0; k < results.size(); ++k) {
    if (body->results[k] != results[k].dtype) refuse("results");
    shapes.push_back(results[k].shape);
  }
  return detail::host_function(body, shapes);
}

}  // namespace xgrad::io
