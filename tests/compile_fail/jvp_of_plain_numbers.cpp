// EXPECT: returned a result that holds no Var
#include <array>
#include <xgrad/xgrad.hpp>

int main() {
  (void)xgrad::jvp([](const xgrad::Var& x) { return std::array{x.item<double>()}; }, 1.0, 1.0);
}
