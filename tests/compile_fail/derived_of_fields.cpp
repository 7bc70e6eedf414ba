// EXPECT: not a tree: list the members of this struct with XGRAD_FIELDS
#include <xgrad/xgrad.hpp>

struct Base {
  xgrad::Var x;
};
XGRAD_FIELDS(Base, x)
struct Derived : Base {
  xgrad::Var forgotten;
};

auto leaves() { return xgrad::tree::leaves(std::vector<Derived>()); }
