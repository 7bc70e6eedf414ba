// EXPECT: an argument to be differentiated holds no Var
#include <vector>
#include <xgrad/xgrad.hpp>

int main() {
  (void)xgrad::vjp([](const xgrad::Var& x) { return sum(x * x); }, std::vector<double>{1.0, 2.0});
}
