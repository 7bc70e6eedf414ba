#include <boost/test/unit_test.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include <xgrad/log.hpp>

BOOST_AUTO_TEST_SUITE(test_log)

namespace {

namespace xg = xgrad;

BOOST_AUTO_TEST_CASE(a_handler_gets_messages_and_gives_way) {
  std::vector<std::string> seen;
  const xg::LogHandler before = xg::set_log_handler([&](std::string_view message) { seen.emplace_back(message); });
  xg::detail::log("one");
  const xg::LogHandler mine = xg::set_log_handler({});
  xg::detail::log("nobody hears this");
  BOOST_TEST(seen == std::vector<std::string>{"one"}, boost::test_tools::per_element());
  mine("two");
  BOOST_TEST(seen.size() == 2);
  BOOST_TEST(!xg::set_log_handler(before));
}

BOOST_AUTO_TEST_CASE(what_a_handler_throws_is_ignored) {
  const xg::LogHandler before = xg::set_log_handler([](std::string_view) { throw std::runtime_error("full"); });
  xg::detail::log("anything");
  BOOST_CHECK_NO_THROW(xg::set_log_handler(before));
}

}  // namespace

BOOST_AUTO_TEST_SUITE_END()
