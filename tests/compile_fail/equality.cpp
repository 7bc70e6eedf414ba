// EXPECT: deleted
#include <xgrad/xgrad.hpp>

int main() { return xgrad::Var(1.0) == xgrad::Var(2.0) ? 0 : 1; }
