#include "dependence_functions.hpp"

#include <numeric>

#include "derivatives/functions/apart.hpp"

namespace xgrad::detail::dependence {
namespace {

using Results = std::vector<SetArray>;

std::vector<NodeId> parameters_of(const Function& function) {
  std::vector<NodeId> result(function.parameters());
  std::iota(result.begin(), result.end(), NodeId{0});
  return result;
}

std::vector<SetArray> given_from(const FollowedNode& node, std::size_t first) {
  std::vector<SetArray> given;
  for (std::size_t k = first; k < node.inputs.size(); ++k) given.push_back(node.input(k));
  return given;
}

/// Each output of a function on everything.
Results outputs_on_everything(const FollowedNode& node, const Function& function) {
  Results results;
  for (const NodeId output : function.outputs()) {
    results.push_back(on_everything(node, function.program().shape(output)));
  }
  return results;
}

/// A run of a loop's element of an array.
SetArray slice_of(const SetArray& array, std::size_t run, std::size_t length) {
  const std::size_t size = array.size() / length;
  const auto begin = array.begin() + static_cast<std::ptrdiff_t>(run * size);
  return {begin, begin + static_cast<std::ptrdiff_t>(size)};
}

}  // namespace

SetArray on_everything(const FollowedNode& node, const Shape& shape) {
  IndexSets::Set all = IndexSets::empty;
  for (const SetArray* input : node.inputs) {
    SetArray copy = *input;
    all = node.sets.united(all, node.sets.united(copy));
  }
  return SetArray(size_of(shape), all);
}

std::vector<SetArray> on_call(const FollowedNode& node) {
  const Function& function = *node.tape().payload(node.node)->function;
  const FollowedProgram body(function, node.program, node.node, 0, 0);
  return Walk(body, 0, parameters_of(function), function.outputs()).run(node.sets, given_from(node, 0));
}

std::vector<SetArray> on_host_call(const FollowedNode& node) {
  Results results;
  for (const ArrayType& type : node.tape().payload(node.node)->host->results) {
    results.push_back(on_everything(node, type.shape));
  }
  return results;
}

std::vector<SetArray> on_switch(const FollowedNode& node) {
  const Payload& payload = *node.tape().payload(node.node);
  if (node.depends(0)) return outputs_on_everything(node, *payload.branches[0]);
  Results results(payload.branches[0]->outputs().size());
  const std::vector<SetArray> given = given_from(node, 1);
  for (const auto& branch : payload.branches) {
    const FollowedProgram body(*branch, node.program, node.node, 0, 1);
    const Results more = Walk(body, 0, parameters_of(*branch), branch->outputs()).run(node.sets, given);
    for (std::size_t k = 0; k < results.size(); ++k) results[k] = united(node.sets, results[k], more[k]);
  }
  return results;
}

std::vector<SetArray> on_while(const FollowedNode& node) {
  const Payload& payload = *node.tape().payload(node.node);
  const Function& function = *payload.function;
  const Function& condition = *payload.condition;
  const std::size_t carried = payload.scan.carried;
  const FollowedProgram body(function, node.program, node.node, carried, 0);
  const FollowedProgram asking(condition, node.program, node.node, carried, 0);
  const Walk one_run(body, 0, parameters_of(function), function.outputs());
  const Walk question(asking, 0, parameters_of(condition), condition.outputs());
  std::vector<SetArray> given = given_from(node, 0);
  for (bool changed = true; changed;) {
    changed = false;
    if (!question.run(node.sets, given)[0].empty()) return outputs_on_everything(node, function);
    const Results next = one_run.run(node.sets, given);
    for (std::size_t k = 0; k < carried; ++k) {
      SetArray more = united(node.sets, given[k], next[k]);
      changed = changed || more != given[k];
      given[k] = std::move(more);
    }
  }
  given.resize(carried);
  return given;
}

std::vector<SetArray> on_scan(const FollowedNode& node) {
  const Payload& payload = *node.tape().payload(node.node);
  const Function& function = *payload.function;
  const ScanSpec& scan = payload.scan;
  const FollowedProgram body(function, node.program, node.node, scan.carried + scan.sliced, 0);
  std::vector<NodeId> outputs(function.outputs().begin(),
                              function.outputs().begin() + static_cast<std::ptrdiff_t>(scan.carried));
  std::vector<std::size_t> stacked;  // outputs behind what is carried: nodes of the body
  for (const std::size_t which : derivatives::used_outputs(node.tape(), node.node)) {
    if (which < scan.carried) continue;
    stacked.push_back(which);
    outputs.push_back(static_cast<NodeId>(which - scan.carried));
  }
  Results results(stacked.empty() ? scan.carried : stacked.back() + 1);
  const Walk one_run(body, 0, parameters_of(function), outputs);
  std::vector<SetArray> given = given_from(node, 0);
  const std::vector<SetArray> whole = given;
  for (std::size_t count = 0; count < scan.length; ++count) {
    const std::size_t run = scan.reverse ? scan.length - 1 - count : count;
    for (std::size_t k = scan.carried; k < scan.carried + scan.sliced; ++k) {
      given[k] = slice_of(whole[k], run, scan.length);
    }
    std::vector<SetArray> next = one_run.run(node.sets, given);
    for (std::size_t k = 0; k < stacked.size(); ++k) {
      const SetArray& each = next[scan.carried + k];
      SetArray& all = results[stacked[k]];
      if (each.empty()) continue;
      if (all.empty()) all.resize(each.size() * scan.length, IndexSets::empty);
      std::ranges::copy(each, all.begin() + static_cast<std::ptrdiff_t>(run * each.size()));
    }
    std::move(next.begin(), next.begin() + static_cast<std::ptrdiff_t>(scan.carried), given.begin());
  }
  std::move(given.begin(), given.begin() + static_cast<std::ptrdiff_t>(scan.carried), results.begin());
  return results;
}

}  // namespace xgrad::detail::dependence
