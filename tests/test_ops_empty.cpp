// Arrays without elements, without axes and with as many axes as there can be.
#include <boost/test/unit_test.hpp>

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include <xgrad/xgrad.hpp>

#include "ops_compare.hpp"
#include "ops_table_rows.hpp"

BOOST_AUTO_TEST_SUITE(test_ops_empty)

namespace xg = xgrad;
using namespace xt::placeholders;
using xg::concatenate;
using xg::Shape;
using xg::stack;
using xg::Var;
using xg::testing::array_of;
using xg::testing::check_elements;
using xg::testing::infinity;
using xg::testing::not_a_number;
using xg::testing::numbered;

namespace {

using Int = std::int64_t;
using Function = std::function<Var(const Var&)>;

Var empty(const Shape& shape) { return array_of<double>(shape, {}); }

/// The result of f, concrete and recorded, and first and second derivatives of its shape without elements.
void check_empty(const std::string& name, const Function& f, const Shape& from, const Shape& to) {
  BOOST_TEST_CONTEXT(name << " of " << to_string(from)) {
    const Var x = empty(from);
    const Var y = f(x);
    BOOST_TEST(to_string(y.shape()) == to_string(to));
    BOOST_TEST(y.size() == size_of(to));
    xg::Tape tape;
    const Var recorded = f(tape.leaf(x));
    BOOST_TEST(to_string(tape.evaluate(recorded).shape()) == to_string(to));
    if (!is_floating(y.dtype())) return;
    const auto total = [&](const Var& z) { return sum(f(z)); };
    BOOST_TEST(to_string(xg::grad(total)(x).shape()) == to_string(from));
    BOOST_TEST(to_string(hvp(total, x, x).shape()) == to_string(from));
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(elementwise_operations_on_nothing) {
  for (const Shape& shape : {Shape{0}, Shape{0, 3}, Shape{2, 0, 3}}) {
    check_empty(
        "add", [](const Var& x) { return x + x; }, shape, shape);
    check_empty(
        "scalar", [](const Var& x) { return 2.0 * x - 1.0; }, shape, shape);
    check_empty("exp", xg::exp, shape, shape);
    check_empty("tanh", xg::tanh, shape, shape);
    check_empty(
        "pow", [](const Var& x) { return pow(x, 3.0); }, shape, shape);
    check_empty(
        "where", [](const Var& x) { return where(x > 0.0, log(x), x); }, shape, shape);
    check_empty(
        "clip", [](const Var& x) { return clip(x, -1.0, 1.0); }, shape, shape);
    check_empty(
        "maximum", [](const Var& x) { return maximum(x, -x); }, shape, shape);
    check_empty(
        "less", [](const Var& x) { return x < 0.0; }, shape, shape);
    check_empty(
        "cast", [](const Var& x) { return cast<Int>(x); }, shape, shape);
    check_empty(
        "softmax", [](const Var& x) { return softmax(x); }, shape, shape);
    check_empty(
        "log_softmax", [](const Var& x) { return log_softmax(x); }, shape, shape);
    check_empty(
        "stop_gradient", [](const Var& x) { return x * stop_gradient(x); }, shape, shape);
  }
  check_empty("broadcast", [](const Var& x) { return x + numbered({2, 1}); }, {0}, {2, 0});
  check_empty("broadcast 1", [](const Var& x) { return x * numbered({1}); }, {0}, {0});
  check_empty("broadcast rows", [](const Var& x) { return x * numbered({3}); }, {0, 1}, {0, 3});
}

BOOST_AUTO_TEST_CASE(reductions_of_nothing) {
  const Var x = empty({0, 3});
  check_elements<double>(sum(x), {}, {0.0});
  check_elements<double>(sum(x, 0), {3}, {0, 0, 0});
  check_elements<double>(sum(x, 1), {0}, {});
  check_elements<double>(sum(x, 0, xg::keep_dims), {1, 3}, {0, 0, 0});
  check_elements<double>(prod(x), {}, {1.0});
  check_elements<double>(prod(x, 0), {3}, {1, 1, 1});
  check_elements<double>(prod(x, 1, xg::keep_dims), {0, 1}, {});
  check_elements<double>(mean(x), {}, {not_a_number});
  check_elements<double>(mean(x, 0), {3}, {not_a_number, not_a_number, not_a_number});
  check_elements<double>(mean(x, 1), {0}, {});
  check_elements<double>(variance(x, 0), {3}, {not_a_number, not_a_number, not_a_number});
  check_elements<double>(norm(x), {}, {0.0});
  check_elements<double>(logsumexp(x), {}, {-infinity});
  check_elements<double>(logsumexp(x, 0), {3}, {-infinity, -infinity, -infinity});
  check_elements<double>(logsumexp(x, 1), {0}, {});
  check_elements<double>(amax(x, 1), {0}, {});
  check_elements<double>(amin(x, 1, xg::keep_dims), {0, 1}, {});
  check_elements<Int>(argmax(x, 1), {0}, {});
  check_elements<Int>(sum(array_of<Int>({0}, {})), {}, {0});
  check_elements<Int>(prod(array_of<Int>({0}, {})), {}, {1});
  check_elements<Int>(sum(array_of<bool>({0}, {})), {}, {0});
  check_elements<float>(mean(array_of<float>({0}, {})), {}, {NAN});
  using Reduction = Var (*)(const Var&, const xg::Axes&, xg::KeepDims);
  for (const Reduction f :
       std::initializer_list<Reduction>{xg::sum, xg::mean, xg::prod, xg::variance, xg::norm, xg::logsumexp}) {
    check_empty("all axes", [f](const Var& y) { return f(y, {}, xg::KeepDims::no); }, {0, 3}, {});
    check_empty("the empty axis", [f](const Var& y) { return f(y, 0, xg::KeepDims::no); }, {0, 3}, {3});
    check_empty("the other axis", [f](const Var& y) { return f(y, 1, xg::KeepDims::no); }, {0, 3}, {0});
  }
  for (const Reduction f : std::initializer_list<Reduction>{xg::amax, xg::amin}) {
    check_empty("extremum along the other axis", [f](const Var& y) { return f(y, 1, xg::KeepDims::no); }, {0, 3}, {0});
  }
}

BOOST_AUTO_TEST_CASE(rearranging_nothing) {
  check_empty("reshape", [](const Var& x) { return reshape(x, {3, 0, 2}); }, {0, 3}, {3, 0, 2});
  check_empty("reshape -1", [](const Var& x) { return reshape(x, {-1, 3}); }, {0, 3}, {0, 3});
  check_empty("flatten", [](const Var& x) { return flatten(x); }, {2, 0}, {0});
  check_empty("transpose", [](const Var& x) { return transpose(x); }, {0, 3}, {3, 0});
  check_empty("expand_dims", [](const Var& x) { return expand_dims(x, 1); }, {0, 3}, {0, 1, 3});
  check_empty("squeeze", [](const Var& x) { return squeeze(x); }, {1, 0}, {0});
  check_empty("broadcast_to", [](const Var& x) { return broadcast_to(x, {2, 0}); }, {0}, {2, 0});
  check_empty("broadcast_to 0", [](const Var& x) { return broadcast_to(reshape(sum(x), {1}), {0}); }, {3, 0}, {0});
  check_empty("concatenate", [](const Var& x) { return concatenate({x, numbered({2, 3})}); }, {0, 3}, {2, 3});
  check_empty("concatenate nothing", [](const Var& x) { return concatenate({x, x}, 1); }, {0, 3}, {0, 6});
  check_empty("stack", [](const Var& x) { return stack({x, x}); }, {0}, {2, 0});
  check_empty("view", [](const Var& x) { return view(x, xt::all(), xt::range(_, _, -1)); }, {0, 3}, {0, 3});
  check_empty("view index", [](const Var& x) { return view(x, xt::all(), 1); }, {0, 3}, {0});
  check_empty("view keep", [](const Var& x) { return view(x, xt::all(), xt::keep(1, 1)); }, {0, 3}, {0, 2});
  check_empty("take", [](const Var& x) { return take(x, array_of<Int>({2}, {0, 2}), 1); }, {0, 3}, {0, 2});
  check_empty("take nothing", [](const Var& x) { return take(x, array_of<Int>({0}, {}), 0); }, {0, 3}, {0, 3});
  check_empty("take_along_axis",
              [](const Var& x) {
                return take_along_axis(x, array_of<Int>({0, 1}, {}), 1);
              },
              {0, 3}, {0, 1});
  const Var some = numbered({2, 3});
  check_elements<double>(xg::grad([](const Var& x) { return sum(view(x, xt::range(1, 1))); })(some), {2, 3},
                         std::vector<double>(6, 0.0));
  check_elements<double>(xg::grad([](const Var& x) { return sum(take(x, array_of<Int>({0}, {}), 1)); })(some), {2, 3},
                         std::vector<double>(6, 0.0));
}

BOOST_AUTO_TEST_CASE(products_over_nothing_have_zero_derivatives) {
  check_empty("matmul k = 0", [](const Var& x) { return matmul(x, transpose(x)); }, {2, 0}, {2, 2});
  check_empty("matmul m = 0", [](const Var& x) { return matmul(x, numbered({3, 2})); }, {0, 3}, {0, 2});
  check_empty("stack of none", [](const Var& x) { return matmul(x, numbered({3, 2})); }, {0, 4, 3}, {0, 4, 2});
  check_empty("one for a stack, k = 0", [](const Var& x) { return matmul(x, empty({0, 2})); }, {5, 4, 0}, {5, 4, 2});
  check_empty("vectors", [](const Var& x) { return matmul(x, x); }, {0}, {});
  check_empty("dot", [](const Var& x) { return dot(x, empty({2, 0, 3})); }, {4, 0}, {4, 2, 3});
  check_empty("outer", [](const Var& x) { return outer(x, numbered({3})); }, {0}, {0, 3});
  const Var b = numbered({3, 2});
  const auto f = [](const Var& x) { return sum(matmul(empty({0, 3}), x)); };
  check_elements<double>(xg::grad(f)(b), {3, 2}, std::vector<double>(6, 0.0));
}

BOOST_AUTO_TEST_CASE(scalars_have_no_axes) {
  const Var x = array_of<double>({}, {3.0});
  const auto check = [&](const Function& f, double value, double first) {
    check_elements<double>(f(x), {}, {value}, 1e-15);
    check_elements<double>(xg::grad(f)(x), {}, {first}, 1e-15);
  };
  check([](const Var& y) { return sum(y); }, 3, 1);
  check([](const Var& y) { return mean(y); }, 3, 1);
  check([](const Var& y) { return prod(y); }, 3, 1);
  check([](const Var& y) { return amax(y); }, 3, 1);
  check([](const Var& y) { return amin(y); }, 3, 1);
  check([](const Var& y) { return variance(y); }, 0, 0);
  check([](const Var& y) { return norm(y); }, 3, 1);
  check([](const Var& y) { return logsumexp(y); }, 3, 1);
  check([](const Var& y) { return transpose(y); }, 3, 1);
  check([](const Var& y) { return squeeze(expand_dims(y, 0)); }, 3, 1);
  check([](const Var& y) { return dot(y, y); }, 9, 6);
  check([](const Var& y) { return view(flatten(y), 0); }, 3, 1);
  check([](const Var& y) { return softmax(y, {}); }, 1, 0);
  check_elements<double>(broadcast_to(x, {2, 2}), {2, 2}, {3, 3, 3, 3});
  check_elements<double>(stack({x, x}), {2}, {3, 3});
  check_elements<Int>(argmax(x), {}, {0});
  check_elements<double>(one_hot(array_of<Int>({}, {1}), 2), {2}, {0, 1});
}

BOOST_AUTO_TEST_CASE(eight_axes) {
  const Shape shape{2, 1, 2, 1, 3, 1, 2, 1};
  const Var x = numbered(shape);
  const Var other = numbered({1, 2, 1, 1, 3, 2, 1, 2});
  const Var both = x * other;
  BOOST_TEST(to_string(both.shape()) == "[2, 2, 2, 1, 3, 2, 2, 2]");
  xg::testing::for_each_index(both.shape(), [&](const Shape& at) {
    const double a = xg::testing::element(x, {at[0], 0, at[2], 0, at[4], 0, at[6], 0});
    const double b = xg::testing::element(other, {0, at[1], 0, 0, at[4], at[5], 0, at[7]});
    BOOST_TEST(xg::testing::element(both, at) == a * b);
  });
  const std::vector<double> all = xg::testing::elements<double>(x);
  check_elements<double>(sum(x, {0, 2, 4, 6}, xg::keep_dims), {1, 1, 1, 1, 1, 1, 1, 1}, {-12.0});
  check_elements<double>(reshape(squeeze(x), xg::Strides(shape)), shape, all);
  check_elements<double>(transpose(transpose(x)), shape, all);
  check_elements<double>(view(x, 1, xt::ellipsis(), 0), {1, 2, 1, 3, 1, 2}, {all.begin() + 12, all.end()});
  check_elements<double>(sum(expand_dims(numbered({1, 1, 1, 1, 1, 1, 2}), -1)), {}, {-1.0});
  const auto f = [&](const Var& y) { return sum(square(transpose(y)) * transpose(other)); };
  const Var gradient = xg::grad(f)(x);
  BOOST_TEST(to_string(gradient.shape()) == to_string(shape));
  // 2 x times the sum of the factors that each element meets
  const Var met = sum(other, {1, 5, 7}, xg::keep_dims);
  xg::testing::check_same(gradient, 2.0 * x * broadcast_to(met, shape), 1e-14);
}

BOOST_AUTO_TEST_SUITE_END()
