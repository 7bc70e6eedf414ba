// EXPECT: deleted
#include <complex>
#include <xgrad/xgrad.hpp>

int main() {
  const xgrad::Var x(xt::xarray<std::complex<double>>{1.0, 2.0});
  return static_cast<int>(x.size());
}
