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
}
