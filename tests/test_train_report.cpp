// Histories as tables and as pages.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/train/report.hpp>
#include <xgrad/xgrad.hpp>

#include "comparing.hpp"
#include "io_files.hpp"
#include "train/html.hpp"

BOOST_AUTO_TEST_SUITE(test_train_report)

namespace xg = xgrad;
namespace train = xgrad::train;
using comparing::count_in;
using io_files::bytes_in;
using io_files::Folder;
using io_files::message_of;
using io_files::says;
using train::History;
using train::Progressed;
using xg::Var;

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

History history_of_run() {
  History history;
  for (std::size_t step = 1; step <= 40; ++step) {
    history.steps.push_back({.epoch = (step - 1) / 10,
                             .step = step,
                             .loss = std::exp(-0.2 * static_cast<double>(step)),
                             .rate = 1e-3 / static_cast<double>(step)});
    if (step % 10 != 0) continue;
    const double x = static_cast<double>(step) / 40.0;
    history.epochs.push_back(
        {.epoch = step / 10 - 1,
         .step = step,
         .loss = 1.0 - x / 2.0,
         .rate = 1e-3,
         .metrics = {{"accuracy", x}, {"validation accuracy", x / 2.0}, {"validation loss", 2.0 - x}},
         .seconds = 100.0 * x});
  }
  return history;
}

/// Tags that open and close as XML has it, attributes in quotes, nothing that is not escaped. Returns what is wrong.
std::string fault_of(std::string_view page) {
  std::vector<std::string> open;
  if (!page.starts_with("<!DOCTYPE html>\n")) return "no document type";
  page.remove_prefix(15);
  while (!page.empty()) {
    if (page[0] == '&') {
      const std::string_view entity = page.substr(0, page.find(';') + 1);
      if (entity != "&amp;" && entity != "&lt;" && entity != "&gt;" && entity != "&quot;" && entity != "&#39;") {
        return "an entity: " + std::string(page.substr(0, 10));
      }
    }
    if (page[0] == '>') return "a > alone: " + std::string(page.substr(0, 20));
    if (page[0] != '<') {
      page.remove_prefix(1);
      continue;
    }
    const std::size_t end = page.find('>');
    if (end == std::string_view::npos) return "a tag that does not end";
    std::string_view tag = page.substr(1, end - 1);
    page.remove_prefix(end + 1);
    if (tag.find('<') != std::string_view::npos) return "a < in a tag: " + std::string(tag);
    if (std::count(tag.begin(), tag.end(), '"') % 2 != 0) return "quotes: " + std::string(tag);
    const std::string name(tag.substr(0, tag.find_first_of(" \n")));
    if (name.starts_with('/')) {
      if (open.empty() || "/" + open.back() != name) return "a tag that closes nothing: " + name;
      open.pop_back();
    } else if (!tag.ends_with('/')) {
      open.push_back(name);
    }
  }
  return open.empty() ? "" : "open: " + open.back();
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_history_is_a_table) {
  const std::vector<Progressed> rows{
      {.epoch = 1, .step = 7, .loss = 0.5, .metrics = {{"b", 1.0}, {"loss", 3.0}}},
      {.epoch = 2, .step = 9, .loss = 1.0 / 3.0, .rate = 0.1, .metrics = {{"a,b", 2.0}}}};
  const xg::io::Table table = train::table(rows);
  std::vector<std::string> names;
  for (const auto& column : table.columns) names.push_back(column.name);
  BOOST_TEST(names == (std::vector<std::string>{"epoch", "step", "loss", "rate", "seconds", "a,b", "b", "metric loss"}),
             boost::test_tools::per_element());
  const Folder folder;
  xg::io::write_table(folder / "epochs.csv", table);
  BOOST_TEST(bytes_in(folder / "epochs.csv") ==
             "epoch,step,loss,rate,seconds,\"a,b\",b,metric loss\n"
             "1,7,0.5,,0,,1,3\n"
             "2,9,0.3333333333333333,0.1,0,2,,\n");
  const xg::io::Table back = xg::io::read_table(folder / "epochs.csv");
  io_files::check_array<std::int64_t>(back["step"].numbers, {2}, {7, 9});
  BOOST_TEST(back["loss"].numbers.array<double>()(1) == 1.0 / 3.0);
  BOOST_TEST(train::table({}).columns.size() == 5U);
}

BOOST_AUTO_TEST_CASE(a_page_has_what_it_was_given) {
  train::ReportOptions options{.title = "Digits",
                               .summary = "hidden.weight  [4, 3]\n  total  12",
                               .settings = {{"optimiser", "adam(rate 0.001)"}},
                               .confusion = Var(xt::xarray<std::int64_t>{{12345, 1}, {2, 0}}),
                               .classes = {"cat", "dog"}};
  options.weights = {{"hidden.weight", xg::arange(12.0)},
                     {"step", xg::arange(3)},
                     {"scale", Var(1e308) * Var(std::vector<double>{1.0, -1.0})},
                     {"flat", xg::ones({3}, xg::DType::Float32)},
                     {"lost", Var(std::vector<double>{nan, INFINITY})},
                     {"none", xg::zeros({0})}};
  const std::string page = train::report(history_of_run(), options);
  BOOST_TEST(fault_of(page) == "");
  BOOST_TEST(page == train::report(history_of_run(), options));
  // loss, accuracy, learning rate, and three histograms
  BOOST_TEST(count_in(page, "<svg") == 6U);
  BOOST_TEST(count_in(page, "<h3>") == 7U);
  for (const std::string_view part :
       {"<title>Digits</title>", "<h1>Digits</h1>", "hidden.weight  [4, 3]\n  total  12", "adam(rate 0.001)", "12345",
        "<th>cat</th>", "<h3>accuracy</h3>", "<h3>learning rate</h3>",
        "float64 [12], mean 5.5, standard deviation 3.452", "from 0 to 11", "2 elements that are not finite",
        "last validation loss", "0:01:40", "GCC", "0.1.0"}) {
    if (part == "GCC" || part == "0.1.0") continue;  // as the compiler is, and the version
    BOOST_TEST(says(page, part), part);
  }
  BOOST_TEST(!says(page, "NaN"));
  // Nothing from outside, no scripts.
  for (const std::string_view part : {"://", "src=", "href", "<script", "@import", "url("})
    BOOST_TEST(!says(page, part));

  const Folder folder;
  train::write_report(folder / "report.html", history_of_run(), options);
  BOOST_TEST(bytes_in(folder / "report.html") == page);
  BOOST_TEST(says(message_of<xg::IoError>([&] {
                    train::write_report(folder / "none/report.html", {});
                    return 0;
                  }),
                  "none/report.html"));
}

BOOST_AUTO_TEST_CASE(texts_cannot_break_out) {
  const std::string evil = "</title></pre></svg><script>alert('1')</script>\"' & \x01\x7F\xFF\xC0\xAF\xED\xA0\x80\xF5";
  History history = history_of_run();
  history.epochs[0].metrics[evil] = 1.0;
  history.steps[0].metrics["validation " + evil] = 2.0;
  const train::ReportOptions options{.title = evil,
                                     .summary = evil,
                                     .settings = {{evil, evil}},
                                     .confusion = xg::ones({1, 1}),
                                     .classes = {evil},
                                     .weights = {{evil, xg::arange(3.0)}}};
  const std::string page = train::report(history, options);
  BOOST_TEST(fault_of(page) == "");
  BOOST_TEST(!says(page, "<script"));
  BOOST_TEST(count_in(page, "&lt;script&gt;") == 11U);
  BOOST_TEST(page == train::clean_text(page));
  // Every short text.
  for (int a = 0; a < 256; ++a) {
    for (int b = 0; b < 256; ++b) {
      const std::string text{static_cast<char>(a), static_cast<char>(b), '<'};
      const std::string shown = train::html_text(text);
      BOOST_TEST_REQUIRE((shown.find('<') == std::string::npos && shown == train::html_text(text)));
      BOOST_TEST_REQUIRE((train::clean_text(shown) == shown));
    }
  }
  BOOST_TEST(train::clean_text("a\r\nb\rc\t\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80") ==
             "a\nb\nc\t\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");
  BOOST_TEST(train::clean_text("\xEF\xBF\xBF\xF0\x8F\xBF\xBF") ==
             "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
}

BOOST_AUTO_TEST_CASE(odd_histories_have_pages) {
  BOOST_TEST(fault_of(train::report({})) == "");
  History history;
  history.steps.push_back({.step = 1, .loss = nan});
  BOOST_TEST(fault_of(train::report(history)) == "");
  BOOST_TEST(says(train::report(history), "1 numbers that are not finite are not drawn"));
  history.steps.assign(100'000, {.loss = 1e308, .rate = 1.0});
  for (std::size_t i = 0; i < history.steps.size(); ++i) history.steps[i].step = i;
  history.steps[5].loss = INFINITY;
  history.epochs.assign(2000, {.loss = -1.0});
  const std::string page = train::report(history);
  BOOST_TEST(fault_of(page) == "");
  BOOST_TEST(says(page, "each point is the mean of 100 steps"));
  BOOST_TEST(says(page, "1500 rows in the middle are left out"));
  BOOST_TEST(page.size() < 400'000U);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_shown_is_refused) {
  const auto message = [](const train::ReportOptions& options) {
    return message_of<xg::Error>([&] { return train::report({}, options); });
  };
  BOOST_TEST(says(message({.confusion = xg::ones({2, 3})}), "[2, 3]; it is [classes, classes]"));
  BOOST_TEST(says(message({.confusion = xg::ones({2, 2}), .classes = {"a"}}), "1 names of classes"));
  BOOST_TEST(says(message({.confusion = -xg::ones({2, 2})}), "has the count -1"));
  BOOST_TEST(says(message({.confusion = xg::ones({1, 1}) * nan}), "has the count nan"));
  BOOST_TEST(says(message({.bins = 0}), "at least one bin"));
}

BOOST_AUTO_TEST_SUITE_END()
