#include <algorithm>
#include <cstdint>
#include <set>

#include "simplify.hpp"
#include "verified.hpp"
#include "verify.hpp"
#include "verify_operation.hpp"

namespace xgrad::plan {
namespace {

using namespace primitives;

/// Values that outputs need, whatever the order of their numbers: copies of values have later ones than their readers.
std::vector<bool> needed_values(const Graph& graph) {
  std::vector<bool> needed(graph.size(), false);
  std::vector<ValueId> waiting;
  const auto ask_for = [&](ValueId id) {
    if (!needed[id]) waiting.push_back(id);
    needed[id] = true;
  };
  for (const ValueId output : graph.outputs) ask_for(output);
  while (!waiting.empty()) {
    const ValueId id = waiting.back();
    waiting.pop_back();
    for (const ValueId input : graph.inputs(id)) ask_for(input);
  }
  return needed;
}

class OfGroups {
 public:
  OfGroups(std::string_view pass, const Graph& graph, const Groups& groups)
      : pass_(pass), graph_(graph), groups_(groups), needed_(needed_values(graph)), done_(graph.size(), false) {}

  void verify_all() {
    for (std::size_t g = 0; g < groups_.list.size(); ++g) group(g);
    for (ValueId id = 0; id < graph_.size(); ++id) {
      if (!needed_[id] || !graph_.is_computed(id) || is_view(graph_[id].op)) continue;
      of(id).require(done_[id], "a value that is needed is in a group");
    }
    for (const ValueId output : graph_.outputs) {
      const ValueId base = graph_.base(output);
      if (!graph_.is_computed(base)) continue;
      of(base).require(groups_.materialised[base], "an output is materialised");
    }
  }

 private:
  [[nodiscard]] Verified of(ValueId id) const {
    return {pass_, "value", id, graph_[id].op < list_size ? name_of(graph_[id].op) : std::string_view()};
  }

  void group(std::size_t g) {
    const Group& group = groups_.list[g];
    const Verified here{pass_, "group", g};
    const std::size_t columns = group.columns;
    std::set<std::int64_t> outputs;
    for (std::size_t k = 1; !group.loop && k < group.members.size(); ++k) {
      here.require(projects(group.members[k], group.members[0]), "what is no loop is one operation, and its outputs");
      here.require(outputs.insert(graph_.attributes(group.members[k])[0]).second, "an output is one value");
    }
    here.require(!group.whole_rows || (columns != 0 && columns <= longest_row), "whole rows fit the cache");
    here.require(!group.loop || columns == 0 || group.size % columns == 0, "a loop has whole rows");
    for (const ValueId id : group.members) member(static_cast<GroupId>(g), id);
  }

  [[nodiscard]] bool projects(ValueId id, ValueId whole) const {
    return id < graph_.size() && computation_of(graph_[id].op) == Computation::Projection &&
           graph_.inputs(id)[0] == whole;
  }

  void member(GroupId g, ValueId id) {
    Verified{pass_, "group", static_cast<std::size_t>(g)}.require(id < graph_.size(), "members exist");
    const Verified value = of(id);
    value.require(graph_.is_computed(id) && !is_view(graph_[id].op), "only what is computed is in a group");
    value.require(!done_[id], "a value is computed once");
    value.require(groups_.of[id] == g, "a member knows its group");
    value.require(needed_[id], "what is computed is needed");
    role(value, g, id);
    for (std::size_t k = 0; k < graph_.inputs(id).size(); ++k) input(value, g, id, k);
    done_[id] = true;
  }

  // ---- roles

  void role(const Verified& value, GroupId g, ValueId id) const {
    const Group& group = groups_.list[static_cast<std::size_t>(g)];
    const std::size_t count = graph_.count(id);
    const Role role = groups_.role[id];
    value.require((role == Role::Memory) == !group.loop, "a role is that of a loop's member");
    const bool has_value = !has_outputs(computation_of(graph_[id].op));
    if ((!group.loop && has_value) || is_known_afterwards(role))
      value.require(groups_.materialised[id], "what a step leaves is materialised");
    if (!group.loop) return;
    value.require(loop_computes(id, role), "a loop can compute it in its role");
    switch (role) {
      case Role::Memory:
        break;
      case Role::Full:
        return value.require(count == group.size, "a full value has an element for each of the loop");
      case Role::Row:
        return value.require(group.whole_rows && count == group.size / group.columns,
                             "a row value has an element for each whole row");
      case Role::EpilogueTotal:
        return value.require(count == 1, "an epilogue total is one element");
      case Role::EpilogueColumns:
        return value.require(group.columns != 0 && count == group.columns,
                             "epilogue columns are as many as the loop's");
      case Role::Lines:
        return value.require(group.columns != 0 && group.columns % (count / (group.size / group.columns)) == 0,
                             "a row is several lines");
    }
  }

  [[nodiscard]] bool loop_computes(ValueId id, Role role) const {
    const Opcode op = graph_[id].op;
    switch (computation_of(op)) {
      case Computation::Elementwise:
      case Computation::Conversion:
      case Computation::Check:
        return role == Role::Full || role == Role::Row;
      case Computation::Reduction:
        return role != Role::Full && graph_.count(graph_.inputs(id)[0]) != 0;
      case Computation::Gather:
        return role == Role::Row && in_rows(id);
      case Computation::Scatter:
        return role == Role::Full && in_rows(id);
      default:
        return false;
    }
  }
  [[nodiscard]] bool in_rows(ValueId id) const {
    return is_row_gather_or_scatter(graph_, graph_[id].op, graph_[id].shape, graph_.inputs(id), graph_.attributes(id));
  }

  // ---- inputs

  void input(const Verified& value, GroupId g, ValueId id, std::size_t k) const {
    const ValueId input = graph_.inputs(id)[k];
    const ValueId base = graph_.base(input);
    const Group& group = groups_.list[static_cast<std::size_t>(g)];
    if (graph_.is_computed(base)) {
      value.require(done_[base], "what a value needs is computed before it");
      value.require(groups_.of[base] == g || groups_.materialised[base], "what crosses groups is materialised");
    }
    if (!group.loop) return;
    const bool by_row = reads_by_row(group, id, k);
    const std::size_t count = by_row ? group.size / group.columns : group.size;
    value.require(graph_.count(input) == count, "an input has an element for each of the loop, or for each row");
    if (graph_.is_computed(base) && groups_.of[base] == g) {
      value.require(in_registers(group, input, by_row), "what a loop computes is read there in its order");
    }
  }

  /// Whether an operation takes an element of an input for each row; otherwise for each element of the loop.
  [[nodiscard]] bool reads_by_row(const Group& group, ValueId id, std::size_t k) const {
    switch (computation_of(graph_[id].op)) {
      case Computation::Reduction:
        return groups_.role[id] == Role::EpilogueTotal && graph_.count(graph_.inputs(id)[k]) != group.size;
      case Computation::Gather:
        return k == 1;
      case Computation::Scatter:
        return true;
      default:
        return groups_.role[id] == Role::Row;
    }
  }

  /// Whether a value of a loop can be read there as a view shows it.
  [[nodiscard]] bool in_registers(const Group& group, ValueId input, bool by_row) const {
    const Access access = graph_.access(input);
    const Shape& shape = graph_.shape(input);
    const Role role = groups_.role[access.base];
    if (by_row) return role == Role::Row && is_in_order(shape, access);
    if (role == Role::Full) return is_in_order(shape, access);
    return role == Role::Row && repeats_rows(shape, access, group.size / group.columns, group.columns);
  }

  std::string_view pass_;
  const Graph& graph_;
  const Groups& groups_;
  std::vector<bool> needed_;
  std::vector<bool> done_;
};

}  // namespace

void verify(std::string_view pass, const Graph& graph, const Groups& groups) {
  const Verified all{pass, "groups", groups.list.size()};
  const std::size_t size = graph.size();
  all.require(groups.of.size() == size && groups.role.size() == size && groups.materialised.size() == size,
              "there is an entry for each value");
  OfGroups(pass, graph, groups).verify_all();
}

}  // namespace xgrad::plan
