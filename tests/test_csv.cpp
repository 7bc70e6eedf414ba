// read_csv: the numbers as they stand in the file, and an error for every doubt.
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/core/errors.hpp>
#include <xgrad/io/csv.hpp>

BOOST_AUTO_TEST_SUITE(test_csv)

namespace xg = xgrad;

namespace {

/// A file in the current folder that is gone after its test.
class File {
 public:
  explicit File(const std::string& contents) { std::ofstream(path_, std::ios::binary) << contents; }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() { std::filesystem::remove(path_); }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_ = "test_csv_table.csv";
};

xg::Array<double> read(const std::string& contents, const xg::io::CsvOptions& options = {}) {
  return xg::io::read_csv(File(contents).path(), options);
}

/// What read_csv says about a file that it refuses.
std::string refusal(const std::string& contents, const xg::io::CsvOptions& options = {}) {
  try {
    read(contents, options);
  } catch (const xg::IoError& error) {
    return error.what();
  }
  return "not refused";
}

void check_table(const xg::Array<double>& table, std::size_t rows, std::size_t columns,
                 const std::vector<double>& values) {
  BOOST_TEST_REQUIRE(table.dimension() == 2U);
  BOOST_TEST(table.shape()[0] == rows);
  BOOST_TEST(table.shape()[1] == columns);
  BOOST_TEST(std::vector<double>(table.begin(), table.end()) == values, boost::test_tools::per_element());
}

const std::string file = "read_csv: 'test_csv_table.csv', ";

}  // namespace

BOOST_AUTO_TEST_CASE(reads_rows_and_columns) {
  check_table(read("1,2.5,-3\n4e2,+5,.5\n"), 2, 3, {1.0, 2.5, -3.0, 400.0, 5.0, 0.5});
  check_table(read("7"), 1, 1, {7.0});
  check_table(read("1\n2\n3"), 3, 1, {1.0, 2.0, 3.0});
}

BOOST_AUTO_TEST_CASE(keeps_every_digit) {
  const auto table = read("0.1,1.7976931348623157e308,5e-324,-0");
  BOOST_TEST(table(0, 0) == 0.1);
  BOOST_TEST(table(0, 1) == std::numeric_limits<double>::max());
  BOOST_TEST(table(0, 2) == std::numeric_limits<double>::denorm_min());
  BOOST_TEST(std::signbit(table(0, 3)));
}

BOOST_AUTO_TEST_CASE(takes_what_other_programs_write) {
  check_table(read(" 1 ,\t2\r\n3, 4 \r\n\r\n\n"), 2, 2, {1.0, 2.0, 3.0, 4.0});
  check_table(read("\xEF\xBB\xBF"
                   "1,2\n"),
              1, 2, {1.0, 2.0});
}

BOOST_AUTO_TEST_CASE(skips_header_lines) {
  check_table(read("# made today\nx,y,z\n1,2\n", {.header_lines = 2}), 1, 2, {1.0, 2.0});
  BOOST_TEST(refusal("x,y\n1,z\n", {.header_lines = 1}) == file + "line 2, column 2: 'z' is not a number");
}

BOOST_AUTO_TEST_CASE(splits_at_other_delimiters) {
  check_table(read("1;2\n3;4\n", {.delimiter = ';'}), 2, 2, {1.0, 2.0, 3.0, 4.0});
  check_table(read("1\t2\n", {.delimiter = '\t'}), 1, 2, {1.0, 2.0});
  check_table(read("1 2\n", {.delimiter = ' '}), 1, 2, {1.0, 2.0});
  for (const char delimiter : {'.', '-', '+', 'e', 'Z', '1', '\n', '\r', '\xE9'}) {
    BOOST_CHECK_THROW(read("1\n", {.delimiter = delimiter}), xg::ValueError);
  }
}

BOOST_AUTO_TEST_CASE(refuses_files_that_cannot_be_read) {
  try {
    (void)xg::io::read_csv("no/such/file.csv");
    BOOST_ERROR("not refused");
  } catch (const xg::IoError& error) {
    BOOST_TEST(error.what() == "read_csv: cannot open 'no/such/file.csv': No such file or directory");
  }
  BOOST_CHECK_THROW((void)xg::io::read_csv("."), xg::IoError);
}

BOOST_AUTO_TEST_CASE(refuses_what_is_no_number) {
  BOOST_TEST(refusal("1,2\n3,four\n") == file + "line 2, column 2: 'four' is not a number");
  for (const std::string field : {"1.2.3", "0x10", "1 2", "--1", "+-1", "+", "1e", "\"1\"", "1,5e"}) {
    const std::string message = refusal(field + "\n");
    BOOST_TEST(message.find("is not a number") != std::string::npos, field << ": " << message);
  }
  BOOST_TEST(refusal(std::string(50, 'a')) ==
             file + "line 1, column 1: '" + std::string(40, 'a') + "...' is not a number");
}

BOOST_AUTO_TEST_CASE(refuses_empty_fields) {
  const std::string requirement = "empty; every field needs a number";
  BOOST_TEST(refusal("1,2\n3,\n") == file + "line 2, column 2: " + requirement);
  BOOST_TEST(refusal("1, ,3\n") == file + "line 1, column 2: " + requirement);
  BOOST_TEST(refusal("1\n\n3\n") == file + "line 2, column 1: " + requirement);
}

BOOST_AUTO_TEST_CASE(refuses_numbers_out_of_range) {
  BOOST_TEST(refusal("1e999\n") == file + "line 1, column 1: '1e999' is outside of the range of double");
  BOOST_TEST(refusal("0,-1e999\n") == file + "line 1, column 2: '-1e999' is outside of the range of double");
}

BOOST_AUTO_TEST_CASE(refuses_nan_and_infinity_unless_allowed) {
  for (const std::string field : {"nan", "NaN", "inf", "-Infinity"}) {
    BOOST_TEST(refusal("1," + field + "\n") ==
               file + "line 1, column 2: '" + field + "' is not finite; allow_non_finite would let it pass");
  }
  const auto table = read("nan,inf,-inf,1\n", {.allow_non_finite = true});
  BOOST_TEST(std::isnan(table(0, 0)));
  BOOST_TEST(table(0, 1) == HUGE_VAL);
  BOOST_TEST(table(0, 2) == -HUGE_VAL);
  BOOST_TEST(table(0, 3) == 1.0);
}

BOOST_AUTO_TEST_CASE(refuses_ragged_rows) {
  const std::string requirement = ", the lines before have 2; all lines need the same number";
  BOOST_TEST(refusal("1,2\n3\n4,5\n") == file + "line 2 has 1 column" + requirement);
  BOOST_TEST(refusal("1,2\n3,4,5\n") == file + "line 2 has 3 columns" + requirement);
  BOOST_TEST(refusal("1,2\n3") == file + "line 2 has 1 column" + requirement + " (the file may have been cut short)");
}

BOOST_AUTO_TEST_CASE(refuses_files_without_numbers) {
  const std::string message = "read_csv: 'test_csv_table.csv' is empty; it needs at least one line of numbers";
  BOOST_TEST(refusal("") == message);
  BOOST_TEST(refusal("\n\r\n") == message);
  BOOST_TEST(refusal("x,y\n", {.header_lines = 1}) == message);
  BOOST_TEST(refusal("x,y", {.header_lines = 5}) == message);
  BOOST_TEST(refusal("x,y\n1,2\n", {.header_lines = SIZE_MAX}) == message);  // at once
}

BOOST_AUTO_TEST_SUITE_END()
