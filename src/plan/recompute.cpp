#include "recompute.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace xgrad::plan {
namespace {

/// Operations that are repeated for one value; one that several read counts for each.
constexpr std::size_t most_operations = 3;

class Recomputation {
 public:
  Recomputation(Graph& graph, Groups& groups, const std::vector<bool>& donated)
      : graph_(graph), groups_(groups), donated_(donated), copies_of_(groups.list.size()), reads_(groups.list.size()) {
    is_output_.assign(graph.size(), false);
    for (const ValueId output : graph.outputs) is_output_[output] = true;
  }

  void run() {
    find_readers();
    const auto size = static_cast<ValueId>(graph_.size());
    for (ValueId id = 0; id < size; ++id) consider(id);
    if (!changed_) return;
    for (std::size_t g = 0; g < groups_.list.size(); ++g) insert_copies(static_cast<GroupId>(g));
    drop_unread();
  }

 private:
  [[nodiscard]] Group& group(GroupId g) const { return groups_.list[static_cast<std::size_t>(g)]; }
  [[nodiscard]] std::size_t bytes(ValueId id) const { return graph_.count(id) * size_of(graph_[id].dtype); }

  /// Who reads a value, and what each loop reads from memory.
  void find_readers() {
    readers_.resize(graph_.size());
    viewed_.assign(graph_.size(), false);
    for (const Group& each : groups_.list) {
      for (const ValueId id : each.members) add_reader(id);
    }
  }
  void add_reader(ValueId id) {
    const GroupId g = groups_.of[id];
    for (const ValueId input : graph_.inputs(id)) {
      const ValueId base = graph_.base(input);
      if (base != input) viewed_[base] = true;
      readers_[base].push_back(id);
      if (groups_.of[base] != g) reads_[static_cast<std::size_t>(g)].insert(base);
    }
  }

  void consider(ValueId id) {
    if (!groups_.materialised[id] || groups_.role[id] != Role::Full || viewed_[id] || is_output_[id]) return;
    if (graph_.count(id) == 1) return;
    std::set<GroupId> others;
    for (const ValueId reader : readers_[id]) {
      const GroupId g = groups_.of[reader];
      if (g == groups_.of[id]) continue;
      if (!reads_in_full(reader, graph_.count(id))) return;
      if (group(g).members.size() + copies_of_[static_cast<std::size_t>(g)].size() >= most_members) return;
      others.insert(g);
    }
    std::set<ValueId> sources;
    std::size_t operations = 0;
    if (others.empty() || !collect(id, groups_.of[id], sources, operations)) return;
    std::size_t in_memory = bytes(id);
    std::size_t recomputed = 0;
    for (const GroupId g : others) {
      in_memory += bytes(id);
      for (const ValueId source : sources) {
        if (!reads_[static_cast<std::size_t>(g)].contains(source)) recomputed += bytes(source);
      }
    }
    if (recomputed > in_memory) return;
    for (const GroupId g : others) move(id, g);
    groups_.materialised[id] = false;
    changed_ = true;
  }

  /// Whether a loop takes a value of that size element by element.
  [[nodiscard]] bool reads_in_full(ValueId reader, std::size_t count) const {
    const Group& each = group(groups_.of[reader]);
    const Opcode op = graph_[reader].op;
    if (!each.loop || each.size != count || is_gather_or_scatter(op)) return false;
    return groups_.role[reader] != Role::Row || graph_.count(reader) != count;
  }

  /// What lies in memory and is needed to compute a value again; false if that is too much.
  bool collect(ValueId id, GroupId home, std::set<ValueId>& sources, std::size_t& operations) const {
    if (traits_of(graph_[id].op).cost != primitives::Cost::Cheap || ++operations > most_operations) return false;
    for (const ValueId input : graph_.inputs(id)) {
      const ValueId base = graph_.base(input);
      const bool leaf = graph_.is_leaf(base);
      if (leaf && graph_[base].source < donated_.size() && donated_[graph_[base].source]) return false;
      if (graph_.is_constant(base)) continue;  // a number, whatever its shape
      if (leaf || groups_.materialised[base]) {
        sources.insert(base);
      } else if (input != base || groups_.of[base] != home || groups_.role[base] != Role::Full ||
                 !collect(base, home, sources, operations)) {
        return false;
      }
    }
    return true;
  }

  /// All readers in a group read a value of their own.
  void move(ValueId id, GroupId g) {
    const ValueId copy = copied(id, g);
    std::erase_if(readers_[id], [&](ValueId reader) {
      if (groups_.of[reader] != g) return false;
      graph_.read_instead(reader, id, copy);
      readers_[copy].push_back(reader);
      return true;
    });
    reads_[static_cast<std::size_t>(g)].erase(id);
  }

  ValueId copied(ValueId id, GroupId g) {
    const auto [found, fresh] = copies_.try_emplace({id, g}, no_value);
    if (!fresh) return found->second;
    std::vector<ValueId> inputs(graph_.inputs(id).begin(), graph_.inputs(id).end());
    for (ValueId& input : inputs) {
      const ValueId base = graph_.base(input);
      if (graph_.is_computed(base) && !groups_.materialised[base]) input = copied(base, g);
    }
    const ValueId copy = graph_.append(graph_[id].op, graph_[id].dtype, graph_[id].shape, inputs, {});
    groups_.of.push_back(g);
    groups_.role.push_back(Role::Full);
    groups_.materialised.push_back(false);
    readers_.emplace_back();
    viewed_.push_back(false);
    copies_of_[static_cast<std::size_t>(g)].insert(copy);
    add_reader(copy);
    return copies_[{id, g}] = copy;
  }

  /// A copy comes just before its first reader, so that it need not wait in scratch for long.
  void insert_copies(GroupId g) {
    std::set<ValueId>& waiting = copies_of_[static_cast<std::size_t>(g)];
    if (waiting.empty()) return;
    std::vector<ValueId> members;
    for (const ValueId id : groups_.list[static_cast<std::size_t>(g)].members) insert(id, waiting, members);
    groups_.list[static_cast<std::size_t>(g)].members = std::move(members);
  }
  void insert(ValueId id, std::set<ValueId>& waiting, std::vector<ValueId>& members) const {
    for (const ValueId input : graph_.inputs(id)) {
      if (waiting.erase(input) != 0) insert(input, waiting, members);
    }
    members.push_back(id);
  }

  /// Members that only lost readers needed are not computed.
  void drop_unread() {
    std::vector<bool> read(graph_.size(), false);
    for (const ValueId output : graph_.outputs) read[graph_.base(output)] = true;
    for (std::size_t g = groups_.list.size(); g-- > 0;) {
      std::vector<ValueId>& members = groups_.list[g].members;
      for (std::size_t k = members.size(); k-- > 0;) {
        if (!read[members[k]]) continue;
        for (const ValueId input : graph_.inputs(members[k])) read[graph_.base(input)] = true;
      }
      std::erase_if(members, [&](ValueId id) { return !read[id]; });
    }
  }

  Graph& graph_;
  Groups& groups_;
  const std::vector<bool>& donated_;
  std::vector<std::vector<ValueId>> readers_;
  std::vector<bool> viewed_;                  // read through a view
  std::vector<std::set<ValueId>> copies_of_;  // in each group
  std::vector<bool> is_output_;
  std::vector<std::set<ValueId>> reads_;  // of a group from memory
  std::map<std::pair<ValueId, GroupId>, ValueId> copies_;
  bool changed_ = false;
};

}  // namespace

void recompute(Graph& graph, Groups& groups, const std::vector<bool>& donated) {
  Recomputation(graph, groups, donated).run();
}

}  // namespace xgrad::plan
