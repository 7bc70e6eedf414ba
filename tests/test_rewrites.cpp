// Each rewrite of the planner's clean-up alone, and that none is left out.
#include <array>
#include <cmath>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "all_rewrites.hpp"
#include "var/record.hpp"

BOOST_AUTO_TEST_SUITE(test_rewrites)

namespace {

using namespace xgrad::plan;
using namespace xgrad::primitives;
using xgrad::DType;
using xgrad::Shape;
using xgrad::primitives::Part;

/// A graph with some values, and expressions of them as text.
struct Values {
  Graph graph;
  std::vector<std::string> names;

  ValueId leaf(const std::string& name, DType dtype, const Shape& shape) {
    names.push_back(name);
    return graph.leaf(dtype, graph.intern(shape), static_cast<std::uint32_t>(names.size() - 1));
  }
  ValueId number(double value, DType dtype = DType::Float64, const Shape& shape = {2, 3}) {
    return graph.literal(dtype, graph.intern(shape), value);
  }
  template <class P>
  ValueId of(const std::vector<ValueId>& inputs, const Shape& shape = {2, 3},
             const std::vector<std::int64_t>& attributes = {}) {
    return graph.add(opcode<P>, graph[inputs[0]].dtype, graph.intern(shape), inputs, attributes);
  }

  [[nodiscard]] std::string text(ValueId id) const {
    if (id == no_value) return "nothing";
    const Value& value = graph[id];
    if (graph.is_leaf(id)) return names[value.source];
    std::ostringstream result;
    if (graph.is_constant(id)) {
      const Scalar scalar = graph.constant(id).value;
      if (is_floating(value.dtype)) result << scalar.real;
      else result << scalar.integer;
      return result.str();
    }
    if (value.op == op_copy) result << "copy";
    else if (is_part(value.op)) result << "part" << value.op - list_size;
    else result << name_of(value.op);
    const char* separator = "(";
    for (const ValueId input : graph.inputs(id)) {
      result << separator << text(input);
      separator = ", ";
    }
    return result.str() + ")";
  }
};

/// An operation and what a rewrite makes of it.
struct Case {
  std::string_view rewrite;
  Opcode op;
  std::vector<ValueId> inputs;
  std::string expected;
  DType dtype = DType::Float64;
  Shape shape = {2, 3};
  std::vector<std::int64_t> attributes = {};
};

void check(Values& values, const Case& each) {
  for (const Rewrites table : all_rewrites::of(each.op)) {
    for (const Rewrite& rewrite : table) {
      if (rewrite.what != each.rewrite) continue;
      const Operation operation{values.graph, each.op,        each.dtype, values.graph.intern(each.shape),
                                each.inputs,  each.attributes};
      BOOST_TEST(values.text(rewrite.apply(operation)) == each.expected);
      return;
    }
  }
  BOOST_ERROR("there is no such rewrite");
}

std::set<std::string_view> tested;

void check(Values& values, const std::vector<Case>& cases) {
  for (const Case& each : cases) {
    BOOST_TEST_CONTEXT(each.rewrite) { check(values, each); }
    if (each.expected != "nothing") tested.insert(each.rewrite);
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(algebra) {
  Values v;
  const ValueId x = v.leaf("x", DType::Float64, {2, 3});
  const ValueId y = v.leaf("y", DType::Float64, {2, 3});
  const ValueId minus_x = v.of<Negate>({x});
  const ValueId minus_y = v.of<Negate>({y});
  const ValueId zero = v.number(0);
  const ValueId minus_zero = v.number(-0.0);
  const ValueId one = v.number(1);
  const ValueId minus_one = v.number(-1);
  const ValueId three = v.number(3);
  const ValueId i = v.leaf("i", DType::Int64, {2, 3});
  const ValueId no_i = v.number(0, DType::Int64);
  const std::string_view signs = "-x * y and x * -y are -(x * y), -x * -y is x * y";
  const std::string_view signs_of_quotient = "-x / y and x / -y are -(x / y), -x / -y is x / y";
  const std::string_view by_power_of_two = "x / 2 is x * 1/2, and so of 1/2, 4, 1/4 and their negatives";
  const std::string_view neutral = "x + -0 is x; of integers also x + 0";
  const std::string_view finite = "absorbing_multiply(g, p) is g * p for a number g";
  check(v, {
               {"x * 1 is x", opcode<Multiply>, {x, one}, "x"},
               {"x * 1 is x", opcode<Multiply>, {one, x}, "x"},
               {"x * 1 is x", opcode<Multiply>, {x, zero}, "nothing"},
               {"x * -1 is -x", opcode<Multiply>, {x, minus_one}, "negate(x)"},
               {"x * -1 is -x", opcode<Multiply>, {minus_one, x}, "negate(x)"},
               {"x * x is square(x)", opcode<Multiply>, {x, x}, "square(x)"},
               {"x * x is square(x)", opcode<Multiply>, {x, y}, "nothing"},
               {signs, opcode<Multiply>, {minus_x, y}, "negate(multiply(x, y))"},
               {signs, opcode<Multiply>, {x, minus_y}, "negate(multiply(x, y))"},
               {signs, opcode<Multiply>, {minus_x, minus_y}, "multiply(x, y)"},
               {"x / 1 is x", opcode<Divide>, {x, one}, "x"},
               {"x / 1 is x", opcode<Divide>, {one, x}, "nothing"},
               {by_power_of_two, opcode<Divide>, {x, v.number(2)}, "multiply(x, 0.5)"},
               {by_power_of_two, opcode<Divide>, {x, v.number(-0.25)}, "multiply(x, -4)"},
               {by_power_of_two, opcode<Divide>, {x, three}, "nothing"},
               {by_power_of_two, opcode<Divide>, {i, v.number(2, DType::Int64)}, "nothing", DType::Int64},
               {signs_of_quotient, opcode<Divide>, {minus_x, y}, "negate(divide(x, y))"},
               {signs_of_quotient, opcode<Divide>, {minus_x, minus_y}, "divide(x, y)"},
               {"absorbing_multiply(1, p) is p", opcode<AbsorbingMultiply>, {one, x}, "x"},
               {"absorbing_multiply(1, p) is p", opcode<AbsorbingMultiply>, {x, one}, "nothing"},
               {finite, opcode<AbsorbingMultiply>, {three, x}, "multiply(3, x)"},
               {finite, opcode<AbsorbingMultiply>, {minus_zero, x}, "nothing"},
               {finite, opcode<AbsorbingMultiply>, {x, three}, "nothing"},
               {"pow(x, 1) is x", opcode<Power>, {x, one}, "x"},
               {"pow(x, 2) is square(x)", opcode<Power>, {x, v.number(2)}, "square(x)"},
               {neutral, opcode<Add>, {x, minus_zero}, "x"},
               {neutral, opcode<Add>, {minus_zero, x}, "x"},
               {neutral, opcode<Add>, {x, zero}, "nothing"},
               {neutral, opcode<Add>, {i, no_i}, "i", DType::Int64},
               {"x + -y is x - y", opcode<Add>, {x, minus_y}, "subtract(x, y)"},
               {"x + -y is x - y", opcode<Add>, {minus_x, y}, "subtract(y, x)"},
               {"x - 0 is x", opcode<Subtract>, {x, zero}, "x"},
               {"x - 0 is x", opcode<Subtract>, {x, minus_zero}, "nothing"},
               {"x - -y is x + y", opcode<Subtract>, {x, minus_y}, "add(x, y)"},
               {"--x is x", opcode<Negate>, {minus_x}, "x"},
               {"f(-x) is f(x)", op_of_part(Part::ExpNegAbs), {minus_x}, "part0(x)"},
               {"f(-x) is f(x)", op_of_part(Part::HalfExpm1), {minus_x}, "part4(x)"},
           });
}

BOOST_AUTO_TEST_CASE(truth_values) {
  Values v;
  const ValueId x = v.leaf("x", DType::Float64, {2, 3});
  const ValueId y = v.leaf("y", DType::Float64, {2, 3});
  const ValueId c = v.leaf("c", DType::Bool, {2, 3});
  const ValueId yes = v.number(1, DType::Bool);
  const ValueId no = v.number(0, DType::Bool);
  const std::string_view equal = "x == y of known numbers";
  const std::string_view unequal = "x != y of known numbers";
  const DType b = DType::Bool;
  check(v, {
               {"where(true, x, y) is x, where(false, x, y) is y", opcode<Where>, {yes, x, y}, "x"},
               {"where(true, x, y) is x, where(false, x, y) is y", opcode<Where>, {no, x, y}, "y"},
               {"where(true, x, y) is x, where(false, x, y) is y", opcode<Where>, {c, x, y}, "nothing"},
               {"where(c, x, x) is x", opcode<Where>, {c, x, x}, "x"},
               {"where(c, x, x) is x", opcode<Where>, {c, x, y}, "nothing"},
               {equal, opcode<Equal>, {v.number(0), v.number(-0.0)}, "1", b},
               {unequal, opcode<NotEqual>, {v.number(0), v.number(-0.0)}, "0", b},
               {equal, opcode<Equal>, {v.number(0), v.number(3)}, "0", b},
               {unequal, opcode<NotEqual>, {v.number(0), v.number(3)}, "1", b},
               {equal, opcode<Equal>, {v.number(1), v.number(3)}, "0", b},
               {equal, opcode<Equal>, {v.number(1), v.number(3.3)}, "nothing", b},
               {equal, opcode<Equal>, {v.number(1), v.number(std::nan(""))}, "nothing", b},
               {"!true is false, !false is true", opcode<LogicalNot>, {yes}, "0", b},
               {"!true is false, !false is true", opcode<LogicalNot>, {no}, "1", b},
               {"x && true is x, x && false is false", opcode<LogicalAnd>, {c, yes}, "c", b},
               {"x && true is x, x && false is false", opcode<LogicalAnd>, {no, c}, "0", b},
               {"x || false is x, x || true is true", opcode<LogicalOr>, {no, c}, "c", b},
               {"x || false is x, x || true is true", opcode<LogicalOr>, {c, yes}, "1", b},
           });
}

BOOST_AUTO_TEST_CASE(splits) {
  Values v;
  const ValueId x = v.leaf("x", DType::Float64, {2, 3});
  const ValueId y = v.leaf("y", DType::Float64, {2, 3});
  const std::string_view from_hypot = "direction_cosine(x, y) from hypot(x, y) or hypot(y, x), if that is computed";
  check(v, {{from_hypot, opcode<DirectionCosine>, {x, y}, "nothing"}});
  v.of<Hypot>({x, y});
  check(v, {
               {"exp(-square(x)) is a function", opcode<Exp>, {v.of<Negate>({v.of<Square>({x})})}, "part2(x)"},
               {"exp(-square(x)) is a function", opcode<Exp>, {v.of<Square>({x})}, "nothing"},
               {"sigmoid(x) from exp(-abs(x))", opcode<Sigmoid>, {x}, "part1(x, part0(x))"},
               {"softplus(x) is relu(x) + log1p(exp(-abs(x)))", opcode<Softplus>, {x}, "add(relu(x), log1p(part0(x)))"},
               {"erf(x) from exp(-square(x))", opcode<Erf>, {x}, "part3(x, part2(x))"},
               {"log_cosh(x) from expm1", opcode<LogCosh>, {x}, "part6(x, part4(x))"},
               {"the slope of log_cosh(x) from expm1", opcode<SlopeOfLogCosh>, {x}, "part5(x, part4(x))"},
               {from_hypot, opcode<DirectionCosine>, {x, y}, "part7(x, y, hypot(x, y))"},
               {from_hypot, opcode<DirectionCosine>, {y, x}, "part7(y, x, hypot(x, y))"},
           });
}

BOOST_AUTO_TEST_CASE(arrays) {
  Values v;
  const DType f = DType::Float64;
  const DType i = DType::Int64;
  const ValueId x = v.leaf("x", f, {2, 3});
  const ValueId row = v.leaf("row", f, {1, 3});
  const ValueId column = v.leaf("column", f, {3, 1});
  const ValueId wide = v.leaf("wide", f, {3, 8});
  const ValueId c = v.leaf("c", DType::Bool, {2, 3});
  const ValueId truth = v.leaf("truth", DType::Bool, {1, 3});
  const ValueId rows = v.of<Broadcast>({row});
  const ValueId places = v.leaf("places", i, {1, 3});
  const std::string_view taken = "elements of a difference are differences of elements";
  const std::string_view outwards = "f of broadcasts is a broadcast of f";
  const ValueId wider_rows = v.of<Broadcast>({v.of<Exp>({row}, {1, 3})});
  const std::string_view own_shape = "a broadcast or reshape to the own shape is the input";
  const std::string_view last_shape = "a broadcast of a broadcast is one, a reshape of a reshape is one";
  const std::string_view copies =
      "copies are reduced once: n times the sum, sqrt(n) times the norm, an extremum as it is";
  const std::string_view blas = "BLAS reads copies of other layouts than its own";
  const std::string_view dense = "kernels that want dense inputs get copies";
  const std::string_view sums = "a sum over rows or columns of a product is a product with the sums of a factor";
  const std::string_view stacked = "a sum over a stack of products is one product of the joined factors";
  const std::string_view joined = "a matrix of columns times a column is a sum of columns times numbers";
  const std::string_view turned = "a transposed matrix of columns times a column is sums of products";
  const ValueId lefts = v.leaf("lefts", f, {4, 90, 2});
  const ValueId rights = v.leaf("rights", f, {4, 2, 90});
  const ValueId products = v.of<Matmul>({lefts, rights}, {4, 90, 90});
  const ValueId every_second = v.of<xgrad::primitives::Slice>({wide}, {3, 4}, {0, 1, 0, 2});
  const ValueId tall = v.leaf("tall", f, {8, 3});
  const ValueId product = v.of<Matmul>({x, wide}, {2, 8});
  const ValueId tall_product = v.of<Matmul>({tall, v.leaf("square", f, {3, 3})}, {8, 3});
  const std::array columns{v.leaf("first", f, {512, 1}), v.leaf("second", f, {512, 1})};
  const ValueId matrix = v.of<Concatenate>({columns[0], columns[1]}, {512, 2}, {1});
  const ValueId few_rows = v.of<Concatenate>({column, column}, {3, 2}, {1});
  const ValueId two = v.leaf("two", f, {2, 1});
  const ValueId long_column = v.leaf("y", f, {512, 1});
  check(v,
        {
            {"a view of a number is the number", opcode<Reshape>, {v.number(3)}, "3", f, {6}},
            {own_shape, opcode<Broadcast>, {x}, "x"},
            {own_shape, opcode<Broadcast>, {row}, "nothing"},
            {last_shape, opcode<Reshape>, {v.of<Reshape>({x}, {6})}, "reshape(x)", f, {3, 2}},
            {"a transpose that leaves the axes in order is the input", opcode<Transpose>, {x}, "x", f, {2, 3}, {0, 1}},
            {"a transpose of a transpose is one",
             opcode<Transpose>,
             {v.of<Transpose>({x}, {3, 2}, {1, 0})},
             "x",
             f,
             {2, 3},
             {1, 0}},
            {"a sum of truth values in a loop is one of integers",
             opcode<Sum>,
             {c},
             "sum(cast(c))",
             DType::Int64,
             {1, 3},
             {0}},
            {"a sum of -x is minus the sum of x", opcode<Sum>, {v.of<Negate>({x})}, "negate(sum(x))", f, {1, 3}, {0}},
            {"axes of one element are not reduced", opcode<Sum>, {row}, "row", f, {1, 3}, {0}},
            {"axes of one element are not reduced", opcode<Norm>, {row}, "abs(row)", f, {1, 3}, {0}},
            {"axes of one element are not reduced", opcode<SumButOne>, {row}, "subtract(row, 1)", f, {1, 3}, {0}},
            {"axes of one element are not reduced", opcode<Sum>, {row}, "sum(row)", f, {1, 1}, {0, 1}},
            {"axes of one element are not reduced", opcode<Sum>, {x}, "nothing", f, {1, 3}, {0}},
            {copies, opcode<Sum>, {rows}, "multiply(row, 2)", f, {1, 3}, {0}},
            {copies, opcode<Sum>, {rows}, "multiply(sum(row), 2)", f, {1, 1}, {0, 1}},
            {copies, opcode<Norm>, {rows}, "multiply(abs(row), 1.41421)", f, {1, 3}, {0}},
            {copies, opcode<SumButOne>, {rows}, "add(multiply(subtract(row, 1), 2), 1)", f, {1, 3}, {0}},
            {copies, opcode<MaxReduce>, {rows}, "row", f, {1, 3}, {0}},
            {copies, opcode<Sum>, {x}, "nothing", f, {1, 3}, {0}},
            {"a row times a column is a sum of products",
             opcode<Matmul>,
             {row, column},
             "sum(multiply(row, reshape(column)))",
             f,
             {1, 1}},
            {"a column times a row is a product element by element",
             opcode<Matmul>,
             {column, row},
             "multiply(broadcast(column), broadcast(row))",
             f,
             {3, 3}},
            {sums, opcode<Sum>, {product}, "matmul(sum(x), wide)", f, {1, 8}, {0}},
            {sums, opcode<Sum>, {product}, "sum(matmul(sum(x), wide))", f, {1, 1}, {0, 1}},
            {sums, opcode<Sum>, {product}, "nothing", f, {2, 1}, {1}},
            {sums, opcode<Sum>, {tall_product}, "matmul(tall, sum(square))", f, {8, 1}, {1}},
            {sums, opcode<MaxReduce>, {product}, "nothing", f, {1, 8}, {0}},
            {stacked,
             opcode<Sum>,
             {products},
             "matmul(transpose(reshape(copy(transpose(lefts)))), reshape(rights))",
             f,
             {1, 90, 90},
             {0}},
            {stacked, opcode<Sum>, {product}, "nothing", f, {1, 8}, {0}},
            {stacked, opcode<Sum>, {products}, "nothing", f, {4, 1, 90}, {1}},
            {stacked, opcode<MaxReduce>, {products}, "nothing", f, {1, 90, 90}, {0}},
            {joined,
             opcode<Matmul>,
             {matrix, two},
             "add(multiply(first, broadcast(slice(two))), multiply(second, broadcast(slice(two))))",
             f,
             {512, 1}},
            {joined, opcode<Matmul>, {few_rows, two}, "nothing", f, {3, 1}},
            {turned,
             opcode<Matmul>,
             {v.of<Transpose>({matrix}, {2, 512}, {1, 0}), long_column},
             "concatenate(sum(multiply(transpose(first), reshape(y))), sum(multiply(transpose(second), reshape(y))))",
             f,
             {2, 1}},
            {blas, opcode<Matmul>, {x, wide}, "nothing", f, {2, 8}},
            {blas, opcode<Matmul>, {x, every_second}, "matmul(x, copy(slice(wide)))", f, {2, 4}},
            {dense, opcode<CumulativeSum>, {every_second}, "cumsum(copy(slice(wide)))", f, {3, 4}, {1, 0}},
            {dense, opcode<CumulativeSum>, {x}, "nothing", f, {2, 3}, {1, 0}},
            {dense, opcode<Concatenate>, {every_second, every_second}, "nothing", f, {6, 4}, {0}},
            {outwards, opcode<Add>, {rows, wider_rows}, "broadcast(add(row, exp(row)))"},
            {outwards, opcode<Add>, {rows, v.number(3)}, "broadcast(add(row, 3))"},
            {outwards, opcode<Add>, {rows, x}, "nothing"},
            {outwards, opcode<Where>, {v.of<Broadcast>({truth}), rows, v.number(3)}, "broadcast(where(truth, row, 3))"},
            {taken,
             opcode<TakeAlongAxis>,
             {v.of<Subtract>({v.of<Exp>({x}), rows}), places},
             "subtract(take_along_axis(exp(x), places), row)",
             f,
             {1, 3},
             {0, 0}},
            {taken, opcode<TakeAlongAxis>, {v.of<Subtract>({x, rows}), places}, "nothing", f, {1, 3}, {0, 0}},
            {"a cast of a broadcast is a broadcast of a cast", opcode<Cast>, {rows}, "broadcast(cast(row))", i},
            {"a cast of a broadcast is a broadcast of a cast", opcode<Cast>, {x}, "nothing", i},
            {"a cast to the own type is the input", opcode<Cast>, {x}, "x"},
            {"a cast to the own type is the input", opcode<Cast>, {x}, "nothing", i},
        });
}

BOOST_AUTO_TEST_CASE(all_rewrites_are_tested, *boost::unit_test::depends_on("test_rewrites/algebra") *
                                                  boost::unit_test::depends_on("test_rewrites/truth_values") *
                                                  boost::unit_test::depends_on("test_rewrites/splits") *
                                                  boost::unit_test::depends_on("test_rewrites/arrays")) {
  for (const Rewrite* rewrite : all_rewrites::rows()) {
    BOOST_TEST_CONTEXT(rewrite->what) {
      BOOST_TEST(tested.contains(rewrite->what));
      BOOST_TEST(!rewrite->why.empty());
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
