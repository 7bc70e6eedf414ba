#include "group.hpp"

#include <algorithm>
#include <array>
#include <unordered_map>

#include "core/strides.hpp"
#include "simplify.hpp"

namespace xgrad::plan {

using namespace primitives;

bool is_in_order(const Shape& shape, const Access& access) noexcept {
  return access.offset == 0 && core::is_dense(shape, access.strides);
}

bool repeats_rows(const Shape& shape, const Access& access, std::size_t rows, std::size_t columns) noexcept {
  if (access.offset != 0) return false;
  std::size_t inner = 1;
  std::size_t i = shape.size();
  for (; i > 0 && inner < columns; --i) {
    if (shape[i - 1] != 1 && access.strides[i - 1] != 0) return false;
    inner *= shape[i - 1];
  }
  if (inner != columns) return false;
  std::ptrdiff_t step = 1;
  for (; i > 0; --i) {
    if (shape[i - 1] != 1 && access.strides[i - 1] != step) return false;
    step *= static_cast<std::ptrdiff_t>(shape[i - 1]);
  }
  return static_cast<std::size_t>(step) == rows;
}

namespace {

/// Loops that a value may join, so that planning stays linear.
constexpr std::size_t recent_groups = 8;
/// The first group: numbers that follow from other numbers alone (1 / n, a step of a schedule). Were they computed
/// beside numbers that follow from a loop, whatever needs them would have to wait for that loop.
constexpr GroupId prologue = 0;
/// Longest row of partial sums over rows.
constexpr std::size_t longest_column_sums = 65536;
/// Most lines that are added up one after another.
constexpr std::size_t most_lines = 16384;

using Span = Reduced::Span;

}  // namespace

Reduced reduced_axes(const Shape& shape, std::span<const std::int64_t> axes) {
  Dimensions<bool> taken(shape.size(), false);
  for (const std::int64_t axis : axes) taken[static_cast<std::size_t>(axis)] = true;
  std::size_t changes = 0;
  bool first = false;
  bool last = false;
  bool any = false;
  Reduced result{Span::Other, 1, 1};
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == 1) continue;
    if (!any) first = taken[i];
    else if (taken[i] != last) ++changes;
    last = taken[i];
    any = true;
    (changes == 0 ? result.rows : result.columns) *= shape[i];
    if (changes == 1) result.lines *= shape[i];
  }
  if (changes == 0) return {Span::All, 1, result.rows};
  if (changes == 1) result.span = first ? Span::Leading : Span::Trailing;
  if (changes == 2 && !first) result.span = Span::Middle;
  return result;
}

bool loops_reduce(const Shape& shape, std::span<const std::int64_t> axes) {
  const Reduced reduced = reduced_axes(shape, axes);
  if (reduced.span == Span::Trailing) return reduced.columns <= longest_row;
  if (reduced.span == Span::Leading) return reduced.columns <= longest_column_sums;
  if (reduced.span == Span::Middle) return reduced.lines <= most_lines;
  return reduced.span == Span::All;
}

namespace {

class Grouping {
 public:
  explicit Grouping(const Graph& graph) : graph_(graph), needed_(graph.size(), false) {
    result_.of.assign(graph.size(), no_group);
    result_.role.assign(graph.size(), Role::Memory);
    result_.materialised.assign(graph.size(), false);
  }

  Groups group() {
    find_needed();
    result_.list.push_back({.loop = true, .whole_rows = false, .size = 1, .columns = 0, .members = {}});
    for (ValueId id = 0; id < graph_.size(); ++id) {
      if (needed_[id] && graph_.is_computed(id) && !is_view(graph_[id].op)) assign(id);
    }
    for (const ValueId output : graph_.outputs) {
      const ValueId base = graph_.base(output);
      if (result_.of[base] != no_group) result_.materialised[base] = true;
    }
    return std::move(result_);
  }

 private:
  void find_needed() {
    for (const ValueId output : graph_.outputs) needed_[output] = true;
    for (auto id = static_cast<ValueId>(graph_.size()); id-- > 0;) {
      if (!needed_[id]) continue;
      for (const ValueId input : graph_.inputs(id)) needed_[input] = true;
    }
  }

  // ---- the roles that a value may have in a loop, the best first

  struct Candidate {
    Role role = Role::Memory;
    std::size_t size = 0;     // of the loop
    std::size_t columns = 0;  // 0: any
    bool whole_rows = false;
  };

  struct Candidates {
    std::array<Candidate, 2> list;
    std::size_t count = 0;
    void add(const Candidate& each) { list[count++] = each; }
  };

  Candidates candidates_of(ValueId id) const {
    const Opcode op = graph_[id].op;
    const std::size_t count = graph_.count(id);
    Candidates candidates;
    if (runs_by_element(id)) {
      candidates.add({Role::Full, count, 0, false});
    } else if (is_reduction(op)) {
      add_reduction(candidates, id);
    } else if (is_gather_or_scatter(op)) {
      add_gather_or_scatter(candidates, id);
    }
    return candidates;
  }

  /// Computed element by element inside loops.
  [[nodiscard]] bool runs_by_element(ValueId id) const {
    const Opcode op = graph_[id].op;
    return is_elementwise(op) || computation_of(op) == Computation::Check || (is_conversion(op) && !throws(id));
  }

  [[nodiscard]] bool throws(ValueId id) const {
    return graph_[id].dtype == DType::Int64 && is_floating(graph_[graph_.inputs(id)[0]].dtype);
  }

  void add_reduction(Candidates& candidates, ValueId id) const {
    const ValueId input = graph_.inputs(id)[0];
    const std::size_t count = graph_.count(input);
    if (count == 0 || graph_[input].dtype == DType::Bool) return;
    if (!loops_reduce(graph_.shape(input), graph_.attributes(id))) return;
    const Reduced axes = reduced_axes(graph_.shape(input), graph_.attributes(id));
    if (axes.span == Span::All) {
      if (count <= longest_row) candidates.add({Role::Row, count, count, true});
      candidates.add({Role::EpilogueTotal, count, 0, false});
    } else if (axes.span == Span::Trailing) {
      candidates.add({Role::Row, count, axes.columns, true});
    } else if (axes.span == Span::Middle) {
      // What is read in another order than that of its memory a kernel reads in that one.
      if (is_in_order(graph_.shape(input), graph_.access(input)))
        candidates.add({Role::Lines, count, axes.columns, false});
    } else {
      candidates.add({Role::EpilogueColumns, count, axes.columns, false});
    }
  }

  /// Elements of rows chosen by one index for each row, and their transpose.
  void add_gather_or_scatter(Candidates& candidates, ValueId id) const {
    if (!is_row_gather_or_scatter(graph_, graph_[id].op, graph_[id].shape, graph_.inputs(id), graph_.attributes(id)))
      return;
    const bool gathers = computation_of(graph_[id].op) == Computation::Gather;
    const ValueId full = gathers ? graph_.inputs(id)[0] : id;
    const std::size_t columns = graph_.shape(full)[static_cast<std::size_t>(graph_.attributes(id)[0])];
    const std::size_t count = graph_.count(full);
    candidates.add({gathers ? Role::Row : Role::Full, count, columns, true});
  }

  // ---- whether a group has room for one

  /// Whether the inputs are there when the group needs them. Inputs of earlier groups are in memory.
  bool reaches(ValueId id, GroupId g, const Candidate& candidate, std::size_t columns) const {
    const Group& group = result_.list[static_cast<std::size_t>(g)];
    const std::size_t rows = columns == 0 ? 0 : group.size / columns;
    const bool indexed = is_gather_or_scatter(graph_[id].op);
    const bool reduces = candidate.role != Role::Full || indexed;
    for (std::size_t k = 0; k < graph_.inputs(id).size(); ++k) {
      const ValueId input = graph_.inputs(id)[k];
      const ValueId base = graph_.base(input);
      if (result_.of[base] < g) continue;
      if (result_.of[base] > g) return false;
      const Access access = graph_.access(input);
      const Shape& shape = graph_.shape(input);
      const bool in_order = is_in_order(shape, access);
      const Role role = result_.role[base];
      const std::size_t count = graph_.count(input);
      // As wide as the loop, or one for each row?
      const bool wants_row = indexed ? count != group.size : (reduces ? false : count != group.size);
      if (role == Role::Full && in_order && !wants_row) continue;
      if (role == Role::Row && wants_row && in_order) continue;
      if (role == Role::Row && !wants_row && columns != 0 && repeats_rows(shape, access, rows, columns)) continue;
      if (role == Role::Row && rows == group.size && in_order) continue;
      return false;
    }
    return true;
  }

  /// Whether a value can join, and how; the columns that the group then has.
  bool fits(ValueId id, GroupId g, const Candidate& candidate, std::size_t& columns) const {
    const Group& group = result_.list[static_cast<std::size_t>(g)];
    if (!group.loop || group.members.size() >= most_members || group.size != candidate.size) return false;
    columns = group.columns;
    if (candidate.columns != 0) {
      if (columns != 0 && columns != candidate.columns) return false;
      columns = candidate.columns;
    }
    if ((group.whole_rows || candidate.whole_rows) && columns > longest_row) return false;
    return reaches(id, g, candidate, columns);
  }

  /// An operation on row values of a loop, beside the loop's full values.
  bool fits_rows(ValueId id, GroupId g) const {
    const Group& group = result_.list[static_cast<std::size_t>(g)];
    if (!group.loop || !group.whole_rows || group.members.size() >= most_members) return false;
    const std::size_t rows = group.size / group.columns;
    if (graph_.count(id) != rows || rows == group.size || !runs_by_element(id)) return false;
    return reaches(id, g, {Role::Full, group.size, 0, false}, group.columns);
  }

  // ---- which group, and which role

  void join(ValueId id, GroupId g, Role role, std::size_t columns, bool whole_rows) {
    Group& group = result_.list[static_cast<std::size_t>(g)];
    group.members.push_back(id);
    group.columns = columns;
    group.whole_rows = group.whole_rows || whole_rows;
    result_.of[id] = g;
    result_.role[id] = role;
    if (is_known_afterwards(role)) result_.materialised[id] = true;
    for (const ValueId input : graph_.inputs(id)) {
      const ValueId base = graph_.base(input);
      if (result_.of[base] != no_group && result_.of[base] != g) result_.materialised[base] = true;
    }
  }

  void assign(ValueId id) {
    GroupId start = no_group;
    for (const ValueId input : graph_.inputs(id)) start = std::max(start, result_.of[graph_.base(input)]);
    if (computation_of(graph_[id].op) == Computation::Projection) {
      result_.materialised[id] = true;
      return join(id, start, Role::Memory, 0, false);
    }
    const Candidates candidates = candidates_of(id);
    std::size_t columns = 0;
    if (start <= prologue && graph_.count(id) == 1 && candidates.count != 0 &&
        fits(id, prologue, candidates.list[0], columns)) {
      return join(id, prologue, candidates.list[0].role, columns, false);
    }
    if (start != no_group && fits_rows(id, start)) {
      return join(id, start, Role::Row, result_.list[static_cast<std::size_t>(start)].columns, true);
    }
    for (std::size_t k = 0; k < candidates.count; ++k) {
      const Candidate& candidate = candidates.list[k];
      if (start != no_group && fits(id, start, candidate, columns))
        return join(id, start, candidate.role, columns, candidate.whole_rows);
    }
    for (std::size_t k = 0; k < candidates.count; ++k) {
      const Candidate& candidate = candidates.list[k];
      for (const GroupId g : recent_[candidate.size]) {
        if (g > start && fits(id, g, candidate, columns))
          return join(id, g, candidate.role, columns, candidate.whole_rows);
      }
    }
    if (start != no_group && fits_epilogue_total(id, start)) return join_epilogue_total(id, start);
    add_group(id, candidates);
  }

  /// A sum over all row values of a loop (the mean of the losses of its rows).
  bool fits_epilogue_total(ValueId id, GroupId g) const {
    const Opcode op = graph_[id].op;
    if (!is_reduction(op)) return false;
    const Group& group = result_.list[static_cast<std::size_t>(g)];
    if (!group.loop || !group.whole_rows || group.members.size() >= most_members) return false;
    const ValueId input = graph_.inputs(id)[0];
    const ValueId base = graph_.base(input);
    const std::size_t rows = group.size / group.columns;
    if (result_.of[base] != g || result_.role[base] != Role::Row || rows == group.size) return false;
    if (graph_.count(input) != rows || graph_.count(id) != 1 || graph_[input].dtype == DType::Bool) return false;
    return is_in_order(graph_.shape(input), graph_.access(input));
  }

  void join_epilogue_total(ValueId id, GroupId g) {
    const Group& group = result_.list[static_cast<std::size_t>(g)];
    join(id, g, Role::EpilogueTotal, group.columns, true);
  }

  void add_group(ValueId id, const Candidates& candidates) {
    const auto g = static_cast<GroupId>(result_.list.size());
    result_.list.push_back(
        {.loop = candidates.count != 0, .whole_rows = false, .size = 0, .columns = 0, .members = {}});
    if (candidates.count == 0) {
      join(id, g, Role::Memory, 0, false);
      result_.materialised[id] = !has_outputs(computation_of(graph_[id].op));
      return;
    }
    const Candidate& candidate = candidates.list[0];
    result_.list.back().size = candidate.size;
    join(id, g, candidate.role, candidate.columns, candidate.whole_rows);
    std::vector<GroupId>& recent = recent_[candidate.size];
    if (recent.size() >= recent_groups) recent.erase(recent.begin());
    recent.push_back(g);
  }

  const Graph& graph_;
  std::vector<bool> needed_;
  Groups result_;
  std::unordered_map<std::size_t, std::vector<GroupId>> recent_;
};

}  // namespace

Groups make_groups(const Graph& graph) { return Grouping(graph).group(); }

}  // namespace xgrad::plan
