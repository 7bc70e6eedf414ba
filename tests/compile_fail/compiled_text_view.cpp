// EXPECT: use a std::string
#include <string_view>

#include <xgrad/xgrad.hpp>

struct Named {
  xgrad::Var weight;
  std::string_view name;
};
XGRAD_FIELDS(Named, weight, name)

int main() {
  const auto step = xgrad::compile([](const Named& model) { return model.weight * 2.0; });
  return static_cast<int>(step(Named{1.0, "a"}).size());
}
