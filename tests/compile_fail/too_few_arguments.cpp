// EXPECT: no match for call|no matching function
#include <xgrad/xgrad.hpp>

int main() {
  (void)xgrad::grad<1>([](const xgrad::Var& x) { return x; })(1.0);
}
