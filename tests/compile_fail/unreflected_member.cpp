// EXPECT: list the members of this struct with XGRAD_FIELDS
#include <xgrad/xgrad.hpp>

struct Layer {
  xgrad::Var weight;
};
struct Net {
  Layer layer;
};
XGRAD_FIELDS(Net, layer)

int main() { return static_cast<int>(xgrad::tree::leaves(Net{}).size()); }
