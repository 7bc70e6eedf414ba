// Every row of the table of losses, and whether every loss has one.
#include <boost/test/unit_test.hpp>

#include <set>
#include <string>

#include <xgrad/loss/list.hpp>

#include "losses/check_rows.hpp"

using xgrad::testing::LossRow;

BOOST_AUTO_TEST_CASE(every_row_holds) {
  for (const LossRow& row : xgrad::testing::loss_table()) xgrad::testing::check_row(row);
}

BOOST_AUTO_TEST_CASE(every_loss_has_a_row_of_its_name) {
  std::set<std::string> rows;
  for (const LossRow& row : xgrad::testing::loss_table()) {
    BOOST_TEST(rows.insert(row.name).second, row.name << " stands twice");
  }
  std::set<std::string> losses;
  [&]<class... L>(boost::hana::tuple<boost::hana::basic_type<L>...>*) {
    (losses.emplace(L::name), ...);
  }(static_cast<xgrad::loss::List*>(nullptr));
  for (const std::string& loss : losses) BOOST_TEST(rows.contains(loss), loss << " has no row");
  for (const std::string& row : rows) {
    BOOST_TEST(losses.contains(row.substr(0, row.find('.'))), row << " is no loss of the list");
  }
}
