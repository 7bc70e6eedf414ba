// EXPECT: returned a number or an xtensor expression
#include <xtensor/xmath.hpp>

#include <xgrad/xgrad.hpp>

int main() {
  (void)xgrad::grad([](const xgrad::Var& x) { return xt::sum(x.array<double>()); })(1.0);
}
