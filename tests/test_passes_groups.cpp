// What the planner computes together, and what it computes again.
#include "passes.hpp"

#include <algorithm>

#include <boost/test/unit_test.hpp>
#include <xgrad/xgrad.hpp>

#include "plan/group.hpp"
#include "plan/recompute.hpp"
#include "plan/verify.hpp"

BOOST_AUTO_TEST_SUITE(test_passes_groups)

namespace {

using namespace passes;
using namespace xgrad::primitives;

/// Groups, which hold together.
Groups grouped(Values& p, const std::vector<ValueId>& outputs) {
  p.graph.outputs = outputs;
  verify(this_pass, p.graph, p.leaves);
  Groups groups = make_groups(p.graph);
  verify(this_pass, p.graph, groups);
  return groups;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(grouping)

BOOST_AUTO_TEST_CASE(a_chain_is_one_loop) {
  Values p;
  const ValueId x = p.leaf({40, 50});
  const ValueId y = p.of<Exp>({x});
  const ValueId z = p.of<Sin>({y});
  const ValueId unneeded = p.of<Cos>({y});
  const Groups groups = grouped(p, {z});
  BOOST_TEST(groups.of[y] == groups.of[z]);
  BOOST_TEST(groups.of[x] == no_group);
  BOOST_TEST(groups.of[unneeded] == no_group);
  BOOST_TEST(!groups.materialised[y]);
  BOOST_TEST(groups.materialised[z]);
  BOOST_TEST((groups.role[y] == Role::Full));
}

BOOST_AUTO_TEST_CASE(rows_are_reduced_within_a_loop) {
  Values p;
  const ValueId x = p.of<Exp>({p.leaf({40, 50})});
  const ValueId sums = p.of<Sum>({x}, {40, 1}, {1});
  const ValueId result = p.of<Divide>({x, p.of<Broadcast>({sums}, {40, 50})});
  const ValueId root = p.of<Sqrt>({sums});
  const ValueId total = p.of<Sum>({root}, {1, 1}, {0});
  const Groups groups = grouped(p, {result, total});
  for (const ValueId each : {sums, result, root, total}) BOOST_TEST(groups.of[each] == groups.of[x]);
  BOOST_TEST((groups.role[sums] == Role::Row));
  BOOST_TEST((groups.role[root] == Role::Row));
  BOOST_TEST((groups.role[result] == Role::Full));
  BOOST_TEST((groups.role[total] == Role::EpilogueTotal));
  const Group& group = groups.list[static_cast<std::size_t>(groups.of[x])];
  BOOST_TEST(group.whole_rows);
  BOOST_TEST(group.columns == 50U);
  BOOST_TEST(!groups.materialised[sums]);
}

BOOST_AUTO_TEST_CASE(totals_of_much_are_epilogues) {
  Values p;
  const ValueId x = p.of<Exp>({p.leaf({40000})});
  const ValueId total = p.of<Sum>({x}, {1}, {0});
  const ValueId result = p.of<Divide>({x, p.of<Broadcast>({total}, {40000})});
  const Groups groups = grouped(p, {result});
  BOOST_TEST((groups.role[total] == Role::EpilogueTotal));
  BOOST_TEST(groups.of[total] == groups.of[x]);
  BOOST_TEST(groups.of[result] > groups.of[x]);
  BOOST_TEST(groups.materialised[total]);
  BOOST_TEST(groups.materialised[x]);
}

BOOST_AUTO_TEST_CASE(totals_of_little_are_rows) {
  Values p;
  const ValueId x = p.of<Exp>({p.leaf({400})});
  const ValueId total = p.of<Sum>({x}, {1}, {0});
  const ValueId result = p.of<Divide>({x, p.of<Broadcast>({total}, {400})});
  const Groups groups = grouped(p, {result});
  BOOST_TEST((groups.role[total] == Role::Row));
  BOOST_TEST(groups.of[result] == groups.of[x]);
}

BOOST_AUTO_TEST_CASE(sums_over_rows_are_epilogues) {
  Values p;
  const ValueId x = p.of<Exp>({p.leaf({40, 50})});
  const ValueId sums = p.of<Sum>({x}, {1, 50}, {0});
  const Groups groups = grouped(p, {x, sums});
  BOOST_TEST((groups.role[sums] == Role::EpilogueColumns));
  BOOST_TEST(groups.of[sums] == groups.of[x]);
}

BOOST_AUTO_TEST_CASE(sums_over_a_middle_axis_are_lines) {
  Values p;
  const ValueId x = p.of<Exp>({p.leaf({6, 5, 4})});
  const ValueId sums = p.of<Sum>({x}, {6, 1, 4}, {1});
  const ValueId largest = p.of<MaxReduce>({x}, {6, 1, 4}, {1});
  const ValueId after = p.of<Sin>({sums});
  const Groups groups = grouped(p, {x, largest, after});
  for (const ValueId each : {sums, largest}) {
    BOOST_TEST((groups.role[each] == Role::Lines));
    BOOST_TEST(groups.of[each] == groups.of[x]);
    BOOST_TEST(groups.materialised[each]);
  }
  BOOST_TEST(groups.of[after] > groups.of[x]);
}

BOOST_AUTO_TEST_CASE(lines_of_memory_in_another_order_are_left_to_a_kernel) {
  Values p;
  const ValueId x = p.of<Transpose>({p.leaf({4, 5, 6})}, {6, 5, 4}, {2, 1, 0});
  const ValueId sums = p.of<Sum>({x}, {6, 1, 4}, {1});
  BOOST_TEST((grouped(p, {sums}).role[sums] == Role::Memory));
}

BOOST_AUTO_TEST_CASE(what_no_loop_does) {
  Values p;
  const ValueId x = p.leaf({6, 5, 4});
  const ValueId around = p.of<Sum>({x}, {1, 5, 1}, {0, 2});
  const ValueId running = p.of<CumulativeSum>({x}, {6, 5, 4}, {1, 0});
  const std::array input{x};
  const ValueId integers = p.graph.add(opcode<Cast>, DType::Int64, p.graph[x].shape, input);
  const ValueId single = p.graph.add(opcode<Cast>, DType::Float32, p.graph[x].shape, input);
  const Groups groups = grouped(p, {around, running, integers, single});
  for (const ValueId each : {around, running, integers}) {
    const Group& group = groups.list[static_cast<std::size_t>(groups.of[each])];
    BOOST_TEST(!group.loop);
    BOOST_TEST(group.members.size() == 1U);
    BOOST_TEST((groups.role[each] == Role::Memory));
    BOOST_TEST(groups.materialised[each]);
  }
  BOOST_TEST((groups.role[single] == Role::Full));
}

BOOST_AUTO_TEST_CASE(a_product_ends_a_loop_and_begins_one) {
  Values p;
  const ValueId x = p.of<Exp>({p.leaf({4, 4})});
  const ValueId product = p.of<Matmul>({x, p.leaf({4, 4})}, {4, 4});
  const ValueId y = p.of<Sin>({product});
  const Groups groups = grouped(p, {y});
  BOOST_TEST(groups.of[x] < groups.of[product]);
  BOOST_TEST(groups.of[product] < groups.of[y]);
  BOOST_TEST(groups.materialised[x]);
}

BOOST_AUTO_TEST_CASE(another_order_is_another_loop) {
  Values p;
  const ValueId x = p.of<Exp>({p.leaf({6, 6})});
  const ValueId flat = p.of<Sin>({p.of<Reshape>({x}, {36})});
  const ValueId turned = p.of<Cos>({p.of<Transpose>({x}, {6, 6}, {1, 0})});
  const Groups groups = grouped(p, {flat, turned});
  BOOST_TEST(groups.of[flat] == groups.of[x]);
  BOOST_TEST(groups.of[turned] > groups.of[x]);
}

BOOST_AUTO_TEST_CASE(numbers_of_numbers_come_first) {
  Values p;
  const ValueId x = p.of<Exp>({p.leaf({1})});
  const ValueId total = p.of<Sum>({p.of<Exp>({p.leaf({40000})})}, {1}, {0});
  const ValueId other = p.of<Sin>({total});
  const Groups groups = grouped(p, {x, other});
  BOOST_TEST(groups.of[x] == 0);
  BOOST_TEST(groups.of[other] > groups.of[total]);
}

BOOST_AUTO_TEST_CASE(independent_values_of_one_size_share_a_loop) {
  Values p;
  const ValueId a = p.of<Exp>({p.leaf({30})});
  const ValueId b = p.of<Sin>({p.leaf({5, 6})});
  const ValueId c = p.of<Sin>({p.leaf({31})});
  const Groups groups = grouped(p, {a, b, c});
  BOOST_TEST(groups.of[a] == groups.of[b]);
  BOOST_TEST(groups.of[a] != groups.of[c]);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(computing_again)

namespace {

/// f(x, y) / sum(f(x, y)^2), in two loops that both read f.
template <class F>
struct TwoLoops : Values {
  ValueId x = leaf({40000});
  ValueId y = leaf({40000});
  ValueId f = of<F>(std::is_same_v<F, Exp> ? std::vector{x} : std::vector{x, y});
  ValueId total = of<Sum>({of<Square>({f})}, {1}, {0});
  ValueId result = of<Divide>({f, of<Broadcast>({total}, {40000})});
  Groups groups;

  void operator()(const std::vector<ValueId>& outputs, const std::vector<bool>& donated = {}) {
    groups = grouped(*this, outputs);
    BOOST_TEST_REQUIRE(groups.materialised[f]);
    recompute(graph, groups, donated);
    verify(this_pass, graph, groups);
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(what_is_cheap_is_not_kept) {
  TwoLoops<Subtract> p;
  p({p.result});
  BOOST_TEST(!p.groups.materialised[p.f]);
  const ValueId copy = p.graph.inputs(p.result)[0];
  BOOST_TEST(copy != p.f);
  BOOST_TEST(p.graph[copy].op == opcode<Subtract>);
  BOOST_TEST(p.groups.of[copy] == p.groups.of[p.result]);
  const std::vector<ValueId>& members = p.groups.list[static_cast<std::size_t>(p.groups.of[copy])].members;
  BOOST_TEST((members == std::vector{copy, p.result}));
}

BOOST_AUTO_TEST_CASE(functions_are_kept) {
  TwoLoops<Exp> p;
  p({p.result});
  BOOST_TEST(p.groups.materialised[p.f]);
  BOOST_TEST(p.graph.inputs(p.result)[0] == p.f);
}

BOOST_AUTO_TEST_CASE(outputs_are_kept) {
  TwoLoops<Subtract> p;
  p({p.result, p.f});
  BOOST_TEST(p.groups.materialised[p.f]);
}

BOOST_AUTO_TEST_CASE(donated_arrays_are_not_read_again) {
  TwoLoops<Subtract> p;
  p({p.result}, {true, false});
  BOOST_TEST(p.groups.materialised[p.f]);
}

BOOST_AUTO_TEST_CASE(what_only_lost_readers_needed_is_not_computed) {
  Values p;
  const ValueId x = p.leaf({40000});
  const ValueId inner = p.of<Negate>({x});
  const ValueId f = p.of<Maximum>({inner, p.leaf({40000})});
  const ValueId total = p.of<Sum>({p.of<Exp>({x})}, {1}, {0});
  const ValueId result = p.of<Divide>({f, p.of<Broadcast>({total}, {40000})});
  Groups groups = grouped(p, {result});
  BOOST_TEST_REQUIRE(groups.of[f] != groups.of[result]);
  recompute(p.graph, groups, {});
  verify(this_pass, p.graph, groups);
  const std::vector<ValueId>& members = groups.list[static_cast<std::size_t>(groups.of[f])].members;
  BOOST_TEST((std::ranges::find(members, f) == members.end()));
  BOOST_TEST((std::ranges::find(members, inner) == members.end()));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE_END()
