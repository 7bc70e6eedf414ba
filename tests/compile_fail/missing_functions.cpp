// Functions of <cmath> that take no Var.
#include <cmath>
#include <xgrad/xgrad.hpp>

void functions(const xgrad::Var& x) {
  // EXPECT: xgrad has no floor
  (void)floor(x);
  // EXPECT: xgrad has no ceil
  (void)ceil(x + 1.0);
  // EXPECT: xgrad has no round
  (void)round(x);
  // EXPECT: xgrad has no fmod
  (void)fmod(x, 2.0);
  // EXPECT: xgrad has no fabs: write abs
  (void)fabs(x);
  // EXPECT: xgrad has no atan2
  (void)atan2(x, x);
  // EXPECT: xgrad has no log2: write log.x. / std::log
  (void)log2(x);
  // EXPECT: xgrad has no isnan: write not_equal
  (void)isnan(x);
}
