// Var: building from anything, reading back, element types.
#include <boost/test/unit_test.hpp>
#include <xgrad/xgrad.hpp>

namespace xg = xgrad;

BOOST_AUTO_TEST_CASE(reads_back_without_a_copy) {
  const xg::Var x = xt::xarray<double>{{1.0, 2.0}, {3.0, 4.0}};
  const xg::Var y = x;
  BOOST_TEST(x.array<double>().data() == y.array<double>().data());
  BOOST_TEST(x.array<double>()(1, 0) == 3.0);
}
