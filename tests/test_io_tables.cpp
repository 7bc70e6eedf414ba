// Tables with names, quotes, gaps and texts, as RFC 4180 has them.
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/io/csv.hpp>
#include <xgrad/xgrad.hpp>

#include "io_files.hpp"

BOOST_AUTO_TEST_SUITE(test_io_tables)

namespace xg = xgrad;
namespace io = xgrad::io;
using io_files::bytes_in;
using io_files::check_array;
using io_files::Folder;
using io_files::message_of;
using io_files::put;
using io_files::says;
using xg::Var;

namespace {

io::Table read(const std::string& text, const io::TableOptions& options = {}) {
  const Folder folder;
  return io::read_table(put(folder / "x.csv", text), options);
}

using Texts = std::vector<std::string>;

}  // namespace

BOOST_AUTO_TEST_CASE(finds_the_types_of_columns) {
  const io::Table table = read(
      "\xEF\xBB\xBFheight, n ,\"fine, or not\",name,gap\r\n"
      "1.5,-3,true,\"a \"\"b\"\"\",\r\n"
      "+2e3,9223372036854775807,False,\"two\r\nlines\",7\r\n"
      " .5 ,\"0\",TRUE,plain text,NA\r\n\r\n");
  BOOST_TEST(table.columns.size() == 5U);
  check_array<double>(table["height"].numbers, {3}, {1.5, 2000, 0.5});
  check_array<std::int64_t>(table["n"].numbers, {3}, {-3, INT64_MAX, 0});
  check_array<bool>(table["fine, or not"].numbers, {3}, {true, false, true});
  BOOST_TEST(table["name"].is_text());
  BOOST_TEST((table["name"].texts == Texts{"a \"b\"", "two\r\nlines", "plain text"}));
  const auto& gap = table["gap"].numbers.array<double>();
  BOOST_TEST((std::isnan(gap(0)) && gap(1) == 7.0 && std::isnan(gap(2))));
  check_array<double>(table.matrix({"n", "height"}), {3, 2}, {-3, 1.5, static_cast<double>(INT64_MAX), 2000, 0, 0.5});
  BOOST_CHECK_THROW((void)table.matrix(), xg::ValueError);
  BOOST_TEST(
      says(message_of<xg::ValueError>([&] { return table["x"].name; }), "no column 'x'; there are 'height', 'n'"));
}

BOOST_AUTO_TEST_CASE(takes_other_options) {
  const io::Table table = read("1;?\n2;3", {.delimiter = ';', .header = false, .missing = {"?"}});
  check_array<std::int64_t>(table["0"].numbers, {2}, {1, 2});
  BOOST_TEST(std::isnan(table["1"].numbers.array<double>()(0)));
  BOOST_TEST((read("a\n\nx\n")["a"].texts == Texts{"", "x"}));
  BOOST_TEST(read("a,b\n").columns.size() == 2U);
  BOOST_TEST((read("a,b\n").matrix().shape() == xg::Shape{0, 2}));  // no texts are there
  BOOST_CHECK_THROW(read("a\n", {.delimiter = '"'}), xg::ValueError);
  check_array<double>(read("a\n12345678901234567890\n")["a"].numbers, {1}, {12345678901234567890.0});
}

BOOST_AUTO_TEST_CASE(refuses_what_is_no_table) {
  const auto refused = [](const std::string& text) { return message_of<xg::IoError>([&] { return read(text); }); };
  BOOST_TEST(says(refused(""), "x.csv', line 1: it is empty"));
  BOOST_TEST(says(refused("a,b\n1,2\n3\n"), "x.csv', line 3: it has 1 field, the first line has 2"));
  BOOST_TEST(says(refused("a,a\n"), "x.csv', line 1: the name 'a' comes twice"));
  BOOST_TEST(says(refused("a\n\"two\nlines\"\nb\"c\n"), "x.csv', line 4: a quote within a field"));
  BOOST_TEST(says(refused("a\n1\n\"b\nc\n"), "x.csv', line 3: a quote that begins on this line does not end"));
  BOOST_TEST(says(refused("a\n\"b\"c\n"), "x.csv', line 2: something follows the quote"));
  BOOST_TEST(says(refused("a\n1e999\n"), "outside of the range of double"));
  BOOST_TEST(says(refused("a,b\r1,2\r3,4\r"), "x.csv', line 1: a carriage return alone"));
  BOOST_TEST(says(message_of<xg::IoError>([] { return io::read_table("no/such.csv"); }), "read_table: cannot open"));
  const Folder folder;
  io_files::check_damage_harmless(folder, "a,\"b\"\n1,\"x\"\"\"\n2,\n",
                                  [](const auto& path) { return io::read_table(path); });
}

BOOST_AUTO_TEST_CASE(tables_come_back) {
  const Folder folder;
  const double nan = std::numeric_limits<double>::quiet_NaN();
  io::Table table{{{"x,1", Var(std::vector<double>{0.1, 5e-324, nan, HUGE_VAL})},
                   {"n", Var(std::vector<std::int64_t>{INT64_MIN, 0, 1, 2})},
                   {"b", Var(xt::xarray<bool>{true, false, true, true})},
                   {"f", Var(xt::xarray<float>{0.1F, 1e-45F, 3.0F, -0.0F})},
                   {"text", {}, {"a\"b", " spaces ", "line\nend", ""}}}};
  io::write_table(folder / "t.csv", table);
  BOOST_TEST(bytes_in(folder / "t.csv") ==
             "\"x,1\",n,b,f,text\n0.1,-9223372036854775808,true,0.1,\"a\"\"b\"\n5e-324,0,false,1e-45,\" spaces \"\n"
             ",1,true,3,\"line\nend\"\ninf,2,true,-0,\n");
  const io::Table again = io::read_table(folder / "t.csv");
  BOOST_TEST((again["text"].texts == table["text"].texts));
  BOOST_TEST(array_equal(again["n"].numbers, table["n"].numbers).item<bool>());
  const auto& x = again["x,1"].numbers.array<double>();
  BOOST_TEST((x(0) == 0.1 && x(1) == 5e-324 && std::isnan(x(2)) && x(3) == HUGE_VAL));
  io::write_table(folder / "t.csv", {{{"only", {}, {"x", ""}}}});
  BOOST_TEST((io::read_table(folder / "t.csv")["only"].texts == Texts{"x", ""}));

  const std::string marked = "\xEF\xBB\xBFx";  // a name, not the mark of a file
  io::write_table(folder / "t.csv", {{{marked, {}, {"a"}}}});
  BOOST_TEST((io::read_table(folder / "t.csv")[marked].texts == Texts{"a"}));

  const auto write = [&](const io::Table& each) { io::write_table(folder / "t.csv", each); };
  BOOST_CHECK_THROW(write({}), xg::ValueError);
  BOOST_CHECK_THROW(write({{{"a", xg::zeros({2})}, {"a", xg::zeros({2})}}}), xg::ValueError);
  BOOST_CHECK_THROW(write({{{"a", xg::zeros({2})}, {"b", xg::zeros({3})}}}), xg::ShapeError);
  BOOST_CHECK_THROW(write({{{"a", xg::zeros({2, 2})}}}), xg::ShapeError);
}

BOOST_AUTO_TEST_SUITE_END()
