// EXPECT: an argument to be differentiated holds no Var
#include <xgrad/xgrad.hpp>

auto gradient() {
  return xgrad::grad([](const std::vector<double>& v) { return xgrad::Var(v[0]); })(std::vector<double>{1.0});
}
