// Every loss that libtorch has, beside libtorch's: values, gradients, gradients of gradients.
#include <boost/test/unit_test.hpp>

#include <set>
#include <string>

#include "both.hpp"
#include "libtorch.hpp"
#include "losses/loss_table.hpp"

namespace xgrad::testing {
namespace {

void compare(const std::string& what, const Var& found, const Var& expected) {
  BOOST_TEST(to_string(found.shape()) == to_string(expected.shape()));
  BOOST_TEST(name(found.dtype()) == name(expected.dtype()));
  if (found.shape() != expected.shape()) return;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const double a = element(found, i);
    const double b = element(expected, i);
    BOOST_TEST(close(a, b, 1e-10), what << ", element " << i << ": " << a << " beside " << b);
  }
}

}  // namespace

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
        const Derivatives mine = ours(row.function, row.smooth[i], row.torch_order);
        const Derivatives other = theirs(libtorch::loss_prefix + row.name, row.smooth[i], row.torch_order);
        compare("value", mine.value, other.value);
        for (std::size_t k = 0; k < mine.gradients.size(); ++k) {
          compare("gradient " + std::to_string(k), mine.gradients[k], other.gradients[k]);
        }
        for (std::size_t k = 0; k < mine.second.size(); ++k) {
          compare("second order " + std::to_string(k), mine.second[k], other.second[k]);
        }
      }
    }
  }
}

}  // namespace xgrad::testing
