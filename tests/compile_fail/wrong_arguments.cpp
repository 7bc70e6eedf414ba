// Transforms of functions that are called with other arguments than they have.
#include <xgrad/xgrad.hpp>

namespace xg = xgrad;
using xg::Var;

struct Model {
  Var weight;
};
XGRAD_FIELDS(Model, weight)

void calls(const Var& x, const Model& model) {
  const auto one = [](const Var& a) { return sum(a); };
  const auto two = [](const Var& a, const Var& b) { return sum(a * b); };
  const auto three = [](const Var& a, const Var& b, const Var& c) { return sum(a * b * c); };
  const auto four = [](const Var& a, const Var& b, const Var& c, const Var& d) { return sum(a * b * c * d); };
  const auto of_model = [](const Model& m) { return sum(m.weight); };
  // EXPECT: an argument to be differentiated is not given: positions count from 0
  (void)xg::grad<1>(one)(x);
  // EXPECT: the function of this transform cannot be called with these arguments
  (void)xg::grad(two)(x);
  // EXPECT: the function of this transform cannot be called with these arguments
  (void)xg::value_and_grad(one)(x, x);
  // EXPECT: the function of this transform cannot be called with these arguments
  (void)xg::grad(of_model)(x);
  // EXPECT: the function of this transform cannot be called with these arguments
  (void)xg::jacobian(three)(x);
  // EXPECT: the function of this transform cannot be called with these arguments
  (void)xg::compile(four)(x);
  // EXPECT: the function of this transform cannot be called with these arguments
  (void)xg::vjp(two, x);
  // EXPECT: the function of this transform cannot be called with these arguments
  (void)xg::jvp(three, x, x);
  // EXPECT: hvp takes a function of one argument
  (void)xg::hvp(two, x, x);
  // EXPECT: the function of this transform cannot be called with these arguments
  (void)xg::grad(xg::grad(two))(model);
  // EXPECT: the function of this transform cannot be called with these arguments
  (void)xg::linearize(two, x);
  // EXPECT: the function of this transform cannot be called with these arguments
  (void)xg::linear_transpose([](const Var& a, const Var& b) { return sum(a * b); }, x);
  // EXPECT: the function of this transform cannot be called with these arguments
  (void)xg::laplacian([](const Var& a, const Var& b) { return sum(a * b); })(x);
  // EXPECT: the function of this transform cannot be called with these arguments
  (void)xg::laplacian(one)(x, x);
}

void control(const Var& x) {
  const auto one = [](const Var& a) { return sum(a); };
  const auto two = [](const Var& a, const Var& b) { return sum(a * b); };
  // EXPECT: cond: both functions are called with the operands behind them: write cond.condition
  (void)xg::cond(sum(x) > 0.0, one, two, x);
  // EXPECT: switch_: all functions are called with the operands: write switch_.number
  (void)xg::switch_(sum(x), std::tuple{one, two}, x);
  // EXPECT: scan: the body is called with what is carried and with elements of the arrays, two trees: write scan
  (void)xg::scan(one, x, x);
  // EXPECT: scan: the body returns a std::pair of what is carried next.*: write return std::pair.carried, y
  (void)xg::scan(two, x, x);
  // EXPECT: fori_loop: the body is called with the number of the run.*: write fori_loop.n
  (void)xg::fori_loop(3, one, x);
  // EXPECT: while_loop: the condition is a Var.*: write while_loop
  (void)xg::while_loop([](const Var& v) { return sum(v) < 9.0; }, two, x);
  // EXPECT: linear_solve: matvec is called with a tree like the right-hand side
  (void)xg::linear_solve(two, x);
  // EXPECT: associative_scan: the function is called with two trees like the elements, and returns one: write
  (void)xg::associative_scan(one, x);
  // EXPECT: the function of this transform cannot be called with these arguments
  (void)xg::vmap([](const Var& a, const Var& b) { return sum(a * b); })(x);
  // EXPECT: the function of this transform cannot be called with these arguments
  (void)xg::checkpoint([](const Var& a, const Var& b) { return sum(a * b); })(x);
  // EXPECT: the function of this transform cannot be called with these arguments
  (void)xg::hessian([](const Var& a, const Var& b) { return sum(a * b); })(x);
  // EXPECT: the function of this transform cannot be called with these arguments
  (void)xg::jet([](const Var& a, const Var& b) { return sum(a * b); }, x, {x});
  // EXPECT: the function of this transform cannot be called with these arguments
  (void)xg::sparse_jacobian([](const Var& a, const Var& b) { return sum(a * b); })(x);
  // EXPECT: the function of this transform cannot be called with these arguments
  (void)xg::debug::nan_guard([](const Var& a, const Var& b) { return sum(a * b); })(x);
  // EXPECT: the function of this transform cannot be called with these arguments
  (void)xg::custom_jvp([](const Var& a, const Var& b) { return sum(a * b); }, two)(x);
}
