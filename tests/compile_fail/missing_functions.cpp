// Functions of <cmath> that take no Var.
#include <cmath>
#include <xgrad/xgrad.hpp>

void functions(const xgrad::Var& x) {
  // EXPECT: xgrad has no rint: write round
  (void)rint(x);
  // EXPECT: xgrad has no fabs: write abs
  (void)fabs(x);
  // EXPECT: xgrad has no fma: write a . b . c
  (void)fma(x, x, x);
  // EXPECT: xgrad has no fdim
  (void)fdim(x + 1.0, 2.0);
}
