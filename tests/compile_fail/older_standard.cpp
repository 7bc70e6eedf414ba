// EXPECT: xgrad needs C..20: compile with -std=c..20
// FLAGS: -std=c++17
#include <xgrad/xgrad.hpp>
