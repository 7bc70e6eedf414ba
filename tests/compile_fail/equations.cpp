// Equations and systems whose parts do not fit each other.
#include <tuple>

#include <xgrad/xgrad.hpp>

using xgrad::Var;

auto first(const Var& a) {
  const auto residual = [](const Var& z) { return z * z; };  // without the parameter
  const auto solver = [](const Var& start, const Var&) { return start; };
  // EXPECT: the equation is called with a solution of the type that the solver returns
  return xgrad::implicit(residual, solver)(a, a);
}

auto second(const Var& a) {
  const auto residual = [](const Var& z, const Var& p) { return z - p; };
  const auto solver = [](const Var&, const Var&) { return 1.0; };
  // EXPECT: a solver returns a tree of Vars: the solution
  return xgrad::implicit(residual, solver)(a, a);
}

auto third(const Var& b) {
  // EXPECT: matvec returns a tree like the right-hand side
  return xgrad::linear_solve([](const Var& v) { return std::pair{v, v}; }, b);
}
