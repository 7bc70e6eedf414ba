#include "recorded_rule.hpp"

#include <array>

#include <xgrad/core/errors.hpp>

#include "var/call.hpp"
#include "var/record.hpp"

namespace xgrad::derivatives {
namespace {

using Vars = CallRule::Vars;

[[noreturn]] void refuse_left_out(const std::string& operation) {
  throw TapeError(operation +
                  ": the program was exported without the rule for this derivative, whose order is higher than "
                  "ExportOptions::orders says; export it with a larger number");
}

std::vector<Var> results_of(const RecordedRule::Part& part, std::span<const Vars> given) {
  TapeState* tape = nullptr;
  std::vector<Var> all;
  for (const Vars& list : given) {
    for (const Var& x : list) {
      all.push_back(x);
      if (x.recorded()) tape = &VarAccess::tape(x);
    }
  }
  if (tape == nullptr) throw TapeError("a recorded rule: nothing that it is given is recorded");
  for (Var& x : all) x = VarAccess::recorded(*tape, import(*tape, x));
  const std::vector<Var> found = record_body(*tape, *part.function, all);
  std::vector<Var> results;
  std::size_t used = 0;
  for (const char defined : part.defined) results.push_back(defined != 0 ? found[used++] : Var());
  return results;
}

ArrayType type_of(const Function& function, NodeId node) {
  return {function.program().node(node).dtype, function.program().shape(node)};
}

void append_inputs(std::vector<ArrayType>& types, const CallRule& rule, const Function& function) {
  for (NodeId k = 0; k < rule.inputs; ++k) types.push_back(type_of(function, k));
}

}  // namespace

std::shared_ptr<const CallRule> rule_of(const CallRule& like, const std::shared_ptr<const RecordedRule>& recorded) {
  auto rule = std::make_shared<CallRule>();
  rule->operation = like.operation;
  rule->inputs = like.inputs;
  rule->outputs = like.outputs;
  rule->paths = [names = like.paths()] { return names; };
  rule->recorded = recorded;
  if (recorded->left_out()) {
    rule->vjp = [operation = like.operation](Vars, Vars, Vars) -> std::vector<Var> { refuse_left_out(operation); };
    rule->jvp = [operation = like.operation](Vars, Vars, Vars) -> std::vector<Var> { refuse_left_out(operation); };
  }
  if (recorded->vjp.function != nullptr) {
    rule->vjp = [recorded](Vars inputs, Vars outputs, Vars cotangents) {
      return results_of(recorded->vjp, std::array{inputs, outputs, cotangents});
    };
  }
  if (recorded->jvp.function != nullptr) {
    rule->jvp = [recorded](Vars inputs, Vars outputs, Vars tangents) {
      const std::vector<Var> all = completed(tangents, inputs);
      return results_of(recorded->jvp, std::array{inputs, outputs, Vars(all)});
    };
  }
  return rule;
}

std::vector<ArrayType> arguments_of_vjp(const CallRule& rule, const Function& function) {
  std::vector<ArrayType> types;
  append_inputs(types, rule, function);
  for (const NodeId output : function.outputs()) types.push_back(type_of(function, output));
  for (const NodeId output : function.outputs().first(rule.outputs)) types.push_back(type_of(function, output));
  return types;
}

std::vector<ArrayType> arguments_of_jvp(const CallRule& rule, const Function& function) {
  std::vector<ArrayType> types;
  append_inputs(types, rule, function);
  for (const NodeId output : function.outputs()) types.push_back(type_of(function, output));
  append_inputs(types, rule, function);
  return types;
}

}  // namespace xgrad::derivatives
