// Programs as bytes.
#include <algorithm>
#include <map>
#include <unordered_map>

#include "bytes.hpp"
#include "derivatives/functions/recorded_rule.hpp"
#include "ir/linear_host.hpp"
#include "ir/names.hpp"
#include "ir/requirement.hpp"
#include "primitives/traits.hpp"
#include "program_state.hpp"

namespace xgrad::io {
namespace {

using namespace ir;
using derivatives::CallRule, derivatives::RecordedRule;
using memory::Buffer, memory::BufferPtr;
using primitives::opcode, primitives::traits;

/// Things with numbers, in the order in which they are met.
template <class Key>
class Numbering {
 public:
  std::size_t operator()(const Key& key) {
    const auto [found, fresh] = numbers_.try_emplace(key, all_.size());
    if (fresh) all_.push_back(key);
    return found->second;
  }
  [[nodiscard]] const std::vector<Key>& all() const { return all_; }

 private:
  std::map<Key, std::size_t> numbers_;
  std::vector<Key> all_;
};

class ProgramWriter {
 public:
  Written operator()(const Exported::State& program) {
    ByteWriter signature;
    signature.u32(function(program.function));
    for (const auto* arrays : {&program.inputs, &program.outputs}) {
      signature.u32(arrays->size());
      for (const ProgramArray& each : *arrays) signature.u32(texts_(each.name));
    }
    return {description(signature), std::move(arrays_)};
  }

 private:
  std::string description(const ByteWriter& signature) {
    std::vector<std::size_t> names;
    for (const Opcode op : primitives_.all()) names.push_back(texts_(std::string(primitives::name_of(op))));
    ByteWriter out;
    out.u32(texts_.all().size());
    for (const std::string& text : texts_.all()) out.text(text);
    out.u32(names.size());
    for (std::size_t k = 0; k < names.size(); ++k) {
      out.u32(names[k]);
      out.u32(format::version_of(primitives_.all()[k]));
    }
    out.u32(shapes_.all().size());
    for (const Shape& shape : shapes_.all()) {
      out.u8(shape.size());
      for (const std::size_t extent : shape) out.u64(extent);
    }
    out.u32(arrays_.size());
    for (std::size_t k = 0; k < arrays_.size(); ++k) {
      out.u8(static_cast<std::size_t>(arrays_[k]->dtype()));
      out.u32(shapes_of_arrays_[k]);
    }
    out.u32(functions_.size());
    for (const std::string* each : functions_) out.bytes(*each);
    out.bytes(signature.all());
    out.pad();
    return out.all();
  }

  /// Functions that are written in the same way are one: those of a network's equal layers, or of a rule that uses its
  /// own function.
  std::size_t function(const std::shared_ptr<const Function>& given) {
    const auto known = numbers_.find(given.get());
    if (known != numbers_.end()) return known->second;
    ByteWriter out;
    const TapeState& program = given->program();
    out.u32(given->parameters());
    out.u32(program.size());
    for (NodeId id = 0; id < program.size(); ++id) node(out, program, id);
    out.u32(given->outputs().size());
    for (const NodeId output : given->outputs()) out.u32(output);
    const auto [found, fresh] = known_bytes_.try_emplace(out.all(), functions_.size());
    if (fresh) functions_.push_back(&found->first);
    numbers_.emplace(given.get(), found->second);
    return found->second;
  }

  void node(ByteWriter& out, const TapeState& program, NodeId id) {
    const Node& node = program.node(id);
    out.u8(primitives_(node.op));
    out.u8(static_cast<std::size_t>(node.dtype));
    out.u8(node.weak ? 1 : 0);
    out.u32(shapes_(program.shape(id)));
    out.u32(node.input_count);
    for (const NodeId input : program.inputs(id)) out.u32(input);
    if (node.op == TapeState::leaf_opcode) out.u32(array(program.value(id)));
    else if (node.op == TapeState::constant_opcode) out.i64(program.scalar(id).integer);
    else if (traits[node.op].has_payload) payload(out, node.op, *program.payload(id));
    else attributes(out, node.op, program.attributes(id));
  }

  void attributes(ByteWriter& out, Opcode op, std::span<const std::int64_t> all) {
    out.u32(all.size());
    for (std::size_t k = 0; k < all.size(); ++k) {
      switch (format::numbered(op, k)) {
        case format::Numbered::Nothing:
          out.i64(all[k]);
          break;
        case format::Numbered::Requirement:
          out.u32(texts_(text_of_requirement(all[k])));
          break;
        case format::Numbered::Name:
          out.u32(texts_(name_by_number(all[k])));
          break;
        case format::Numbered::Chooser:
          out.u32(texts_(std::string(name_of(static_cast<primitives::Chooser>(all[k])))));
          break;
      }
    }
  }

  std::size_t array(Buffer* value) {
    const auto [found, fresh] = array_numbers_.try_emplace(value, arrays_.size());
    if (fresh) {
      arrays_.push_back(BufferPtr::share(value));
      shapes_of_arrays_.push_back(shapes_(value->shape()));
    }
    return found->second;
  }

  void payload(ByteWriter& out, Opcode op, const Payload& payload) {
    if (op == opcode<primitives::HostCall>) return host(out, *payload.host);
    if (op == opcode<primitives::Switch>) {
      out.u32(payload.branches.size());
      for (const auto& branch : payload.branches) out.u32(function(branch));
      return;
    }
    out.u32(function(payload.function));
    if (op == opcode<primitives::While>) {
      out.u32(function(payload.condition));
      out.u32(payload.scan.carried);
    } else if (op == opcode<primitives::Scan>) {
      out.u64(payload.scan.length);
      out.u32(payload.scan.carried);
      out.u32(payload.scan.sliced);
      out.u8(payload.scan.reverse ? 1 : 0);
    } else {
      out.u8(payload.recomputes ? 1 : 0);
      out.u32(payload.kept);
      out.u8(payload.rule != nullptr ? 1 : 0);
      if (payload.rule != nullptr) rule(out, *payload.rule);
    }
  }

  void rule(ByteWriter& out, const CallRule& rule) {
    out.u32(texts_(rule.operation));
    out.u32(rule.inputs);
    out.u32(rule.outputs);
    const std::vector<std::string> paths = rule.paths();
    out.u32(paths.size());
    for (const std::string& path : paths) out.u32(texts_(path));
    for (const RecordedRule::Part* part : {&rule.recorded->vjp, &rule.recorded->jvp}) {
      out.u8(part->function != nullptr ? 1 : 0);
      if (part->function == nullptr) continue;
      out.u32(function(part->function));
      for (const char defined : part->defined) out.u8(static_cast<std::size_t>(defined));
    }
  }

  /// The function that is called, and how it is batched, from the inside out.
  void host(ByteWriter& out, const ir::HostFunction& given) {
    std::vector<const ir::HostFunction*> batches;
    const ir::HostFunction* one = &given;
    for (; one->of_one != nullptr; one = one->of_one.get()) batches.push_back(one);
    if (ir::linear_rules(*one) != nullptr) {
      throw TapeError("export_program: the program calls " + one->name +
                      ", which belongs to the processes that run now; no file can hold it");
    }
    std::ranges::reverse(batches);
    out.u32(texts_(one->name));
    out.u8(one->takes_batches ? 1 : 0);
    out.u32(one->results.size());
    for (const ArrayType& type : one->results) {
      out.u8(static_cast<std::size_t>(type.dtype));
      out.u32(shapes_(type.shape));
    }
    out.u32(batches.size());
    for (const ir::HostFunction* batch : batches) {
      out.u64(batch->extent);
      for (const char batched : batch->batched) out.u8(batched != 0 ? 1 : 0);
    }
  }

  Numbering<std::string> texts_;
  Numbering<Opcode> primitives_;
  Numbering<Shape> shapes_;
  std::vector<BufferPtr> arrays_;
  std::vector<std::size_t> shapes_of_arrays_;
  std::unordered_map<const Buffer*, std::size_t> array_numbers_;
  std::map<std::string, std::size_t> known_bytes_;
  std::vector<const std::string*> functions_;
  std::unordered_map<const Function*, std::size_t> numbers_;
};

}  // namespace

Written written(const Exported::State& program) { return ProgramWriter()(program); }

}  // namespace xgrad::io
