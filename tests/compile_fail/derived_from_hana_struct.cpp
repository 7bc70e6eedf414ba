// EXPECT: give it an XGRAD_FIELDS of its own
#include <boost/hana/define_struct.hpp>
#include <xgrad/xgrad.hpp>

struct Base {
  BOOST_HANA_DEFINE_STRUCT(Base, (xgrad::Var, a));
};
struct Derived : Base {
  xgrad::Var forgotten;
};

int main() { return static_cast<int>(xgrad::tree::leaves(Derived{}).size()); }
