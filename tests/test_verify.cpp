// The planner's checks of itself refuse graphs and groups that are broken: one thing at a time, by hand. Loops and
// plans: test_verify_plans.cpp.
#include "passes.hpp"

#include <functional>

#include <boost/test/unit_test.hpp>
#include <xgrad/xgrad.hpp>

#include "plan/verify.hpp"

BOOST_AUTO_TEST_SUITE(test_verify)

namespace {

using namespace passes;
using namespace xgrad::primitives;
using xgrad::primitives::Slice;

constexpr auto f64 = DType::Float64;
constexpr auto i64 = DType::Int64;

}  // namespace

// ---- graphs

BOOST_AUTO_TEST_SUITE(graphs)

namespace {

using Break = std::function<void(Values&)>;

/// A graph of some leaves: x [2, 3], y [2, 3], i [2, 3] of integers, b [2, 3] of truth values.
void refuses(std::string_view invariant, const Break& break_it) {
  Values v;
  v.leaf({2, 3});
  v.leaf({2, 3});
  v.leaf({2, 3}, i64);
  v.leaf({2, 3}, DType::Bool);
  BOOST_REQUIRE_NO_THROW(verify(this_pass, v.graph, v.leaves));
  break_it(v);
  BOOST_TEST(complains(invariant, [&] { verify(this_pass, v.graph, v.leaves); }));
}

constexpr ValueId x = 0;
constexpr ValueId y = 1;
constexpr ValueId i = 2;
constexpr ValueId b = 3;

/// An operation that is refused.
template <class P>
void refuses(std::string_view invariant, DType dtype, const std::vector<ValueId>& inputs, const Shape& shape,
             const std::vector<std::int64_t>& attributes = {}) {
  refuses(invariant, [&](Values& v) { v.append<P>(dtype, inputs, shape, attributes); });
}

}  // namespace

BOOST_AUTO_TEST_CASE(tables) {
  refuses("there is no such operation", [](Values& v) { v.graph.append(255, f64, 0, {}, {}); });
  refuses("there is no such element type", [](Values& v) { v.append<Exp>(static_cast<DType>(9), {x}, {2, 3}); });
  refuses("it has a shape", [](Values& v) { v.graph.append(opcode<Exp>, f64, 99, std::array{x}, {}); });
  refuses<Exp>("its inputs exist", f64, {99}, {2, 3});
  refuses<Exp>("its inputs come before it", f64, {4}, {2, 3});
  refuses("a leaf is one of the request's", [](Values& v) { v.graph.leaf(f64, 0, 4); });
  refuses<Constant>("a constant has a number", f64, {}, {2, 3});
  refuses<Broadcast>("a view has an access", f64, {x}, {2, 3});
  refuses("it is a value of the graph", [](Values& v) { v.graph.outputs = {x, 99}; });
  refuses<Parameter>("a graph has no parameters", f64, {}, {2, 3});
  refuses<Call>("a graph has no such operation", f64, {x}, {2, 3});
  refuses<StopGradient>("a graph has no such operation", f64, {x}, {2, 3});
}

BOOST_AUTO_TEST_CASE(views) {
  // The access of the first view stands for that of the second one.
  const auto access_of_first = [](auto second) {
    return [second](Values& v) {
      v.of<Slice>({x}, {2, 2}, {0, 1, 1, 1});
      second(v);
    };
  };
  refuses("a view stays in the memory of its base", access_of_first([](Values& v) {
            v.append<Slice>(f64, {x}, {2, 3}, {0, 1, 0, 1});
          }));
  refuses("a view shows the memory of its input", access_of_first([](Values& v) {
            v.append<Slice>(f64, {y}, {2, 2}, {0, 1, 1, 1});
          }));
  refuses("a view shows what its operation says", access_of_first([](Values& v) {
            v.append<Slice>(f64, {x}, {2, 2}, {0, 1, 0, 1});
          }));
  refuses("a view has its input's element type", access_of_first([](Values& v) {
            v.append<Slice>(i64, {x}, {2, 2}, {0, 1, 1, 1});
          }));
  refuses("a view has a stride for each axis", access_of_first([](Values& v) { v.append<Reshape>(f64, {x}, {4}); }));
  refuses("a view has one input", access_of_first([](Values& v) {
            v.append<Slice>(f64, {x, y}, {2, 2}, {0, 1, 1, 1});
          }));
  refuses("a reshape keeps all elements", access_of_first([](Values& v) { v.append<Reshape>(f64, {x}, {2, 2}); }));
  refuses("only extents of 1 are broadcast", access_of_first([](Values& v) { v.append<Broadcast>(f64, {x}, {2, 2}); }));
  refuses("a transpose has a permutation", access_of_first([](Values& v) {
            v.append<Transpose>(f64, {x}, {2, 2}, {0, 0});
          }));
  refuses("a slice lies in its input", access_of_first([](Values& v) { v.append<Slice>(f64, {x}, {2, 2}, {0, 1}); }));
}

BOOST_AUTO_TEST_CASE(elementwise) {
  const std::string_view arity = "it has as many inputs as its operation";
  refuses<Exp>(arity, f64, {x, y}, {2, 3});
  refuses<Add>(arity, f64, {x}, {2, 3});
  refuses<Where>(arity, f64, {b, x}, {2, 3});
  refuses<AbsorbingMultiply>(arity, f64, {x}, {2, 3});
  refuses<Cast>(arity, f64, {}, {2, 3});
  const std::string_view shape = "its operands have its shape";
  refuses<Add>(shape, f64, {x, y}, {3, 2});
  const std::string_view type = "its operands have the element type that it takes";
  refuses<Add>(type, f64, {x, i}, {2, 3});
  refuses<Where>(type, f64, {x, x, y}, {2, 3});
  refuses<Less>(type, DType::Bool, {x, i}, {2, 3});
  refuses<Less>(type, f64, {x, y}, {2, 3});
  refuses<Tanh>(type, i64, {i}, {2, 3});
  refuses<Cast>(shape, i64, {x}, {6});
  refuses<Checked>("it has the shape and the element type of its input", f64, {x, b}, {6}, {0, 0});
  refuses<Checked>("its condition is one of truth values", f64, {x, y}, {2, 3}, {0, 0});
  refuses<Checked>("it has as many attributes as its operation", f64, {x, b}, {2, 3});
}

BOOST_AUTO_TEST_CASE(elementwise_of_plans_alone) {
  const auto refuses_part = [](std::string_view invariant, std::vector<ValueId> inputs) {
    const Opcode cosine = op_of_part(xgrad::primitives::Part::CosineFrom);
    refuses(invariant, [&](Values& v) { v.graph.append(cosine, f64, v.graph[x].shape, inputs, {}); });
  };
  refuses_part("it has as many inputs as its operation", {x, y});
  refuses_part("operands of an elementwise operation have its element type", {x, y, i});
  refuses("operands of an elementwise operation have its shape",
          [](Values& v) { v.graph.append(op_copy, f64, v.graph.intern({6}), std::array{x}, {}); });
}

BOOST_AUTO_TEST_CASE(reductions) {
  refuses<Sum>("axes of a reduction ascend", f64, {x}, {1, 1}, {1, 0});
  refuses<Sum>("axes of a reduction ascend", f64, {x}, {1, 1}, {2});
  refuses<Sum>("reduced axes stay with extent 1", f64, {x}, {2, 3}, {1});
  refuses<Sum>("it has the element type that the reduction gives", i64, {x}, {2, 1}, {1});
  refuses<MaxReduce>("it has the element type that the reduction gives", i64, {b}, {2, 1}, {1});
}

BOOST_AUTO_TEST_CASE(choices) {
  const std::string_view each = "there is an index for each element that is chosen";
  refuses<TakeAlongAxis>(each, f64, {x, i}, {2, 1}, {1, 2});
  refuses<TakeAlongAxis>("its axis is one of the array", f64, {x, i}, {2, 3}, {7, 2});
  refuses<ScatterAddAlongAxis>(each, f64, {x, i}, {3, 3}, {1, 3});
  refuses<TakeAlongAxis>("it has the element type of its elements, and int64 indices", f64, {x, y}, {2, 3}, {1, 2});
  refuses<TakeAlongAxis>("it has as many attributes as its operation", f64, {x, i}, {2, 3}, {1});
  refuses("its kernel wants dense inputs", [](Values& v) {
    const ValueId turned = v.of<Transpose>({x}, {3, 2}, {1, 0});
    v.append<CumulativeSum>(f64, {turned}, {3, 2}, {0, 0});
  });
}

BOOST_AUTO_TEST_CASE(products) {
  refuses<Matmul>("factors of a product are stacks of matrices that match", f64, {x, y}, {2, 3});
  refuses("its operands have the element type that it takes", [](Values& v) {
    v.append<Matmul>(f64, {x, v.leaf({3, 4}, DType::Float32)}, {2, 4});
  });
  refuses<Matmul>("factors of a product are stacks of matrices that match", f64, {x, y}, {3});
  refuses("BLAS can read the factors", [](Values& v) {
    const ValueId part = v.of<Slice>({x}, {2, 2}, {0, 1, 0, 2});
    v.append<Matmul>(f64, {part, v.leaf({2, 4})}, {2, 4});
  });
  const auto accumulates = [](auto change) {
    return [change](Values& v) {
      std::vector<ValueId> inputs{x, v.leaf({3, 3}), y};
      std::vector<std::int64_t> attributes{1};
      change(v, inputs, attributes);
      v.graph.append(op_gemm, f64, v.graph[x].shape, inputs, attributes);
    };
  };
  using Inputs = std::vector<ValueId>;
  using Attributes = std::vector<std::int64_t>;
  refuses("what is accumulated to is a whole leaf",
          accumulates([](Values& v, Inputs& in, Attributes&) { in[2] = v.of<Exp>({y}); }));
  refuses("a scale is one number", accumulates([](Values&, Inputs& in, Attributes&) { in.push_back(y); }));
  refuses("a product has one element type", accumulates([](Values& v, Inputs& in, Attributes&) {
            in[2] = v.leaf({2, 3}, DType::Float32);
          }));
  refuses("factors of a product are stacks", accumulates([](Values&, Inputs& in, Attributes&) { in[1] = y; }));
  refuses("a product is added or subtracted",
          accumulates([](Values&, Inputs&, Attributes& attributes) { attributes[0] = 2; }));
  refuses("it has as many inputs", accumulates([](Values&, Inputs& in, Attributes&) { in.pop_back(); }));
}

BOOST_AUTO_TEST_CASE(kernels) {
  refuses<Concatenate>("pieces make up the whole", f64, {x, y}, {5, 3}, {0});
  refuses<Concatenate>("pieces differ along the axis only", f64, {x, y}, {4, 4}, {0});
  refuses<Concatenate>("its axis is one of the array", f64, {x, y}, {4, 3}, {2});
  refuses<CumulativeSum>("it has the shape of its input", f64, {x}, {3, 3}, {0, 0});
  refuses<CumulativeSum>("its operands have the element type", i64, {x}, {2, 3}, {0, 0});
  refuses<ArgMax>("there is one index for each run", i64, {x}, {2, 3}, {1});
  refuses<ArgSort>("indices are int64", f64, {x}, {2, 3}, {1, 0});
  refuses<Take>("the axes of the indices replace the axis", f64, {x, i}, {2, 3}, {0, 0});
  refuses<Take>("it has the element type of its elements, and int64 indices", f64, {x, y}, {2, 3, 3}, {0, 0});
  refuses<SearchSorted>("there is an int64 index for each value", f64, {x, y}, {2, 3}, {0});
  refuses<SearchSorted>("its operands have the element type", i64, {x, i}, {2, 3}, {0});
  refuses<OneHot>("there is a row for each label", f64, {i}, {2, 4});
  refuses<Embed>("what is embedded lies in the result", f64, {x}, {4, 4}, {3, 1, 0, 1});
  refuses<Embed>("what is embedded lies in the result", f64, {x}, {4, 4}, {0, 1});
  refuses<Balance>("it has the shape and the element type of its input", f64, {x, y}, {6});
  refuses<Cholesky>("its matrices are square", f64, {x}, {2, 3}, {0});
  refuses<LuSolve>("it has as many inputs as its operation", f64, {x, y}, {2, 3}, {0, 0});
  refuses<TopK>("there are as many elements as are taken", f64, {x}, {}, {1, 0, 4});
  refuses<RandomDraw>("its first axes are those of the keys", f64, {x}, {2, 3}, {1, 0});
  const auto convolves = [](std::vector<std::int64_t> attributes, const Shape& shape) {
    return [=](Values& v) { v.append<Convolution>(f64, {v.leaf({1, 2, 5}), v.leaf({3, 2, 2})}, shape, attributes); };
  };
  refuses("the arrays and the numbers of a convolution match", convolves({2, 1, 1, 1, 0}, {1, 2, 4}));
  refuses("the arrays and the numbers of a convolution match", convolves({2, 2, 1, 1, 0}, {1, 3, 4}));
  refuses("it has as many attributes as its operation", convolves({3, 1, 1, 1, 0}, {1, 3, 4}));
  refuses<WindowArgMax>("each window holds an element", i64, {x}, {2, 4}, {2, 1, 1, 0});
}

BOOST_AUTO_TEST_SUITE_END()

// ---- groups

BOOST_AUTO_TEST_SUITE(groups)

namespace {

/// softmax-like: e = exp(x); r = sums of rows; q = e / r; then p = q w, a product; and t, an epilogue total of q.
struct Grouped : Values {
  ValueId x = leaf({40, 50});
  ValueId e = of<Exp>({x});
  ValueId r = of<Sum>({e}, {40, 1}, {1});
  ValueId q = of<Divide>({e, of<Broadcast>({r}, {40, 50})});
  ValueId p = of<Matmul>({q, leaf({50, 4})}, {40, 4});
  ValueId t = of<Sum>({q}, {1, 50}, {0});
  ValueId unneeded = of<Sin>({e});
  Groups groups;

  Grouped() {
    graph.outputs = {p, t};
    groups = make_groups(graph);
  }
  Group& group(ValueId id) { return groups.list[static_cast<std::size_t>(groups.of[id])]; }
};

void refuses(std::string_view invariant, const std::function<void(Grouped&)>& break_it) {
  Grouped g;
  BOOST_REQUIRE_NO_THROW(verify(this_pass, g.graph, g.groups));
  break_it(g);
  BOOST_TEST(complains(invariant, [&] { verify(this_pass, g.graph, g.groups); }));
}

}  // namespace

BOOST_AUTO_TEST_CASE(members) {
  refuses("there is an entry for each value", [](Grouped& g) { g.groups.of.pop_back(); });
  refuses("a value that is needed is in a group", [](Grouped& g) { std::erase(g.group(g.t).members, g.t); });
  refuses("a value is computed once", [](Grouped& g) { g.group(g.t).members.push_back(g.t); });
  refuses("a member knows its group", [](Grouped& g) { g.groups.of[g.t] = 0; });
  refuses("members exist", [](Grouped& g) { g.group(g.t).members.push_back(99); });
  refuses("only what is computed is in a group", [](Grouped& g) { g.group(g.t).members.push_back(g.x); });
  refuses("what is computed is needed", [](Grouped& g) {
    g.groups.of[g.unneeded] = g.groups.of[g.e];
    g.group(g.e).members.push_back(g.unneeded);
  });
}

BOOST_AUTO_TEST_CASE(order) {
  refuses("what a value needs is computed before it",
          [](Grouped& g) { std::swap(g.group(g.e).members[0], g.group(g.e).members[1]); });
  refuses("what a value needs is computed before it", [](Grouped& g) {
    std::swap(g.group(g.e), g.group(g.p));
    for (const ValueId id : {g.e, g.r, g.q, g.t, g.p}) g.groups.of[id] = 3 - g.groups.of[id];
  });
  refuses("what crosses groups is materialised", [](Grouped& g) { g.groups.materialised[g.q] = false; });
  refuses("an output is materialised", [](Grouped& g) { g.graph.outputs.push_back(g.e); });
}

BOOST_AUTO_TEST_CASE(roles) {
  refuses("a role is that of a loop's member", [](Grouped& g) { g.groups.role[g.e] = Role::Memory; });
  refuses("a role is that of a loop's member", [](Grouped& g) { g.groups.role[g.p] = Role::Full; });
  refuses("what a step leaves is materialised", [](Grouped& g) { g.groups.materialised[g.t] = false; });
  refuses("a loop can compute it in its role", [](Grouped& g) { g.groups.role[g.r] = Role::Full; });
  refuses("a full value has an element for each of the loop", [](Grouped& g) { g.group(g.e).size = 4000; });
  refuses("a row value has an element for each whole row", [](Grouped& g) { g.group(g.e).columns = 25; });
  refuses("a row value has an element for each whole row", [](Grouped& g) { g.group(g.e).whole_rows = false; });
  refuses("an epilogue total is one element", [](Grouped& g) { g.groups.role[g.t] = Role::EpilogueTotal; });
  refuses("epilogue columns are as many as the loop's", [](Grouped& g) {
    g.groups.role[g.r] = Role::EpilogueColumns;
    g.groups.materialised[g.r] = true;
  });
  refuses("what is no loop is one operation, and its outputs", [](Grouped& g) { g.group(g.p).members.push_back(g.t); });
  refuses("whole rows fit the cache", [](Grouped& g) { g.group(g.e).columns = 0; });
  refuses("a loop has whole rows", [](Grouped& g) { g.group(g.e).columns = 51; });
}

BOOST_AUTO_TEST_CASE(what_is_read_in_a_loop) {
  refuses("what a loop computes is read there in its order", [](Grouped& g) {
    const ValueId turned = g.of<Transpose>({g.of<Reshape>({g.e}, {50, 40})}, {40, 50}, {1, 0});
    g.graph.read_instead(g.q, g.e, turned);
    for (std::size_t k = g.groups.of.size(); k < g.graph.size(); ++k) {
      g.groups.of.push_back(no_group);
      g.groups.role.push_back(Role::Memory);
      g.groups.materialised.push_back(false);
    }
  });
  refuses("an input has an element for each of the loop",
          [](Grouped& g) { g.graph.read_instead(g.r, g.e, g.graph.inputs(g.p)[1]); });
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE_END()
