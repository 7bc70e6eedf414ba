// Programs without C++: rules of custom derivatives become functions.
#include <map>
#include <set>
#include <utility>

#include <xgrad/core/errors.hpp>

#include "derivatives/functions/recorded_rule.hpp"
#include "primitives/traits.hpp"
#include "program_state.hpp"
#include "var/call.hpp"
#include "var/record.hpp"

namespace xgrad::io {
namespace {

using namespace xgrad::detail;
using derivatives::CallRule, derivatives::RecordedRule;
using primitives::opcode;

/// A part of a rule, recorded of stand-ins.
class RuleRecording {
 public:
  explicit RuleRecording(std::string operation) : operation_(std::move(operation)), trace_(Trace::Fresh()) {}

  std::vector<Var> stand_ins(const Function& like, std::span<const NodeId> nodes) {
    std::vector<Var> result;
    for (const NodeId node : nodes) {
      result.push_back(opaque(trace_.tape(), like.program().node(node).dtype, like.program().shape(node)));
      trace_.tape().set_weak(VarAccess::node(result.back()), like.program().node(node).weak);
      parameters_.push_back(VarAccess::node(result.back()));
    }
    return result;
  }

  /// \param primals  of what it gives derivatives: those of integers are not looked at.
  template <class Run>
  RecordedRule::Part operator()(Run run, const Function& of, std::span<const NodeId> primals) {
    RecordedRule::Part part;
    try {
      const std::vector<Var> results = run();
      std::vector<NodeId> outputs;
      for (std::size_t k = 0; k < primals.size(); ++k) {
        const Node& primal = of.program().node(primals[k]);
        const bool defined = k < results.size() && results[k].defined() && is_floating(primal.dtype);
        part.defined.push_back(defined ? 1 : 0);
        if (!defined) continue;
        require_like(results[k], primal.dtype, of.program().shape(primals[k]));
        outputs.push_back(VarAccess::node(trace_.node(results[k])));
      }
      part.function = extract(trace_.tape(), 0, parameters_, outputs).function;
    } catch (const Error& error) {
      throw TapeError("export_program: a rule of " + operation_ + " cannot be recorded of stand-ins: " + error.what());
    }
    return part;
  }

 private:
  static void require_like(const Var& x, DType dtype, const Shape& shape) {
    if (x.dtype() == dtype && x.shape() == shape) return;
    throw ShapeError("it gives " + describe(x) + " as the derivative of what is " + std::string(name(dtype)) + " " +
                     to_string(shape));
  }

  std::string operation_;
  Trace trace_;
  std::vector<NodeId> parameters_;
};

RecordedRule recorded(const CallRule& rule, const Function& function) {
  RecordedRule result;
  std::vector<NodeId> inputs;
  for (NodeId k = 0; k < rule.inputs; ++k) inputs.push_back(k);
  const std::span<const NodeId> outputs = function.outputs();
  const std::span<const NodeId> values = outputs.first(rule.outputs);
  if (rule.vjp) {
    RuleRecording record(rule.operation);
    const std::vector<Var> at = record.stand_ins(function, inputs);
    const std::vector<Var> results = record.stand_ins(function, outputs);
    const std::vector<Var> cotangents = record.stand_ins(function, values);
    result.vjp = record([&] { return rule.vjp(at, results, cotangents); }, function, inputs);
  }
  if (rule.jvp) {
    RuleRecording record(rule.operation);
    const std::vector<Var> at = record.stand_ins(function, inputs);
    const std::vector<Var> results = record.stand_ins(function, outputs);
    const std::vector<Var> tangents = record.stand_ins(function, inputs);
    result.jvp = record([&] { return rule.jvp(at, results, tangents); }, function, values);
  }
  return result;
}

class SelfContained {
 public:
  std::shared_ptr<const Function> operator()(const std::shared_ptr<const Function>& function, std::size_t orders) {
    const auto key = std::pair(function, orders);
    if (const auto known = known_.find(key); known != known_.end()) return known->second;
    if (++depth_ > format::most_depth) refuse("nested deeper than " + std::to_string(format::most_depth));
    if (known_.size() >= format::most_functions) refuse("more than " + std::to_string(format::most_functions));
    std::shared_ptr<const Function> result = copy(*function, orders);
    --depth_;
    known_.emplace(key, result);
    return result;
  }

 private:
  [[noreturn]] static void refuse(const std::string& how) {
    throw ValueError(
        "export_program: the functions of loops, branches, calls and rules are " + how +
        ", which no program in a file may be; fewer orders of custom derivatives (ExportOptions) take fewer");
  }

  std::shared_ptr<const Function> copy(const Function& function, std::size_t orders) {
    const TapeState& from = function.program();
    auto result = std::make_shared<Function>(function.parameters());
    TapeState& to = result->program_being_made();
    for (NodeId id = 0; id < from.size(); ++id) {
      const Node& node = from.node(id);
      if (node.op == opcode<primitives::Parameter> && id >= function.parameters()) {
        throw TapeError(
            "export_program: the result depends on what stands for something else inside of a function that was "
            "recorded: the example of vmap(), what a loop carries, an argument of a rule. Return the Var as a result "
            "of "
            "that function");
      }
      if (primitives::traits[node.op].has_payload) {
        to.append_with_payload(node.op, node.dtype, to.intern(from.shape(id)), from.inputs(id),
                               payload(*from.payload(id), orders));
        to.set_weak(id, node.weak);
      } else {
        copy_node(to, from, id, from.inputs(id));
      }
    }
    for (const NodeId output : function.outputs()) result->add_output(output);
    return result;
  }

  std::shared_ptr<const Payload> payload(const Payload& from, std::size_t orders) {
    auto result = std::make_shared<Payload>(from);
    if (from.function) result->function = (*this)(from.function, orders);
    if (from.condition) result->condition = (*this)(from.condition, orders);
    for (auto& branch : result->branches) branch = (*this)(branch, orders);
    if (from.rule) result->rule = rule(*from.rule, *from.function, orders);
    return result;
  }

  std::shared_ptr<const CallRule> rule(const CallRule& from, const Function& function, std::size_t orders) {
    auto result = std::make_shared<RecordedRule>();
    if (orders > 0) {
      *result = from.recorded ? *from.recorded : recorded(from, function);
      for (RecordedRule::Part* part : {&result->vjp, &result->jvp}) {
        if (part->function) part->function = (*this)(part->function, orders - 1);
      }
    }
    return rule_of(from, std::move(result));
  }

  std::map<std::pair<std::shared_ptr<const Function>, std::size_t>, std::shared_ptr<const Function>> known_;
  std::size_t depth_ = 0;
};

/// Looks at each function once.
bool calls_host(const Function& function, std::set<const Function*>& seen) {
  if (!seen.insert(&function).second) return false;
  const TapeState& program = function.program();
  for (NodeId id = 0; id < program.size(); ++id) {
    if (!primitives::traits[program.node(id).op].has_payload) continue;
    const Payload& payload = *program.payload(id);
    if (payload.host) return true;
    if (payload.function && calls_host(*payload.function, seen)) return true;
    if (payload.condition && calls_host(*payload.condition, seen)) return true;
    for (const auto& branch : payload.branches) {
      if (calls_host(*branch, seen)) return true;
    }
  }
  return false;
}

}  // namespace

bool calls_host(const ir::Function& function) {
  std::set<const Function*> seen;
  return calls_host(function, seen);
}

std::shared_ptr<const ir::Function> self_contained(const std::shared_ptr<const ir::Function>& function,
                                                   std::size_t orders) {
  return SelfContained()(function, orders);
}

}  // namespace xgrad::io
