#include "recompute.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace xgrad::plan {
namespace {

/// Operations that are repeated for one value; one that several read counts for each.
constexpr std::size_t most_operations = 3;

class Recomputation {
 public:
  Recomputation(Graph& graph, Groups& groups, const std::vector<bool>& donated)
      : graph_(graph),
        groups_(groups),
        donated_(donated),
        candidate_(graph.size(), false),
        first_reader_(graph.size(), no_reader),
        waiting_(graph.size(), false),
        copies_in_(groups.list.size(), 0),
        reads_(groups.list.size()) {}

  void run() {
    find_candidates();
    find_readers();
    for (ValueId id = 0; id < candidate_.size(); ++id) {
      if (candidate_[id]) consider(id);
    }
    if (!changed_) return;
    insert_copies();
    drop_unread();
  }

 private:
  [[nodiscard]] Group& group(GroupId g) const { return groups_.list[static_cast<std::size_t>(g)]; }
  [[nodiscard]] std::size_t bytes(ValueId id) const { return graph_.count(id) * size_of(graph_[id].dtype); }

  [[nodiscard]] bool is_cheap(ValueId id) const { return traits_of(graph_[id].op).cost == primitives::Cost::Cheap; }

  // ---- who reads a value, and what a loop reads from memory

  void find_candidates() {
    for (ValueId id = 0; id < graph_.size(); ++id) {
      candidate_[id] =
          groups_.materialised[id] && groups_.role[id] == Role::Full && graph_.count(id) != 1 && is_cheap(id);
    }
    for (const ValueId output : graph_.outputs) candidate_[output] = false;
  }

  struct Reader {
    ValueId id;
    std::uint32_t next;  // reader of the same value
  };
  static constexpr std::uint32_t no_reader = ~0U;

  /// Of candidates; those that are read through a view are none.
  void find_readers() {
    for (ValueId id = 0; id < graph_.size(); ++id) {
      if (groups_.of[id] == no_group) continue;
      for (const ValueId input : graph_.inputs(id)) {
        const ValueId base = graph_.base(input);
        if (!candidate_[base]) continue;
        if (base != input) candidate_[base] = false;
        const auto reader = static_cast<std::uint32_t>(readers_.size());
        readers_.push_back({id, std::exchange(first_reader_[base], reader)});
      }
    }
  }

  /// What a loop reads from memory, sorted. Few loops are asked about: the list is made when one is.
  std::vector<ValueId>& reads_of(GroupId g) {
    std::vector<ValueId>& reads = reads_[static_cast<std::size_t>(g)];
    if (!reads.empty()) return reads;
    unsorted_.clear();
    for (const ValueId id : group(g).members) {
      for (const ValueId input : graph_.inputs(id)) {
        if (const ValueId base = graph_.base(input); groups_.of[base] != g) unsorted_.push_back(base);
      }
    }
    sort_and_merge(unsorted_);
    reads = unsorted_;
    return reads;
  }
  bool reads_from_memory(GroupId g, ValueId base) { return std::ranges::binary_search(reads_of(g), base); }
  void note_read(GroupId g, ValueId base) {
    std::vector<ValueId>& reads = reads_of(g);
    const auto at = std::ranges::lower_bound(reads, base);
    if (at == reads.end() || *at != base) reads.insert(at, base);
  }

  template <class T>
  static void sort_and_merge(std::vector<T>& list) {
    std::ranges::sort(list);
    list.erase(std::unique(list.begin(), list.end()), list.end());
  }

  // ---- what is worth it

  void consider(ValueId id) {
    sources_.clear();
    std::size_t operations = 0;
    if (!collect(id, groups_.of[id], operations) || !find_other_readers(id)) return;
    sort_and_merge(sources_);
    std::size_t in_memory = bytes(id);
    std::size_t recomputed = 0;
    for (const GroupId g : others_) {
      in_memory += bytes(id);
      for (const ValueId source : sources_) {
        if (!reads_from_memory(g, source)) recomputed += bytes(source);
      }
    }
    if (recomputed > in_memory) return;
    for (const GroupId g : others_) move(id, g);
    groups_.materialised[id] = false;
    changed_ = true;
  }

  /// The other groups that read a value; false if there is none, or one that could not compute it.
  bool find_other_readers(ValueId id) {
    others_.clear();
    for (std::uint32_t at = first_reader_[id]; at != no_reader; at = readers_[at].next) {
      const ValueId reader = readers_[at].id;
      const GroupId g = groups_.of[reader];
      if (g == groups_.of[id]) continue;
      if (!reads_in_full(reader, graph_.count(id))) return false;
      if (group(g).members.size() + copies_in_[static_cast<std::size_t>(g)] >= most_members) return false;
      others_.push_back(g);
    }
    sort_and_merge(others_);
    return !others_.empty();
  }

  /// Whether a loop takes a value of that size element by element.
  [[nodiscard]] bool reads_in_full(ValueId reader, std::size_t count) const {
    const Group& each = group(groups_.of[reader]);
    const Opcode op = graph_[reader].op;
    if (!each.loop || each.size != count || is_gather_or_scatter(op)) return false;
    return groups_.role[reader] != Role::Row || graph_.count(reader) != count;
  }

  /// What lies in memory and is needed to compute a value again; false if that is too much.
  bool collect(ValueId id, GroupId home, std::size_t& operations) {
    if (!is_cheap(id) || ++operations > most_operations) return false;
    for (const ValueId input : graph_.inputs(id)) {
      const ValueId base = graph_.base(input);
      const bool leaf = graph_.is_leaf(base);
      if (leaf && graph_[base].source < donated_.size() && donated_[graph_[base].source]) return false;
      if (graph_.is_constant(base)) continue;  // a number, whatever its shape
      if (leaf || groups_.materialised[base]) {
        sources_.push_back(base);
      } else if (input != base || groups_.of[base] != home || groups_.role[base] != Role::Full ||
                 !collect(base, home, operations)) {
        return false;
      }
    }
    return true;
  }

  /// All readers in a group read a value of their own.
  void move(ValueId id, GroupId g) {
    const ValueId copy = copied(id, g);
    for (std::uint32_t at = first_reader_[id]; at != no_reader; at = readers_[at].next) {
      if (groups_.of[readers_[at].id] == g) graph_.read_instead(readers_[at].id, id, copy);
    }
  }

  /// Nobody asks who reads a copy, nor again who reads what it reads: that has been considered before.
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
    waiting_.push_back(true);
    ++copies_in_[static_cast<std::size_t>(g)];
    for (const ValueId input : graph_.inputs(copy)) {
      if (const ValueId base = graph_.base(input); groups_.of[base] != g) note_read(g, base);
    }
    return copies_[{id, g}] = copy;
  }

  // ---- the groups afterwards. Members are in the order of the graph, whose values lie together in memory

  /// A copy comes just before its first reader, so that it need not wait in scratch for long.
  void insert_copies() {
    std::vector<std::vector<ValueId>> members(groups_.list.size());
    for (ValueId id = 0; id < candidate_.size(); ++id) {
      const auto g = static_cast<std::size_t>(groups_.of[id]);
      if (groups_.of[id] == no_group || copies_in_[g] == 0) continue;
      members[g].reserve(groups_.list[g].members.size() + copies_in_[g]);
      insert(id, members[g]);
    }
    for (std::size_t g = 0; g < members.size(); ++g) {
      if (copies_in_[g] != 0) groups_.list[g].members = std::move(members[g]);
    }
  }
  void insert(ValueId id, std::vector<ValueId>& members) {
    for (const ValueId input : graph_.inputs(id)) {
      if (!waiting_[input]) continue;
      waiting_[input] = false;
      insert(input, members);
    }
    members.push_back(id);
  }

  /// Members that only lost readers needed are not computed.
  void drop_unread() {
    std::vector<bool> read(graph_.size(), false);
    for (const ValueId output : graph_.outputs) read[graph_.base(output)] = true;
    for (auto id = static_cast<ValueId>(candidate_.size()); id-- > 0;) {
      if (read[id] && groups_.of[id] != no_group) mark_inputs(id, read);
    }
    for (Group& each : groups_.list) {
      std::erase_if(each.members, [&](ValueId id) { return !read[id]; });
    }
  }
  void mark_inputs(ValueId id, std::vector<bool>& read) const {
    for (const ValueId input : graph_.inputs(id)) {
      const ValueId base = graph_.base(input);
      const bool copy = base >= candidate_.size();  // which stands behind all of the graph, but is read in its midst
      if (copy && !read[base]) mark_inputs(base, read);
      read[base] = true;
    }
  }

  Graph& graph_;
  Groups& groups_;
  const std::vector<bool>& donated_;
  std::vector<Reader> readers_;
  std::vector<bool> candidate_;              // what is worth a closer look, before any is copied
  std::vector<std::uint32_t> first_reader_;  // of each value
  std::vector<bool> waiting_;                // copies that are in no list of members yet
  std::vector<std::size_t> copies_in_;       // of each group
  std::vector<std::vector<ValueId>> reads_;  // see reads_of
  std::vector<ValueId> unsorted_;            // for these lists
  std::map<std::pair<ValueId, GroupId>, ValueId> copies_;
  std::vector<GroupId> others_;   // of the value that is considered: other groups that read it
  std::vector<ValueId> sources_;  // and what lies in memory and is needed to compute it again
  bool changed_ = false;
};

}  // namespace

void recompute(Graph& graph, Groups& groups, const std::vector<bool>& donated) {
  Recomputation(graph, groups, donated).run();
}

}  // namespace xgrad::plan
