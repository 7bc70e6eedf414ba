// Each pass of the planner alone that makes or changes a graph: what is merged, simplified, accumulated. Single
// rewrites of the clean-up: test_rewrites.cpp.
#include "passes.hpp"

#include <boost/test/unit_test.hpp>
#include <xgrad/xgrad.hpp>

#include "plan/accumulate.hpp"
#include "plan/simplify.hpp"
#include "plan/verify.hpp"

BOOST_AUTO_TEST_SUITE(test_passes)

namespace {

using namespace passes;
using namespace xgrad::primitives;
using xgrad::primitives::Slice;

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

BOOST_AUTO_TEST_CASE(operands_may_be_exchanged_where_it_makes_no_difference) {
  xgrad::Tape tape;
  const Var x = tape.leaf(zeros({3, 4}));
  const Var y = tape.leaf(zeros({3, 4}));
  const Graph graph = graph_of({x + y, y + x, x * y, y * x, hypot(x, y), hypot(y, x), logaddexp(x, y), logaddexp(y, x),
                                x - y, y - x, x / y, y / x, maximum(x, y), maximum(y, x)});
  for (const std::size_t k : {0U, 2U, 4U, 6U}) BOOST_TEST(graph.outputs[k] == graph.outputs[k + 1]);
  for (const std::size_t k : {8U, 10U, 12U}) BOOST_TEST(graph.outputs[k] != graph.outputs[k + 1]);
  BOOST_TEST(count_of<Add>(graph) == 1U);
  BOOST_TEST(count_of<Maximum>(graph) == 2U);  // of 0 and -0 it is the first
  // What has other operands is another value.
  const Graph others = graph_of({x + y, x + exp(y), exp(x) + y, exp(x) + exp(y)});
  BOOST_TEST(count_of<Add>(others) == 4U);
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
  BOOST_TEST(p.number(3.3, {2}) != p.number(3.3, {2}));
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

BOOST_AUTO_TEST_CASE(the_first_rewrite_that_applies) {
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

BOOST_AUTO_TEST_SUITE_END()
