// What users of other libraries write.
#include <xgrad/xgrad.hpp>

using xgrad::Var;

void lists() {
  // EXPECT: a list in braces is no Var: write Var.std::vector<double>.1, 2, 3
  Var x = {1, 2, 3};
  // EXPECT: a list in braces is no Var: write Var.xt::xarray<double>
  Var y = {{1.0, 2.0}, {3.0, 4.0}};
}

void temporaries(Var x) {
  // EXPECT: this Var is a temporary, and assigning to it changes nothing
  view(x, 0) = 5.0;
  // EXPECT: this Var is a temporary, and assigning to it changes nothing
  view(x, 1) = x;
  // EXPECT: this Var is a temporary, and adding to it changes nothing
  view(x, 2) += 1.0;
  // EXPECT: this Var is a temporary, and multiplying it changes nothing
  view(x, 2) *= x;
  // EXPECT: this Var is a temporary, and %= changes nothing
  view(x, 3) %= 2.0;
}

void elements(Var x) {
  // EXPECT: assignment of read-only location|cannot assign to return value
  view(x, 0).array<double>()(0) = 5.0;
  auto copy = view(x, 0).array<double>();
  copy(0) = 5.0;
}

void members(const Var& x) {
  // EXPECT: a part of x is view.x, i, j., a number in it x.array<double>...i, j
  (void)x(0);
  // EXPECT: a part of x is view.x, i., a number in it x.array<double>...i
  (void)x[0];
  // EXPECT: the numbers of x are at x.array<double>...data
  (void)x.data();
  // EXPECT: write sum.x, .*not x.sum
  (void)x.sum();
  // EXPECT: write mean.x, .*not x.mean
  (void)x.mean(0);
  // EXPECT: write amax.x, .*not x.max
  (void)x.max();
  // EXPECT: write reshape.x, .*not x.reshape
  (void)x.reshape(2, 3);
  // EXPECT: write transpose.x, .*not x.transpose
  (void)x.transpose();
  // EXPECT: write stop_gradient.x., not x.detach
  (void)x.detach();
  // EXPECT: write xgrad::grad.loss..x., a function of a function, not loss.backward
  x.backward();
}
