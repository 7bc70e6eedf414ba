// EXPECT: returned a number or an xtensor expression
#include <xgrad/xgrad.hpp>

int main() {
  (void)xgrad::vjp([](const xgrad::Var& x) { return sum(x).item<double>(); }, 1.0);
}
