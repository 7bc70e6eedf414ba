// Each pass of the planner over graphs alone: what is merged, accumulated, grouped, computed again. Loops and memory:
// test_passes_loops.cpp; single rules of the clean-up: test_rewrites.cpp.
#include "passes.hpp"

#include <algorithm>

#include <boost/test/unit_test.hpp>
#include <xgrad/xgrad.hpp>

#include "plan/accumulate.hpp"
#include "plan/group.hpp"
#include "plan/recompute.hpp"
#include "plan/simplify.hpp"
#include "plan/verify.hpp"

BOOST_AUTO_TEST_SUITE(test_passes)

namespace {

using namespace passes;
using namespace xgrad::primitives;
using xgrad::primitives::Slice;

/// Groups, which hold together.
Groups grouped(Values& p, const std::vector<ValueId>& outputs) {
  p.graph.outputs = outputs;
  verify(this_pass, p.graph, p.leaves);
  Groups groups = make_groups(p.graph);
  verify(this_pass, p.graph, groups);
  return groups;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(making_the_graph)

BOOST_AUTO_TEST_CASE(equal_operations_are_one_value) {
  xgrad::Tape tape;
  const Var x = tape.leaf(zeros({3, 4}));
  const Graph graph = graph_of({exp(x) * sin(x), sin(x) + exp(x), exp(transpose(x))});
  BOOST_TEST(count_of<Exp>(graph) == 2U);
  BOOST_TEST(count_of<Sin>(graph) == 1U);
  BOOST_TEST(count_of<Leaf>(graph) == 1U);
  BOOST_TEST(graph.outputs.size() == 3U);
  verify(this_pass, graph, 1);
}

BOOST_AUTO_TEST_CASE(what_is_known_is_a_leaf) {
  xgrad::Tape tape;
  const Var x = tape.leaf(zeros({3}));
  const Var y = exp(x);
  BOOST_TEST(count_of<Exp>(graph_of({sin(y)})) == 1U);
  (void)tape.evaluate(y);
  const Graph graph = graph_of({sin(y)});
  BOOST_TEST(count_of<Exp>(graph) == 0U);
  BOOST_TEST(graph.is_leaf(graph.inputs(graph.outputs[0])[0]));
}

BOOST_AUTO_TEST_CASE(numbers) {
  Values p;
  BOOST_TEST(p.number(1.0, {2}) == p.number(1.0, {2}));  // a plan knows it
  BOOST_TEST(p.number(1.0, {2}) != p.number(1.0, {3}));
  BOOST_TEST(p.number(0.0, {2}) != p.number(-0.0, {2}));
  BOOST_TEST(p.number(3.0, {2}) != p.number(3.0, {2}));
}

BOOST_AUTO_TEST_CASE(views_of_views_are_views_of_the_first) {
  Values p;
  const ValueId x = p.leaf({4, 6});
  const ValueId part = p.of<Slice>({x}, {4, 2}, {0, 1, 1, 3});
  const ValueId turned = p.of<Transpose>({part}, {2, 4}, {1, 0});
  const Access access = p.graph.access(turned);
  BOOST_TEST(p.graph.base(turned) == x);
  BOOST_TEST(access.offset == 1);
  BOOST_TEST((access.strides == xgrad::Strides{3, 6}));
  const ValueId row = p.leaf({1, 6});
  const ValueId wide = p.of<Broadcast>({row}, {4, 6});
  BOOST_TEST((p.graph.access(wide).strides == xgrad::Strides{0, 1}));
  verify(this_pass, p.graph, p.leaves);
}

BOOST_AUTO_TEST_CASE(a_reshape_of_what_has_gaps_is_copied) {
  Values p;
  const ValueId x = p.leaf({4, 6});
  const ValueId flat = p.of<Reshape>({x}, {24});
  BOOST_TEST(p.graph.base(flat) == x);
  const ValueId turned = p.of<Reshape>({p.of<Transpose>({x}, {6, 4}, {1, 0})}, {24});
  BOOST_TEST(p.graph.base(turned) != x);
  BOOST_TEST(p.graph[p.graph.base(turned)].op == op_copy);
  const ValueId rows = p.of<Reshape>({p.of<Slice>({x}, {2, 6}, {0, 2, 0, 1})}, {2, 2, 3});
  BOOST_TEST(p.graph.base(rows) == x);
  verify(this_pass, p.graph, p.leaves);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(simplifying)

BOOST_AUTO_TEST_CASE(functions_of_copies_are_computed_once) {
  Values p;
  const ValueId column = p.leaf({3, 1});
  const ValueId wide = p.of<Broadcast>({column}, {3, 5});
  const ValueId result = p.of<Add>({p.of<Exp>({wide}), p.number(3.0, {3, 5})});
  BOOST_TEST(p.graph[result].op == opcode<Broadcast>);
  BOOST_TEST((p.graph.shape(p.graph.base(result)) == Shape{3, 1}));
  const ValueId row = p.of<Broadcast>({p.leaf({1, 5})}, {3, 5});
  BOOST_TEST(p.graph[p.of<Add>({wide, row})].op == opcode<Add>);  // they meet in all elements
  verify(this_pass, p.graph, p.leaves);
}

BOOST_AUTO_TEST_CASE(the_first_rule_that_applies) {
  Values p;
  const ValueId x = p.leaf({3});
  BOOST_TEST(p.of<Multiply>({x, p.number(1.0, {3})}) == x);
  BOOST_TEST(p.of<Cast>({x}) == x);
  BOOST_TEST(p.graph[p.of<Multiply>({x, x})].op == opcode<Square>);
  const std::array inputs{x};
  BOOST_TEST(simplified({p.graph, op_copy, DType::Float64, p.graph[x].shape, inputs, {}}) == no_value);
  BOOST_TEST(simplified({p.graph, opcode<Exp>, DType::Float64, p.graph[x].shape, inputs, {}}) == no_value);
}

BOOST_AUTO_TEST_CASE(products_get_factors_that_blas_can_read) {
  Values p;
  const ValueId x = p.leaf({4, 6});
  const ValueId every_other = p.of<Slice>({x}, {4, 3}, {0, 1, 0, 2});
  const ValueId w = p.leaf({3, 5});
  const ValueId product = p.of<Matmul>({every_other, w}, {4, 5});
  BOOST_TEST(p.graph[p.graph.inputs(product)[0]].op == op_copy);
  BOOST_TEST(p.graph.inputs(product)[1] == w);
  const ValueId turned = p.of<Transpose>({p.leaf({3, 4})}, {4, 3}, {1, 0});
  BOOST_TEST(p.graph.inputs(p.of<Matmul>({turned, w}, {4, 5}))[0] == turned);
  verify(this_pass, p.graph, p.leaves);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(accumulating)

namespace {

/// c [2, 4] and a product a b.
struct Update : Values {
  ValueId c = leaf({2, 4});
  ValueId a = leaf({2, 3});
  ValueId b = leaf({3, 4});
  ValueId product = of<Matmul>({a, b}, {2, 4});

  /// The operation that a value has become.
  Opcode becomes(ValueId id, const std::vector<ValueId>& others = {},
                 const std::vector<bool>& donated = {true, false, false}) {
    graph.outputs = others;
    graph.outputs.push_back(id);
    std::vector<bool> all = donated;
    if (!all.empty()) all.resize(leaves, false);
    accumulate_products(graph, all);
    verify(this_pass, graph, leaves);
    return graph[id].op;
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_product_is_added_to_a_donated_leaf) {
  Update p;
  const ValueId sum = p.of<Add>({p.product, p.c});
  BOOST_TEST(p.becomes(sum) == op_gemm);
  BOOST_TEST(p.graph.inputs(sum)[2] == p.c);
  BOOST_TEST(p.graph.attributes(sum)[0] == 1);
}

BOOST_AUTO_TEST_CASE(a_multiple_is_subtracted) {
  Update p;
  const ValueId rate = p.of<Broadcast>({p.leaf({1, 1})}, {2, 4});
  const ValueId result = p.of<Subtract>({p.c, p.of<Multiply>({rate, p.product})});
  BOOST_TEST(p.becomes(result) == op_gemm);
  BOOST_TEST(p.graph.inputs(result).size() == 4U);
  BOOST_TEST(p.graph.inputs(result)[3] == rate);
  BOOST_TEST(p.graph.attributes(result)[0] == -1);
}

BOOST_AUTO_TEST_CASE(not_to_what_is_not_given) {
  Update p;
  const ValueId sum = p.of<Add>({p.c, p.product});
  BOOST_TEST(p.becomes(sum, {}, {}) == opcode<Add>);
  BOOST_TEST(p.becomes(sum, {}, {false, true, true}) == opcode<Add>);
}

BOOST_AUTO_TEST_CASE(not_what_others_need) {
  Update p;
  BOOST_TEST(p.becomes(p.of<Add>({p.c, p.product}), {p.product}) == opcode<Add>);
}

BOOST_AUTO_TEST_CASE(not_what_is_subtracted_from_or_scaled_by_many) {
  Update p;
  BOOST_TEST(p.becomes(p.of<Subtract>({p.product, p.c})) == opcode<Subtract>);
  Update q;
  const ValueId factors = q.leaf({2, 4});
  BOOST_TEST(q.becomes(q.of<Add>({q.c, q.of<Multiply>({factors, q.product})})) == opcode<Add>);
}

BOOST_AUTO_TEST_CASE(not_to_a_part) {
  Update p;
  const ValueId whole = p.leaf({4, 4});
  const ValueId part = p.of<Slice>({whole}, {2, 4}, {0, 1, 0, 1});
  BOOST_TEST(p.becomes(p.of<Add>({part, p.product}), {}, {true, false, false, true}) == opcode<Add>);
}

BOOST_AUTO_TEST_SUITE_END()

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
  BOOST_TEST((groups.role[total] == Role::LateAll));
  const Group& group = groups.list[static_cast<std::size_t>(groups.of[x])];
  BOOST_TEST(group.whole_rows);
  BOOST_TEST(group.columns == 50U);
  BOOST_TEST(!groups.materialised[sums]);
}

BOOST_AUTO_TEST_CASE(totals_of_much_are_late) {
  Values p;
  const ValueId x = p.of<Exp>({p.leaf({40000})});
  const ValueId total = p.of<Sum>({x}, {1}, {0});
  const ValueId result = p.of<Divide>({x, p.of<Broadcast>({total}, {40000})});
  const Groups groups = grouped(p, {result});
  BOOST_TEST((groups.role[total] == Role::LateAll));
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

BOOST_AUTO_TEST_CASE(sums_over_rows_are_late) {
  Values p;
  const ValueId x = p.of<Exp>({p.leaf({40, 50})});
  const ValueId sums = p.of<Sum>({x}, {1, 50}, {0});
  const Groups groups = grouped(p, {x, sums});
  BOOST_TEST((groups.role[sums] == Role::LateColumns));
  BOOST_TEST(groups.of[sums] == groups.of[x]);
}

BOOST_AUTO_TEST_CASE(what_no_loop_does) {
  Values p;
  const ValueId x = p.leaf({6, 5, 4});
  const ValueId middle = p.of<Sum>({x}, {6, 1, 4}, {1});
  const ValueId running = p.of<CumulativeSum>({x}, {6, 5, 4}, {1, 0});
  const std::array input{x};
  const ValueId integers = p.graph.add(opcode<Cast>, DType::Int64, p.graph[x].shape, input);
  const ValueId single = p.graph.add(opcode<Cast>, DType::Float32, p.graph[x].shape, input);
  const Groups groups = grouped(p, {middle, running, integers, single});
  for (const ValueId each : {middle, running, integers}) {
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
