#include <cstdlib>

#define BOOST_TEST_MODULE xgrad
#include <boost/test/unit_test.hpp>

#include "backend/cpu/machine_code.hpp"

namespace {

/// The arrays of tests are small, and what large ones go through must be tested.
struct MachineCodeForAll {
  MachineCodeForAll() {
    xgrad::backend::cpu::MachineCodeLimits& limits = xgrad::backend::cpu::machine_code_limits();
    // Straight code is for small loops that have no other.
    if (std::getenv("XGRAD_TEST_STRAIGHT_CODE") != nullptr) limits.straight_after = 0;
    else limits = {0, 0};
  }
};
BOOST_TEST_GLOBAL_FIXTURE(MachineCodeForAll);

}  // namespace
