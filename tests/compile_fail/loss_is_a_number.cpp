// EXPECT: returned a number or an xtensor expression
#include <xgrad/xgrad.hpp>

int main() {
  (void)xgrad::grad([](const xgrad::Var& x) { return sum(x * x).item<double>(); })(1.0);
}
