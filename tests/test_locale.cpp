// Texts and files are the same whatever locale the program has chosen.
#include <filesystem>
#include <fstream>
#include <locale>
#include <sstream>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/draw.hpp>
#include <xgrad/io/csv.hpp>
#include <xgrad/loss.hpp>
#include <xgrad/testing.hpp>
#include <xgrad/xgrad.hpp>

#include "comparing.hpp"

BOOST_AUTO_TEST_SUITE(test_locale)

namespace xg = xgrad;
using comparing::message_of;
using xg::Var;

namespace {

struct Comma : std::numpunct<char> {
  [[nodiscard]] char do_decimal_point() const override { return ','; }
  [[nodiscard]] char do_thousands_sep() const override { return '.'; }
  [[nodiscard]] std::string do_grouping() const override { return "\3"; }
};

/// 1234.5 is 1.234,5 for new streams while this lives.
class CommaLocale {
 public:
  CommaLocale() : before_(std::locale::global(std::locale(std::locale::classic(), new Comma))) {}
  CommaLocale(const CommaLocale&) = delete;
  CommaLocale& operator=(const CommaLocale&) = delete;
  ~CommaLocale() { std::locale::global(before_); }

 private:
  std::locale before_;
};

/// Texts of each kind that have numbers in them.
std::vector<std::string> texts() {
  std::vector<std::string> result;
  const Var x = xg::Array<double>({12'000}, 1234.5);
  const xg::Requirement requirement("{} breaks the limit of {}");
  result.push_back(message_of([&] { (void)checked(x, x < 1.0, requirement, 56'789).array<double>(); }));
  result.push_back(message_of([&] { (void)reshape(x, {12'001}); }));
  result.push_back(message_of([&] { (void)take(x, xt::xarray<std::int64_t>{12'345}).array<double>(); }));
  result.push_back(message_of([&] { (void)xg::loss::Huber{.delta = -1234.5}(x, x); }));
  result.push_back(message_of([&] { xg::set_threads(-12'345); }));
  std::ostringstream losses;
  losses << xg::loss::Huber{.delta = 1234.5} << xg::loss::Ssim{.window = 12'345};
  result.push_back(losses.str());
  std::ostringstream by_name;
  by_name << xg::loss::by_name("ssim", {{"window", 12'345}});
  result.push_back(by_name.str());
  result.push_back(xg::compile([](const Var& y) { return sum(y * 1234.5); }).plan(x));
  const auto wrong = [](const Var& y) { return sum(y * xg::stop_gradient(y)); };
  result.push_back(xg::testing::check_gradients(wrong, xt::xarray<double>{1234.5}).message);
  const xg::draw::Plot plot{.series = {{.name = "curve", .x = {0.5, 12'345.0}, .y = {1234.5, 56'789.0}}}};
  result.push_back(xg::draw::svg(plot));
  return result;
}

}  // namespace

BOOST_AUTO_TEST_CASE(texts_have_points) {
  const std::vector<std::string> expected = texts();
  BOOST_TEST(expected[0] == "1234.5 breaks the limit of 56789");
  const CommaLocale comma;
  std::ostringstream number;
  number << 1234.5;
  BOOST_TEST_REQUIRE(number.str() == "1.234,5");
  BOOST_TEST(texts() == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(files_have_points) {
  const CommaLocale comma;
  const std::filesystem::path path = "test_locale.csv";
  std::ofstream(path) << "1234.5;0.25\n";
  const xg::Array<double> table = xg::io::read_csv(path, {.delimiter = ';'});
  std::filesystem::remove(path);
  BOOST_TEST(table(0, 0) == 1234.5);
  BOOST_TEST(table(0, 1) == 0.25);
}

BOOST_AUTO_TEST_SUITE_END()
