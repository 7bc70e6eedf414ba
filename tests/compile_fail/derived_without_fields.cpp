// EXPECT: give it an XGRAD_FIELDS of its own
#include <xgrad/xgrad.hpp>

struct Base {
  xgrad::Var a;
  XGRAD_MEMBER_FIELDS(Base, a)
};
struct Derived : Base {
  xgrad::Var forgotten;
};

int main() { return static_cast<int>(xgrad::tree::leaves(Derived{}).size()); }
