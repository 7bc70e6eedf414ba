// EXPECT: a function to be differentiated returns its loss
#include <string>
#include <xgrad/xgrad.hpp>

int main() {
  (void)xgrad::grad([](const xgrad::Var&) { return std::string("loss"); })(1.0);
}
