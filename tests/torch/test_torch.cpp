// Every operation beside libtorch: values, gradients, gradients of gradients.
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <set>
#include <sstream>

#include "both.hpp"
#include "conventions.hpp"
#include "libtorch.hpp"
#include "ops_table.hpp"

namespace xgrad::testing {

namespace {

/// The argument at the place of an element, if arguments and elements correspond; else NaN.
double argument(const Case& arguments, std::size_t which, std::size_t i) {
  return which < arguments.size() && i < arguments[which].size() ? element(arguments[which], i) : not_a_number;
}

/// Compares one array, but for the elements where a difference is known: there it must be as it is described.
class Comparison {
 public:
  Comparison(const OpRow& row, const Case& arguments, bool special)
      : row_(row), arguments_(arguments), special_(special) {}

  void operator()(const std::string& what, const Var& mine, const Var& theirs, const Var& weight) {
    const std::string where = row_.name + ", " + what;
    BOOST_TEST_REQUIRE((mine.shape() == theirs.shape()),
                       where << ": shapes " << to_string(mine.shape()) << ", libtorch " << to_string(theirs.shape()));
    BOOST_TEST_REQUIRE((mine.dtype() == theirs.dtype()),
                       where << ": " << name(mine.dtype()) << ", libtorch " << name(theirs.dtype()));
    for (std::size_t i = 0; i < mine.size(); ++i) {
      const double a = argument(arguments_, 0, i);
      const double b = argument(arguments_, 1, i);
      std::ostringstream text;
      text << where << ", element " << i << " (arguments " << a << ' ' << b << ')';
      const Difference* known = find(what, a, b);
      const double scale = what == "value" ? 1.0 : element(weight, i);
      if (known == nullptr) {
        expect(text.str() + ", libtorch", element(mine, i), element(theirs, i));
      } else {
        expect(text.str() + ", xgrad alone", element(mine, i), scale * known->xgrad);
        expect(text.str() + ", libtorch alone", element(theirs, i), scale * known->libtorch);
      }
    }
  }

  static std::vector<Difference>& known() {
    static std::vector<Difference> all = differences();
    return all;
  }
  static std::set<const Difference*>& met() {
    static std::set<const Difference*> all;
    return all;
  }

 private:
  const Difference* find(const std::string& what, double a, double b) const {
    for (const Difference& each : known()) {
      if (!special_ || each.row != row_.name || each.what != what || !each.applies(a, b)) continue;
      met().insert(&each);
      return &each;
    }
    return nullptr;
  }
  void expect(const std::string& what, double found, double expected) const {
    BOOST_TEST(close(found, expected, row_.torch_tolerance), what << ": " << found << " beside " << expected);
  }

  const OpRow& row_;
  const Case& arguments_;
  bool special_;
};

void compare_row(const OpRow& row, const Case& arguments, int order) {
  const Derivatives mine = ours(row.function, arguments, order);
  const Derivatives other = theirs(row.torch, arguments, order);
  Comparison compare(row, arguments, /*special=*/order < 2);
  const Var weight = weights(mine.value, 0);
  compare("value", mine.value, other.value, weight);
  for (std::size_t i = 0; i < mine.gradients.size(); ++i) {
    compare("gradient " + std::to_string(i), mine.gradients[i], other.gradients[i], weight);
  }
  for (std::size_t i = 0; i < mine.second.size(); ++i) {
    compare("second order " + std::to_string(i), mine.second[i], other.second[i], weight);
  }
}

/// The rows to compare, each with all of its special inputs.
std::vector<OpRow> compared_rows() {
  std::vector<OpRow> rows = ops_table();
  for (const auto& [key, cases] : more_special_cases()) {
    const auto row = std::find_if(rows.begin(), rows.end(), [&key = key](const OpRow& x) { return x.name == key; });
    BOOST_TEST_REQUIRE((row != rows.end()), "special inputs for " << key << ", which is not in the table");
    row->special.insert(row->special.end(), cases.begin(), cases.end());
  }
  for (OpRow& row : rows_of_conventions()) rows.push_back(std::move(row));
  std::erase_if(rows, [](const OpRow& row) { return row.torch.empty() || without_counterpart().contains(row.name); });
  return rows;
}

}  // namespace

// The table leaves a key empty where another variant of the operation is compared; a row that has a key must be known.
BOOST_AUTO_TEST_CASE(every_row_has_a_counterpart) {
  std::set<std::string> keys;
  for (const std::string& key : libtorch::keys()) {
    if (!key.starts_with(libtorch::loss_prefix) && !key.starts_with(libtorch::layer_prefix)) keys.insert(key);
  }
  std::set<std::string> unused = keys;
  std::vector<OpRow> rows = ops_table();
  for (const std::vector<OpRow>& more : {ops_without_derivative(), rows_of_conventions()}) {
    rows.insert(rows.end(), more.begin(), more.end());
  }
  for (const OpRow& row : rows) {
    if (without_counterpart().contains(row.name)) continue;
    const std::string key = row.torch.empty() ? row.name.substr(0, row.name.find('.')) : row.torch;
    BOOST_TEST(keys.contains(key), row.name << " has no counterpart in libtorch, and no reason is given");
    unused.erase(key);
  }
  for (const std::string& key : unused) BOOST_ERROR(key + ": a counterpart without a row");
  for (const auto& [key, reason] : without_counterpart()) {
    const bool found = std::any_of(rows.begin(), rows.end(), [&key = key](const OpRow& x) { return x.name == key; });
    BOOST_TEST((found && !keys.contains(key)), key << " is listed without counterpart (" << reason << "), wrongly");
  }
}

BOOST_AUTO_TEST_CASE(values_and_derivatives_agree_on_random_inputs) {
  for (const OpRow& row : compared_rows()) {
    for (const Case& arguments : row.smooth) compare_row(row, arguments, 2);
  }
}

BOOST_AUTO_TEST_CASE(values_and_gradients_agree_on_special_inputs) {
  for (const OpRow& row : compared_rows()) {
    for (const Case& arguments : row.special) compare_row(row, arguments, 1);
  }
  for (const Difference& each : Comparison::known()) {
    BOOST_TEST(Comparison::met().contains(&each),
               each.row << ", " << each.what << " (" << each.why << "): described, but no input shows it");
  }
}

BOOST_AUTO_TEST_CASE(values_without_derivative_agree) {
  for (const OpRow& row : ops_without_derivative()) {
    if (without_counterpart().contains(row.name)) continue;
    for (const Case& arguments : row.smooth) compare_row(row, arguments, 0);
    for (const Case& arguments : row.special) compare_row(row, arguments, 0);
  }
}

}  // namespace xgrad::testing
