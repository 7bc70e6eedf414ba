// Every loss that libtorch has, beside libtorch's: values, gradients, gradients of gradients.
#include <boost/test/unit_test.hpp>

#include <set>
#include <string>

#include "both.hpp"
#include "libtorch.hpp"
#include "losses/loss_table.hpp"

namespace xgrad::testing {
BOOST_AUTO_TEST_CASE(every_loss_of_libtorch_has_a_row) {
  std::set<std::string> keys;
  for (const std::string& key : libtorch::keys()) {
    if (key.starts_with(libtorch::loss_prefix)) keys.insert(key.substr(std::string(libtorch::loss_prefix).size()));
  }
  for (const LossRow& row : loss_table()) {
    BOOST_TEST(row.torch == keys.contains(row.name), row.name << (row.torch ? " has no counterpart" : " is compared"));
    keys.erase(row.name);
  }
  for (const std::string& key : keys) BOOST_ERROR(key + ": a counterpart without a row");
}

BOOST_AUTO_TEST_CASE(values_and_derivatives_agree) {
  for (const LossRow& row : loss_table()) {
    if (!row.torch) continue;
    for (std::size_t i = 0; i < row.smooth.size(); ++i) {
      BOOST_TEST_CONTEXT(row.name << ", smooth case " << i) {
        check_same(ours(row.function, row.smooth[i], row.torch_order),
                   theirs(libtorch::loss_prefix + row.name, row.smooth[i], row.torch_order));
      }
    }
  }
}

}  // namespace xgrad::testing
