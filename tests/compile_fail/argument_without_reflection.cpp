// EXPECT: list the members of a struct with XGRAD_FIELDS
#include <xgrad/xgrad.hpp>

struct Model {
  xgrad::Var weight;
};

auto gradient() {
  return xgrad::grad([](const Model& m) { return sum(m.weight); })(Model());
}
